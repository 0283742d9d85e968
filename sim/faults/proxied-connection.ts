/** One connection through a FaultProxy: a socket to the client, one to the server, and what happens between. */
import type { EventEmitter } from "node:events"
import { connect } from "node:net"
import type { Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { stepsFor } from "./faults.ts"
import type { Fault, Position } from "./faults.ts"

/**
 * @event connection a client was accepted (all of them so far)
 * @event request bytes came from a client, whether or not they are passed on
 * @event reply bytes are passed to a client
 * @event applied the fault has been applied to a reply
 * @event close a connection has ended on the client's side
 */
export interface ProxyEvents {
    connection: [total: number]
    request: [Buffer]
    reply: [Buffer]
    applied: [Fault]
    close: []
}

/** The proxy as its connections see it. */
export interface Proxy extends EventEmitter<ProxyEvents> {
    /** Where the real server listens; `host` is 127.0.0.1 if absent. */
    readonly upstream: { host?: string; port: number }
    /** The current fault. */
    fault: Fault
    /** Grows with each fault set: offsets start at 0 again. */
    epoch: number
    /** Pending while the proxy is paused. */
    gate: Promise<void> | undefined
    bytesToServer: number
    bytesToClient: number
    /** The fault was applied. */
    faultApplied(fault: Fault): void
}

type Arrived = Buffer | "fin" | "rst"

export class ProxiedConnection {
    private readonly server: Socket | undefined
    private readonly fromServer: Direction
    private readonly fromClient: Direction
    /** Nothing passes any more, and neither side is notified. */
    private dead = false
    private position: Position = { connection: 0, reply: 0, replies: 0 }
    private isNewReply = true
    private otherFault = new AbortController()

    constructor(
        private readonly proxy: Proxy,
        private readonly client: Socket
    ) {
        this.fromClient = new Direction(
            since => this.due(since, "client"),
            what => this.toServer(what)
        )
        this.fromServer = new Direction(
            since => this.due(since, "server"),
            what => this.toClient(what)
        )
        client.setNoDelay(true)
        client.on("error", () => {})
        client.on("data", chunk => this.ask(chunk))
        client.on("close", () => this.fromClient.arrive("fin"))
        const { kind } = proxy.fault
        if (kind === "silent" || kind === "black-hole") {
            this.dead = true
            return
        }
        const { host = "127.0.0.1", port } = proxy.upstream
        const server = (this.server = connect({ host, port, noDelay: true }))
        server.on("data", chunk => this.fromServer.arrive(chunk))
        server.on("end", () => this.fromServer.arrive("fin"))
        server.on("error", () => this.fromServer.arrive("rst"))
    }

    /** A new fault is in effect. */
    faultChanged() {
        this.otherFault.abort()
        this.otherFault = new AbortController()
        this.position = { connection: 0, reply: 0, replies: 0 }
        this.isNewReply = true
        const { kind } = this.proxy.fault
        if (kind === "half-open") this.server?.destroy()
        if (kind === "half-open" || kind === "black-hole") this.dead = true
        if (kind === "cut") this.end("rst")
    }

    /** Ends it for the client as told, and drops the connection to the server. */
    end(how: "fin" | "rst") {
        this.dead = true
        this.server?.destroy()
        if (how === "rst") this.client.resetAndDestroy()
        else this.client.end()
    }

    destroy() {
        this.dead = true
        this.otherFault.abort()
        this.server?.destroy()
        this.client.destroy()
    }

    private ask(chunk: Buffer) {
        this.proxy.emit("request", chunk)
        this.isNewReply = true
        if (this.proxy.fault.kind !== "swallow") this.fromClient.arrive(chunk)
    }

    /** Resolves when data that arrived at a time may be passed on. @param sinceMs by performance.now() */
    private async due(sinceMs: number, from: "client" | "server") {
        await this.proxy.gate
        for (;;) {
            const { fault } = this.proxy
            if (fault.kind !== "delay") return
            if (from === "client" && !fault.bothWays) return
            const ms = sinceMs + fault.ms - performance.now()
            if (ms <= 0 || this.dead) return
            const { signal } = this.otherFault
            await sleep(ms, undefined, { signal }).catch(() => {})
        }
    }

    private toServer(what: Arrived) {
        if (typeof what === "string") {
            // a black hole swallows closes too
            if (this.proxy.fault.kind !== "black-hole") this.server?.destroy()
        } else if (!this.dead) {
            this.proxy.bytesToServer += what.length
            this.server?.write(what)
        }
    }

    private async toClient(what: Arrived) {
        if (this.dead) return
        if (typeof what === "string") this.end(what)
        else await this.forward(what)
    }

    private async forward(chunk: Buffer) {
        const { fault, epoch } = this.proxy
        if (this.isNewReply) {
            this.position.reply = 0
            this.position.replies++
        }
        this.isNewReply = false
        const { steps, applied } = stepsFor(fault, chunk, this.position)
        this.position.connection += chunk.length
        this.position.reply += chunk.length
        for (const step of steps) {
            if (this.dead) return
            if ("send" in step) await this.send(step.send)
            else if ("waitMs" in step) await sleep(step.waitMs)
            else this.end(step.end)
        }
        if (applied && epoch === this.proxy.epoch)
            this.proxy.faultApplied(fault)
    }

    /** Resolves when the system has the bytes, so that the next ones are a segment of their own. */
    private async send(bytes: Buffer) {
        this.proxy.bytesToClient += bytes.length
        this.proxy.emit("reply", bytes)
        await new Promise<void>(resolve =>
            this.client.write(bytes, () => resolve())
        )
    }
}

/** One direction: data is forwarded in order, each piece when it is due. */
class Direction {
    private readonly waiting: { what: Arrived; sinceMs: number }[] = []
    private isPassing = false

    constructor(
        private readonly due: (sinceMs: number) => Promise<void>,
        private readonly forward: (what: Arrived) => Promise<void> | void
    ) {}

    arrive(what: Arrived) {
        this.waiting.push({ what, sinceMs: performance.now() })
        if (!this.isPassing) void this.pass()
    }

    private async pass() {
        this.isPassing = true
        for (let next; (next = this.waiting.shift());) {
            await this.due(next.sinceMs)
            await this.forward(next.what)
        }
        this.isPassing = false
    }
}
