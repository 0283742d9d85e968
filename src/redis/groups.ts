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
import { RespType } from "./resp"
import { StreamId } from "./stream-id"

const NAME = Buffer.from("name")
const CONSUMERS = Buffer.from("consumers")
const PENDING = Buffer.from("pending")
const LAST_DELIVERED_ID = Buffer.from("last-delivered-id")
const ENTRIES_READ = Buffer.from("entries-read")
const LAG = Buffer.from("lag")
/** Every Redis sends four fields, Redis 8 six. Smaller groups would come faster than they are read. */
const MIN_FIELDS = 4
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
     * What the groups of this server begin with, up to the `$` of their name; undefined where one may hold a `*` after its
     * name: where a field was none of those that are known to be numbers and IDs.
     */
    beginning: Buffer | undefined = undefined
    /** How many elements the array of that beginning has. */
    elements = 0
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
        if (wanted !== undefined && group.beginning !== undefined)
            groups -= reader.skipAlike(group.beginning, wanted)
        groups--
        if ((groups & RESTS) === RESTS) await source.rest()
        if (!(await readGroup(source, wanted, candidate))) continue
        if (wanted !== undefined) {
            await skipRest(source, groups, group.beginning, outside)
            return candidate
        }
        const other = candidate.lastDeliveredId
        if (
            found === undefined ||
            other.precedes(
                found.lastDeliveredId.bytes,
                0,
                found.lastDeliveredId.length
            )
        ) {
            const loser = found
            found = candidate
            candidate = loser === undefined ? spare : loser
        }
    }
    return found
}

/** Passes over the groups after the wanted one. */
async function skipRest(
    source: ReplySource,
    groups: number,
    beginning: Buffer | undefined,
    outside: number
): Promise<void> {
    const reader = source.reader
    if (beginning !== undefined)
        while (groups > 0) {
            groups -= reader.skipAlike(beginning, undefined) + 1
            // one that the end of a piece has cut
            await skipElement(source)
            if ((groups & RESTS) === RESTS) await source.rest()
        }
    await skipTo(source, outside)
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
    if (fields < MIN_FIELDS || fields > MAX_FIELDS)
        throw new BadAnswer(`a group of ${fields} fields`)
    const outside = reader.level
    let hasId = false
    let isWanted = false
    let nameIsFirst = false
    let allKnown = true
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
        if (!isWanted && length === NAME.length && reader.is(NAME)) {
            nameIsFirst = fields === (elements >> 1) - 1
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
            const lag = await nextIntegerOrNil(source)
            // undefined is not below 0
            group.lag = (lag as number) < 0 ? undefined : lag
        } else if (
            length === LAST_DELIVERED_ID.length &&
            reader.is(LAST_DELIVERED_ID)
        ) {
            while (!reader.next()) await source.more()
            hasId = group.lastDeliveredId.take(
                reader.bytes,
                reader.start,
                reader.end
            )
            if (!hasId) throw new BadAnswer("a last-delivered-id that is no ID")
        } else if (length === PENDING.length && reader.is(PENDING))
            group.pending = await nextCount(source)
        else if (length === CONSUMERS.length && reader.is(CONSUMERS))
            group.consumers = await nextCount(source)
        else if (length === ENTRIES_READ.length && reader.is(ENTRIES_READ))
            group.entriesRead = await nextIntegerOrNil(source)
        else {
            allKnown = false
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
    const alike = allKnown && nameIsFirst && isArray ? elements : 0
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
