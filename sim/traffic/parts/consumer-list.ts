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

/**
 * Takes off the list who has not asked for entries for so long. Whoever comes back is on it again at once.
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
