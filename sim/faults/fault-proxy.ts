/**
 * A TCP proxy between a device and its server, which can make the network fail on command (faults.ts).
 * It listens on 127.0.0.1 and keeps its port through all faults.
 */
import { EventEmitter } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo, Server, Socket } from "node:net"
import type { Fault } from "./faults.ts"
import { ProxiedConnection } from "./proxied-connection.ts"
import type { Proxy, ProxyEvents } from "./proxied-connection.ts"
import { listenUnanswered } from "./unanswered-port.ts"

const HOST = "127.0.0.1"

export class FaultProxy extends EventEmitter<ProxyEvents> implements Proxy {
    readonly host = HOST
    /** Clients accepted so far. */
    connections = 0
    /** Bytes passed on to the server. */
    bytesToServer = 0
    /** Bytes passed on to clients. */
    bytesToClient = 0

    /** The current fault. */
    fault: Fault = { kind: "none" }
    /** Grows with each fault set: offsets start at 0 again. */
    epoch = 0
    /** Pending while the proxy is paused. */
    gate: Promise<void> | undefined

    private openGate = () => {}
    private onlyOnce = false
    private server: Server | undefined
    private unanswered: { stop(): Promise<void> } | undefined
    private readonly open = new Set<ProxiedConnection>()

    /** @param upstream where the real server listens; `host` is 127.0.0.1 if absent */
    static async start(upstream: Proxy["upstream"]): Promise<FaultProxy> {
        const proxy = new FaultProxy(upstream)
        await proxy.listen(0)
        return proxy
    }

    private constructor(
        readonly upstream: Proxy["upstream"],
        private listeningPort = 0
    ) {
        super()
        this.setMaxListeners(0)
    }

    /** What the device is given as REDIS_PORT. */
    get port() {
        return this.listeningPort
    }

    /** Connections that clients have open now. */
    get openConnections() {
        return this.open.size
    }

    /**
     * Sets the fault. Resolves when it is in effect.
     * @param options `once`: back to none after it was applied for the first time
     */
    async set(fault: Fault, { once = false } = {}) {
        this.fault = fault
        this.onlyOnce = once
        this.epoch++
        for (const connection of this.open) connection.faultChanged()
        const wanted =
            fault.kind === "refuse" || fault.kind === "no-answer"
                ? fault.kind
                : "accept"
        if (wanted !== "no-answer") await this.stopUnanswered()
        if (wanted !== "accept") await this.stopListening()
        else if (!this.server) await this.listen(this.port)
        if (wanted === "no-answer")
            this.unanswered ??= await listenUnanswered(this.port)
    }

    /** No fault any more; connections that are dead stay dead. */
    async clear() {
        await this.set({ kind: "none" })
    }

    /** Ends all open connections on the client's side. */
    cut(how: "fin" | "rst") {
        for (const connection of this.open) connection.end(how)
    }

    /** Holds everything in both directions, closes included, until `resume()`; nothing is lost. */
    pause() {
        this.gate ??= new Promise(resolve => (this.openGate = resolve))
    }

    resume() {
        this.openGate()
        this.gate = undefined
    }

    async stop() {
        this.resume()
        await this.stopUnanswered()
        for (const connection of this.open) connection.destroy()
        await this.stopListening()
    }

    /** Called by connections when the fault was applied. */
    faultApplied(fault: Fault) {
        if (this.onlyOnce && this.fault === fault) {
            this.fault = { kind: "none" }
            this.epoch++
        }
        this.emit("applied", fault)
    }

    private async listen(port: number) {
        const server = createServer(socket => this.accept(socket))
        await new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(port, HOST, resolve)
        })
        this.server = server
        this.listeningPort = (server.address() as AddressInfo).port
    }

    /** Existing connections stay open. */
    private async stopListening() {
        const { server } = this
        this.server = undefined
        // its callback would wait for the connections; the port is free at once
        server?.close()
    }

    private async stopUnanswered() {
        await this.unanswered?.stop()
        this.unanswered = undefined
    }

    private accept(socket: Socket) {
        if (this.fault.kind === "cut") {
            socket.on("error", () => {})
            socket.resetAndDestroy()
            return
        }
        const connection = new ProxiedConnection(this, socket)
        this.open.add(connection)
        socket.once("close", () => {
            this.open.delete(connection)
            this.emit("close")
        })
        this.emit("connection", ++this.connections)
    }
}
