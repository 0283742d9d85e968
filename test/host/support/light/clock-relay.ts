/** A relay in front of a Redis server that has a clock of its own: it rewrites the replies to TIME. */
import { connect, createServer } from "node:net"
import type { AddressInfo, Server, Socket } from "node:net"

const HOST = "127.0.0.1"

/** A reply to TIME: seconds and microseconds. */
const TIME = /\*2\r\n\$10\r\n\d{10}\r\n\$\d\r\n\d{1,6}\r\n/

export class ClockRelay {
    readonly host = HOST
    /** How often a client was told the time. */
    told = 0

    private readonly sockets = new Set<Socket>()

    /** @param now the clock, ms since 1970 */
    static async start(upstream: { port: number }, now: () => number) {
        const server = createServer(client => relay.accept(client))
        const relay = new ClockRelay(upstream, now, server)
        await new Promise<void>(resolve => server.listen(0, HOST, resolve))
        return relay
    }

    private constructor(
        private readonly upstream: { port: number },
        private readonly now: () => number,
        private readonly server: Server
    ) {}

    get port() {
        return (this.server.address() as AddressInfo).port
    }

    async stop() {
        for (const socket of this.sockets) socket.destroy()
        await new Promise(resolve => this.server.close(resolve))
    }

    private accept(client: Socket) {
        const upstream = connect(this.upstream.port, HOST)
        for (const socket of [client, upstream]) {
            this.sockets.add(socket)
            socket.setNoDelay(true)
            socket.on("error", () => {})
            socket.on("close", () => {
                this.sockets.delete(socket)
                client.destroy()
                upstream.destroy()
            })
        }
        client.on("data", bytes => upstream.write(bytes))
        // replies here are small: each comes whole
        upstream.on("data", bytes =>
            client.write(
                Buffer.from(
                    bytes.toString("latin1").replace(TIME, () => this.tell()),
                    "latin1"
                )
            )
        )
    }

    private tell() {
        this.told++
        const ms = Math.floor(this.now())
        const seconds = String(Math.floor(ms / 1000))
        const micros = String((ms % 1000) * 1000)
        return `*2\r\n$${seconds.length}\r\n${seconds}\r\n$${micros.length}\r\n${micros}\r\n`
    }
}
