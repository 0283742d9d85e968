/** XINFO GROUPS' reply -> the consumer group that is watched: by field name, never by position. */
import {
    BadAnswer,
    expectAggregate,
    nextCount,
    nextElement,
    nextIntegerOrNil,
    ReplySource,
    RESTS,
    skipElement,
    skipTo,
    unexpected,
} from "./reply"
import { RespReader, RespType } from "./resp"
import { isStreamId, StreamId } from "./stream-id"

const NAME = Buffer.from("name")
const CONSUMERS = Buffer.from("consumers")
const PENDING = Buffer.from("pending")
const LAST_DELIVERED_ID = Buffer.from("last-delivered-id")
const ENTRIES_READ = Buffer.from("entries-read")
const LAG = Buffer.from("lag")
/** The fields that every Redis sends, and those of 7.0 and later, which have a lag. */
const OLD_FIELDS = 4
const FIELDS = 6
/** What begins with a letter of its own is known by it, among fields in their usual order. */
const LETTER_C = 0x63
const LETTER_P = 0x70
const LETTER_L = 0x6c
const LETTER_E = 0x65

const CR = 13
const LF = 10
const ZERO = 0x30
const ONE = 0x31
const MINUS = 0x2d
/** Numbers with more digits are read the long way. */
const SHORT_DIGITS = 15
/** A group of fewer fields than four would come faster than it is read. */
const MAX_FIELDS = 32

/** The fields of one group that are used. One object serves for every poll. */
export class ConsumerGroup {
    /** The group's name, when it had to be found out (GROUP=*). */
    name: Buffer | undefined = undefined
    consumers: number | undefined = undefined
    /** Length of the pending entries list. */
    pending: number | undefined = undefined
    /** How many groups the stream has, this one included. */
    siblings = 0
    readonly lastDeliveredId = new StreamId()
    /** The reported lag; undefined when nil, absent (Redis 5 and 6) or negative (a false claim of an operator's). */
    lag: number | undefined = undefined
    /** Redis's own count of what the group has read; undefined when nil or absent. */
    entriesRead: number | undefined = undefined
    /**
     * What the groups of this server begin with, up to the `$` of their name; undefined where their fields are not those of
     * Redis 5 or of Redis 7 in their order, all numbers and IDs after the name.
     */
    beginning: Buffer | undefined = undefined
    /** How many elements the array of that beginning has. */
    elements = 0
    /** Whether it was read by `readAlike` just now. */
    isRead = false
}

/**
 * Reads a whole XINFO GROUPS reply.
 * @param wanted the group's name, exact to the byte; undefined for the group that lags most, which is the one with the
 * smallest last-delivered-id
 * @param group receives the wanted group's fields
 * @param spare is scribbled on: fields are read before it is known whose they are
 * @returns `group` or `spare`, whichever holds the wanted group; undefined when there is none
 * @throws ReplyError when Redis answered with an error; BadAnswer when a group lacks a field that every Redis sends, or has
 * something else in its place
 */
export async function readGroups(
    source: ReplySource,
    wanted: Buffer | undefined,
    group: ConsumerGroup,
    spare: ConsumerGroup
): Promise<ConsumerGroup | undefined> {
    const reader = source.reader
    await nextElement(source)
    // a stream without groups has an empty list
    if (reader.type === RespType.Null) throw unexpected(source)
    let groups = await expectAggregate(source)
    const outside = reader.level
    group.siblings = groups
    spare.siblings = groups
    let found: ConsumerGroup | undefined = undefined
    let candidate = group
    while (groups > 0) {
        const most =
            found === undefined || wanted !== undefined
                ? undefined
                : found.lastDeliveredId
        groups = readAlike(reader, wanted, candidate, most, groups)
        if (!candidate.isRead) {
            groups--
            if ((groups & RESTS) === RESTS) await source.rest()
            if (!(await readGroup(source, wanted, candidate))) continue
        }
        if (
            most === undefined ||
            candidate.lastDeliveredId.precedes(most.bytes, 0, most.length)
        ) {
            // what follows must not be read over it
            const loser = found === undefined ? spare : found
            loser.beginning = candidate.beginning
            loser.elements = candidate.elements
            found = candidate
            candidate = loser
        }
    }
    await skipTo(source, outside)
    return found
}

/**
 * Reads groups that have the fields of those before them, in their order, and lie whole in the piece: in a fifth of the
 * steps. What is not looked for is passed over: as it holds no `*` after its name, it ends where the next group is, which the
 * VM finds by itself.
 * @param wanted the name that is looked for; undefined where any will do
 * @param group receives the fields of the first that is looked for, and whether one was: `isRead`
 * @param most its last-delivered-id precedes this one; undefined where any will do
 * @param groups how many are to come
 * @returns how many are still to come; the last of all is never passed over
 */
function readAlike(
    reader: RespReader,
    wanted: Buffer | undefined,
    group: ConsumerGroup,
    most: StreamId | undefined,
    groups: number
): number {
    group.isRead = false
    const beginning = group.beginning
    if (beginning === undefined || !reader.view()) return groups
    const bytes = reader.bytes
    const limit = reader.end
    // of the first bytes and the last, these tell: the command and the server are the same
    const stringAt = beginning.length
    const b1 = beginning[1]
    const b2 = beginning[2]
    const letter = beginning[stringAt - 4]
    const wantedLength = wanted === undefined ? -1 : wanted.length
    let begin = reader.start
    let left = groups
    for (;;) {
        let at = begin + stringAt
        if (
            bytes[begin] !== RespType.Array ||
            bytes[begin + 1] !== b1 ||
            bytes[begin + 2] !== b2 ||
            bytes[at - 4] !== letter ||
            bytes[at - 1] !== RespType.BulkString
        )
            break
        let length = bytes[at] ^ ZERO
        if (length > 9) break
        let byte = bytes[++at]
        if (byte !== CR) {
            byte = byte ^ ZERO
            if (byte > 9) break
            length = length * 10 + byte
            if (bytes[++at] !== CR) break
        }
        at += 2
        let isWanted = true
        if (wanted !== undefined) {
            isWanted = length === wantedLength
            // from the end: names that differ mostly differ in their last characters
            for (let i = length - 1; isWanted && i >= 0; --i)
                isWanted = bytes[at + i] === wanted[i]
        }
        const nameStart = at
        at += length
        if (isWanted) {
            // the last one has no other behind it where it would end
            const end = readFields(
                bytes,
                at,
                limit,
                group,
                left === 1 ? undefined : most
            )
            if (end < 0) break
            at = end
            if (group.isRead) {
                if (wanted === undefined) {
                    reader.start = nameStart
                    reader.end = nameStart + length
                    if (group.name === undefined || !reader.is(group.name))
                        group.name = bytes.slice(nameStart, reader.end)
                }
                begin = at
                left--
                break
            }
        }
        if (left === 1 || bytes[at] !== CR) break
        at = bytes.indexOf(RespType.Array, at, limit)
        if (at < 0 || bytes[at - 1] !== LF) break
        begin = at
        left--
    }
    if (left < groups) reader.pass(begin, groups - left)
    return left
}

/**
 * Reads what is behind a group's name.
 * @param most the group is read when its last-delivered-id precedes this one; undefined: in any case
 * @returns one past the group's end when it is read, else the end of its ID; -1 when it is not as expected, or not whole
 */
function readFields(
    bytes: Buffer,
    at: number,
    limit: number,
    group: ConsumerGroup,
    most: StreamId | undefined
): number {
    // \r\n$9\r\nconsumers\r\n:
    if (bytes[at + 6] !== LETTER_C || bytes[at + 17] !== RespType.Integer)
        return -1
    const consumersAt = at + 18
    at = bytes.indexOf(CR, consumersAt, consumersAt + SHORT_DIGITS)
    // \r\n$7\r\npending\r\n:
    if (
        at < 0 ||
        bytes[at + 6] !== LETTER_P ||
        bytes[at + 15] !== RespType.Integer
    )
        return -1
    const pendingAt = at + 16
    at = bytes.indexOf(CR, pendingAt, pendingAt + SHORT_DIGITS)
    // \r\n$17\r\nlast-delivered-id\r\n$
    if (
        at < 0 ||
        bytes[at + 7] !== LETTER_L ||
        bytes[at + 26] !== RespType.BulkString
    )
        return -1
    const idStart = bytes.indexOf(LF, at + 27, limit) + 1
    const idEnd = bytes.indexOf(CR, idStart, limit)
    if (most !== undefined && most.isAtMost(bytes, idStart, idEnd)) return idEnd
    const consumers = numberAt(bytes, consumersAt)
    const pending = numberAt(bytes, pendingAt)
    let entriesRead: number | undefined = undefined
    let lag: number | undefined = undefined
    at = idEnd
    if (group.elements === 2 * FIELDS) {
        // \r\n$12\r\nentries-read\r\n
        if (bytes[at + 7] !== LETTER_E) return -1
        entriesRead = numberOrNilAt(bytes, at + 21)
        at = bytes.indexOf(CR, at + 21, limit)
        // \r\n$3\r\nlag\r\n
        if (bytes[at + 6] !== LETTER_L) return -1
        lag = numberOrNilAt(bytes, at + 11)
        at = bytes.indexOf(CR, at + 11, limit)
    }
    at += 2
    if (
        at > limit ||
        bytes[at - 1] !== LF ||
        consumers < 0 ||
        pending < 0 ||
        entriesRead === -1 ||
        lag === -1 ||
        !group.lastDeliveredId.take(bytes, idStart, idEnd)
    )
        return -1
    group.consumers = consumers
    group.pending = pending
    group.entriesRead = entriesRead
    group.lag = lag
    group.isRead = true
    return at
}

/** The number that lies at `at`, up to a CR; -1 where it is anything else, or too long to be read so. */
function numberAt(bytes: Buffer, at: number): number {
    const end = at + SHORT_DIGITS
    let digit = bytes[at] ^ ZERO
    if (digit > 9) return -1
    let value = 0
    while (digit <= 9) {
        value = value * 10 + digit
        digit = bytes[++at] ^ ZERO
    }
    return at > end || bytes[at] !== CR ? -1 : value
}

/** The same for a number with its type before it, or a nil, which gives undefined. */
function numberOrNilAt(bytes: Buffer, at: number): number | undefined {
    if (bytes[at] === RespType.Integer) return numberAt(bytes, at + 1)
    return bytes[at] === RespType.BulkString &&
        bytes[at + 1] === MINUS &&
        bytes[at + 2] === ONE
        ? undefined
        : -1
}

/** @returns whether it is the wanted group */
async function readGroup(
    source: ReplySource,
    wanted: Buffer | undefined,
    group: ConsumerGroup
): Promise<boolean> {
    const reader = source.reader
    while (!reader.next()) await source.more()
    // RESP2 sends fields and values as one array, RESP3 as a map; `value` counts both
    const elements = await expectAggregate(source)
    const isArray = reader.type === RespType.Array
    let fields = elements >> 1
    if (fields < OLD_FIELDS || fields > MAX_FIELDS)
        throw new BadAnswer(`a group of ${fields} fields`)
    const outside = reader.level
    let hasId = false
    let isWanted = false
    let isUsual = true
    // what the last poll found must not stand in for what this reply lacks
    group.lag = undefined
    group.entriesRead = undefined
    group.pending = undefined
    group.consumers = undefined
    while (fields > 0) {
        fields--
        if ((fields & RESTS) === RESTS) await source.rest()
        while (!reader.next()) await source.more()
        // the names of fields differ in their lengths, and a call is dear
        const length = reader.end - reader.start
        const at = (elements >> 1) - 1 - fields
        if (!isWanted && length === NAME.length && reader.is(NAME)) {
            isUsual = at === 0
            while (!reader.next()) await source.more()
            if (
                reader.type !== RespType.BulkString &&
                reader.type !== RespType.SimpleString
            )
                throw unexpected(source)
            if (wanted === undefined) {
                if (group.name === undefined || !reader.is(group.name))
                    group.name = heldBytes(source)
            } else if (!reader.is(wanted)) {
                await skipTo(source, outside)
                return false
            }
            isWanted = true
        } else if (length === LAG.length && reader.is(LAG)) {
            if (at !== 5) isUsual = false
            const lag = await nextIntegerOrNil(source)
            // undefined is not below 0
            group.lag = (lag as number) < 0 ? undefined : lag
        } else if (
            length === LAST_DELIVERED_ID.length &&
            reader.is(LAST_DELIVERED_ID)
        ) {
            if (at !== 3) isUsual = false
            while (!reader.next()) await source.more()
            hasId = group.lastDeliveredId.take(
                reader.bytes,
                reader.start,
                reader.end
            )
            if (!hasId) throw new BadAnswer("a last-delivered-id that is no ID")
        } else if (length === PENDING.length && reader.is(PENDING)) {
            if (at !== 2) isUsual = false
            group.pending = await nextCount(source)
        } else if (length === CONSUMERS.length && reader.is(CONSUMERS)) {
            if (at !== 1) isUsual = false
            group.consumers = await nextCount(source)
        } else if (length === ENTRIES_READ.length && reader.is(ENTRIES_READ)) {
            if (at !== 4) isUsual = false
            group.entriesRead = await nextIntegerOrNil(source)
        } else {
            isUsual = false
            await skipElement(source)
        }
    }
    // an odd field, should one ever come, must not pass for the next group
    await skipTo(source, outside)
    if (
        !isWanted ||
        !hasId ||
        group.pending === undefined ||
        group.consumers === undefined
    )
        throw new BadAnswer("a group without the fields that every Redis sends")
    const alike =
        isUsual &&
        isArray &&
        (elements >> 1 === OLD_FIELDS || elements >> 1 === FIELDS)
            ? elements
            : 0
    if (alike === 0) group.beginning = undefined
    else if (group.beginning === undefined || group.elements !== alike) {
        group.elements = alike
        group.beginning = Buffer.from(`*${alike}\r\n$4\r\nname\r\n$`)
    }
    return true
}

function heldBytes(source: ReplySource): Buffer {
    const reader = source.reader
    return reader.start < 0
        ? Buffer.from("?")
        : reader.bytes.slice(reader.start, reader.end)
}
