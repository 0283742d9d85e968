/**
 * How many entries of a stream have not been delivered to a group, counted. Redis's own `lag` is nil or too high if
 * entries were deleted or trimmed, and absent before Redis 7.
 */
import type { RedisClient } from "../redis-client.ts"

/** Proven bounds. */
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
    const delivered = await lastDelivered(client, stream, group)
    if (delivered === undefined) return undefined
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

/** Entries asked for at a time. */
const PAGE = 1000

/**
 * The same, counted completely: it reads every entry, so not four times a second.
 * @param most the count stops above this
 */
export async function countedLag(
    client: RedisClient,
    stream: string,
    group: string,
    most = 100_000
): Promise<TrueLag | undefined> {
    let last = await lastDelivered(client, stream, group)
    if (last === undefined) return undefined
    let counted = 0
    while (counted < most) {
        const reply = await client.xRead(
            { key: stream, id: last },
            { COUNT: PAGE }
        )
        const messages = reply?.[0]?.messages ?? []
        counted += messages.length
        if (messages.length < PAGE) return exactly(counted)
        last = messages.at(-1)!.id
    }
    return { low: counted, high: Infinity }
}

/** @returns undefined if there is no such group */
async function lastDelivered(
    client: RedisClient,
    stream: string,
    group: string
) {
    const groups = await client.xInfoGroups(stream)
    const found = groups.find(({ name }) => String(name) === group)
    return found && String(found["last-delivered-id"])
}

function exactly(lag: number): TrueLag {
    return { low: lag, high: lag }
}
