/** A group's list of consumers, kept to those that there are. Redis itself never takes one off. */
import type { RedisClient } from "../redis-client.ts"

/** KEYS: stream. ARGV: group, consumer. Removing a consumer loses what is pending for it: so nothing must be. */
const RETIRE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`

/** Takes a consumer off the list, unless something is pending for it. */
export async function retire(
    client: RedisClient,
    stream: string,
    group: string,
    name: string
) {
    await client.eval(RETIRE, { keys: [stream], arguments: [group, name] })
}

/** After every entry that there can be; not the last ID of all, which Redis would have wrap around. */
const AFTER_ALL = "18446744073709551615-0"

/**
 * Says that a consumer is there. Before Redis 7.2 its `idle` time grows while it waits in XREADGROUP for new entries and
 * none come; it begins anew whenever the consumer asks for entries that it was given before: here, for none of them.
 */
export async function signIn(
    client: RedisClient,
    { stream, group, name }: { stream: string; group: string; name: string }
) {
    await client.sendCommand([
        ...["XREADGROUP", "GROUP", group, name, "COUNT", "1"],
        ...["STREAMS", stream, AFTER_ALL],
    ])
}

/**
 * Takes off the list who has not signed in or asked for entries for so long, and has none in hand. Whoever comes back is on it again at once.
 * @param self who is not gone
 */
export async function retireGone(
    client: RedisClient,
    self: { stream: string; group: string; name: string },
    afterMs: number
) {
    const { stream, group } = self
    for (const consumer of await client.xInfoConsumers(stream, group)) {
        const name = String(consumer.name)
        const isGone = Number(consumer.idle) >= afterMs && name !== self.name
        if (isGone && Number(consumer.pending) === 0)
            await retire(client, stream, group, name)
    }
}
