/**
 * RESP, the Redis serialization protocol: commands out, replies in. No I/O, no timer, no growing buffer.
 *
 * Source of every wire fact: the RESP specification (redis.io/docs/latest/develop/reference/protocol-spec).
 */

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
 * costliest take 350 each.
 */
const REST_AFTER = 170

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
    /** Aggregates without an element so far; whoever sends begins anew. */
    empties = 0
    /** `skipTo` returned false because a pause is due: nothing may be fed before it is called again. */
    isResting = false
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
        if (this.depth <= level && this.payload === NO_PAYLOAD) return true
        this.isResting = false
        return this.run(level)
    }

    /** How many bytes have been read since the connection's start. */
    position(): number {
        return this.base + this.at
    }

    /** Whether bytes have arrived that belong to no element read so far. */
    hasUnread(): boolean {
        return this.at < this.limit || this.payload !== NO_PAYLOAD
    }

    /**
     * Offers what has arrived and is not read yet as `bytes`, from `start` to `end`.
     * @returns false where the next element does not begin there
     */
    view(): boolean {
        if (
            this.carried !== 0 ||
            this.input === undefined ||
            this.payload !== NO_PAYLOAD ||
            this.error !== undefined
        )
            return false
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
    }

    /** Lets go of a piece that has been used up, so that its memory is free for the next: of a host's, a large one. */
    letGo(): void {
        if (this.carried !== 0 || this.hasUnread()) return
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
        if (this.end - this.start !== length || this.start < 0) return false
        const bytes = this.bytes
        let at = this.end
        // wanted there is, since it has a length; from the end: names that differ mostly differ in their last characters
        for (let i = length - 1; i >= 0; --i) {
            at--
            if (bytes[at] !== expected[i]) return false
        }
        return true
    }

    /** The held string or line as text, invalid UTF-8 replaced; `""` if none is held. Allocates: not for every poll. */
    text(): string {
        if (this.start < 0) return ""
        return this.bytes.slice(this.start, this.end).toString()
    }

    /** The loop behind `next` (level ONE_ELEMENT) and `skipTo`; one call for any number of elements, as calls are dear. */
    private run(level: number): boolean {
        if (this.error !== undefined) return false
        const single = level === ONE_ELEMENT
        let input = this.input
        let at = this.at
        let limit = this.limit
        let payload = this.payload
        let depth = this.depth
        let left = REST_AFTER

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
                if (this.carried !== 0) {
                    input = this.leaveCarry(at)
                    at = this.at
                    limit = this.limit
                }
                if (!single) continue
            }
            if (!single) {
                const isDone = depth <= level
                if (isDone || --left === 0) {
                    this.keep(at, payload, depth)
                    this.isResting = !isDone
                    return isDone
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
                    let b = input[p]
                    if (b === 0x2d) {
                        negative = true
                        p++
                    } else if (b === 0x2b && type === RespType.Integer) p++
                    const digits = p
                    while (p < limit) {
                        b = input[p]
                        if (b < ZERO || b > 0x39) break
                        value = value * 10 + (b - ZERO)
                        p++
                    }
                    if (p - at > MAX_DIGITS + 1)
                        return this.fail(at, "a number of more than 19 digits")
                    if (p + 1 < limit) {
                        if (p === digits || b !== CR)
                            return this.fail(p, "a number was expected")
                        if (input[p + 1] !== LF)
                            return this.fail(p + 1, "CR without LF")
                    } else if (p < limit && b !== CR)
                        return this.fail(p, "a number was expected")
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
                    if (p + 1 < limit && input[p + 1] !== LF)
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

            if (
                type === RespType.BulkString ||
                type === RespType.BulkError ||
                type === RespType.VerbatimString
            ) {
                if (value === -1) resultType = RespType.Null
                else if (value < 0 || value > MAX_BULK)
                    return this.fail(at, `a string of ${value} bytes`)
                else if (single && value <= MAX_HELD) {
                    // offered whole, so it must be here whole
                    start = p
                    end = p + value
                    p = end + 2
                    if (p > limit) break
                    if (input[end] !== CR || input[end + 1] !== LF)
                        return this.fail(
                            end,
                            "a string longer or shorter than it declared"
                        )
                } else payload = value
            } else if (type !== RespType.Integer && start < 0) {
                if (value === -1 && type === RespType.Array)
                    resultType = RespType.Null
                else if (value < 0 || value > MAX_ELEMENTS)
                    return this.fail(at, `an aggregate of ${value} elements`)
                else {
                    if (value === 0 && ++this.empties > MAX_EMPTY)
                        return this.fail(
                            at,
                            `more than ${MAX_EMPTY} empty aggregates`
                        )
                    if (type === RespType.Map || type === RespType.Attribute)
                        value *= 2
                    elements = value
                }
            }

            if (elements > 0 && depth === MAX_DEPTH)
                return this.fail(
                    at,
                    `arrays nested more than ${MAX_DEPTH} deep`
                )

            // the element is whole: note it, and what it completes
            at = p
            const elementLevel = depth
            if (type === RespType.Attribute && depth > 0)
                // it comes in front of an element and is none itself
                this.remaining[depth - 1] = this.remaining[depth - 1] + 1
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
            if (this.carried !== 0) {
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

    /** Keeps the beginning of an element whose end is still to come. */
    private carryOver(): void {
        const rest = this.limit - this.at
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
            this.base += this.at
            this.at = 0
        }
        this.carried = rest
        this.limit = rest
        this.input = NO_BYTES
        this.piece = NO_BYTES
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
    return typeof word === "string" ? word.byteLength : word.length
}

function put(target: Buffer, at: number, word: string | Buffer): number {
    const bytes = byteCount(word)
    target.blitAt(at, word, 0, bytes)
    return at + bytes
}
