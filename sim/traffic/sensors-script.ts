/** What a reading changes: the sensor's state, and the list of warnings. */
import { doneKey, ONCE_LUA } from "./parts/once.ts"
import { NEWER_LUA } from "./parts/stream-id.ts"
import type { RedisClient } from "./redis-client.ts"

export interface Reading {
    sensor: string
    /** In °C, decimal. */
    temperature: string
    /** Relative, in percent, decimal. */
    humidity: string
}

/** Warnings kept, about. */
const MAX_WARNINGS = 1000

/**
 * Each reading above the threshold is one entry among the warnings. Replies 2 if the sensor was not above it
 * before, 1 for any other reading that counts, 0 if this one has been processed already.
 */
const SCRIPT = `
${ONCE_LUA}
${NEWER_LUA}
local stream, done, sensor, warnings = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local group, id, name, temperature, humidity, threshold, keep = unpack(ARGV)
if not once(stream, done, group, id) then return 0 end
if not sensor then return 1 end

redis.call('HINCRBY', sensor, 'readings', 1)
local isAbove = tonumber(temperature) > tonumber(threshold)
local isFirst = false
if newer(id, redis.call('HGET', sensor, 'lastId')) then
    isFirst = isAbove and redis.call('HGET', sensor, 'isAbove') ~= '1'
    redis.call('HSET', sensor, 'lastId', id, 'temperature', temperature,
        'humidity', humidity, 'isAbove', isAbove and '1' or '0')
end
if not isAbove then return 1 end
redis.call('XADD', warnings, 'MAXLEN', '~', keep, '*', 'reading', id, 'sensor',
    name, 'temperature', temperature, 'humidity', humidity, 'above', threshold)
return isFirst and 2 or 1
`

export type Outcome = "recorded" | "rises above" | "recorded before"

export class SensorBook {
    constructor(
        private readonly client: RedisClient,
        private readonly stream: string,
        private readonly group: string,
        /** In °C. */
        private readonly warnAbove: number
    ) {}

    sensorKey(name: string) {
        return `${this.stream}:sensor:${name}`
    }

    get warningsKey() {
        return `${this.stream}:warnings`
    }

    /** Records a reading and acknowledges it. @param reading undefined: malformed, only acknowledged */
    async enter(id: string, reading: Reading | undefined): Promise<Outcome> {
        const keys = [this.stream, doneKey(this.stream)]
        const values = [this.group, id]
        if (reading) {
            const { sensor, temperature, humidity } = reading
            keys.push(this.sensorKey(sensor), this.warningsKey)
            values.push(sensor, temperature, humidity)
            values.push(String(this.warnAbove), String(MAX_WARNINGS))
        }
        const reply = await this.client.eval(SCRIPT, {
            keys,
            arguments: values,
        })
        return reply === 2
            ? "rises above"
            : reply === 1
              ? "recorded"
              : "recorded before"
    }
}

const DECIMAL = /^-?\d+(\.\d+)?$/

/** @returns undefined if the fields are no reading */
export function readingFrom({
    sensor,
    temperature,
    humidity,
}: Record<string, string>): Reading | undefined {
    const isReading =
        sensor && DECIMAL.test(temperature) && DECIMAL.test(humidity)
    return isReading ? { sensor, temperature, humidity } : undefined
}
