/** Steps that every reader of a reply takes: wait for an element, expect a type, pass over the rest. */
import { ReplyError } from "./refusal"
import { RespReader, RespType } from "./resp"

/** An answer that no Redis gives to what was asked: the connection is not to be trusted. */
export class BadAnswer extends Error {
    constructor(message: string) {
        super(message)
    }
}

/** What a reader of a reply needs: the reader, and a way to wait for more bytes. */
export interface ReplySource {
    readonly reader: RespReader
    /** Feeds the reader with what arrives next. Throws when the connection, its time limit or the protocol fails. */
    more(): Promise<void>
    /** Pauses if need be: the program ends after 131,072 VM steps without. For loops over what is read one by one; see `PAUSE_MASK`. */
    pauseIfDue(): Promise<void>
}

/** Of so many turns of a loop over groups, fields or entries one begins with a pause: `if ((left & PAUSE_MASK) === PAUSE_MASK)`. */
export const PAUSE_MASK = 7

/** Waits until one element has been read. */
export async function nextElement(source: ReplySource): Promise<void> {
    while (!source.reader.next()) await source.more()
}

/** Waits until no more than `level` aggregates are open. */
export async function skipTo(
    source: ReplySource,
    level: number
): Promise<void> {
    while (!source.reader.skipTo(level)) await source.more()
}

/** Passes over one whole element. */
export async function skipElement(source: ReplySource): Promise<void> {
    const reader = source.reader
    while (!reader.next()) await source.more()
    while (!reader.skipTo(reader.level)) await source.more()
}

/** Reads a count. @throws BadAnswer when it is anything else, or negative */
export async function nextCount(source: ReplySource): Promise<number> {
    const reader = source.reader
    while (!reader.next()) await source.more()
    if (reader.type !== RespType.Integer || reader.value < 0)
        throw unexpected(source)
    return reader.value
}

/** Reads an integer or nil, which gives undefined. @throws BadAnswer when it is anything else */
export async function nextIntegerOrNil(
    source: ReplySource
): Promise<number | undefined> {
    const reader = source.reader
    while (!reader.next()) await source.more()
    if (reader.type === RespType.Integer) return reader.value
    if (reader.type !== RespType.Null) throw unexpected(source)
    return undefined
}

/**
 * For the element just read: an aggregate's number of elements; nil counts as an empty one.
 * @throws ReplyError when it is an error; BadAnswer when it is no aggregate
 */
export async function expectAggregate(source: ReplySource): Promise<number> {
    const reader = source.reader
    switch (reader.type) {
        case RespType.Array:
        case RespType.Map:
        case RespType.Set:
            return reader.value
        case RespType.Null:
            return 0
        default:
            throw unexpected(source)
    }
}

/** The error for an element that is not what the command is documented to answer. */
export function unexpected(source: ReplySource): Error {
    const reader = source.reader
    if (reader.type === RespType.Error || reader.type === RespType.BulkError)
        return new ReplyError(reader.text())
    return new BadAnswer(`unexpected reply of type ${reader.type}`)
}
