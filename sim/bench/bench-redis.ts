/** The bench's Redis: streams with many groups, and the server's own statistics. */
import { once } from "node:events"
import net from "node:net"
import { createInterface } from "node:readline"
import { startLocalRedis } from "../redis/local-redis.ts"
import { connectionTo } from "../traffic/redis-client.ts"

/** Entries of each stream, all delivered to every group. */
const ENTRIES = 12

export type BenchRedis = Awaited<ReturnType<typeof startBenchRedis>>

export async function startBenchRedis() {
    const server = await startLocalRedis()
    const client = connectionTo(server.url)
    await client.connect()

    const command = (...words: (string | number)[]) =>
        client.sendCommand(words.map(String))

    return {
        server,
        command,

        /**
         * A new stream; its groups are in Redis's order, that of their names.
         * @returns the groups' names: 20 bytes each
         */
        async stream(key: string, groups: number, lag = 0): Promise<string[]> {
            await command("DEL", key)
            for (let i = 0; i < ENTRIES; i++)
                await command("XADD", key, "*", "temperature", 20 + i)
            const names = Array.from(
                { length: groups },
                (_, i) => `orders-consumers-${String(i).padStart(3, "0")}`
            )
            for (const name of names) {
                await command("XGROUP", "CREATE", key, name, "0")
                await read(name, ENTRIES - lag)
            }
            return names

            async function read(group: string, count: number) {
                if (count > 0)
                    await command(
                        ...["XREADGROUP", "GROUP", group, "worker-1"],
                        ...["COUNT", count, "NOACK", "STREAMS", key, ">"]
                    )
            }
        },

        /** Bytes of the reply to XINFO GROUPS. */
        async replyBytes(key: string): Promise<number> {
            const socket = net.connect(server.port, server.host)
            socket.write(`XINFO GROUPS ${key}\r\nECHO end-of-reply\r\n`)
            const end = Buffer.from("$12\r\nend-of-reply\r\n")
            let received = Buffer.alloc(0)
            for await (const bytes of socket) {
                received = Buffer.concat([received, bytes as Buffer])
                if (received.subarray(-end.length).equals(end)) break
            }
            return received.length - end.length
        },

        /** Calls of XINFO GROUPS so far, and the server's CPU time for one, in microseconds. */
        async groupsCalls(): Promise<{ calls: number; microseconds: number }> {
            const info = String(await command("INFO", "commandstats"))
            const line =
                /^cmdstat_xinfo(?:\|groups)?:calls=(\d+),usec=\d+,usec_per_call=([\d.]+)/m.exec(
                    info
                )
            return {
                calls: Number(line?.[1] ?? 0),
                microseconds: Number(line?.[2] ?? 0),
            }
        },

        async resetCalls() {
            await command("CONFIG", "RESETSTAT")
        },

        /** Watches one stream. @returns the moments of its XINFO GROUPS so far, ms, by the server's clock */
        async watchPolls(key: string) {
            const socket = net.connect(server.port, server.host)
            const moments: number[] = []
            const lines = createInterface(socket)
            const listening = once(lines, "line")
            socket.write("MONITOR\r\n")
            await listening
            const question = `"XINFO" "GROUPS" "${key}"`
            lines.on("line", line => {
                if (line.includes(question))
                    moments.push(Number(line.slice(1).split(" ")[0]) * 1000)
            })
            return { moments, stop: () => socket.destroy() }
        },

        async stop() {
            client.destroy()
            await server.stop()
        },
    }
}
