/** Of several pools only the one that holds the lease works. The others are on standby. */
import { randomUUID } from "node:crypto"
import type { RedisClient } from "../redis-client.ts"

/** KEYS: lease. ARGV: the holder's ID, for how many ms. Replies 1 to the holder. */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`

export class Lease {
    private readonly holder = randomUUID()

    /** @param ms after this long without `hold()` another one may take it */
    constructor(
        private readonly client: RedisClient,
        private readonly key: string,
        private readonly ms: number
    ) {}

    /** Takes or renews the lease. @returns whether it is ours now */
    async hold() {
        const reply = await this.client.eval(HOLD, {
            keys: [this.key],
            arguments: [this.holder, String(this.ms)],
        })
        return reply === 1
    }

    async release() {
        await this.client.eval(RELEASE, {
            keys: [this.key],
            arguments: [this.holder],
        })
    }
}
