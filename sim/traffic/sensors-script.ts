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
 * A sensor that rises above the threshold is one warning, and the next only after it has cooled: it is at the lower
 * threshold then, or below. A reading that is processed after a later one of its sensor (its consumer was slow, or
 * died) changes no state; it is a warning only if it is hot and the sensor has cooled meanwhile, so that none is missed.
 * Replies 2 for a warning, 1 for any other reading that counts, 0 if this one has been processed already.
 */
const SCRIPT = `
${ONCE_LUA}
${NEWER_LUA}
local stream, done, sensor, warnings = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local group, id, name, temperature, humidity, above, cooled, keep = unpack(ARGV)
if not once(stream, done, group, id) then return 0 end
if not sensor then return 1 end

redis.call('HINCRBY', sensor, 'readings', 1)
local isWarm = redis.call('HGET', sensor, 'isWarm') == '1'
local isHot = tonumber(temperature) > tonumber(above)
if newer(id, redis.call('HGET', sensor, 'lastId')) then
    local stays = isWarm and tonumber(temperature) > tonumber(cooled)
    redis.call('HSET', sensor, 'lastId', id, 'temperature', temperature,
        'humidity', humidity, 'isWarm', (isHot or stays) and '1' or '0')
end
if isWarm or not isHot then return 1 end
redis.call('XADD', warnings, 'MAXLEN', '~', keep, '*', 'reading', id, 'sensor',
    name, 'temperature', temperature, 'humidity', humidity, 'above', above)
return 2
`

export type Outcome = "recorded" | "rises above" | "recorded before"

export class SensorStore {
    constructor(
        private readonly client: RedisClient,
        private readonly stream: string,
        private readonly group: string,
        /** In °C: above the first is hot, at the second or below it has cooled. */
        private readonly limits: { warnAboveC: number; cooledAtC: number }
    ) {}

    sensorKey(name: string) {
        return `${this.stream}:sensor:${name}`
    }

    get warningsKey() {
        return `${this.stream}:warnings`
    }

    /** Records a reading and acknowledges it. @param reading undefined: malformed, only acknowledged */
    async record(id: string, reading: Reading | undefined): Promise<Outcome> {
        const keys = [this.stream, doneKey(this.stream)]
        const values = [this.group, id]
        if (reading) {
            const { sensor, temperature, humidity } = reading
            keys.push(this.sensorKey(sensor), this.warningsKey)
            values.push(sensor, temperature, humidity)
            const { warnAboveC, cooledAtC } = this.limits
            values.push(String(warnAboveC), String(cooledAtC))
            values.push(String(MAX_WARNINGS))
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

/** The sensor's name if a producer does not name it, as it has only one. */
export const UNNAMED_SENSOR = "unnamed"

/** @returns undefined if the fields are not a reading */
export function readingFrom({
    sensor = UNNAMED_SENSOR,
    temperature,
    humidity,
}: Record<string, string>): Reading | undefined {
    const isReading =
        sensor && DECIMAL.test(temperature) && DECIMAL.test(humidity)
    return isReading ? { sensor, temperature, humidity } : undefined
}
