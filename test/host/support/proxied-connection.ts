/** One connection through a FaultProxy: a socket to the client, one to the server, and what happens between. */
import { connect } from "node:net"
import type { Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { stepsFor } from "./faults.ts"
import type { Fault, Position } from "./faults.ts"
import type { FaultProxy } from "./fault-proxy.ts"

/** What came from the server, in order, and when. */
interface Arrival {
    what: Buffer | "fin" | "rst"
    atMs: number
}

export class ProxiedConnection {
    private readonly server: Socket | undefined
    private readonly arrivals: Arrival[] = []
    private delivering = false
    /** Nothing passes any more, and nobody is told. */
    private dead = false
    private position: Position = { connection: 0, reply: 0, replies: 0 }
    private isNewReply = true

    constructor(
        private readonly proxy: FaultProxy,
        private readonly client: Socket
    ) {
        client.setNoDelay(true)
        client.on("error", () => {})
        client.on("data", chunk => this.fromClient(chunk))
        client.on("close", () => this.clientClosed())
        const { kind } = proxy.fault
        if (kind === "silent" || kind === "black-hole") {
            this.dead = true
            return
        }
        const { host = "127.0.0.1", port } = proxy.upstream
        const server = (this.server = connect({ host, port, noDelay: true }))
        server.on("data", chunk => this.arrive(chunk))
        server.on("end", () => this.arrive("fin"))
        server.on("error", () => this.arrive("rst"))
    }

    /** A new fault is in force. */
    faultChanged() {
        this.position = { connection: 0, reply: 0, replies: 0 }
        this.isNewReply = true
        const { kind } = this.proxy.fault
        if (kind === "half-open") this.server?.destroy()
        if (kind === "half-open" || kind === "black-hole") this.dead = true
    }

    /** Ends it for the client, and quietly for the server. */
    end(how: "fin" | "rst") {
        this.dead = true
        this.server?.destroy()
        if (how === "rst") this.client.resetAndDestroy()
        else this.client.end()
    }

    destroy() {
        this.dead = true
        this.server?.destroy()
        this.client.destroy()
    }

    private async fromClient(chunk: Buffer) {
        this.proxy.emit("request", chunk)
        this.isNewReply = true
        const { fault } = this.proxy
        if (fault.kind === "swallow") return
        // those after it wait behind it: they ask for the same gate later
        await this.proxy.gate
        if (this.dead) return
        this.proxy.bytesToServer += chunk.length
        this.server?.write(chunk)
    }

    private async clientClosed() {
        await this.proxy.gate
        // a black hole swallows closes too
        if (this.proxy.fault.kind !== "black-hole") this.server?.destroy()
    }

    private arrive(what: Arrival["what"]) {
        this.arrivals.push({ what, atMs: performance.now() })
        if (!this.delivering) void this.deliver()
    }

    /** Hands on what has arrived, one after the other. */
    private async deliver() {
        this.delivering = true
        for (let next; (next = this.arrivals.shift());) {
            await this.proxy.gate
            if (this.proxy.fault.kind === "delay")
                await until(next.atMs + this.proxy.fault.ms)
            if (this.dead) break
            if (typeof next.what === "string") this.end(next.what)
            else await this.handOn(next.what)
        }
        this.delivering = false
    }

    private async handOn(chunk: Buffer) {
        const { fault, epoch } = this.proxy
        if (this.isNewReply) {
            this.position.reply = 0
            this.position.replies++
        }
        this.isNewReply = false
        const { steps, struck } = stepsFor(fault, chunk, this.position)
        this.position.connection += chunk.length
        this.position.reply += chunk.length
        for (const step of steps) {
            if (this.dead) return
            if ("send" in step) await this.send(step.send)
            else if ("waitMs" in step) await sleep(step.waitMs)
            else this.end(step.end)
        }
        if (struck && epoch === this.proxy.epoch) this.struck(fault)
    }

    /** Resolves when the system has the bytes, so that the next ones are a segment of their own. */
    private async send(bytes: Buffer) {
        this.proxy.bytesToClient += bytes.length
        this.proxy.emit("reply", bytes)
        await new Promise<void>(resolve =>
            this.client.write(bytes, () => resolve())
        )
    }

    private struck(fault: Fault) {
        this.proxy.hasStruck(fault)
    }
}

/** @param atMs as performance.now() tells the time */
async function until(atMs: number) {
    const ms = atMs - performance.now()
    if (ms > 0) await sleep(ms)
}
