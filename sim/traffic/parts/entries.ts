/** Stream entries as Redis replies with them. */
import type { RedisClient } from "../redis-client.ts"

export interface Entry {
    id: string
    /** Undefined: the entry was pending, and has been deleted from the stream. */
    fields: Record<string, string> | undefined
}

/** Field names and values alternate; null for a deleted entry. */
export type RawEntry = [id: string, fields: string[] | null]

export function entryFrom([id, list]: RawEntry): Entry {
    if (!list) return { id, fields: undefined }
    const fields: Record<string, string> = {}
    for (let i = 0; i < list.length; i += 2) fields[list[i]] = list[i + 1]
    return { id, fields }
}

export interface GroupRead {
    stream: string
    group: string
    consumer: string
    /** ">": new entries; "0": this consumer's pending entries. */
    from: string
    /** How long to wait for an entry, in ms. */
    blockMs: number
    /** How many at most. Default: 1. */
    count?: number
}

/** Not by the client's own xReadGroup, which throws at a pending entry that was deleted. */
export async function readEntries(
    client: RedisClient,
    { stream, group, consumer, from, blockMs, count = 1 }: GroupRead
): Promise<Entry[]> {
    const reply = await client.sendCommand<[string, RawEntry[]][] | null>([
        ...["XREADGROUP", "GROUP", group, consumer],
        ...["COUNT", String(count), "BLOCK", String(blockMs)],
        ...["STREAMS", stream, from],
    ])
    return reply?.[0]?.[1].map(entryFrom) ?? []
}

/**
 * Creates the stream and the group unless they exist. The group begins with the stream's first entry, so its consumers
 * also get entries that were added before they started.
 */
export async function ensureGroup(
    client: RedisClient,
    stream: string,
    group: string
) {
    try {
        await client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
    } catch (error) {
        if (!/^BUSYGROUP/.test((error as Error).message)) throw error
    }
}

/**
 * The group or the stream does not exist: the server came back empty, or somebody deleted it. Before Redis 7 a
 * script's error begins with other words.
 */
export function isNoGroup(error: unknown) {
    return /\bNOGROUP\b|^UNBLOCKED|^ERR no such key/.test(
        (error as Error).message
    )
}
