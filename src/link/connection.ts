import * as ds from "@devicescript/core"
// this file alone: the package has MQTT, HTTP and observables too, which cost a tenth of the time that it takes to compile
import { connect, Socket } from "@devicescript/net/src/sockets"
import { Address } from "./address"
import { connectFault, Fault, LinkError, openFault } from "./fault"
import { CONNECT_LIMIT_MS } from "./recovery"
import { needless, PIECE, THIRD, tidy } from "./tidy"

type SocketEvent = "open" | "close" | "data" | "error"

/** DeviceScript's native sockets: a close that `Socket.close` does not reach after a connect that timed out, and what arrives. */
type NativeSockets = typeof ds & {
    _socketClose(): number
    _socketOnEvent(event: SocketEvent, arg: Buffer | string): void
}

/**
 * The most bytes that may wait to be read while replies are expected, and while none is: whoever sends more is no Redis that
 * was asked by laglight. What the heap has left is more (docs/pico-w-runtime.md row 9), but not in one piece.
 */
const MAX_WAITING = 24000
const MAX_UNASKED = 3000
/** The same where data comes no faster than it is read, but for pauses in the reading. */
const MAX_WAITING_PACED = 12000
let maxWaiting = MAX_WAITING
/** So many pieces wait at the most, more or less. */
const MAX_PIECES = 17
/** What a buffer takes in the heap besides its bytes. */
const BUFFER_BYTES = 16

/** Where `Socket` keeps what `recv` has not returned yet. */
interface SocketBuffers {
    buffers: Buffer[]
    /** Wakes `recv`. */
    emitter: ds.Emitter<Buffer | boolean | Error>
}

/** The connection there is. */
let current: Connection | undefined = undefined

/** One TCP (or TLS) connection; the runtime has room for one at a time. */
export class Connection {
    /** What has arrived and `receive` has not returned yet, bytes. */
    private waiting = 0
    /** More has arrived than there is room for: what came last is lost. */
    private overflown = false
    /** Nobody wants what still arrives. */
    private leaving = false
    /** Whether something was asked that is not answered yet. */
    isAsked = false

    private constructor(
        private socket: Socket,
        public address: Address
    ) {
        const buffers = (socket as unknown as SocketBuffers).buffers
        // what came together with the open
        for (const piece of buffers) this.waiting += piece.length + BUFFER_BYTES
        // an array that grows while pieces arrive comes to lie among them, and stays
        const count = buffers.length
        buffers.insert(count, MAX_PIECES)
        buffers.insert(count, -MAX_PIECES)
    }

    /** For our own simulator, where data comes no faster than it is read: there is room for it without further ado. */
    static paced(): void {
        maxWaiting = MAX_WAITING_PACED
        needless()
    }

    /** The stock library keeps all that arrives, for as long as nobody reads it, until the heap is full. */
    private static onEvent(event: SocketEvent, arg: Buffer | string): void {
        // without variables: it is called for many pieces before the first call goes on, and each holds its frame till then
        if (event === "data" && current !== undefined)
            current.arrived(arg as Buffer)
        else Socket._socketOnEvent(event, arg)
    }

    private arrived(piece: Buffer): void {
        if (this.leaving) return
        if (this.overflown) return
        const socket = this.socket as unknown as SocketBuffers
        const bytes = piece.length + BUFFER_BYTES
        const limit = this.isAsked ? maxWaiting : MAX_UNASKED
        if (this.waiting > 0)
            if (this.waiting + bytes > limit) {
                this.overflown = true
                // they will not be read: the heap has other uses for their room
                socket.buffers = []
                return
            }
        this.waiting += bytes
        // as the stock handler does, in fewer calls: it comes with each piece
        socket.buffers.push(piece)
        socket.emitter.emit(false)
    }

    /**
     * One attempt to connect.
     * @throws LinkError after CONNECT_LIMIT_MS at the latest; what is left of the socket then is the recovery's to close
     */
    static async open(address: Address): Promise<Connection> {
        try {
            const socket = await connect({
                host: address.host,
                port: address.port,
                proto: address.tls ? "tls" : "tcp",
                timeout: CONNECT_LIMIT_MS,
            })
            current = new Connection(socket, address)
            ;(ds as NativeSockets)._socketOnEvent = Connection.onEvent
            return current
        } catch (e: any) {
            throw new LinkError(connectFault(e.message), e.message)
        }
    }

    /** Closes whatever socket the runtime holds, connected or not. */
    static closeNative(): void {
        const result = (ds as NativeSockets)._socketClose()
        // -10: there was none
        if (result !== 0)
            if (result !== -10) console.debug(`socket close: ${result}`)
    }

    /** Whether data has arrived that `receive` has not returned yet. */
    hasUnread(): boolean {
        if (this.waiting > 0) return true
        return this.overflown
    }

    /** @throws LinkError */
    async send(bytes: Buffer): Promise<void> {
        try {
            await this.socket.send(bytes)
        } catch (e: any) {
            throw new LinkError(openFault(e.message), e.message)
        }
    }

    /**
     * The next piece of data.
     * @param limitMs how long to wait for it
     * @throws LinkError when none comes in time, or the connection has ended
     */
    async receive(limitMs: number): Promise<Buffer> {
        if (this.overflown)
            throw new LinkError(
                Fault.BadReply,
                "more data arrived than was asked for"
            )
        tidy(this.hasUnread() ? THIRD : PIECE)
        let piece: Buffer | null | undefined
        try {
            piece = await this.socket.recv(limitMs > 0 ? limitMs : 1)
        } catch (e: any) {
            throw new LinkError(openFault(e.message), e.message)
        }
        if (piece === null)
            throw new LinkError(
                Fault.PeerClosed,
                "the server closed the connection"
            )
        if (piece === undefined)
            throw new LinkError(Fault.ReplyTimeout, "no reply in time")
        this.waiting -= piece.length + BUFFER_BYTES
        return piece
    }

    /** Waits until the server has closed. @returns false if it did not within `limitMs` */
    async waitForClose(limitMs: number): Promise<boolean> {
        const end = ds.millis() + limitMs
        this.leaving = true
        this.overflown = false
        try {
            for (;;) await this.receive(end - ds.millis())
        } catch (e: any) {
            return (e as LinkError).fault !== Fault.ReplyTimeout
        }
    }
}
