/** An entry's effect is applied once, however often and by however many consumers it is processed. */

import type { RedisClient } from "../redis-client.ts"

/** The sorted set of a stream's entries that are still there and whose effect was applied. */
export function doneKey(stream: string) {
    return `${stream}:done`
}

/**
 * Lua: `once(stream, done, group, id)` acknowledges an entry and says whether its effect has to be applied now. The same
 * script then applies it, so that no crash comes between the two.
 *
 * Two conditions, for two kinds of repetition:
 * - the entry was pending: of two consumers that process it at once, the second finds it acknowledged;
 * - it is not in `done`: a group that was deleted and created again delivers it a second time.
 *
 * `first_time` checks only the second, for a reader without a group. From `done` those IDs are deleted that are no longer
 * in the stream and therefore cannot be delivered again. Its scores are the IDs' milliseconds.
 */
export const ONCE_LUA = `
local function first_time(stream, done, id)
    local ms = string.match(id, '^%d+')
    if redis.call('ZADD', done, 'NX', ms, id) == 0 then return false end
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if first then
        local first_ms = string.match(first[1], '^%d+')
        redis.call('ZREMRANGEBYSCORE', done, '-inf', '(' .. first_ms)
    end
    return true
end

local function once(stream, done, group, id)
    if redis.call('XACK', stream, group, id) == 0 then return false end
    return first_time(stream, done, id)
end
`

/** Whether the effect of an entry of the stream was applied. */
export async function wasDone(client: RedisClient, stream: string, id: string) {
    return (await client.zScore(doneKey(stream), id)) !== null
}
