/** Clients of the `redis` package that survive a server's restart. */
import { createClient, ErrorReply } from "redis"
import { keepSecret, loginRefusal } from "../secrets.ts"

export type RedisClient = ReturnType<typeof connectionTo>

/** Waits between attempts to reconnect grow by this each time. */
const RECONNECT_STEP_MS = 50
const RECONNECT_MAX_MS = 1000

/**
 * A client that is not yet connected. `connect()` fails at once if the server cannot be reached; a
 * connection that is lost later comes back by itself, and commands wait for it.
 * @param onLink told when the connection is lost (with the reason) and when it is back
 */
export function connectionTo(
    url: string,
    onLink: (lost?: Error) => void = () => {}
) {
    keepSecret(passwordIn(url))
    let wasReady = false
    let isLost = false
    const client = createClient({
        url,
        // speaks to Redis 5 as well
        RESP: 2,
        socket: {
            // for rediss: not left to NODE_TLS_REJECT_UNAUTHORIZED
            ...({ rejectUnauthorized: true } as object),
            reconnectStrategy: (retries, cause) =>
                wasReady
                    ? Math.min(retries * RECONNECT_STEP_MS, RECONNECT_MAX_MS)
                    : cause,
        },
    })
    client.on("ready", () => {
        if (isLost) onLink()
        wasReady = true
        isLost = false
    })
    client.on("error", (error: Error) => {
        if (wasReady && !isLost) onLink(safe(error))
        isLost = true
    })
    // an error reply while connecting is the reply to the login
    const connect = client.connect.bind(client)
    client.connect = () =>
        connect().catch(error => {
            throw safe(error)
        })
    return client
}

/** The password of a URL; undefined where there is none to be read. */
export function passwordIn(url: string) {
    try {
        return decodeURIComponent(new URL(url).password) || undefined
    } catch {
        return undefined
    }
}

function safe(error: Error) {
    return error instanceof ErrorReply
        ? new Error(loginRefusal(error.message))
        : error
}
