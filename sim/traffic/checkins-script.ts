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

export type Outcome = "counted" | "counted before" | "malformed"

/** Replies 1 if the check-in has been counted now. Without a user (malformed) it is only acknowledged. */
const SCRIPT = `
${ONCE_LUA}
${NEWER_LUA}
local stream, done, user, location = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local group, id, user_id, location_id, stars = unpack(ARGV)
if not once(stream, done, group, id) then return 0 end
if not user then return 1 end

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
return 1
`

export class CheckinBook {
    /** Where users and locations are kept: `ncc` for the stream `ncc:checkins`. */
    private readonly namespace: string

    constructor(
        private readonly client: RedisClient,
        private readonly stream: string,
        private readonly group: string
    ) {
        this.namespace = stream.replace(/:[^:]*$/, "")
    }

    userKey(id: string) {
        return `${this.namespace}:users:${id}`
    }

    locationKey(id: string) {
        return `${this.namespace}:locations:${id}`
    }

    /** Counts a check-in and acknowledges it. */
    async enter(id: string, fields: Record<string, string>): Promise<Outcome> {
        const checkin = checkinFrom(fields)
        const keys = [this.stream, doneKey(this.stream)]
        const values = [this.group, id]
        if (checkin) {
            const { userId, locationId, starRating } = checkin
            keys.push(this.userKey(userId), this.locationKey(locationId))
            values.push(userId, locationId, starRating)
        }
        const reply = await this.client.eval(SCRIPT, {
            keys,
            arguments: values,
        })
        if (reply !== 1) return "counted before"
        return checkin ? "counted" : "malformed"
    }
}

function checkinFrom({
    userId,
    locationId,
    starRating,
}: Record<string, string>): Checkin | undefined {
    const isComplete = userId && locationId && /^[0-5]$/.test(starRating)
    return isComplete ? { userId, locationId, starRating } : undefined
}
