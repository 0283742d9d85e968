/**
 * RESP, the Redis serialization protocol: commands out, replies in. No I/O, no timer, no growing buffer.
 *
 * Source of every wire fact: the RESP specification (redis.io/docs/latest/develop/reference/protocol-spec).
 */

import { sameBytes } from "./bytes"

/** A reply element's type: the byte that announces it on the wire. */
export enum RespType {
    /** Nothing has been read yet. */
    None = 0,
    SimpleString = 0x2b, // +
    Error = 0x2d, // -
    Integer = 0x3a, // :
    BulkString = 0x24, // $
    Array = 0x2a, // *
    /** RESP3's `_`, and RESP2's `$-1` and `*-1`, which mean the same. */
    Null = 0x5f,
    Boolean = 0x23, // #
    Double = 0x2c, // ,
    BigNumber = 0x28, // (
    BulkError = 0x21, // !
    VerbatimString = 0x3d, // =
    Map = 0x25, // %
    Set = 0x7e, // ~
    Push = 0x3e, // >
    Attribute = 0x7c, // |
}

/** How deep arrays may nest. XREAD's reply, the deepest that is asked for, needs 5. */
export const MAX_DEPTH = 8
/** The longest simple string, error or number line in bytes, its type byte included; Redis's longest, -DENIED, has 1,065. */
export const MAX_LINE = 1200
/** The largest declared bulk string in bytes: Redis's own `proto-max-bulk-len` default. */
export const MAX_BULK = 536870912
/** The largest declared number of elements in one aggregate: Redis's own limit for a multibulk. */
export const MAX_ELEMENTS = 1048576
/** Bulk strings up to this many bytes are offered as a view; longer ones pass by unread. */
export const MAX_HELD = 512

/**
 * The most aggregates without an element in the replies to one send: Redis has hardly any to give, and they cost more steps
 * than they have bytes.
 */
const MAX_EMPTY = 64

const CR = 13
const LF = 10
const PLUS = 0x2b
const MINUS = 0x2d
const ZERO = 0x30
/** A 64-bit number with its sign has at most 20 characters. */
const MAX_DIGITS = 20
/** The longest elements that may be cut by the end of a piece: lines; what has a length: header, held string, terminators. */
const CARRY_LINE_BYTES = MAX_LINE + 2
const CARRY_BYTES = MAX_DIGITS + 4 + MAX_HELD + 2

/** For whoever reads: of several readers one is in use. Made when the heap is empty, as it is longer than the holes for small things. */
const CARRY = Buffer.alloc(CARRY_BYTES)

/** In place of bytes that are not there: positions (`start`, `limit`, `carried`) say so before anybody looks. */
const NO_BYTES: Buffer = undefined as any

/** The types that are one line, their text in it. */
const LINES = Buffer.from("+-_#,(")

/**
 * The most elements that are passed over without a pause: the program ends after 131,072 VM steps without one, and the
 * costliest take 300 each.
 */
const PAUSE_AFTER = 170

/** The payload state "no payload is being skipped". */
const NO_PAYLOAD = -1
/** `run`'s level for "stop after one element". */
const ONE_ELEMENT = -1

/**
 * An incremental reader of replies.
 *
 * Feed it pieces of any size; `next()` steps from element to element and `skipTo()` passes over what nobody wants.
 * What an element holds is a view (`bytes`, `start`, `end`) into the piece, valid until the next call; only an element
 * that is cut by the end of a piece is copied, into one buffer that is allocated once. A violation of the protocol is
 * final: `error` says what and where, and nothing is read after it.
 */
export class RespReader {
    /** The type of the element last read. */
    type: number = RespType.None
    /** An integer's value; a string's length in bytes; an aggregate's number of elements (a map's entries count twice). */
    value = 0
    /** Where the view lies, when `start >= 0`. */
    bytes: Buffer = NO_BYTES
    /** First byte of the string or line in `bytes`; -1 for a string too long to be held, and for types without text. */
    start = -1
    /** One past the last byte of the view. */
    end = 0
    /** How many aggregates enclose the element last read: 0 for a reply of its own. */
    level = 0
    /** How many aggregates are open now: 0 between replies. */
    depth = 0
    /** Aggregates without an element so far; a new batch begins at 0. */
    empties = 0
    /** `next` or `skipTo` returned false though there is more to read, for a pause: nothing may be fed before it is called again. */
    mustPause = false
    /** The violation that ended the reading, or undefined. */
    error: string | undefined = undefined

    private input: Buffer = NO_BYTES
    private at = 0
    private limit = 0
    /** Bytes read before `input`'s byte 0, for error messages. */
    private base = 0
    /** Bytes of a skipped string still to come: then its terminator. */
    private payload = NO_PAYLOAD
    /** Elements still to come in each open aggregate. */
    private remaining: number[] = [0, 0, 0, 0, 0, 0, 0, 0]

    private carry: Buffer = CARRY
    /** Bytes at the start of `carry` that were left over from earlier pieces. */
    private carried = 0
    /** While `input` is `carry`: the piece it continues with, and which part of it. */
    private piece: Buffer = NO_BYTES
    private pieceFrom = 0
    private pieceTo = 0

    /**
     * Offers the next bytes of the connection. Only after `next()` or `skipTo()` has returned false.
     * @param piece is read in place and must not change until it has been used up
     * @param from first byte to read, default 0
     * @param to one past the last byte, default the piece's length
     */
    feed(piece: Buffer, from?: number, to?: number): void {
        if (from === undefined) from = 0
        if (to === undefined) to = piece.length
        if (this.carried === 0) {
            this.base += this.at - from
            this.input = piece
            this.at = from
            this.limit = to
            return
        }
        let room = this.carry.length - this.carried
        if (room > to - from) room = to - from
        this.carry.blitAt(this.carried, piece, from, room)
        this.input = this.carry
        this.limit = this.carried + room
        this.piece = piece
        this.pieceFrom = from
        this.pieceTo = to
    }

    /**
     * Reads one element: a scalar whole, an aggregate's header.
     * @returns false when more bytes are needed, or after an error
     */
    next(): boolean {
        return this.run(ONE_ELEMENT)
    }

    /**
     * Passes over elements until no more than `level` aggregates are open.
     * `skipTo(reader.level)` after an aggregate's header skips its contents.
     * @returns false when more bytes are needed (call again after `feed`), or after an error
     */
    skipTo(level: number): boolean {
        // a string's end counts as read with its header: its payload may be still to come
        if (this.depth <= level) if (this.payload === NO_PAYLOAD) return true
        return this.run(level)
    }

    /** How many bytes have been read since the connection's start. */
    position(): number {
        return this.base + this.at
    }

    /** Whether bytes have arrived that belong to no element read so far. */
    hasUnread(): boolean {
        if (this.at < this.limit) return true
        return this.payload !== NO_PAYLOAD
    }

    /**
     * Offers what has arrived and is not read yet as `bytes`, from `start` to `end`.
     * @returns false where nothing is, and where the next element does not begin there
     */
    view(): boolean {
        if (this.input === undefined) return false
        if (this.payload !== NO_PAYLOAD) return false
        if (this.error !== undefined) return false
        this.bytes = this.input
        this.start = this.at
        this.end = this.limit
        return true
    }

    /**
     * Passes over elements that have been read in the view.
     * @param end one past their last byte
     * @param count how many they are; all of one aggregate
     */
    pass(end: number, count: number): void {
        this.at = end
        const remaining = this.remaining
        let depth = this.depth
        while (depth > 0) {
            const left = remaining[depth - 1] - count
            remaining[depth - 1] = left
            if (left > 0) break
            depth--
            count = 1
        }
        this.depth = depth
        if (this.carried !== 0) if (end >= this.carried) this.leaveCarry(end)
    }

    /**
     * Keeps what is not read yet, so that `view` offers it together with what is fed next.
     * @returns false where there is too much of it, or more of its piece: it has to be read as it is
     */
    hold(): boolean {
        if (this.limit - this.at >= CARRY_BYTES) return false
        if (this.carried !== 0)
            if (this.nextInPiece() < this.pieceTo) return false
        this.carryOver()
        return true
    }

    /** While `input` is `carry`: the first byte of the piece that is not in it. */
    private nextInPiece(): number {
        return this.pieceFrom + this.limit - this.carried
    }

    /** Lets go of a piece that has been used up, so that its memory is free for the next: of a host's, a large one. */
    letGo(): void {
        if (this.carried !== 0) return
        if (this.hasUnread()) return
        this.base += this.at
        this.at = 0
        this.limit = 0
        this.input = NO_BYTES
        this.bytes = NO_BYTES
        this.start = -1
    }

    /** Whether the element last read is a held string or line with exactly these bytes. */
    is(expected: Buffer): boolean {
        const length = expected.length
        if (this.start < 0) return false
        if (this.end - this.start !== length) return false
        return sameBytes(this.bytes, this.start, expected, 0, length)
    }

    /** The held string or line as text, invalid UTF-8 replaced; `""` if none is held. Allocates: not for every poll. */
    text(): string {
        if (this.start < 0) return ""
        return this.bytes.slice(this.start, this.end).toString()
    }

    /** The loop behind `next` (level ONE_ELEMENT) and `skipTo`; one call for any number of elements, as calls are costly. */
    private run(level: number): boolean {
        if (this.error !== undefined) return false
        this.mustPause = false
        const single = level === ONE_ELEMENT
        let input = this.input
        let at = this.at
        let limit = this.limit
        let payload = this.payload
        let depth = this.depth
        let left = PAUSE_AFTER

        for (;;) {
            if (payload !== NO_PAYLOAD) {
                if (payload > limit - at) {
                    payload -= limit - at
                    at = limit
                    break
                }
                at += payload
                payload = 0
                if (limit - at < 2) break
                if (input[at] !== CR || input[at + 1] !== LF)
                    return this.fail(
                        at,
                        "a string longer or shorter than it declared"
                    )
                at += 2
                payload = NO_PAYLOAD
                if (this.carried !== 0)
                    if (at >= this.carried) {
                        input = this.leaveCarry(at)
                        at = this.at
                        limit = this.limit
                    }
                if (!single) continue
            }
            // one condition after the other, here and below: put together they take half as many steps again
            if (!single) {
                if (depth <= level) {
                    this.keep(at, payload, depth)
                    return true
                }
                left--
                if (left === 0) {
                    this.keep(at, payload, depth)
                    this.mustPause = true
                    return false
                }
            }

            // one element's header line
            let p = at + 1
            if (p >= limit) break
            const type = input[at]
            let value = 0
            let start = -1
            let end = 0
            let elements = 0
            let resultType = type

            switch (type) {
                case RespType.Integer:
                case RespType.BulkString:
                case RespType.Array:
                case RespType.Map:
                case RespType.Set:
                case RespType.Push:
                case RespType.Attribute:
                case RespType.BulkError:
                case RespType.VerbatimString: {
                    let negative = false
                    let digit = input[p] ^ ZERO
                    if (digit > 9) {
                        negative = input[p] === MINUS
                        if (negative) p++
                        else if (input[p] === PLUS)
                            if (type === RespType.Integer) p++
                        digit = input[p] ^ ZERO
                    }
                    const digits = p
                    while (digit <= 9) {
                        value = value * 10 + digit
                        p++
                        digit = input[p] ^ ZERO
                    }
                    // what lies behind is not of this piece
                    if (p > limit) p = limit
                    if (p - at > MAX_DIGITS + 1)
                        return this.fail(at, "a number of more than 19 digits")
                    if (p < limit) {
                        if (input[p] !== CR)
                            return this.fail(p, "a number was expected")
                        if (p + 1 < limit) {
                            if (p === digits)
                                return this.fail(p, "a number was expected")
                            if (input[p + 1] !== LF)
                                return this.fail(p + 1, "CR without LF")
                        }
                    }
                    if (negative) value = -value
                    break
                }
                case RespType.SimpleString:
                case RespType.Error:
                case RespType.Null:
                case RespType.Boolean:
                case RespType.Double:
                case RespType.BigNumber:
                    start = p
                    p = input.indexOf(CR, p, limit)
                    if (p < 0) p = limit
                    if (p - at > MAX_LINE)
                        return this.fail(
                            at,
                            `a line of more than ${MAX_LINE} bytes`
                        )
                    if (p + 1 < limit)
                        if (input[p + 1] !== LF)
                            return this.fail(p + 1, "CR without LF")
                    end = p
                    break
                default:
                    return this.fail(
                        at,
                        "not a RESP type; is this a Redis server?"
                    )
            }
            p += 2
            if (p > limit) break

            const elementLevel = depth
            switch (type) {
                case RespType.BulkString:
                case RespType.BulkError:
                case RespType.VerbatimString: {
                    if (value < 0) {
                        if (value !== -1)
                            return this.fail(at, `a string of ${value} bytes`)
                        resultType = RespType.Null
                        break
                    }
                    if (value > MAX_HELD) {
                        if (value > MAX_BULK)
                            return this.fail(at, `a string of ${value} bytes`)
                        payload = value
                        break
                    }
                    const textEnd = p + value
                    if (textEnd + 2 <= limit) {
                        if (input[textEnd] !== CR || input[textEnd + 1] !== LF)
                            return this.fail(
                                textEnd,
                                "a string longer or shorter than it declared"
                            )
                        start = p
                        end = textEnd
                    } else if (!single) {
                        payload = value
                        break
                    }
                    // what is offered must be here whole
                    p = textEnd + 2
                    break
                }
                case RespType.Integer:
                    break
                case RespType.Array:
                case RespType.Map:
                case RespType.Set:
                case RespType.Push:
                case RespType.Attribute:
                    if (value < 0 || value > MAX_ELEMENTS) {
                        if (value !== -1 || type !== RespType.Array)
                            return this.fail(
                                at,
                                `an aggregate of ${value} elements`
                            )
                        resultType = RespType.Null
                        break
                    }
                    if (value === 0) {
                        this.empties++
                        if (this.empties > MAX_EMPTY)
                            return this.fail(
                                at,
                                `more than ${MAX_EMPTY} empty aggregates`
                            )
                    } else if (depth === MAX_DEPTH)
                        return this.fail(
                            at,
                            `arrays nested more than ${MAX_DEPTH} deep`
                        )
                    if (type === RespType.Map || type === RespType.Attribute)
                        value *= 2
                    elements = value
                    // it comes in front of an element and is none itself
                    if (type === RespType.Attribute)
                        if (depth > 0)
                            this.remaining[depth - 1] =
                                this.remaining[depth - 1] + 1
                    break
            }
            if (p > limit) break

            // the element is whole: note it, and what it completes
            at = p
            if (elements > 0) {
                this.remaining[depth] = elements
                depth++
            } else {
                const remaining = this.remaining
                while (depth > 0) {
                    const left = remaining[depth - 1] - 1
                    remaining[depth - 1] = left
                    if (left > 0) break
                    depth--
                }
            }
            if (single) {
                this.type = resultType
                this.value = value
                this.bytes = input
                this.start = start
                this.end = end
                this.level = elementLevel
            }
            if (this.carried !== 0)
                if (at >= this.carried) {
                    input = this.leaveCarry(at)
                    at = this.at
                    limit = this.limit
                }
            if (single) {
                this.keep(at, payload, depth)
                return true
            }
        }

        this.keep(at, payload, depth)
        this.carryOver()
        return false
    }

    private keep(at: number, payload: number, depth: number): void {
        this.at = at
        this.payload = payload
        this.depth = depth
    }

    /** After an element that began in `carry`: goes on in the piece that completed it. */
    private leaveCarry(at: number): Buffer {
        this.base += this.carried - this.pieceFrom
        this.at = this.pieceFrom + at - this.carried
        this.limit = this.pieceTo
        this.input = this.piece
        this.piece = NO_BYTES
        this.carried = 0
        return this.input
    }

    /** Keeps the beginning of what has its end still to come: an element, or what is held with it. */
    private carryOver(): void {
        const rest = this.limit - this.at
        const piece = this.piece
        const next = this.nextInPiece()
        if (this.carried === 0) {
            if (rest === 0) {
                this.input = NO_BYTES
                return
            }
            const bytes =
                LINES.indexOf(this.input[this.at]) >= 0
                    ? CARRY_LINE_BYTES
                    : CARRY_BYTES
            if (!this.carry || this.carry.length < bytes)
                this.carry = Buffer.alloc(bytes)
            this.carry.blitAt(0, this.input, this.at, rest)
        } else if (this.at > 0)
            // of what was held something is read
            this.carry.blitAt(0, this.carry.slice(this.at, this.limit), 0, rest)
        this.base += this.at
        this.at = 0
        this.carried = rest
        this.limit = rest
        this.input = NO_BYTES
        this.piece = NO_BYTES
        if (piece !== undefined)
            if (next < this.pieceTo) {
                this.feed(piece, next, this.pieceTo)
                this.mustPause = true
            }
    }

    private fail(at: number, what: string): boolean {
        const byte = this.input[at]
        const seen = byte === undefined ? "" : `, got byte ${byte}`
        this.error = `protocol error at byte ${this.base + at}: ${what}${seen}`
        return false
    }
}

/**
 * Encodes a command as RESP wants it: an array of bulk strings, their lengths in bytes.
 * @param words the command and its arguments; text is sent as UTF-8
 */
export function encodeCommand(words: (string | Buffer)[]): Buffer {
    const headers: string[] = [`*${words.length}\r\n`]
    let size = headers[0].byteLength
    for (const word of words) {
        const bytes = byteCount(word)
        const header = `$${bytes}\r\n`
        headers.push(header)
        size += header.byteLength + bytes + 2
    }
    const command = Buffer.alloc(size)
    let at = put(command, 0, headers[0])
    for (let i = 0; i < words.length; ++i) {
        at = put(command, at, headers[i + 1])
        at = put(command, at, words[i])
        at = put(command, at, "\r\n")
    }
    return command
}

function byteCount(word: string | Buffer): number {
    if (typeof word === "string") return word.byteLength
    return word.length
}

function put(target: Buffer, at: number, word: string | Buffer): number {
    const bytes = byteCount(word)
    target.blitAt(at, word, 0, bytes)
    return at + bytes
}
