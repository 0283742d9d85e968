/** Replies that hold stream entries -> counts; the entries' payload passes by unread. */
import {
    BadAnswer,
    expectAggregate,
    nextCount,
    nextElement,
    ReplySource,
    PAUSE_MASK,
    skipElement,
    skipTo,
    unexpected,
} from "./reply"
import { RespType } from "./resp"
import { isStreamId, millisecondsOf, StreamId } from "./stream-id"

/** What an XREAD reply says of one stream. One object serves for every poll. */
export class UnreadEntries {
    /** Entries in the reply. */
    returned = 0
    /** Of these, entries whose ID is greater than the group's last-delivered-id. */
    counted = 0
    /** Of these, entries that are newer than the ID that was the newest when the count began. */
    newer = 0
    /** The milliseconds part of the first of them; undefined when there is none. */
    firstMs: number | undefined = undefined
    /** The ID of the last one in the reply; what it was before where there is none. */
    readonly last = new StreamId()
    /** Size of the reply in bytes. */
    bytes = 0
}

/**
 * Reads an XREAD reply for one stream.
 * @param lastDeliveredId the group's: entries up to it were delivered since the ID that XREAD started from
 * @param most how many entries were asked for
 * @param newest entries with a greater ID are told apart; undefined: none are
 * @throws ReplyError when Redis answered with an error; BadAnswer when these are not entries, or more than asked for
 */
export async function readUnreadEntries(
    source: ReplySource,
    lastDeliveredId: StreamId,
    most: number,
    newest: StreamId | undefined,
    unread: UnreadEntries
): Promise<void> {
    const reader = source.reader
    unread.returned = 0
    unread.counted = 0
    unread.newer = 0
    unread.firstMs = undefined
    await nextElement(source)
    const start = reader.position()
    // [[key, entries]], in RESP3 {key: entries}; nil when there is no entry
    const type = reader.type
    const outside = reader.level
    const streams = await expectAggregate(source)
    if (streams > 0) {
        let elements = streams
        if (type === RespType.Array) {
            await nextElement(source)
            elements = await expectAggregate(source)
            if (streams !== 1) elements = 0
        }
        // one stream was asked for: its key, its entries
        if (elements !== 2) throw new BadAnswer("entries of no stream")
        await skipElement(source)
        await nextElement(source)
        let entries = await expectAggregate(source)
        if (entries > most)
            throw new BadAnswer(
                `${entries} entries where ${most} were asked for`
            )
        unread.returned = entries
        while (entries > 0) {
            entries--
            if ((entries & PAUSE_MASK) === PAUSE_MASK) await source.pauseIfDue()
            await nextElement(source)
            if ((await expectAggregate(source)) !== 2)
                throw new BadAnswer("an entry that is none")
            const entryOutside = reader.level
            await nextElement(source)
            // the last one is what a count goes on from
            if (
                entries === 0
                    ? !unread.last.take(reader.bytes, reader.start, reader.end)
                    : !isStreamId(reader.bytes, reader.start, reader.end)
            )
                throw new BadAnswer("an entry whose ID is none")
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
                if (newest !== undefined)
                    if (
                        unread.newer > 0 ||
                        newest.precedes(reader.bytes, reader.start, reader.end)
                    )
                        unread.newer++
            }
            await skipTo(source, entryOutside)
        }
        await skipTo(source, outside)
    }
    unread.bytes = reader.position() - start
}

/**
 * Reads the reply to an XRANGE with COUNT 1.
 * @returns whether it is empty
 * @throws ReplyError when Redis answered with an error; BadAnswer when there is more than one entry
 */
export async function readIsEmpty(source: ReplySource): Promise<boolean> {
    await nextElement(source)
    // nothing is an empty list
    if (source.reader.type === RespType.Null) throw unexpected(source)
    const outside = source.reader.level
    const count = await expectAggregate(source)
    if (count > 1) throw new BadAnswer(`${count} entries where 1 was asked for`)
    await skipTo(source, outside)
    return count === 0
}

const LENGTH = Buffer.from("length")
const LAST_GENERATED_ID = Buffer.from("last-generated-id")
const GROUPS = Buffer.from("groups")
/** Redis 8 has ten, and its successors may have a few more. */
const MAX_FIELDS = 64

/** What XINFO STREAM says that is used. */
export class StreamFacts {
    /** How many entries it holds. */
    length = 0
    /** The newest ID that there ever was. */
    readonly newest = new StreamId()
    /** Its milliseconds part. */
    newestMs = 0
    /** How many consumer groups the stream has. */
    groups = 0
}

/**
 * Reads an XINFO STREAM reply.
 * @throws ReplyError when Redis answered with an error; BadAnswer when a field is missing that every Redis sends
 */
export async function readStreamFacts(
    source: ReplySource,
    facts: StreamFacts
): Promise<void> {
    const reader = source.reader
    await nextElement(source)
    const outside = reader.level
    let fields = (await expectAggregate(source)) >> 1
    if (fields > MAX_FIELDS) throw new BadAnswer(`a stream of ${fields} fields`)
    let found = 0
    while (fields > 0) {
        fields--
        if ((fields & PAUSE_MASK) === PAUSE_MASK) await source.pauseIfDue()
        await nextElement(source)
        if (reader.is(LENGTH)) {
            facts.length = await nextCount(source)
            found++
        } else if (reader.is(GROUPS)) {
            facts.groups = await nextCount(source)
            found++
        } else if (reader.is(LAST_GENERATED_ID)) {
            await nextElement(source)
            if (!facts.newest.take(reader.bytes, reader.start, reader.end))
                throw new BadAnswer("a last-generated-id that is no ID")
            facts.newestMs = millisecondsOf(
                reader.bytes,
                reader.start,
                reader.end
            )
            found++
        } else await skipElement(source)
    }
    await skipTo(source, outside)
    if (found !== 3)
        throw new BadAnswer(
            "a stream without the fields that every Redis sends"
        )
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
    const entries = await expectAggregate(source)
    if (entries > 1)
        throw new BadAnswer(`${entries} entries where 1 was asked for`)
    oldest.any = entries > 0
    if (!oldest.any) return
    await nextElement(source)
    if ((await expectAggregate(source)) < 4)
        throw new BadAnswer("a pending entry that is none")
    await nextElement(source)
    if (!isStreamId(reader.bytes, reader.start, reader.end))
        throw new BadAnswer("a pending entry whose ID is none")
    oldest.addedMs = millisecondsOf(reader.bytes, reader.start, reader.end)
    await skipElement(source)
    oldest.idleMs = await nextCount(source)
    await skipTo(source, outside)
}

/**
 * Reads an XINFO CONSUMERS reply.
 * @throws ReplyError when Redis answered with an error; BadAnswer when these are no consumers
 * @returns the longest idle time, ms, among consumers that hold pending entries; 0 when none does
 */
export async function readLongestIdle(source: ReplySource): Promise<number> {
    const reader = source.reader
    await nextElement(source)
    let consumers = await expectAggregate(source)
    let longest = 0
    while (consumers > 0) {
        consumers--
        if ((consumers & PAUSE_MASK) === PAUSE_MASK) await source.pauseIfDue()
        await nextElement(source)
        const outside = reader.level
        let fields = (await expectAggregate(source)) >> 1
        if (fields > MAX_FIELDS)
            throw new BadAnswer(`a consumer of ${fields} fields`)
        let pending: number | undefined = undefined
        let idle: number | undefined = undefined
        while (fields > 0) {
            fields--
            if ((fields & PAUSE_MASK) === PAUSE_MASK) await source.pauseIfDue()
            await nextElement(source)
            if (reader.is(PENDING)) pending = await nextCount(source)
            else if (reader.is(IDLE)) idle = await nextCount(source)
            else await skipElement(source)
        }
        await skipTo(source, outside)
        if (pending === undefined || idle === undefined)
            throw new BadAnswer(
                "a consumer without the fields that every Redis sends"
            )
        if (pending > 0) if (idle > longest) longest = idle
    }
    return longest
}

/**
 * Reads the reply to the script that counts (src/ask/lag-query.ts): how many entries, the last one's ID, the newest ID in
 * the stream, and its length.
 * @param most the most entries that were to be counted
 * @throws ReplyError when Redis answered with an error; BadAnswer when it is none of the script's
 */
export async function readScript(
    source: ReplySource,
    most: number,
    unread: UnreadEntries,
    facts: StreamFacts
): Promise<void> {
    await nextElement(source)
    if ((await expectAggregate(source)) !== 4)
        throw new BadAnswer("a count that is none")
    const count = await nextCount(source)
    if (count > most)
        throw new BadAnswer(`${count} entries where ${most} were asked for`)
    unread.returned = count
    unread.counted = count
    unread.newer = 0
    unread.firstMs = undefined
    await nextId(source, unread.last)
    await nextId(source, facts.newest)
    facts.length = await nextCount(source)
}

async function nextId(source: ReplySource, id: StreamId): Promise<void> {
    const reader = source.reader
    await nextElement(source)
    if (!id.take(reader.bytes, reader.start, reader.end))
        throw new BadAnswer("a count whose IDs are none")
}

/**
 * Reads a TIME reply.
 * @returns the server's clock, ms since 1970
 * @throws ReplyError when Redis answered with an error; BadAnswer when these are not two numbers
 */
export async function readTime(source: ReplySource): Promise<number> {
    await nextElement(source)
    if ((await expectAggregate(source)) !== 2)
        throw new BadAnswer("a time that is none")
    const seconds = await nextDecimal(source)
    const microseconds = await nextDecimal(source)
    return seconds * 1000 + Math.floor(microseconds / 1000)
}

/** Reads a string of at most 15 decimal digits, which a double holds exactly. */
async function nextDecimal(source: ReplySource): Promise<number> {
    const reader = source.reader
    await nextElement(source)
    const digits = reader.end - reader.start
    if (reader.start < 0 || digits < 1 || digits > 15)
        throw new BadAnswer("a time that is none")
    for (let i = reader.start; i < reader.end; ++i)
        if ((reader.bytes[i] ^ 0x30) > 9)
            throw new BadAnswer("a time that is none")
    return millisecondsOf(reader.bytes, reader.start, reader.end)
}
