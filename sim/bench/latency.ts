/** How fast the light follows, by the clock of this computer. */
import { setTimeout as sleep } from "node:timers/promises"
import { SimulatedDevice } from "../vm/device.ts"
import type { BenchRedis } from "./bench-redis.ts"

/** With LAG_PER_LED=1 each entry lights one LED more, up to this many. */
const LEDS = 10
/** Longer than anything takes without a fault. */
const LIMIT_MS = 20_000
/** A poll that asks twice sends its second question a few ms after the first: no new poll. */
const SAME_POLL = 0.5

export interface Latency {
    pollMs: number
    changes: number
    p50: number
    p99: number
    max: number
}

export interface Interval {
    pollMs: number
    seconds: number
    /** The mean of |interval - pollMs|, in % of pollMs. */
    meanDeviation: number
    /** How far the mean interval is off, in % of pollMs. */
    drift: number
    /** The longest interval, ms. */
    longest: number
}

interface Bench {
    redis: BenchRedis
    bytecode: Uint8Array
    signal: AbortSignal
}

async function light(
    { redis, bytecode }: Bench,
    key: string,
    group: string,
    pollMs: number,
    onCreated?: (device: SimulatedDevice) => void
) {
    return SimulatedDevice.start({
        bytecode,
        settings: {
            REDIS_HOST: redis.server.host,
            REDIS_PORT: redis.server.port,
            STREAM: key,
            GROUP: group,
            POLL_MS: pollMs,
            LAG_PER_LED: 1,
        },
        onCreated,
    })
}

/** From an XADD being sent to the `led` service's change being received, at moments that have nothing to do with the polls. */
export async function latency(
    bench: Bench,
    pollMs: number,
    changes: number
): Promise<Latency> {
    const { command, stream } = bench.redis
    const key = `latency-${pollMs}`
    const [group] = await stream(key, 1)
    const device = await light(bench, key, group, pollMs)
    const add = () => command("XADD", key, "*", "temperature", 21)
    const took: number[] = []
    try {
        await device.waitForData(isLag, LIMIT_MS, { since: 0 })
        // the power-on sweep shows bars too
        await sleep(3000)
        for (let lag = LEDS; took.length < changes; lag++) {
            bench.signal.throwIfAborted()
            if (lag === LEDS) {
                await command(
                    ...["XREADGROUP", "GROUP", group, "worker-1", "COUNT", 100],
                    ...["NOACK", "STREAMS", key, ">"]
                )
                // one is left over: LED1 also winks
                await add()
                lag = 1
                await lit(device, /^1000000000|^0000000000/)
            }
            await sleep(Math.random() * pollMs)
            const sent = performance.now()
            const shown = lit(device, new RegExp(`^.${"1".repeat(lag)}`))
            await add()
            await shown
            took.push(performance.now() - sent)
        }
    } finally {
        await device.stop()
    }
    took.sort((a, b) => a - b)
    const quantile = (q: number) =>
        took[Math.min(took.length - 1, Math.floor(q * took.length))]
    return {
        pollMs,
        changes,
        p50: quantile(0.5),
        p99: quantile(0.99),
        max: took.at(-1)!,
    }
}

function isLag(record: unknown) {
    return typeof (record as { lag?: unknown } | undefined)?.lag === "number"
}

function lit(device: SimulatedDevice, pattern: RegExp) {
    return device.until(
        () => pattern.test(device.leds) || undefined,
        LIMIT_MS,
        `LEDs like ${pattern}`
    )
}

/** How well the time between two polls is kept, by the server's clock. */
export async function interval(
    bench: Bench,
    pollMs: number,
    seconds: number
): Promise<Interval> {
    const key = "interval"
    const [group] = await bench.redis.stream(key, 1)
    const device = await light(bench, key, group, pollMs)
    const watch = await bench.redis.watchPolls(key)
    try {
        await device.waitForData(isLag, LIMIT_MS, { since: 0 })
        await sleep(seconds * 1000, undefined, { signal: bench.signal })
    } finally {
        watch.stop()
        await device.stop()
    }
    const starts = watch.moments.filter(
        (moment, i) =>
            i === 0 || moment - watch.moments[i - 1] > SAME_POLL * pollMs
    )
    const lengths = starts.slice(1).map((start, i) => start - starts[i])
    const mean = (numbers: number[]) =>
        numbers.reduce((sum, n) => sum + n, 0) / numbers.length
    return {
        pollMs,
        seconds,
        meanDeviation:
            (100 * mean(lengths.map(ms => Math.abs(ms - pollMs)))) / pollMs,
        drift: (100 * Math.abs(mean(lengths) - pollMs)) / pollMs,
        longest: Math.max(...lengths),
    }
}

/** Polls per second with POLL_MS at its least, 100, by this computer's clock. */
export async function pollsPerSecond(
    bench: Bench,
    groups: number,
    seconds: number
): Promise<number> {
    const key = `rate-${groups}`
    const names = await bench.redis.stream(key, groups)
    const device = await light(bench, key, names.at(-1)!, 100)
    try {
        await device.waitForData(isLag, LIMIT_MS, { since: 0 })
        await sleep(1000)
        const before = await bench.redis.groupsCalls()
        await sleep(seconds * 1000, undefined, { signal: bench.signal })
        const after = await bench.redis.groupsCalls()
        return (after.calls - before.calls) / seconds
    } finally {
        await device.stop()
    }
}

/** From the program's first statement to the first reading, and to the bar that stays, after the power-on sweep; ms. */
export async function startUp(
    bench: Bench
): Promise<{ reading: number; bar: number }> {
    const key = "start"
    const [group] = await bench.redis.stream(key, 1, 7)
    let begun = NaN
    const device = await light(bench, key, group, 1000, created =>
        created.on("program", ({ t }) => (begun = t))
    )
    try {
        const reading = await device.waitForData(isLag, LIMIT_MS, { since: 0 })
        const bar = await device.until(
            () => {
                // the sweep passes by the same picture, for less than 100 ms
                const { frames, now } = device
                return frames.find(
                    ({ t, leds }, i) =>
                        leds === "1111111000" &&
                        (frames[i + 1]?.t ?? now) - t > 300
                )
            },
            LIMIT_MS,
            "the bar"
        )
        return { reading: reading.t - begun, bar: bar.t - begun }
    } finally {
        await device.stop()
    }
}
