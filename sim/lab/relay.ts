/**
 * The network between the device and a local Redis, controlled from the page: the fault proxy with four of its faults,
 * which also counts the device's polls and knows when the last reply came.
 */
import { FaultProxy } from "../faults/fault-proxy.ts"
import type { Fault } from "../faults/faults.ts"
import type { ConnectionMode } from "./state.ts"

/** The firmware's command that polls one target. */
const POLL = /\r\nXINFO\r\n\$6\r\nGROUPS\r\n/g
/** The most bytes at the end of a request that may be the beginning of this command. */
const POLL_TAIL = 24

export class Relay {
    mode: ConnectionMode = "open"
    /** With mode "delay": how much later each piece arrives, ms, in each direction. */
    delayMs = 0
    /** `XINFO GROUPS` that the device sent so far. */
    polls = 0
    /** When Redis's last reply reached the device, ms since the epoch; undefined before the first. */
    answeredAt: number | undefined

    /** The end of the last request, which may be the beginning of a poll. */
    private tail = ""

    /** A relay to a port of this computer. */
    static async listen(upstreamPort: number): Promise<Relay> {
        return new Relay(await FaultProxy.start({ port: upstreamPort }))
    }

    private constructor(private readonly proxy: FaultProxy) {
        proxy.on("connection", () => (this.tail = ""))
        proxy.on("request", piece => this.countPolls(piece))
        proxy.on("reply", () => (this.answeredAt = Date.now()))
    }

    get host() {
        return this.proxy.host
    }

    get port() {
        return this.proxy.port
    }

    /** Connections that the device made so far. */
    get connections() {
        return this.proxy.connections
    }

    /** For existing and new connections. */
    async setMode(mode: ConnectionMode, delayMs = 0) {
        this.mode = mode
        this.delayMs = mode === "delay" ? delayMs : 0
        // held-back data is kept, in order, as with retransmission
        if (mode === "blackhole") this.proxy.pause()
        else this.proxy.resume()
        await this.proxy.set(faultOf(mode, delayMs))
    }

    stop() {
        return this.proxy.stop()
    }

    private countPolls(piece: Buffer) {
        const text = this.tail + piece.toString("latin1")
        let end = 0
        for (const match of text.matchAll(POLL)) {
            this.polls++
            end = match.index + match[0].length
        }
        this.tail = text.slice(Math.max(end, text.length - POLL_TAIL))
    }
}

function faultOf(mode: ConnectionMode, ms: number): Fault {
    switch (mode) {
        case "delay":
            return { kind: "delay", ms, bothWays: true }
        case "cut":
            return { kind: "cut" }
        default:
            return { kind: "none" }
    }
}
