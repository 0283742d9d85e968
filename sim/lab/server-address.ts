/** The address of the user's own Redis for the host, from the device's settings. */
import { randomBytes } from "node:crypto"
import { textOf } from "../light/scale.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { connectionTo } from "../traffic/redis-client.ts"

/** @returns a `redis:` or `rediss:` URL @throws Error if no sentinel knows the master */
export async function serverUrl(settings: EncodedSettings): Promise<string> {
    const text = (key: string) => textOf(settings, key) ?? ""
    const sentinels = text("SENTINELS")
    const { host, port } = sentinels
        ? await masterOf(sentinels, text("MASTER"), {
              user: text("SENT_USER"),
              password: text("SENT_PASS"),
          })
        : { host: text("REDIS_HOST"), port: text("REDIS_PORT") || "6379" }
    return urlOf({
        host,
        port,
        user: text("REDIS_USER"),
        password: text("REDIS_PASS"),
        database: text("REDIS_DB"),
        tls: text("REDIS_TLS") === "true",
    })
}

interface Server {
    host: string
    port: string
    user: string
    password: string
    database?: string
    tls?: boolean
}

function urlOf({ host, port, user, password, database, tls }: Server) {
    // as on the board: the wildcard's star becomes a new label each time
    const name = host.replace(/^\*\./, `${randomBytes(4).toString("hex")}.`)
    const url = new URL(`${tls ? "rediss" : "redis"}://localhost`)
    url.hostname = name.includes(":") ? `[${name}]` : name
    url.port = port
    // encodeURIComponent: URL itself does not encode a percent sign
    url.username = encodeURIComponent(user)
    url.password = encodeURIComponent(password)
    if (database) url.pathname = `/${database}`
    return url.toString()
}

/** From the first sentinel that answers. */
async function masterOf(
    sentinels: string,
    master: string,
    login: { user: string; password: string }
) {
    for (const sentinel of sentinels.split(",")) {
        const colon = sentinel.lastIndexOf(":")
        const host = sentinel.slice(0, colon).trim()
        const port = sentinel.slice(colon + 1).trim()
        const client = connectionTo(urlOf({ host, port, ...login }))
        try {
            await client.connect()
            const answer = await client.sendCommand([
                "SENTINEL",
                "get-master-addr-by-name",
                master,
            ])
            if (Array.isArray(answer))
                return { host: String(answer[0]), port: String(answer[1]) }
        } catch {
            // the next one may answer
        } finally {
            if (client.isOpen) client.destroy()
        }
    }
    throw new Error(`no sentinel names the master ${master}`)
}
