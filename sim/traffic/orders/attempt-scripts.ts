/**
 * Lua: the steps of an attempt to process an order, each atomic.
 *
 * KEYS: stream, done, journal, dead, totals. ARGV: group, entry ID, worker, maximum of attempts, then the step's own.
 * A worker whose entry was claimed by another (it was slow, and taken for dead) gets 0 and must not finish it.
 */
import { ONCE_LUA } from "../parts/once.ts"

/** Entries kept, about, in the journal and among the dead letters. */
const MAX_JOURNAL = 20_000
const MAX_DEAD = 10_000

const COMMON = `
${ONCE_LUA}
local stream, done, journal, dead, totals = unpack(KEYS)
local group, id, worker, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local function note(event, attempt, ...)
    redis.call('XADD', journal, 'MAXLEN', '~', ${MAX_JOURNAL}, '*', 'event', event,
        'entry', id, 'worker', worker, 'attempt', attempt, ...)
end

-- how often the entry has been delivered, if it is this worker's
local function current_attempt()
    local held = redis.call('XPENDING', stream, group, id, id, 1)[1]
    return held and held[2] == worker and held[4]
end

local function give_up(attempt, reason)
    local entry = redis.call('XRANGE', stream, id, id)[1]
    if not once(stream, done, group, id) then return end
    redis.call('XADD', dead, 'MAXLEN', '~', ${MAX_DEAD}, '*', 'entry', id,
        'attempts', attempt, 'reason', reason, unpack(entry and entry[2] or {}))
    note('dead', attempt, 'reason', reason)
end

local attempt = current_attempt()
if not attempt then return 0 end
`

/**
 * Before the work. Replies the number of this attempt; above 1, it is a retry. 0: skip it, it is not this worker's,
 * is done already, or has been tried so often that it is a dead letter now (its workers died processing it).
 */
export const BEGIN = `
${COMMON}
if redis.call('ZSCORE', done, id) then
    redis.call('XACK', stream, group, id)
    return 0
end
if attempt > most then
    give_up(most, 'no attempt came to an end')
    return 0
end
note('begun', attempt)
return attempt
`

/** After the work: ARGV[5] is the order's number, ARGV[6] its total in cents. Replies 1 if this call counted it. */
export const FINISH = `
${COMMON}
if not once(stream, done, group, id) then return 0 end
redis.call('HINCRBY', totals, 'orders', 1)
redis.call('HINCRBY', totals, 'cents', ARGV[6])
if attempt > 1 then redis.call('HINCRBY', totals, 'retried', 1) end
note('done', attempt, 'order', ARGV[5], 'cents', ARGV[6])
return 1
`

/** The work failed, ARGV[5] is the reason. The entry stays pending, to be retried, unless this was the last attempt. */
export const FAIL = `
${COMMON}
note('failed', attempt, 'reason', ARGV[5])
if attempt >= most then give_up(attempt, ARGV[5]) end
return 1
`
