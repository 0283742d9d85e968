/**
 * How many entries of a stream a group has not been given, counted. Redis's own `lag` is nil or too high where
 * entries were deleted or trimmed, and absent before Redis 7.
 */
import type { RedisClient } from "../redis-client.ts"

/** What is proven: at least, and at most. */
export interface TrueLag {
    low: number
    high: number
}

/**
 * @param enough above this the exact number does not matter: no more entries are read
 * @returns undefined if there is no such group
 */
export async function trueLag(
    client: RedisClient,
    stream: string,
    group: string,
    enough: number
): Promise<TrueLag | undefined> {
    const groups = await client.xInfoGroups(stream)
    const found = groups.find(({ name }) => String(name) === group)
    if (!found) return undefined
    const delivered = String(found["last-delivered-id"])
    const count = enough + 1
    // "after this ID" as XRANGE has it, "(", came with Redis 6.2
    const [length, reply, oldest] = await Promise.all([
        client.xLen(stream),
        client.xRead({ key: stream, id: delivered }, { COUNT: count }),
        client.xRange(stream, "-", delivered, { COUNT: 1 }),
    ])
    const counted = reply?.[0]?.messages.length ?? 0
    if (counted < count) return exactly(counted)
    if (!oldest?.length) return exactly(Math.max(length, counted))
    return { low: counted, high: Math.max(length - 1, counted) }
}

function exactly(lag: number): TrueLag {
    return { low: lag, high: lag }
}
