/**
 * What a check-in changes: the user who came and the location they came to, both at once or not at all.
 *
 * Consumers process check-ins out of order: one may be slow, or die and have its entries processed later. The
 * counts only ever grow, by one per check-in; what is "last" is replaced only by a later entry, by stream ID.
 */
import type { RedisClient } from "./redis-client.ts"
import { doneKey, ONCE_LUA } from "./parts/once.ts"
import { NEWER_LUA } from "./parts/stream-id.ts"

export interface Checkin {
    userId: string
    locationId: string
    /** 0 to 5. */
    starRating: string
}

export type Outcome =
    "counted" | "counted before" | "counted by another" | "malformed"

/** Lua: `count(user, location, id, user_id, location_id, stars)`. Without a user (malformed) it does nothing. */
const COUNT_LUA = `
${ONCE_LUA}
${NEWER_LUA}
local function count(user, location, id, user_id, location_id, stars)
    if not user then return end
    redis.call('HINCRBY', user, 'numCheckins', 1)
    if newer(id, redis.call('HGET', user, 'lastId')) then
        redis.call('HSET', user, 'lastId', id, 'lastSeenAt', location_id,
            'lastCheckin', string.match(id, '^%d+'))
    end

    local visits = redis.call('HINCRBY', location, 'numCheckins', 1)
    local sum = redis.call('HINCRBY', location, 'numStars', stars)
    local hundredths = math.floor((200 * sum + visits) / (2 * visits))
    redis.call('HSET', location, 'averageStars',
        string.format('%d.%02d', math.floor(hundredths / 100), hundredths % 100))
    if newer(id, redis.call('HGET', location, 'lastId')) then
        redis.call('HSET', location, 'lastId', id, 'lastVisitor', user_id,
            'lastCheckin', string.match(id, '^%d+'))
    end
end
`

/** Replies 1 if this call counted the check-in. Without a user (malformed) it is only acknowledged. */
const RECORD = `
${COUNT_LUA}
local stream, done, user, location = unpack(KEYS)
local group, id = ARGV[1], ARGV[2]
if not once(stream, done, group, id) then return 0 end
count(user, location, id, unpack(ARGV, 3))
return 1
`

/**
 * For the processor without a group: counts the check-in and advances the position, from where this processor read.
 * Replies 1 if this call counted the check-in, 2 if it was counted before, 0 if another processor has moved the position.
 */
const ADVANCE = `
${COUNT_LUA}
local stream, done, position, user, location = unpack(KEYS)
local from, id = ARGV[1], ARGV[2]
if (redis.call('GET', position) or '0-0') ~= from then return 0 end
-- the server may have come back empty meanwhile
if #redis.call('XRANGE', stream, id, id) == 0 then return 0 end
redis.call('SET', position, id)
if not first_time(stream, done, id) then return 2 end
count(user, location, id, unpack(ARGV, 3))
return 1
`

export class CheckinStore {
    /** Where users and locations are kept. */
    private readonly namespace: string

    constructor(
        private readonly client: RedisClient,
        private readonly stream: string,
        private readonly group: string
    ) {
        this.namespace = namespaceOf(stream)
    }

    userKey(id: string) {
        return `${this.namespace}:users:${id}`
    }

    locationKey(id: string) {
        return `${this.namespace}:locations:${id}`
    }

    /** Where the processor without a group keeps the ID of the last entry that it has processed. */
    get positionKey() {
        return positionKey(this.stream)
    }

    /** Counts a check-in and acknowledges it. */
    record(id: string, fields: Record<string, string>): Promise<Outcome> {
        return this.count(RECORD, [], [this.group, id], fields)
    }

    /** Counts a check-in without a group. @param from the position at which it was read */
    advance(
        from: string,
        id: string,
        fields: Record<string, string>
    ): Promise<Outcome> {
        return this.count(ADVANCE, [this.positionKey], [from, id], fields)
    }

    private async count(
        script: string,
        keys: string[],
        values: string[],
        fields: Record<string, string>
    ): Promise<Outcome> {
        const all = [this.stream, doneKey(this.stream), ...keys]
        const checkin = checkinFrom(fields)
        if (checkin) {
            const { userId, locationId, starRating } = checkin
            all.push(this.userKey(userId), this.locationKey(locationId))
            values.push(userId, locationId, starRating)
        }
        const reply = await this.client.eval(script, {
            keys: all,
            arguments: values,
        })
        if (reply === 1) return checkin ? "counted" : "malformed"
        return reply === 0 && script === ADVANCE
            ? "counted by another"
            : "counted before"
    }
}

/** `ncc:checkinprocessor:lastid` for the stream `ncc:checkins`. */
export function positionKey(stream: string) {
    return `${namespaceOf(stream)}:checkinprocessor:lastid`
}

/** `ncc` for the stream `ncc:checkins`. */
function namespaceOf(stream: string) {
    return stream.replace(/:[^:]*$/, "")
}

function checkinFrom({
    userId,
    locationId,
    starRating,
}: Record<string, string>): Checkin | undefined {
    const isComplete = userId && locationId && /^[0-5]$/.test(starRating)
    return isComplete ? { userId, locationId, starRating } : undefined
}
