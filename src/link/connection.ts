import * as ds from "@devicescript/core"
import { Address } from "./address"
import { connectFault, Fault, LinkError, openFault } from "./fault"
import { CONNECT_LIMIT_MS } from "./recovery"
import { needless, PIECE, THIRD, tidy } from "./tidy"

type SocketEvent = "open" | "close" | "data" | "error"

/**
 * DeviceScript's native sockets (runtime/devicescript/impl_socket.c). Its package for them, @devicescript/net, keeps all that
 * arrives until the heap is full, calls ten functions for each piece, and takes three times the bytes.
 */
type NativeSockets = typeof ds & {
    /** @param port negative for TLS. @returns not 0 when it cannot be opened; what becomes of it is told by events */
    _socketOpen(host: string, port: number): number
    _socketWrite(bytes: Buffer): number
    _socketClose(): number
    /** Called by the runtime, in a fiber of its own for each event; after a close or an error the socket is closed. */
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

/** The connection whose events come: the last one that was opened, until it is closed. */
let current: Connection | undefined = undefined

/** One TCP (or TLS) connection; the runtime has room for one at a time. */
export class Connection {
    /** What has arrived and `receive` has not returned yet. */
    private pieces: Buffer[] = []
    /** The same in bytes. */
    private waiting = 0
    /** More has arrived than there is room for: what came last is lost. */
    private overflown = false
    /** Nobody wants what still arrives. */
    private leaving = false
    /** Whether something was asked that is not answered yet. */
    isAsked = false
    private closed = false
    /** What it was closed by; undefined where that was the server's wish. */
    private lastError: Error | undefined = undefined
    /** Waits for an event; undefined while nobody does. */
    private waiter: ds.Fiber | undefined = undefined

    private constructor(private name: string) {
        // an array that grows while pieces arrive comes to lie among them, and stays
        this.pieces.insert(0, MAX_PIECES)
        this.pieces.insert(0, -MAX_PIECES)
    }

    /** For our own simulator, where data comes no faster than it is read: there is room for it without further ado. */
    static paced(): void {
        maxWaiting = MAX_WAITING_PACED
        needless()
    }

    private static onEvent(event: SocketEvent, arg: Buffer | string): void {
        // without variables: it is called for many pieces before the first call goes on, and each holds its frame till then
        if (event !== "data") {
            console.debug("socket", current?.name, event, arg)
            current?.changed(event, arg as string)
        } else if (current !== undefined) current.arrived(arg as Buffer)
    }

    /** It was opened or closed, or has failed. */
    private changed(event: SocketEvent, why: string): void {
        if (event !== "open") {
            current = undefined
            this.closed = true
            if (event === "error") this.lastError = this.error(why)
        }
        this.wake()
    }

    private arrived(piece: Buffer): void {
        if (this.leaving) return
        if (this.overflown) return
        const bytes = piece.length + BUFFER_BYTES
        const limit = this.isAsked ? maxWaiting : MAX_UNASKED
        if (this.waiting > 0)
            if (this.waiting + bytes > limit) {
                this.overflown = true
                // they will not be read: the heap has other uses for their room
                this.pieces = []
                return
            }
        this.waiting += bytes
        this.pieces.push(piece)
        this.wake()
    }

    private wake(): void {
        // it is not suspended any more where its time has just run out
        if (this.waiter?.suspended) this.waiter.resume(true)
    }

    /** Waits for an event. @returns false when none comes within `limitMs` */
    private async wait(limitMs: number): Promise<boolean> {
        this.waiter = ds.Fiber.self()
        const woken = await ds.suspend<boolean>(limitMs)
        this.waiter = undefined
        return woken === true
    }

    private error(what: string): Error {
        return new Error(`socket ${this.name}: ${what}`)
    }

    /**
     * One attempt to connect.
     * @throws LinkError after CONNECT_LIMIT_MS at the latest; what is left of the socket then is the recovery's to close
     */
    static async open(address: Address): Promise<Connection> {
        const { host, port, tls } = address
        const connection = new Connection(
            `${tls ? "tls" : "tcp"}://${host}:${port}`
        )
        const sockets = ds as NativeSockets
        sockets._socketOnEvent = Connection.onEvent
        current = connection
        console.debug(`connecting to ${connection.name}`)
        try {
            const result = sockets._socketOpen(host, tls ? -port : port)
            if (result !== 0) {
                current = undefined
                throw connection.error(`can't connect: ${result}`)
            }
            const inTime = await connection.wait(CONNECT_LIMIT_MS)
            if (connection.lastError !== undefined) throw connection.lastError
            if (!inTime) throw connection.error("Timeout")
            // a close may come together with the open
            if (connection.closed) throw connection.error("closed at once")
            return connection
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
        let fault = "old socket used"
        if (this === current) {
            const result = (ds as NativeSockets)._socketWrite(bytes)
            if (result === 0) return
            // what came before it failed, and why, may come now
            if (result === -1) await ds.sleep(10)
            fault = `send error ${result}`
        }
        const message = this.error(fault).message
        throw new LinkError(openFault(message), message)
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
        while (this.pieces.length === 0) {
            if (this.lastError !== undefined)
                throw new LinkError(
                    openFault(this.lastError.message),
                    this.lastError.message
                )
            if (this.closed)
                throw new LinkError(
                    Fault.PeerClosed,
                    "the server closed the connection"
                )
            if (!(await this.wait(limitMs > 0 ? limitMs : 1)))
                throw new LinkError(Fault.ReplyTimeout, "no reply in time")
        }
        const piece = this.pieces[0]
        this.pieces.insert(0, -1)
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
