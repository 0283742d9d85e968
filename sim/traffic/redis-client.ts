/** Clients of the `redis` package that live through a server's restart. */
import { createClient } from "redis"

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
    let wasReady = false
    let isLost = false
    const client = createClient({
        url,
        // speaks to Redis 5 as well
        RESP: 2,
        socket: {
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
        if (wasReady && !isLost) onLink(error)
        isLost = true
    })
    return client
}
