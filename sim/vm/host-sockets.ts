/**
 * The device's sockets on this computer's network: Node's `net` and `tls`.
 *
 * Data reaches the program the way the Pico W's network brings it: in pieces of at most one TCP segment
 * (1460 bytes), about a millisecond apart. The VM's stock host code hands over up to 64 KB at once, which
 * panics the VM: a piece must fit into the free part of its 64 KB heap.
 */
import net from "node:net"
import tls from "node:tls"
import type { SocketHost, Sockets } from "./sockets.ts"

/** Time between two pieces. */
const PIECE_INTERVAL_MS = 1
/** Data held for the program before the host is told to wait. */
const BUFFERED_PIECES_MAX = 64
/** How long it then waits for more of the same answer, in real time. */
const MORE_WAIT_MS = 2

/** How long a TLS handshake may take after the TCP connect. */
const HANDSHAKE_LIMIT_MS = 5000

/** No socket is open: the number the stock host code returns. */
const NOT_OPEN = -10

/** One connection of the program. After `drop()` or its last event the program gets no more events of it. */
class HostSocket {
    private pieces: Uint8Array[] = []
    private lastEvent: { event: "close" | "error"; text?: string } | undefined
    private pumping = false
    private dropped = false
    /** Redis's reply to QUIT is `+OK` and the end of the connection: both have to arrive. */
    private isLeaving = false
    private answerArrived: () => void

    constructor(
        readonly socket: net.Socket,
        secure: boolean,
        private readonly name: string,
        private readonly host: SocketHost
    ) {
        this.answerArrived = host.clock.expectInput(host.answerWaitMs)
        socket.setNoDelay(true)
        socket.once(secure ? "secureConnect" : "connect", () => {
            this.answerArrived()
            if (!this.dropped) host.emit("open")
        })
        if (secure) this.watchHandshake(socket)
        socket.on("data", (bytes: Uint8Array) => this.receive(bytes))
        socket.on("error", error => this.finish("error", error))
        socket.on("close", () => this.finish("close"))
    }

    /** A plain-text Redis takes a TLS ClientHello for a line without an end, and waits; so this needs a time limit. */
    private watchHandshake(socket: net.Socket) {
        let shaken = false
        socket.once("secureConnect", () => (shaken = true))
        socket.once("connect", () =>
            this.host.clock.setTimeout(() => {
                if (shaken) return
                this.finish(
                    "error",
                    new Error(
                        "TLS handshake unanswered: is it a plain-text port?"
                    )
                )
            }, HANDSHAKE_LIMIT_MS)
        )
    }

    get isOver() {
        return this.dropped
    }

    write(bytes: Uint8Array) {
        this.answerArrived()
        this.isLeaving = Buffer.from(bytes).includes("\r\nQUIT\r\n")
        this.answerArrived = this.host.clock.expectInput(this.host.answerWaitMs)
        this.socket.write(bytes)
    }

    /** The program has closed it. `politely` sends what was written first. */
    drop(politely: boolean) {
        this.dropped = true
        this.answerArrived()
        this.pieces = []
        if (politely) this.socket.destroySoon()
        else this.socket.destroy()
    }

    private receive(bytes: Uint8Array) {
        if (this.dropped) return
        if (!this.isLeaving) {
            this.answerArrived()
            this.answerArrived = this.host.clock.expectInput(MORE_WAIT_MS)
        }
        const size = this.host.maxPieceBytes
        for (let i = 0; i < bytes.length; i += size)
            this.pieces.push(bytes.subarray(i, i + size))
        if (this.pieces.length > BUFFERED_PIECES_MAX) this.socket.pause()
        this.pump()
    }

    private finish(event: "close" | "error", error?: Error) {
        this.answerArrived()
        this.lastEvent ??= {
            event,
            text: error && `${this.name}: ${errorText(error)}`,
        }
        this.pump()
    }

    /** Delivers the next piece, or the last event when there is no more, then waits before the next. */
    private pump() {
        if (this.pumping || this.dropped) return
        const piece = this.pieces.shift()
        if (piece) {
            this.pumping = true
            this.host.clock.setTimeout(() => {
                this.pumping = false
                this.pump()
            }, PIECE_INTERVAL_MS)
            this.host.emit("data", piece)
            if (this.pieces.length < BUFFERED_PIECES_MAX / 2)
                this.socket.resume()
        } else if (this.lastEvent) {
            this.dropped = true
            this.socket.destroy()
            this.host.emit(this.lastEvent.event, this.lastEvent.text)
        }
    }
}

export default function hostSockets(host: SocketHost): Sockets {
    let current: HostSocket | undefined
    return {
        open(hostname, port, secure) {
            current?.drop(false)
            const name = `${secure ? "tls" : "tcp"}://${hostname}:${port}`
            try {
                current = new HostSocket(
                    secure
                        ? tls.connect({
                              host: hostname,
                              port,
                              // not left to NODE_TLS_REJECT_UNAUTHORIZED
                              rejectUnauthorized: true,
                          })
                        : net.createConnection({ host: hostname, port }),
                    secure,
                    name,
                    host
                )
            } catch (error) {
                // a port out of range; Node throws, a network says so later
                current = undefined
                host.emit("error", `${name}: ${errorText(error as Error)}`)
            }
            return 0
        },
        write(bytes) {
            if (!current || current.isOver) return NOT_OPEN
            current.write(bytes)
            return 0
        },
        close() {
            if (!current || current.isOver) return NOT_OPEN
            current.drop(true)
            current = undefined
            return 0
        },
    }
}

/** Node leaves the message empty when all addresses of a name failed; what failed is then listed inside. */
function errorText(error: Error & { errors?: Error[]; code?: string }) {
    const text =
        error.message ||
        error.errors?.map(e => e.message).join(", ") ||
        error.code ||
        error.name
    // a certificate's names are in it, which are the server's to choose
    return text.replace(/\p{Cc}/gu, "?")
}
