/** Keeps a group's list of consumers to those that are alive. Redis itself never deletes one. */
import type { RedisClient } from "../redis-client.ts"

/** KEYS: stream. ARGV: group, consumer. Deleting a consumer drops its pending entries, so it must have none. */
const DELETE_CONSUMER = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`

/** Deletes a consumer, unless it has pending entries. */
export async function deleteConsumer(
    client: RedisClient,
    stream: string,
    group: string,
    name: string
) {
    await client.eval(DELETE_CONSUMER, {
        keys: [stream],
        arguments: [group, name],
    })
}

/** After every possible entry; not the very last ID, which Redis would wrap around. */
const AFTER_ALL = "18446744073709551615-0"

/**
 * Resets a consumer's `idle` time. Before Redis 7.2 that grows while the consumer waits in XREADGROUP for new entries and
 * none come; it is reset whenever the consumer reads its pending entries: here, none of them.
 */
export async function resetIdleTime(
    client: RedisClient,
    { stream, group, name }: { stream: string; group: string; name: string }
) {
    await client.sendCommand([
        ...["XREADGROUP", "GROUP", group, name, "COUNT", "1"],
        ...["STREAMS", stream, AFTER_ALL],
    ])
}

/**
 * Deletes consumers that have not read for so long and have no pending entries. One that comes back is created again at once.
 * @param self the consumer that calls this
 */
export async function deleteDeadConsumers(
    client: RedisClient,
    self: { stream: string; group: string; name: string },
    afterMs: number
) {
    const { stream, group } = self
    for (const consumer of await client.xInfoConsumers(stream, group)) {
        const name = String(consumer.name)
        const isDead = Number(consumer.idle) >= afterMs && name !== self.name
        if (isDead && Number(consumer.pending) === 0)
            await deleteConsumer(client, stream, group, name)
    }
}
