import * as ds from "@devicescript/core"
import { Connection } from "../link/connection"
import { Fault, LinkError } from "../link/fault"
import { holdRoom, letGo, PIECE, tidy } from "../link/tidy"
import { keepSecret, refusedLogin } from "./refusal"
import { nextElement, ReplySource, unexpected } from "./reply"
import { encodeCommand, RespReader, RespType } from "./resp"

/**
 * Commands are added to a send up to so many bytes: one TCP segment, which the server reads at once, and which fits the
 * Pico W's send buffer (docs/pico-w-runtime.md row 8).
 */
export const MAX_SEND = 1460
/**
 * The most bytes that are passed over without a pause. The program ends after 131,072 VM steps without one; elements of 3
 * bytes cost about 110 each (test/host/light/budget.test.ts). What is read one by one costs more, and rests in between.
 */
const WINDOW = 1460

/**
 * Of so many rests one is taken. What Redis sends has fewer groups or fields in a piece, after which there is a pause
 * anyway: more pauses, and pieces would arrive faster than they are used up.
 */
const PAUSE_EVERY = 3

/** How long to wait for the server to close, ms. */
const QUIT_LIMIT_MS = 3000

/** The most bytes of replies that `shortReply` hands out: they are compared as a whole, and kept. */
const MAX_SHORT = 512

const QUIT = encodeCommand(["QUIT"])
/** A sentinel knows no QUIT, but it closes, like any Redis server, on what cannot be a command. */
const NO_COMMAND = Buffer.from("*x\r\n")

/** One connection's conversation: one batch of commands in flight, a time limit on its replies. */
export class Session implements ReplySource {
    readonly reader = new RespReader()
    /** The server is a sentinel. */
    isSentinel = false
    /** When the last batch was sent, ms since the program's start: no reply to it is older than that. */
    askedAt = 0
    private deadline = 0
    /** The piece being read, window by window. */
    private piece: Buffer | undefined = undefined
    private readTo = 0
    /** How many pieces have come since the last send. */
    private pieces = 0
    /** How often a rest was due since the last pause. */
    private pausesDue = 0
    private batch: Buffer[] = []
    private batchCount = 0
    private batchBytes = 0
    private joined: Buffer | undefined = undefined

    /** @param replyLimitMs how long a batch's replies may take, ms */
    constructor(
        private connection: Connection,
        private replyLimitMs: number
    ) {}

    /**
     * AUTH and SELECT, as far as they are wanted.
     * @param user empty: the default user
     * @param password empty: no AUTH
     * @param database SELECTed unless 0
     * @throws ReplyError when the server refuses; the connection is still good then
     */
    async open(
        user: string,
        password: string,
        database: number
    ): Promise<void> {
        if (password) {
            const words = ["AUTH"]
            if (user) words.push(user)
            words.push(password)
            keepSecret(password)
            await this.send(encodeCommand(words))
            if (this.isError()) throw refusedLogin(this.reader.text())
            this.expectOk()
        }
        if (database !== 0) {
            await this.send(encodeCommand(["SELECT", `${database}`]))
            this.expectOk()
        }
    }

    /** Sends one command, and reads its reply's first element. */
    private async send(command: Buffer): Promise<void> {
        this.queue(command)
        await this.flush()
        await nextElement(this)
    }

    private isError(): boolean {
        const type = this.reader.type
        if (type === RespType.Error) return true
        return type === RespType.BulkError
    }

    private expectOk(): void {
        if (this.reader.type !== RespType.SimpleString) throw unexpected(this)
    }

    /** Whether so many bytes more still go in the same segment; the first commands always do. */
    fits(bytes: number): boolean {
        if (this.batchCount === 0) return true
        return this.batchBytes + bytes <= MAX_SEND
    }

    /** Adds a command to the batch. @param changed it was changed in place since it was last sent */
    queue(command: Buffer, changed?: boolean): void {
        if (this.batch[this.batchCount] !== command) {
            this.batch[this.batchCount] = command
            this.joined = undefined
        } else if (changed)
            this.joined?.blitAt(this.batchBytes, command, 0, command.length)
        this.batchCount++
        this.batchBytes += command.length
    }

    /**
     * Sends the batch. Its replies must all be read before the next one.
     * @throws LinkError
     */
    async flush(): Promise<void> {
        if (this.unread()) await this.readUnasked()
        this.piece = undefined
        this.pieces = 0
        this.reader.letGo()
        letGo()
        // what is made from here on to read the replies comes to lie in small holes, and not among their pieces
        tidy(PIECE)
        let bytes = this.batch[0]
        if (this.batchCount > 1) {
            // the same commands as last time are joined already
            if (
                this.joined === undefined ||
                this.joined.length !== this.batchBytes
            )
                this.joined = Buffer.concat(
                    ...this.batch.slice(0, this.batchCount)
                )
            bytes = this.joined
        }
        this.batchCount = 0
        this.batchBytes = 0
        this.askedAt = ds.millis()
        this.deadline = this.askedAt + this.replyLimitMs
        this.connection.isAsked = true
        this.reader.empties = 0
        try {
            await this.connection.send(bytes)
        } catch (e) {
            // a server that refuses may have said why before it closed
            if (this.unread()) await this.readUnasked()
            throw e
        }
    }

    /** All that was asked is answered: the room that replies need is kept for the next ones. */
    holdRoom(): void {
        this.piece = undefined
        this.reader.letGo()
        holdRoom()
    }

    /** Waits for so many ms, when all that was asked is answered. */
    async pause(ms: number): Promise<void> {
        this.connection.isAsked = false
        await ds.sleep(ms)
    }

    /** Bytes that nobody asked for: a server's reason to refuse us at once, or what would be taken for the next reply. */
    private async readUnasked(): Promise<void> {
        this.deadline = ds.millis() + this.replyLimitMs
        if (this.reader.depth === 0)
            if (!this.reader.hasUnread()) {
                await nextElement(this)
                if (this.isError()) throw refusedLogin(this.reader.text())
            }
        throw new LinkError(
            Fault.BadReply,
            "data arrived that was not asked for"
        )
    }

    private unread(): boolean {
        if (this.reader.depth > 0) return true
        if (this.reader.hasUnread()) return true
        if (this.piece !== undefined)
            if (this.readTo < this.piece.length) return true
        return this.connection.hasUnread()
    }

    /** @throws LinkError on a protocol error, at the time limit, and when the connection ends */
    async more(): Promise<void> {
        const reader = this.reader
        if (reader.error !== undefined)
            throw new LinkError(Fault.BadReply, reader.error)
        this.pausesDue = 0
        // also for a reply whose end does not come, however much of it is here already
        const left = this.deadline - ds.millis()
        if (left < 0)
            throw new LinkError(Fault.ReplyTimeout, "no reply in time")
        if (reader.mustPause) {
            await ds.sleep(1)
            return
        }
        if (this.piece === undefined || this.readTo >= this.piece.length) {
            this.piece = undefined
            // pieces that are here already come without a wait, and the program must pause now and then
            if (this.connection.hasUnread()) await ds.sleep(1)
            this.piece = await this.connection.receive(left)
            this.pieces++
            this.readTo = 0
        } else await ds.sleep(1)
        const from = this.readTo
        this.readTo = Math.min(from + WINDOW, this.piece.length)
        reader.feed(this.piece, from, this.readTo)
    }

    /** All that has come since the last send, where that is one short piece; undefined where it is more. */
    shortReply(): Buffer | undefined {
        const piece = this.piece
        if (this.pieces === 1)
            if (piece !== undefined)
                if (piece.length <= MAX_SHORT)
                    if (!this.connection.hasUnread()) return piece
        return undefined
    }

    async pauseIfDue(): Promise<void> {
        if (++this.pausesDue < PAUSE_EVERY) return
        this.pausesDue = 0
        await ds.sleep(1)
    }

    /**
     * Makes the server close (an active close may hang a Pico W: docs/pico-w-runtime.md row 5) and waits until it has.
     * @returns false if it did not
     */
    async quit(): Promise<boolean> {
        try {
            await this.connection.send(this.isSentinel ? NO_COMMAND : QUIT)
        } catch (e) {
            // it has gone already
            return true
        }
        return await this.connection.waitForClose(QUIT_LIMIT_MS)
    }
}
