/** `GET /healthz` on 127.0.0.1: the light's present state as JSON, for scripts and, later, the page. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Snapshot } from "./picture.ts"

const HOST = "127.0.0.1"

export interface HealthServer {
    /** `http://127.0.0.1:PORT/healthz` */
    url: string
    stop(): Promise<void>
}

/**
 * @param port 0 is any free port
 * @param current what to answer; undefined while the device is not running yet (503)
 * @throws Error in plain words if the port is taken
 */
export async function startHealthServer(
    port: number,
    current: () => Snapshot | undefined
): Promise<HealthServer> {
    const server = createServer((request, response) => {
        const answer = (code: number, body: unknown) => {
            response.writeHead(code, {
                "content-type": "application/json",
                "cache-control": "no-store",
            })
            response.end(`${JSON.stringify(body)}\n`)
        }
        const path = request.url?.split("?")[0]
        if (path !== "/healthz") return answer(404, { error: "no such page" })
        if (request.method !== "GET") return answer(405, { error: "only GET" })
        const snapshot = current()
        if (!snapshot) return answer(503, { error: "not running yet" })
        answer(200, snapshot)
    })
    await new Promise<void>((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) =>
            reject(new Error(`--port ${port}: ${inWords(error)}`))
        )
        server.listen(port, HOST, resolve)
    })
    const { port: actual } = server.address() as AddressInfo
    return {
        url: `http://${HOST}:${actual}/healthz`,
        stop: () =>
            new Promise(resolve => {
                server.close(() => resolve())
                server.closeAllConnections()
            }),
    }
}

function inWords({ code, message }: NodeJS.ErrnoException) {
    if (code === "EADDRINUSE") return "in use by another program"
    if (code === "EACCES") return "not allowed for this user"
    return message
}
