/**
 * The firmware at the chip's speed (sim/chip.ts): data arrives at the network's, a piece of 1460 bytes each millisecond, and
 * nothing makes Redis wait, while a piece takes the chip some 25 ms. So whatever is asked for in one send has to fit the heap.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startBenchRedis } from "../../../sim/bench/bench-redis.ts"
import { ALLOCATION_MS, IDLE_MS_PER_S, STEP_MS } from "../../../sim/chip.ts"
import { buildFirmware } from "../../../sim/firmware.ts"
import type { DeviceOptions, VmCounts } from "../../../sim/vm/device.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import type { Reading } from "../support/light/bench.ts"
import { ClockRelay } from "../support/light/clock-relay.ts"
import { TestStream } from "../support/light/stream.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { NAMES_MODULE } from "../support/redis/names.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis
const { bytecode } = await buildFirmware({
    entry: "test/device/programs/mainpicow.ts",
})

/** A Pico W as far as the program can tell; names that end in `.lan` are this computer. */
const CHIP: Partial<DeviceOptions> = {
    bytecode,
    socketsModule: NAMES_MODULE,
    chipSpeed: true,
    countSteps: true,
    heapReport: true,
}
const POLL_MS = 1000
/** All that can be switched on, with limits that nothing exceeds. */
const EVERYTHING = {
    UNIT: "seconds",
    PENDING_MAX: 100_000,
    PEND_AGE_S: 1_000_000,
    IDLE_MAX_S: 1_000_000,
    TRAFFIC_LIGHT: true,
}
/**
 * The most that the heap may hold when its garbage was collected, bytes, replies and what holds their room included: 5 KB and
 * more of 65,524 were free then.
 */
const MAX_HELD = 60_000
interface Watched {
    key: string
    stream: TestStream
    group: string
    /** Entries that the group has not been given. */
    waiting: number
}

/** How long a light is watched, minutes. */
const MINUTES = Number(process.env.LAGLIGHT_CHIP_MINUTES ?? 3)
/** Of what waits and when; with others other replies pile up. */
const SEED = Number(process.env.LAGLIGHT_CHIP_SEED ?? 11)
/** Another time than the host's. */
const A_DAY_IN_2031 = Date.UTC(2031, 5, 1)
/** One LED for whatever waits, be it entries or seconds. */
const SCALE = 1_000_000
/** How much is a poll's, of the busy ms of a second. */
const POLLED = 1000 - IDLE_MS_PER_S

function groupName(i: number) {
    return `orders-consumers-${String(i).padStart(3, "0")}`
}

/** The group that is watched, and others before it in Redis's list. @returns the stream and the watched group */
async function crowd(key: string, groups: number) {
    const names = Array.from({ length: groups }, (_, i) => groupName(i))
    return {
        stream: await TestStream.create(client, key, ...names),
        group: names[groups - 1],
    }
}

/** What the VM did takes the chip so many ms. */
function chipMs(before: VmCounts, after: VmCounts) {
    return (
        (after.steps - before.steps) * STEP_MS +
        (after.allocations - before.allocations) * ALLOCATION_MS
    )
}

describe("at the chip's speed", () => {
    test("polls take their time: of 100 groups five a second at most, and of one group all that are wanted", async () => {
        const bench = closeAtEnd(await startBenchRedis())
        const perSecond: number[] = []
        for (const groups of [1, 100]) {
            const key = `groups-${groups}`
            const names = await bench.stream(key, groups)
            const light = await Light.start(
                {
                    REDIS_HOST: "redis.lan",
                    REDIS_PORT: bench.server.port,
                    STREAM: key,
                    GROUP: names.at(-1)!,
                    POLL_MS: 100,
                },
                CHIP
            )
            await light.reads({ lag: 0 }, 20_000)
            await bench.resetCalls()
            await light.run(10_000)
            perSecond.push((await bench.groupsCalls()).calls / 10)
            await light.stop()
        }
        const [one, hundred] = perSecond
        assert.ok(one > 9.5 && one < 10.5, `${one} a second of one group`)
        // 200 ms a poll, by the prices of sim/chip.ts
        assert.ok(hundred > 4 && hundred < 6, `${hundred} a second of 100`)
    })

    test("the sign of life is as long as elsewhere, however long a poll takes", async () => {
        const { stream, group } = await crowd("winks", 100)
        await stream.add(1)
        const light = await Light.start(
            {
                REDIS_HOST: "redis.lan",
                REDIS_PORT: redis.port,
                STREAM: "winks",
                GROUP: group,
                POLL_MS,
            },
            CHIP
        )
        await light.reads({ lag: 1 }, 20_000)
        // when the sweep is over, in which all LEDs are dark for a moment, too
        await light.run(3000)
        const from = light.device.now
        await light.run(12_000)
        const winks = light
            .shown(from, from + 12_000)
            .slice(1, -1)
            .filter(([leds]) => leds === "0000000000")
        assert.ok(winks.length >= 5, `${winks.length} winks in 12 s`)
        for (const [, ms] of winks) assert.ok(ms > 90 && ms < 300, `${ms} ms`)
        await light.stop()
    })
})

describe("everything fits the heap", () => {
    for (const [targets, groups, settings] of [
        [5, 38, EVERYTHING],
        [1, 104, EVERYTHING],
        [5, 60, {}],
        [2, 110, {}],
        [1, 127, {}],
    ] as const)
        test(`with ${targets} targets of ${groups} groups${"UNIT" in settings ? " and all that can be switched on" : ""}, entries of 1 KB: no restart, the right bars for ${MINUTES} minutes`, async t => {
            let light: Light | undefined
            const now = () => A_DAY_IN_2031 + (light?.device.now ?? 0)
            const relay = closeAtEnd(await ClockRelay.start(redis, now))
            const watched: Watched[] = []
            const named: Record<string, string> = {}
            for (let i = 1; i <= targets; i++) {
                const key = `stream-${i}`
                const { stream, group } = await crowd(key, groups)
                watched.push({ key, stream, group, waiting: 0 })
                named[i === 1 ? "STREAM" : `STREAM_${i}`] = key
                named[i === 1 ? "GROUP" : `GROUP_${i}`] = group
            }
            light = await Light.start(
                {
                    REDIS_HOST: "redis.lan",
                    REDIS_PORT: relay.port,
                    POLL_MS,
                    LAG_PER_LED: SCALE,
                    ...named,
                    ...settings,
                },
                CHIP
            )
            const random = new SeededRandom(SEED)
            const change = async (target: Watched) => {
                if (target.waiting > 0)
                    await target.stream.read(target.group, target.waiting)
                target.waiting = random.next() < 0.3 ? 0 : 7
                for (let i = 0; i < target.waiting; i++)
                    await client.sendCommand([
                        ...["XADD", target.key, `${Math.floor(now())}-*`, "f"],
                        "v".repeat(1000),
                    ])
            }
            await light.run(10_000)
            await light.device.memory({ resetExtremes: true })
            const before = await light.device.counts()
            const from = light.device.now
            while (light.device.now - from < MINUTES * 60_000) {
                for (const target of watched) await change(target)
                await light.run(7000)
                for (const { key, waiting } of watched) {
                    const { level, low, high }: Reading = light.reading(key)!
                    const text: string = `${key}, ${waiting} waiting: ${JSON.stringify(light.reading(key))}`
                    assert.equal(level, waiting > 0 ? 1 : 0, text)
                    assert.ok(
                        "UNIT" in settings ||
                            (low! <= waiting && high! >= waiting),
                        text
                    )
                }
            }
            const ms = chipMs(before, await light.device.counts())
            const seconds = (light.device.now - from) / 1000
            const { peakLiveBytes } = await light.device.memory()
            t.diagnostic(
                `${Math.round(ms / seconds + IDLE_MS_PER_S)} ms a second, ${peakLiveBytes} bytes held`
            )
            assert.ok(peakLiveBytes <= MAX_HELD, `${peakLiveBytes} bytes held`)
            assert.ok(ms / seconds < POLLED, `${ms / seconds} ms a second`)
        })
})
