/**
 * The network between the device and a local Redis, under the visitor's hand: the fault proxy with four of its faults,
 * which knows besides what the device asked and when it was answered.
 */
import { FaultProxy } from "../faults/fault-proxy.ts"
import type { Fault } from "../faults/faults.ts"
import type { ConnectionMode } from "./state.ts"

/** A question of the firmware for one target. */
const POLL = /\r\nXINFO\r\n\$6\r\nGROUPS\r\n/g
/** As much of a request as may be the beginning of a question. */
const POLL_TAIL = 24

export class Relay {
    mode: ConnectionMode = "open"
    /** With mode "delay": how much later each piece arrives, ms, in each direction. */
    delayMs = 0
    /** `XINFO GROUPS` that the device sent so far. */
    polls = 0
    /** When Redis's last answer reached the device, ms since the epoch; undefined before the first. */
    answeredAt: number | undefined

    /** The end of what was sent last, which may be the beginning of a question. */
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

    /** From now on, for connections that exist and for those to come. */
    async setMode(mode: ConnectionMode, delayMs = 0) {
        this.mode = mode
        this.delayMs = mode === "delay" ? delayMs : 0
        // what is held back is kept, in order, as a network keeps it by sending again
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
