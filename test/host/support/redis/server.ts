/** A real Redis server for a test file, with a client connected to it. */
import { createClient } from "redis"
import { startLocalRedis } from "../../../../sim/redis/local-redis.ts"
import type { LocalRedis } from "../../../../sim/redis/local-redis.ts"

export interface TestRedisOptions {
    /** Default: any free port. A server that was killed comes back with its port. */
    port?: number
    /** The password of the user "default". */
    requirepass?: string
    /** More arguments for redis-server: `["--maxclients", "1"]`. */
    args?: string[]
}

export type TestClient = Awaited<ReturnType<typeof connectedClient>>

export interface TestRedis {
    server: LocalRedis
    host: string
    port: number
    /** Speaks RESP2; commands of any kind by `client.sendCommand([...])`. */
    client: TestClient
    /** Ends the client and the server. May be called again. */
    stop(): Promise<void>
}

/** Resolves when the client is connected. To be stopped in `after()`. */
export async function startTestRedis({
    port,
    requirepass,
    args = [],
}: TestRedisOptions = {}): Promise<TestRedis> {
    const server = await startLocalRedis({
        port,
        args: requirepass ? ["--requirepass", requirepass, ...args] : args,
    })
    try {
        const client = await connectedClient(server.url, requirepass)
        return {
            server,
            host: server.host,
            port: server.port,
            client,
            stop: async () => {
                if (client.isOpen) client.destroy()
                await server.stop()
            },
        }
    } catch (error) {
        await server.stop()
        throw error
    }
}

async function connectedClient(url: string, password?: string) {
    const client = createClient({
        url,
        password,
        RESP: 2,
        // tests end servers: a client that lost its own is of no use
        socket: { reconnectStrategy: false },
    })
    client.on("error", () => {})
    await client.connect()
    return client
}
