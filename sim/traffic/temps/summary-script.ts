/** The effect of an average: it changes the summary of its day. */
import { doneKey, ONCE_LUA } from "../parts/once.ts"
import type { RedisClient } from "../redis-client.ts"
import type { TempsKeys } from "./days.ts"

/** A day's summary is kept for this long after its last change. */
const KEEP_S = 86_400

/** Of a day, by sensor: the lowest and the highest hourly average, and how many hours there are. */
const SCRIPT = `
${ONCE_LUA}
local averages, done, summary = KEYS[1], KEYS[2], KEYS[3]
local group, id, sensor, average, keep_s = unpack(ARGV)
if not once(averages, done, group, id) then return 0 end
if not summary then return 1 end
local function replace_if(name, is_better)
    local old = redis.call('HGET', summary, sensor .. name)
    if not old or is_better(tonumber(average), tonumber(old)) then
        redis.call('HSET', summary, sensor .. name, average)
    end
end
replace_if(':low', function(new, old) return new < old end)
replace_if(':high', function(new, old) return new > old end)
redis.call('HINCRBY', summary, sensor .. ':hours', 1)
redis.call('EXPIRE', summary, keep_s)
return 1
`

/** Adds an average to its day's summary and acknowledges it. @returns whether it is an average at all */
export async function recordAverage(
    client: RedisClient,
    keys: TempsKeys,
    group: string,
    id: string,
    { sensor, hour, average }: Record<string, string>
) {
    const [, date] = /^(\d{4}-\d\d-\d\d)T\d\d:00:00\.000Z$/.exec(hour) ?? []
    const isAverage = date && sensor && /^-?\d+\.\d\d$/.test(average)
    const all = [keys.averages, doneKey(keys.averages)]
    if (isAverage) all.push(keys.summary(date.replaceAll("-", "")))
    await client.eval(SCRIPT, {
        keys: all,
        arguments: isAverage
            ? [group, id, sensor, average, String(KEEP_S)]
            : [group, id],
    })
    return Boolean(isAverage)
}
