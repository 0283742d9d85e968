/**
 * All five workloads side by side on one Redis, as they are by default, and one light that watches all five of their
 * groups. `WORKLOADS_MINUTES=10` makes it longer.
 *
 * What the light claims at a moment must have been true within the time of a poll before. Between two looks at Redis a
 * lag may have been anywhere that the entries added meanwhile allow.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { parseCommandLine } from "../../../sim/command-line.ts"
import type { Traffic } from "../../../sim/traffic/workload.ts"
import { workloads } from "../../../sim/traffic/workloads.ts"
import { closeAtEnd, Light, readingOf } from "../support/light/bench.ts"
import type { Reading } from "../support/light/bench.ts"
import { startTestRedis } from "../support/redis/server.ts"

const MINUTES = Number(process.env.WORKLOADS_MINUTES ?? 0.2)
const POLL_MS = 500
/** From an answer of Redis to its record here: the device, and a computer with other things to do; ms. */
const DELAY_MS = 1500
/** From a record to its LEDs. */
const SHOWN_MS = 300
const LOOK_MS = 100
/** Until the slowest workload has made its stream, and the light has read it. */
const BEGIN_MS = 60_000
const LEDS = 2

const WATCHED: {
    name: string
    args?: string[]
    stream: string
    group: string
}[] = [
    { name: "jobs", stream: "jobs", group: "staff" },
    { name: "checkins", stream: "ncc:checkins", group: "checkinConsumers" },
    { name: "sensors", stream: "sensor-data", group: "my-group" },
    // an hour of this day is a second
    {
        ...{ name: "temps", args: ["--day", "24"] },
        ...{ stream: "temps:averages", group: "averages-readers" },
    },
    { name: "orders", stream: "events:orders", group: "order-processors" },
]

/** Of each stream in KEYS and its group in ARGV, in one step: the true lag, and the entries ever added. */
const LOOK = `
    local seen = {}
    for i, key in ipairs(KEYS) do
        local lag = -1
        local added = 0
        if redis.call("EXISTS", key) == 1 then
            local stream = redis.call("XINFO", "STREAM", key)
            for k = 1, #stream, 2 do
                if stream[k] == "entries-added" then added = stream[k + 1] end
            end
            for _, group in ipairs(redis.call("XINFO", "GROUPS", key)) do
                local fields = {}
                for k = 1, #group, 2 do fields[group[k]] = group[k + 1] end
                if fields.name == ARGV[i] then
                    lag = #redis.call("XRANGE", key, "(" .. fields["last-delivered-id"], "+")
                end
            end
        end
        seen[i] = {lag, added}
    end
    return seen`

/** What Redis said of one target before a moment of device time. */
interface Look {
    toMs: number
    lag: number
    added: number
}

/** The least and the most that the lag may have been in looks that follow each other. */
function boundsOf(looks: readonly Look[]) {
    let low = Infinity
    let high = -Infinity
    for (const [i, { lag, added }] of looks.entries()) {
        const next = looks[i + 1]
        const more = next ? next.added - added : 0
        low = Math.min(low, lag, next ? next.lag - more : lag)
        high = Math.max(high, lag + more)
    }
    return { low, high }
}

/** What two LEDs may show of a reading, winks included. */
function framesFor({ level, low, high, complaint }: Reading): string[] {
    const bar = (n: number) => "1".repeat(n).padEnd(LEDS, "0")
    if (level === null || low !== high) return ["00", "10", "11"]
    if (level > LEDS) return ["00", "11"]
    const steady = bar(level)
    const flip = (bit: string) => (bit === "1" ? "0" : "1")
    const frames = [steady, flip(steady[0]) + steady[1]]
    if (complaint) frames.push(steady[0] + flip(steady[1]))
    return frames
}

test("five workloads, and the light is right about each at every moment", async t => {
    const redis = closeAtEnd(await startTestRedis())
    const { url } = redis.server
    const running: Traffic[] = []
    t.after(() => Promise.all(running.map(traffic => traffic.stop())))
    for (const { name, args = [] } of WATCHED) {
        const workload = workloads.find(one => one.name === name)!
        const values = parseCommandLine(args, workload.options)
        running.push(await workload.start(url, values, () => {}))
    }
    const settings: Record<string, string | number> = {
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        POLL_MS,
        LAG_PER_LED: 5,
    }
    for (const [i, { stream, group }] of WATCHED.entries()) {
        const suffix = i === 0 ? "" : `_${i + 1}`
        settings[`STREAM${suffix}`] = stream
        settings[`GROUP${suffix}`] = group
    }
    const light = await Light.start(settings, { clock: "real" })
    const { device } = light
    for (const { stream } of WATCHED)
        await light.reads({ stream, condition: "lag" }, BEGIN_MS)

    const looks: Look[][] = WATCHED.map(() => [])
    const claims = new Set<string>()
    const windowMs = POLL_MS + DELAY_MS
    const begin = device.now
    let samples = 0
    while (device.now - begin < MINUTES * 60_000) {
        await sleep(LOOK_MS)
        // of one moment: between two turns of the event loop nothing of the device arrives
        const { now, leds } = device
        const records = WATCHED.map(({ stream }) =>
            light.records.findLast(
                ({ record }) => (record as Reading).stream === stream
            )!
        )
        const seen = (await redis.client.sendCommand([
            ...["EVAL", LOOK, String(WATCHED.length)],
            ...WATCHED.map(({ stream }) => stream),
            ...WATCHED.map(({ group }) => group),
        ])) as [number, number][]
        for (const [i, [lag, added]] of seen.entries())
            looks[i].push({ toMs: device.now, lag, added })
        if (now - begin < windowMs) continue

        for (const [i, { stream }] of WATCHED.entries()) {
            const { t: saidAt, text } = records[i]
            const reading = readingOf(records[i])
            while (looks[i][1].toMs < now - windowMs) looks[i].shift()
            const { low, high } = boundsOf(looks[i])
            const said = `${stream} at ${Math.round(now)} ms: ${text} (said at ${Math.round(saidAt)} ms), in truth ${low} to ${high}`
            assert.equal(reading.condition, "lag", said)
            assert.ok(
                reading.low! <= high && (reading.high ?? Infinity) >= low,
                said
            )
            if (reading.lag !== null) claims.add(`${stream} ${reading.lag}`)
            if (now - saidAt >= SHOWN_MS) {
                const share = leds.slice(i * LEDS, (i + 1) * LEDS)
                const frames = framesFor(reading)
                assert.ok(
                    frames.includes(share),
                    `${said}: LEDs ${share}, ${frames.join(" or ")} expected`
                )
            }
            samples++
        }
    }
    t.diagnostic(`${samples} samples, ${claims.size} different exact claims`)
    // it was no still life
    assert.ok(claims.size > 2 * WATCHED.length, [...claims].join(", "))
})
