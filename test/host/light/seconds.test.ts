/** UNIT=seconds: the age of the oldest entry that waits, by Redis's clock, whatever the host's clock says. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { ClockRelay } from "../support/light/clock-relay.ts"
import { bar, OFF_THE_SCALE, UNKNOWN } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis

const JOBS = { STREAM: "jobs", GROUP: "g", UNIT: "seconds" }
const POLL_MS = 1000

/** A server whose clock stands at `startMs` (ms since 1970) when the light starts, and goes as the light's does. */
async function startAt(startMs: number, settings: object) {
    const stream = await TestStream.create(client, "jobs", "g")
    let light: Light | undefined
    const now = () => startMs + (light?.device.now ?? 0)
    const relay = closeAtEnd(await ClockRelay.start(redis, now))
    const AT = { REDIS_HOST: relay.host, REDIS_PORT: relay.port }
    light = await Light.start({ ...JOBS, ...AT, ...settings })
    return { stream, relay, light, now, AT }
}

function add(id: string) {
    return client.sendCommand(["XADD", "jobs", id, "f", "v"])
}

/** Another time than the host's. */
const A_DAY_IN_2031 = Date.UTC(2031, 5, 1)

describe("the age of the oldest waiting entry", () => {
    test("lights LED after LED at the configured seconds", async () => {
        const levels = [1, 2, 5, 10, 20, 30, 60, 90, 120, 150, 180]
        const { light, now } = await startAt(A_DAY_IN_2031, {
            POLL_MS,
            LEVELS: levels.join(","),
        })
        await light.reads({ lag: 0 })
        await light.showsBar(bar(0))

        const added = Math.floor(now())
        await add(`${added}-0`)
        const from = light.device.now
        // TIME is asked for again every 10 s, which must not be seen
        await light.run(179_000)
        const lit = light
            .readings(from)
            .map(({ level }) => level!)
            .filter((level, i, all) => level !== all[i - 1])
        assert.deepEqual(lit, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        for (const [i, seconds] of levels.slice(0, 10).entries()) {
            const { t } = light.frames.find(
                frame => frame.t >= from && frame.leds === bar(i + 1)
            )!
            const late = t - from - seconds * 1000
            assert.ok(
                late > -20 && late <= POLL_MS + 20,
                `LED${i + 1}: ${late} ms after ${seconds} s`
            )
        }
        await light.run(3000)
        await light.shows(OFF_THE_SCALE)
        assert.match(light.said().at(-1)!, /lag 180(\.\d)? s, off the scale$/)
    })

    test("is Redis's own, on the wall clock, an hour ahead of the host's", async () => {
        const HOUR_MS = 3_600_000
        const stream = await TestStream.create(client, "jobs", "g")
        const relay = closeAtEnd(
            await ClockRelay.start(redis, () => Date.now() + HOUR_MS)
        )
        const light = await Light.start(
            {
                ...JOBS,
                REDIS_HOST: relay.host,
                REDIS_PORT: relay.port,
                LAG_PER_LED: 1,
                POLL_MS: 100,
            },
            { clock: "real" }
        )
        await light.reads({ lag: 0 }, 10_000)
        const [seconds] = (await client.sendCommand([
            "TIME",
        ])) as unknown as string[]
        const clocksAgree = Math.abs(Number(seconds) - Date.now() / 1000) < 60
        assert.equal(clocksAgree, true, "the server runs on this machine")
        const added = Date.now() + HOUR_MS
        await add(`${added}-0`)
        for (const level of [1, 2, 3, 4]) {
            await light.reads({ level }, 10_000)
            // a busy computer makes it later, and none earlier
            const age = Date.now() + HOUR_MS - added
            assert.ok(
                age > (level - 1) * 1000,
                `level ${level} after ${age} ms`
            )
        }
        // after a read it is dark at the next poll
        await stream.read("g", 1)
        await light.reads({ lag: 0, level: 0 }, 1000)
        await light.stop()
    })

    test("is 0 when all is read, and starts anew with the next entry", async () => {
        const { light, stream, now } = await startAt(A_DAY_IN_2031, {
            POLL_MS,
        })
        await light.run(1500)
        const first = Math.floor(now())
        await add(`${first - 8500}-0`)
        await add(`${first - 3000}-0`)
        await light.run(1100)
        assert.equal(light.reading()!.level, 5)
        await stream.read("g", 1)
        await light.run(1100)
        assert.equal(light.reading()!.level, 3, "the next one's age")
        await stream.read("g", 1)
        await light.run(1100)
        assert.equal(light.reading()!.lag, 0)
        await light.showsBar(bar(0))
    })

    test("shows an entry that is very young, or a little in the future", async () => {
        const { light, now } = await startAt(A_DAY_IN_2031, {
            POLL_MS,
            LAG_PER_LED: 10,
        })
        await light.run(1500)
        await add(`${Math.floor(now()) + 20_000}-0`)
        await light.run(1100)
        await light.showsBar(bar(1))
    })

    test("asks for the time every 10 s, and again on each connection", async () => {
        const { light, relay, AT } = await startAt(A_DAY_IN_2031, { POLL_MS })
        await light.run(9000)
        assert.equal(relay.told, 1)
        await light.run(10_000)
        assert.equal(relay.told, 2)
        await light.configure({ ...JOBS, ...AT, POLL_MS })
        await light.run(2000)
        assert.equal(relay.told, 3)
    })
})

describe("an ID that is not a time", () => {
    for (const [what, id] of [
        ["is small", () => "5-0"],
        ["is from 1999", () => `${Date.UTC(1999, 11, 31)}-0`],
        ["lies in the future", (now: number) => `${now + 3_600_000}-0`],
        ["is the largest", () => "18446744073709551614-1"],
    ] as const)
        test(`${what}: unknown, and the log says why`, async () => {
            const { light, stream, now } = await startAt(A_DAY_IN_2031, {
                POLL_MS,
            })
            await light.run(1500)
            await add(id(Math.floor(now())))
            await light.run(1100)
            await light.shows(UNKNOWN)
            assert.equal(light.reading()!.condition, "unknown")
            assert.equal(light.reading()!.lag, null)
            assert.match(
                light.said().at(-1)!,
                /^jobs\/g: age unknown: the oldest waiting ID, \d+-.*, is not a time by Redis's clock$/
            )
            // read, it is of no concern any more
            await stream.read("g", 1)
            await light.run(1100)
            await light.showsBar(bar(0))
        })
})

describe("a user with few rights", async () => {
    await client.sendCommand([
        ...["ACL", "SETUSER", "few", "reset", "on", ">pw", "~jobs", "-@all"],
        ...["+xinfo|groups", "+xread", "+xlen", "+xrange", "+xinfo|stream"],
    ])
    const FEW = { REDIS_USER: "few", REDIS_PASS: "pw", LAG_PER_LED: 1 }

    test("without TIME sees a range: the newest ID stands in for the clock", async () => {
        const { light, stream } = await startAt(Date.now(), FEW)
        await light.run(1500)
        const first = Date.UTC(2026, 0, 1)
        await add(`${first}-0`)
        await add(`${first + 3500}-0`)
        await light.run(1100)
        // at least 3.5 s: LED4 lights above 3; there is no upper bound
        const { level, lag, low, high } = light.reading()!
        assert.deepEqual([level, lag, low, high], [4, null, 3.5, null])
        await light.shows([
            [bar(10), 500],
            [bar(4), 500],
        ])
        assert.match(
            light.said().at(-1)!,
            /lag at least 3\.5 s, 4 of 10 or more$/
        )
        await stream.read("g", 2)
        await light.run(1100)
        await light.showsBar(bar(0))
    })

    test("without XREAD sees that it is unknown, unless all is read", async () => {
        await client.sendCommand(["ACL", "SETUSER", "few", "-xread", "+time"])
        const { light, stream } = await startAt(Date.now(), FEW)
        await light.run(1500)
        await light.showsBar(bar(0))
        await stream.add(3)
        await light.run(1100)
        await light.shows(UNKNOWN)
        assert.match(light.said().at(-1)!, /age unknown: .*XREAD.*rights/)
    })
})
