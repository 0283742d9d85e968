/** An entry has its effect once, however often and by however many it is processed. */

import type { RedisClient } from "../redis-client.ts"

/** The sorted set of what has had its effect, of a stream's entries that are still there. */
export function doneKey(stream: string) {
    return `${stream}:done`
}

/**
 * Lua: `once(stream, done, group, id)` acknowledges an entry and says whether its effect is now due. A script
 * has the effect right after it, so that no crash comes between the two.
 *
 * Two conditions, for two ways to repeat:
 * - the entry was pending: of two that work on it at once, the second finds it acknowledged;
 * - it is not in `done`: a group that was deleted and made again delivers it a second time.
 *
 * `first_time` is the second of the two alone, for who reads without a group. `done` forgets what is no longer in the stream and therefore cannot be delivered again. Its scores are the
 * IDs' milliseconds.
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

/** Whether an entry of the stream has had its effect. */
export async function wasDone(client: RedisClient, stream: string, id: string) {
    return (await client.zScore(doneKey(stream), id)) !== null
}
