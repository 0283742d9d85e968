/** Replies that hold stream entries -> counts; the entries' payload passes by unread. */
import {
    expectAggregate,
    nextElement,
    nextInteger,
    ReplySource,
    RESTS,
    skipElement,
    skipTo,
    unexpected,
} from "./reply"
import { RespType } from "./resp"
import { millisecondsOf, StreamId } from "./stream-id"

/** What an XREAD reply says of one stream. One object serves for every poll. */
export class UnreadEntries {
    /** Entries in the reply. */
    returned = 0
    /** Of these, entries whose ID is greater than the group's last-delivered-id. */
    counted = 0
    /** The milliseconds part of the first of them; undefined when there is none. */
    firstMs: number = undefined
    /** Size of the reply in bytes. */
    bytes = 0
}

/**
 * Reads an XREAD reply for one stream.
 * @param lastDeliveredId the group's: entries up to it were delivered since the ID that XREAD started from
 * @throws ReplyError when Redis answered with an error
 */
export async function readUnreadEntries(
    source: ReplySource,
    lastDeliveredId: StreamId,
    unread: UnreadEntries
): Promise<void> {
    const reader = source.reader
    unread.returned = 0
    unread.counted = 0
    unread.firstMs = undefined
    await nextElement(source)
    const start = reader.position()
    // [[key, entries]], in RESP3 {key: entries}; nil when there is no entry
    const type = reader.type
    const outside = reader.level
    if ((await expectAggregate(source)) > 0) {
        if (type === RespType.Array) await nextElement(source)
        await skipElement(source)
        await nextElement(source)
        let entries = await expectAggregate(source)
        unread.returned = entries
        while (entries > 0) {
            entries--
            if ((entries & RESTS) === RESTS) await source.rest()
            await nextElement(source)
            const entryOutside = reader.level
            await nextElement(source)
            // once one is greater, all that follow are
            if (
                unread.counted > 0 ||
                lastDeliveredId.precedes(reader.bytes, reader.start, reader.end)
            ) {
                if (unread.counted === 0)
                    unread.firstMs = millisecondsOf(
                        reader.bytes,
                        reader.start,
                        reader.end
                    )
                unread.counted++
            }
            await skipTo(source, entryOutside)
        }
        await skipTo(source, outside)
    }
    unread.bytes = reader.position() - start
}

/** Reads an XRANGE (or any array) reply. @returns whether it is empty */
export async function readIsEmpty(source: ReplySource): Promise<boolean> {
    await nextElement(source)
    const outside = source.reader.level
    const count = await expectAggregate(source)
    await skipTo(source, outside)
    return count === 0
}

const LENGTH = Buffer.from("length")
const ENTRIES_ADDED = Buffer.from("entries-added")
const LAST_GENERATED_ID = Buffer.from("last-generated-id")
const GROUPS = Buffer.from("groups")

/** What XINFO STREAM says that is used. */
export class StreamFacts {
    /** The stream holds every entry that was ever added: entries-added, which Redis has from 7.0, equals length. */
    neverLost = false
    /** The milliseconds part of the newest ID. */
    newestMs = 0
    /** How many consumer groups the stream has. */
    groups = 0
}

/** Reads an XINFO STREAM reply. @throws ReplyError when Redis answered with an error */
export async function readStreamFacts(
    source: ReplySource,
    facts: StreamFacts
): Promise<void> {
    const reader = source.reader
    await nextElement(source)
    let fields = (await expectAggregate(source)) >> 1
    let length = -1
    let added = -2
    while (fields > 0) {
        fields--
        if ((fields & RESTS) === RESTS) await source.rest()
        await nextElement(source)
        if (reader.is(LENGTH)) length = await nextInteger(source)
        else if (reader.is(ENTRIES_ADDED)) added = await nextInteger(source)
        else if (reader.is(GROUPS)) facts.groups = await nextInteger(source)
        else if (reader.is(LAST_GENERATED_ID)) {
            await nextElement(source)
            facts.newestMs = millisecondsOf(
                reader.bytes,
                reader.start,
                reader.end
            )
        } else await skipElement(source)
    }
    facts.neverLost = length === added
}

const IDLE = Buffer.from("idle")
const PENDING = Buffer.from("pending")

/** The pending entry with the smallest ID. */
export class OldestPending {
    /** False when nothing is pending. */
    any = false
    /** The milliseconds part of its ID: when it was added, where Redis made the ID. */
    addedMs = 0
    /** ms since it was last delivered to a consumer. */
    idleMs = 0
}

/** Reads an XPENDING reply of the extended form with COUNT 1: [[id, consumer, ms since the delivery, deliveries]]. */
export async function readOldestPending(
    source: ReplySource,
    oldest: OldestPending
): Promise<void> {
    const reader = source.reader
    await nextElement(source)
    const outside = reader.level
    oldest.any = (await expectAggregate(source)) > 0
    if (!oldest.any) return
    await nextElement(source)
    await nextElement(source)
    oldest.addedMs = millisecondsOf(reader.bytes, reader.start, reader.end)
    await skipElement(source)
    oldest.idleMs = await nextInteger(source)
    await skipTo(source, outside)
}

/**
 * Reads an XINFO CONSUMERS reply.
 * @returns the longest idle time, ms, among consumers that hold pending entries; 0 when none does
 */
export async function readLongestIdle(source: ReplySource): Promise<number> {
    const reader = source.reader
    await nextElement(source)
    let consumers = await expectAggregate(source)
    let longest = 0
    while (consumers > 0) {
        consumers--
        if ((consumers & RESTS) === RESTS) await source.rest()
        await nextElement(source)
        let fields = (await expectAggregate(source)) >> 1
        let pending = 0
        let idle = 0
        while (fields > 0) {
            fields--
            if ((fields & RESTS) === RESTS) await source.rest()
            await nextElement(source)
            if (reader.is(PENDING)) pending = await nextInteger(source)
            else if (reader.is(IDLE)) idle = await nextInteger(source)
            else await skipElement(source)
        }
        if (pending > 0 && idle > longest) longest = idle
    }
    return longest
}

/** Reads an XLEN (or any integer) reply. @throws ReplyError when Redis answered with an error */
export async function readInteger(source: ReplySource): Promise<number> {
    await nextElement(source)
    if (source.reader.type !== RespType.Integer) throw unexpected(source)
    return source.reader.value
}

/** Reads a TIME reply. @returns the server's clock, ms since 1970 */
export async function readTime(source: ReplySource): Promise<number> {
    const reader = source.reader
    await nextElement(source)
    await expectAggregate(source)
    await nextElement(source)
    const seconds = millisecondsOf(reader.bytes, reader.start, reader.end)
    await nextElement(source)
    return (
        seconds * 1000 +
        Math.floor(
            millisecondsOf(reader.bytes, reader.start, reader.end) / 1000
        )
    )
}
