/** Sends readings to the stream of their day, in the order of time. */
import type { Runner } from "../parts/runner.ts"
import { ReadingClock } from "./clock.ts"
import { DAY_MS, dayOf } from "./days.ts"
import type { TempsKeys } from "./days.ts"

/**
 * Adds a reading unless any sender has added a later one: then the reply is that one's time.
 * So a day's stream is complete as soon as the next day's exists, and an hour as soon as the next has begun.
 */
const ADD = `
local readings, clock = KEYS[1], KEYS[2]
local at, sensor, temperature = unpack(ARGV)
local last = redis.call('GET', clock)
if last and tonumber(last) > tonumber(at) then return tonumber(last) end
redis.call('SET', clock, at)
redis.call('XADD', readings, '*', 'sensor', sensor, 'temperature', temperature, 'at', at)
return tonumber(at)
`

export interface SenderPlan {
    sensors: number
    /** Between two readings of a sensor, in ms of real time. */
    intervalMs: number
    /** How many seconds a day takes. */
    dayS: number
}

/** Runs until the runner stops. */
export async function sendReadings(
    runner: Runner,
    keys: TempsKeys,
    { sensors, intervalMs, dayS }: SenderPlan
) {
    // simulated time continues where it was: a day in the past would never end
    const lastMs = Number(await runner.client.get(keys.clock))
    const clock = new ReadingClock(Math.max(lastMs, Date.now()), dayS)
    while (!runner.isOver) {
        for (let i = 1; i <= sensors && !runner.isOver; i++)
            await add(runner, keys, i, clock.now())
        await runner.pause(intervalMs)
    }
}

/** @param atMs the reading's time, unless another sender is ahead */
async function add(
    runner: Runner,
    keys: TempsKeys,
    sensor: number,
    atMs: number
) {
    const acceptedMs = Number(
        await runner.client.eval(ADD, {
            keys: [keys.readings(dayOf(atMs)), keys.clock],
            arguments: [
                String(atMs),
                `sensor-${sensor}`,
                temperatureAt(sensor, atMs),
            ],
        })
    )
    if (acceptedMs > atMs) await add(runner, keys, sensor, acceptedMs)
}

/** Warmest in the afternoon, 12 °C on average, each sensor a little warmer than the one before it. */
function temperatureAt(sensor: number, atMs: number) {
    const wave = Math.sin((2 * Math.PI * (atMs % DAY_MS)) / DAY_MS - 2)
    return (10 + sensor / 2 + 8 * wave + Math.random()).toFixed(2)
}
