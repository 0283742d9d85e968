/**
 * The network between the device and a local Redis, under the visitor's hand: a TCP relay that passes, delays,
 * swallows or refuses what goes through it, and that knows what the device asked and when it was answered.
 */
import { connect, createServer } from "node:net"
import type { AddressInfo, Server, Socket } from "node:net"
import type { ConnectionMode } from "./state.ts"

const HOST = "127.0.0.1"

/** A question of the firmware for one target. */
const POLL = /\r\nXINFO\r\n\$6\r\nGROUPS\r\n/g
/** As much of a request as may be the beginning of a question. */
const POLL_TAIL = 24

export class Relay {
    mode: ConnectionMode = "open"
    /** With mode "delay": how much later each piece arrives, ms, in each direction. */
    delayMs = 0
    /** Connections that the device made so far. */
    connections = 0
    /** `XINFO GROUPS` that the device sent so far. */
    polls = 0
    /** When Redis's last answer reached the device, ms since the epoch; undefined before the first. */
    answeredAt: number | undefined

    private readonly pairs = new Set<Pair>()

    private constructor(
        private readonly server: Server,
        readonly upstreamPort: number
    ) {
        server.on("connection", socket => this.accept(socket))
    }

    /** A relay to a port of this computer. */
    static async listen(upstreamPort: number): Promise<Relay> {
        const server = createServer()
        await new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(0, HOST, resolve)
        })
        return new Relay(server, upstreamPort)
    }

    get host() {
        return HOST
    }

    get port() {
        return (this.server.address() as AddressInfo).port
    }

    /** From now on, for connections that exist and for those to come. */
    setMode(mode: ConnectionMode, delayMs = 0) {
        this.mode = mode
        this.delayMs = mode === "delay" ? delayMs : 0
        for (const pair of this.pairs)
            if (mode === "cut") pair.cut()
            else pair.wake()
    }

    async stop() {
        for (const pair of this.pairs) pair.cut()
        await new Promise<void>(resolve => this.server.close(() => resolve()))
    }

    private accept(device: Socket) {
        if (this.mode === "cut") {
            device.on("error", () => {})
            device.resetAndDestroy()
            return
        }
        this.connections++
        const redis = connect(this.upstreamPort, HOST)
        const pair = new Pair(this, device, redis)
        this.pairs.add(pair)
        device.once("close", () => this.pairs.delete(pair))
    }

    /** Counts the questions in what the device sent. @returns what the next piece may complete */
    countPolls(seen: string, piece: Buffer) {
        const text = seen + piece.toString("latin1")
        let end = 0
        for (const match of text.matchAll(POLL)) {
            this.polls++
            end = match.index + match[0].length
        }
        return text.slice(Math.max(end, text.length - POLL_TAIL))
    }
}

/** A connection of the device and its counterpart at Redis. */
class Pair {
    private readonly ways: Way[]

    constructor(
        relay: Relay,
        private readonly device: Socket,
        private readonly redis: Socket
    ) {
        let tail = ""
        this.ways = [
            new Way(relay, device, redis, piece => {
                tail = relay.countPolls(tail, piece)
            }),
            new Way(relay, redis, device, () => {
                relay.answeredAt = Date.now()
            }),
        ]
    }

    /** The mode has changed. */
    wake() {
        for (const way of this.ways) way.pump()
    }

    cut() {
        this.device.resetAndDestroy()
        this.redis.destroy()
    }
}

/** One direction. What is held back is kept, in order, as a network keeps it by sending again. */
class Way {
    /** Undefined stands for the end. */
    private readonly held: { at: number; piece: Buffer | undefined }[] = []
    private timer: NodeJS.Timeout | undefined
    private failed = false

    /** @param onPassed told of each piece that gets through */
    constructor(
        private readonly relay: Relay,
        from: Socket,
        private readonly to: Socket,
        private readonly onPassed: (piece: Buffer) => void
    ) {
        from.setNoDelay(true)
        from.on("data", (piece: Buffer) => this.take(piece))
        from.on("error", () => (this.failed = true))
        from.once("close", () => this.take(undefined))
        // this end may close with the other still in mid-sentence
        to.once("close", () => from.destroySoon())
    }

    private take(piece: Buffer | undefined) {
        this.held.push({ at: Date.now(), piece })
        this.pump()
    }

    /** Passes on what is due. */
    pump() {
        clearTimeout(this.timer)
        while (this.held.length > 0) {
            if (this.relay.mode === "blackhole") return
            const waitMs = this.held[0].at + this.relay.delayMs - Date.now()
            if (waitMs > 0) {
                this.timer = setTimeout(() => this.pump(), waitMs)
                return
            }
            this.pass(this.held.shift()!.piece)
        }
    }

    private pass(piece: Buffer | undefined) {
        const { to } = this
        if (to.destroyed) return
        if (piece) {
            this.onPassed(piece)
            to.write(piece)
        } else if (this.failed) to.resetAndDestroy()
        else to.end()
    }
}
