/** XINFO GROUPS' reply -> the consumer group that is watched: by field name, never by position. */
import {
    BadAnswer,
    expectAggregate,
    nextCount,
    nextElement,
    nextIntegerOrNil,
    ReplySource,
    PAUSE_MASK,
    skipElement,
    skipTo,
    unexpected,
} from "./reply"
import { sameBytes } from "./bytes"
import { NamePattern } from "./name-pattern"
import { MAX_HELD, RespReader, RespType } from "./resp"
import { StreamId } from "./stream-id"

/**
 * What a group begins with, up to its name's header, from Redis 7 on and before; and what stands between its values, in their
 * order; Redis before 7 ends with the ID.
 */
const BEGINNING = "*12\r\n$4\r\nname\r\n"
const OLD_BEGINNING = "*8\r\n$4\r\nname\r\n"
const BETWEEN = [
    "\r\n$9\r\nconsumers\r\n",
    "\r\n$7\r\npending\r\n",
    "\r\n$17\r\nlast-delivered-id\r\n",
    "\r\n$12\r\nentries-read\r\n",
    "\r\n$3\r\nlag\r\n",
]
/** The values, by their place. */
enum Value {
    Name,
    Consumers,
    Pending,
    Id,
    EntriesRead,
    Lag,
}
/** The second byte of OLD_BEGINNING. */
const EIGHT = 0x38
/** `e\r\n$`, which a name's header goes on with, as a number (`i32`). */
const NAME_HEADER = 0x240a0d65

/** In place of where a group ends: its end has not come, or it is to be read element by element. */
const CUT = 0
const UNUSUAL = -1

/** How many fields every Redis sends. Smaller groups would come faster than they are read. */
const OLD_FIELDS = 4
/** Of the strings after a group's name the one that is its ID. */
const ID_STRING = 4

const CR = 13
const LF = 10
const MINUS = 0x2d
const ZERO = 0x30
const ONE = 0x31
const MAX_FIELDS = 32
/** A number of so many digits is exact. */
const EXACT_DIGITS = 15

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
    /** Whether it is the one that is looked for, as far as its name tells. */
    isWanted = false
    /** Its first four bytes as a number (`i32`), where it is as usual: so are others that begin with them; else 0. */
    beginning = 0
}

/**
 * Reads a whole XINFO GROUPS reply.
 * @param wanted the group's name, byte for byte; undefined for the group that lags most, which is the one with the
 * smallest last-delivered-id
 * @param group receives the wanted group's fields
 * @param spare is overwritten: fields are read before it is known whose they are
 * @param pattern where no name is wanted, what names must be like; undefined where any will do
 * @returns `group` or `spare`, whichever holds the wanted group; undefined when there is none
 * @throws ReplyError when Redis answered with an error; BadAnswer when a group lacks a field that every Redis sends, or has
 * something else in its place
 */
export async function readGroups(
    source: ReplySource,
    wanted: Buffer | undefined,
    group: ConsumerGroup,
    spare: ConsumerGroup,
    pattern?: NamePattern
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
        while (!reader.view()) await source.more()
        const bytes = reader.bytes
        const most =
            found === undefined || wanted !== undefined
                ? undefined
                : found.lastDeliveredId
        const left = passAlike(
            reader,
            candidate.beginning,
            wanted,
            most,
            groups
        )
        if (left < groups) {
            groups = left
            // a group that was held has ended in a piece, where others follow
            if (!reader.view()) continue
            if (reader.bytes !== bytes) continue
        }
        const end = isCut(reader, groups)
            ? CUT
            : readUsual(reader, wanted, candidate)
        if (end === CUT)
            if (reader.hold()) {
                await source.more()
                continue
            }
        groups--
        if (end > 0) reader.pass(end, 1)
        else {
            await source.pauseIfDue()
            await readGroup(source, wanted, candidate)
        }
        if (
            !candidate.isWanted ||
            pattern?.fits(candidate.name as Buffer) === false
        )
            continue
        if (
            most === undefined ||
            candidate.lastDeliveredId.precedes(most.bytes, 0, most.length)
        ) {
            // what follows must not be read over it
            const loser = found === undefined ? spare : found
            loser.beginning = candidate.beginning
            found = candidate
            candidate = loser
        }
    }
    await skipTo(source, outside)
    return found
}

/** Whether the view ends before the next group does, for certain. @param groups how many are to come */
function isCut(reader: RespReader, groups: number): boolean {
    const start = reader.start
    if (groups <= 1) return false
    if (reader.bytes[start] !== RespType.Array) return false
    return reader.bytes.indexOf(RespType.Array, start + 1, reader.end) < 0
}

/**
 * Passes over groups that have the fields of one that was read, in their order, and are not looked for. As they hold no `$` or
 * `*` after their names but those of their fields and of the next group, the VM finds by itself where these are.
 * @param beginning their first four bytes as a number; 0 where that is not known
 * @param wanted the name that is looked for; undefined where any will do
 * @param most what is looked for has a last-delivered-id that precedes this one; undefined where any will do
 * @param groups how many are to come
 * @returns how many are still to come; the last of all is never passed over, nor is one that the end of the piece has cut
 */
function passAlike(
    reader: RespReader,
    beginning: number,
    wanted: Buffer | undefined,
    most: StreamId | undefined,
    groups: number
): number {
    if (beginning === 0) return groups
    if (wanted === undefined) if (most === undefined) return groups
    const bytes = reader.bytes
    const limit = reader.end
    let begin = reader.start
    const nameHeader =
        bytes[begin + 1] === EIGHT ? OLD_BEGINNING.length : BEGINNING.length
    let wantedLength = -1
    // names that differ mostly do so in their last byte; before an empty one is its header's end
    let tail = LF
    if (wanted !== undefined) {
        wantedLength = wanted.length
        if (wantedLength > 0) tail = wanted[wantedLength - 1]
    }
    let left = groups
    // one condition after the other: put together they take half as many steps again
    while (left > 1) {
        let at = begin + nameHeader + 1
        if (bytes.getAt(begin, "i32") !== beginning) break
        if (bytes.getAt(at - 4, "i32") !== NAME_HEADER) break
        let length = bytes[at] ^ ZERO
        if (length > 9) break
        at++
        const digit = bytes[at] ^ ZERO
        if (digit <= 9) {
            length = length * 10 + digit
            at++
        }
        if (bytes[at] !== CR) break
        at += 2
        if (length === wantedLength)
            if (bytes[at + length - 1] === tail)
                // it is there, as it has a length
                if (sameBytes(bytes, at, wanted as Buffer, 0, length)) break
        at += length
        if (most !== undefined) {
            for (let i = 0; i < ID_STRING && at >= 0; ++i)
                at = bytes.indexOf(RespType.BulkString, at + 1, limit)
            if (at < 0) break
            const start = bytes.indexOf(LF, at, limit) + 1
            at = start === 0 ? -1 : bytes.indexOf(CR, start, limit)
            if (at < 0) break
            if (!most.isAtMost(bytes, start, at)) break
        }
        if (bytes[at] !== CR) break
        at = bytes.indexOf(RespType.Array, at, limit)
        if (at < 0) break
        if (bytes[at - 1] !== LF) break
        begin = at
        left--
    }
    if (left < groups) reader.pass(begin, groups - left)
    return left
}

/**
 * Reads a group that is as usual where it lies.
 * @param wanted the name that is looked for; undefined where any will do
 * @param group receives its fields; all are as they were in the reply only where the end is returned
 * @returns one past its last byte; CUT where the view ends before; UNUSUAL where it has to be read in another way
 */
function readUsual(
    reader: RespReader,
    wanted: Buffer | undefined,
    group: ConsumerGroup
): number {
    const bytes = reader.bytes
    const limit = reader.end
    let at = reader.start
    const beginning = bytes.getAt(at, "i32")
    const isOld = bytes[at + 1] === EIGHT
    const last = isOld ? Value.Id : Value.Lag
    let before = isOld ? OLD_BEGINNING : BEGINNING
    group.lag = undefined
    group.entriesRead = undefined
    for (let value: number = Value.Name; value <= last; ++value) {
        if (value > 0) before = BETWEEN[value - 1]
        const length = before.length
        if (!sameBytes(bytes, at, before, 0, Math.min(length, limit - at)))
            return UNUSUAL
        at += length
        if (at >= limit) return CUT
        const isString = bytes[at] === RespType.BulkString
        if (!isString) if (bytes[at] !== RespType.Integer) break
        at++
        if (bytes[at] === MINUS) {
            // nil, for a number that may be missing; one below 0 is not as usual
            if (!isString) break
            if (value <= Value.Id) break
            at++
            if (bytes[at] !== ONE) break
            at++
        } else {
            const digits = at
            let number = 0
            let digit = bytes[at] ^ ZERO
            while (digit <= 9) {
                number = number * 10 + digit
                at++
                digit = bytes[at] ^ ZERO
            }
            if (at === digits) break
            if (at - digits > EXACT_DIGITS) break
            if (!isString) {
                if (value === Value.Consumers) group.consumers = number
                else if (value === Value.Pending) group.pending = number
                else if (value === Value.EntriesRead) group.entriesRead = number
                else if (value === Value.Lag) group.lag = number
                else break
            } else {
                if (bytes[at] !== CR) break
                if (number > MAX_HELD) break
                at++
                if (bytes[at] !== LF) break
                at++
                const end = at + number
                if (end >= limit) return CUT
                if (value === Value.Name)
                    group.isWanted = isNamed(group, wanted, bytes, at, end)
                else if (value !== Value.Id) break
                else if (!group.lastDeliveredId.take(bytes, at, end)) break
                at = end
            }
        }
        if (value < last) continue
        if (bytes[at] !== CR) break
        at++
        if (at >= limit) return CUT
        if (bytes[at] !== LF) break
        group.beginning = beginning
        return at + 1
    }
    if (at < limit) return UNUSUAL
    return CUT
}

/**
 * Whether a group has the name that is looked for; where any will do, it is noted.
 * @param start -1 where the name is too long to be held
 */
function isNamed(
    group: ConsumerGroup,
    wanted: Buffer | undefined,
    bytes: Buffer,
    start: number,
    end: number
): boolean {
    const name = wanted === undefined ? group.name : wanted
    const isSame =
        start >= 0 &&
        name !== undefined &&
        name.length === end - start &&
        sameBytes(bytes, start, name, 0, name.length)
    if (wanted !== undefined) return isSame
    if (!isSame)
        group.name = start < 0 ? Buffer.from("?") : bytes.slice(start, end)
    return true
}

/** Reads a group element by element, whatever its fields are. */
async function readGroup(
    source: ReplySource,
    wanted: Buffer | undefined,
    group: ConsumerGroup
): Promise<void> {
    const reader = source.reader
    group.isWanted = false
    group.beginning = 0
    while (!reader.next()) await source.more()
    // RESP2 sends fields and values as one array, RESP3 as a map; `value` counts both
    let fields = (await expectAggregate(source)) >> 1
    if (fields < OLD_FIELDS || fields > MAX_FIELDS)
        throw new BadAnswer(`a group of ${fields} fields`)
    const outside = reader.level
    let hasId = false
    // what the last poll found must not stand in for what this reply lacks
    group.lag = undefined
    group.entriesRead = undefined
    group.pending = undefined
    group.consumers = undefined
    while (fields > 0) {
        fields--
        if ((fields & PAUSE_MASK) === PAUSE_MASK) await source.pauseIfDue()
        while (!reader.next()) await source.more()
        const field = reader.text()
        if (field === "name" && !group.isWanted) {
            while (!reader.next()) await source.more()
            if (reader.type !== RespType.BulkString)
                if (reader.type !== RespType.SimpleString)
                    throw unexpected(source)
            group.isWanted = isNamed(
                group,
                wanted,
                reader.bytes,
                reader.start,
                reader.end
            )
            if (!group.isWanted) return await skipTo(source, outside)
        } else if (field === "lag") {
            const lag = await nextIntegerOrNil(source)
            group.lag = lag !== undefined && lag < 0 ? undefined : lag
        } else if (field === "last-delivered-id") {
            while (!reader.next()) await source.more()
            hasId = group.lastDeliveredId.take(
                reader.bytes,
                reader.start,
                reader.end
            )
            if (!hasId) throw new BadAnswer("a last-delivered-id that is no ID")
        } else if (field === "pending") group.pending = await nextCount(source)
        else if (field === "consumers")
            group.consumers = await nextCount(source)
        else if (field === "entries-read")
            group.entriesRead = await nextIntegerOrNil(source)
        else await skipElement(source)
    }
    // an odd field, should one ever come, must not pass for the next group
    await skipTo(source, outside)
    if (
        !group.isWanted ||
        !hasId ||
        group.pending === undefined ||
        group.consumers === undefined
    )
        throw new BadAnswer("a group without the fields that every Redis sends")
}
