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
import { StreamId } from "./stream-id"

/** The fields of Redis 7 and later in their order; those before have the first four. */
const USUAL = [
    "name",
    "consumers",
    "pending",
    "last-delivered-id",
    "entries-read",
    "lag",
]

/** How many every Redis sends, and Redis 7. Smaller groups would come faster than they are read. */
const OLD_FIELDS = 4
const FIELDS = 6
/** Of the strings after a group's name the one that is its ID. */
const ID_STRING = 4

const CR = 13
const LF = 10
const ZERO = 0x30
const MAX_FIELDS = 32
/** What a usual group begins with, up to the `$` of its name. */
const BEGINNING = Buffer.from("*12\r\n$4\r\nname\r\n$")
const OLD_BEGINNING = Buffer.from("*8\r\n$4\r\nname\r\n$")

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
        groups = passAlike(reader, candidate.beginning, wanted, most, groups)
        groups--
        if ((groups & RESTS) === RESTS) await source.rest()
        if (!(await readGroup(source, wanted, candidate))) continue
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

/**
 * Passes over groups that have the fields of one that was read, in their order, and are not looked for. As they hold no `$` or
 * `*` after their names but those of their fields and of the next group, the VM finds by itself where these are.
 * @param beginning what they begin with; undefined where that is not known
 * @param wanted the name that is looked for; undefined where any will do
 * @param most what is looked for has a last-delivered-id that precedes this one; undefined where any will do
 * @param groups how many are to come
 * @returns how many are still to come; the last of all is never passed over, nor is one that the end of the piece has cut
 */
function passAlike(
    reader: RespReader,
    beginning: Buffer | undefined,
    wanted: Buffer | undefined,
    most: StreamId | undefined,
    groups: number
): number {
    if (
        beginning === undefined ||
        (wanted === undefined && most === undefined) ||
        !reader.view()
    )
        return groups
    const bytes = reader.bytes
    const limit = reader.end
    // of the first bytes and the last, these tell: the command and the server are the same
    const stringAt = beginning.length
    const b1 = beginning[1]
    const b2 = beginning[2]
    const letter = beginning[stringAt - 4]
    let begin = reader.start
    let left = groups
    while (left > 1) {
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
        if (wanted !== undefined && length === wanted.length) {
            // from the end: names that differ mostly differ in their last characters
            let i = length - 1
            while (i >= 0 && bytes[at + i] === wanted[i]) i--
            if (i < 0) break
        }
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
        if (at < 0 || bytes[at - 1] !== LF) break
        begin = at
        left--
    }
    if (left < groups) reader.pass(begin, groups - left)
    return left
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
        const field = reader.text()
        if (field !== USUAL[(elements >> 1) - 1 - fields]) isUsual = false
        if (field === "name" && !isWanted) {
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
        !isWanted ||
        !hasId ||
        group.pending === undefined ||
        group.consumers === undefined
    )
        throw new BadAnswer("a group without the fields that every Redis sends")
    group.beginning =
        !isUsual || !isArray
            ? undefined
            : elements === FIELDS * 2
              ? BEGINNING
              : elements === OLD_FIELDS * 2
                ? OLD_BEGINNING
                : undefined
    return true
}

function heldBytes(source: ReplySource): Buffer {
    const reader = source.reader
    return reader.start < 0
        ? Buffer.from("?")
        : reader.bytes.slice(reader.start, reader.end)
}
