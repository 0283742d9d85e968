/**
 * Stream entry IDs (`milliseconds-sequence`) as bytes: 20-digit numbers do not fit a double, and the language compares
 * strings as numbers. Pure.
 */

import { sameBytes } from "./bytes"

const DASH = 0x2d
const ZERO = 0x30
/** The largest number in an ID: 64 bits (Redis docs, "Entry IDs"). */
const LARGEST = Buffer.from("18446744073709551615")

/** An ID kept as bytes, in a buffer that is allocated once. */
export class StreamId {
    /** Two 64-bit decimals and the dash. */
    readonly bytes = Buffer.alloc(41)
    /** Bytes in use; 0 before the first is taken over. */
    length = 0

    /**
     * Takes over an ID out of a reply.
     * @param start -1 where no string is held
     * @returns false when it is none: the ID is unchanged then
     */
    take(source: Buffer, start: number, end: number): boolean {
        const length = end - start
        if (start >= 0)
            if (length === this.length)
                if (sameBytes(this.bytes, 0, source, start, length)) return true
        if (!isStreamId(source, start, end)) return false
        this.bytes.blitAt(0, source, start, length)
        this.length = length
        return true
    }

    /** Takes over another one's ID. */
    copy(other: StreamId): void {
        this.bytes.blitAt(0, other.bytes, 0, other.length)
        this.length = other.length
    }

    /** Whether both hold the same ID. */
    equals(other: StreamId): boolean {
        // Redis writes an ID in one way
        if (other.length !== this.length) return false
        return sameBytes(this.bytes, 0, other.bytes, 0, this.length)
    }

    /** The ID as a buffer of its own, for a command. */
    toBuffer(): Buffer {
        return this.bytes.slice(0, this.length)
    }

    /** Whether the ID in `other` is greater than this one. */
    precedes(other: Buffer, start: number, end: number): boolean {
        const dash = dashIn(this.bytes, 0, this.length)
        const otherDash = dashIn(other, start, end)
        const order = compareDigits(
            this.bytes,
            0,
            dash,
            other,
            start,
            otherDash
        )
        if (order !== 0) return order < 0
        return (
            compareDigits(
                this.bytes,
                dash + 1,
                this.length,
                other,
                otherDash + 1,
                end
            ) < 0
        )
    }

    /** Whether what is in `other` is an ID, and the same or greater. What is no ID is not. */
    isAtMost(other: Buffer, start: number, end: number): boolean {
        // most are the same
        if (end - start === this.length)
            if (sameBytes(this.bytes, 0, other, start, this.length)) return true
        if (!this.precedes(other, start, end)) return false
        return isStreamId(other, start, end)
    }
}

function dashIn(bytes: Buffer, start: number, end: number): number {
    const at = bytes.indexOf(DASH, start, end)
    if (at < 0) return end
    return at
}

/**
 * Whether a string is an ID as Redis writes it: two decimal numbers of at most 64 bits without leading zeros, and a dash.
 * @param start -1 where no string is held
 */
export function isStreamId(bytes: Buffer, start: number, end: number): boolean {
    if (start < 0) return false
    const dash = bytes.indexOf(DASH, start, end)
    if (dash <= start) return false
    if (!isNumber(bytes, start, dash)) return false
    return isNumber(bytes, dash + 1, end)
}

function isNumber(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start
    if (length < 1) return false
    if (length > LARGEST.length) return false
    if (length > 1) if (bytes[start] === ZERO) return false
    for (let i = start; i < end; ++i) if ((bytes[i] ^ ZERO) > 9) return false
    if (length < LARGEST.length) return true
    return compareDigits(bytes, start, end, LARGEST, 0, length) <= 0
}

/** Compares decimal numbers without leading zeros. @returns below, at or above 0 */
function compareDigits(
    a: Buffer,
    aStart: number,
    aEnd: number,
    b: Buffer,
    bStart: number,
    bEnd: number
): number {
    const longer = aEnd - aStart - (bEnd - bStart)
    if (longer !== 0) return longer
    while (aStart < aEnd) {
        const difference = a[aStart++] - b[bStart++]
        if (difference !== 0) return difference
    }
    return 0
}

/** The part before the dash: milliseconds since 1970 where Redis made the ID. Exact below 2^53. */
export function millisecondsOf(
    bytes: Buffer,
    start: number,
    end: number
): number {
    let value = 0
    for (let i = start; i < end; ++i) {
        const digit = bytes[i] - 0x30
        if (digit < 0) break
        if (digit > 9) break
        value = value * 10 + digit
    }
    return value
}
