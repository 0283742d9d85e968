/**
 * A working day in the life of a light on a Pico W whose surroundings fail again and again, in virtual time: four shifts
 * of half an hour, each on a device of its own.
 *
 * The seed is printed. `RECOVERY_SEED=123 RECOVERY_HOURS=24 node --import tsx --test test/host/board/recovery-day.test.ts`
 * repeats a day, and makes it longer.
 */
import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { FakePicoW, stopAll } from "../support/fake-pico-w/fake-pico-w.ts"
import type {
    Episode,
    Event,
    Moment,
    Trouble,
} from "../support/fake-pico-w/world.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"

after(stopAll)

const SEED = Number(process.env.RECOVERY_SEED ?? Date.now() % 1_000_000)
const SHIFTS = 4
const SHIFT_MS = (Number(process.env.RECOVERY_HOURS ?? 2) / SHIFTS) * 3_600_000
/** Polls cost most of the test's time; the light is no less true for it. */
const POLL_MS = 5000
const STALE_MS = 15_000

/** From the end of a trouble to the right light: a pause, a connect that may just have begun, a poll; ms. */
const RECOVERY_MS = 33_000 + 16_000 + POLL_MS + 2000
/** The same when a reset may be needed: it waits for a minute of uptime, and Wi-Fi for four scans. */
const RESET_RECOVERY_MS = RECOVERY_MS + 60_000 + 45_000

/** When the pauses have grown to 30 s: 2 + 4 + 8 + 16 s, what is added to them, and the chip's start; ms. */
const BACKED_OFF_MS = 45_000

/** Between two faults, ms: long enough to recover, and to have been right for a while. */
const CALM_MS = RESET_RECOVERY_MS + 10_000

/** What can happen, and how often. */
const TROUBLES: [
    weight: number,
    make: (random: SeededRandom) => Trouble,
    needsReset: boolean,
][] = [
    [4, () => ({ what: "refuse" }), false],
    [2, () => ({ what: "dead-host" }), true],
    [3, () => ({ what: "black-hole" }), true],
    [3, () => ({ what: "hung" }), true],
    [2, () => ({ what: "loading" }), false],
    [2, () => ({ what: "garbage" }), true],
    [2, () => ({ what: "dns-silent" }), false],
    [2, () => ({ what: "dns-unknown" }), false],
    [3, () => ({ what: "ap-out" }), true],
    [
        3,
        random => ({
            what: "cut",
            after: Math.floor(random.next() * 300),
            how: random.next() < 0.5 ? "close" : "reset",
        }),
        false,
    ],
]
const EVENTS: [weight: number, event: Event, needsReset: boolean][] = [
    [3, "close", false],
    [3, "reset", false],
    [4, "half-open", true],
    [2, "deauth", false],
    [2, "new-address", true],
]

interface Fault {
    what: string
    fromMs: number
    toMs: number
    limitMs: number
}

/** A shift's script. */
function plan(seed: number) {
    const random = new SeededRandom(seed)
    const between = (low: number, high: number) =>
        Math.floor(random.between(low, high))
    const episodes: Episode[] = []
    const moments: Moment[] = []
    const faults: Fault[] = []
    const weights =
        TROUBLES.reduce((sum, [weight]) => sum + weight, 0) +
        EVENTS.reduce((sum, [weight]) => sum + weight, 0)
    let t = 90_000
    while (t < SHIFT_MS - 15 * 60_000) {
        let draw = random.next() * weights
        const trouble = TROUBLES.find(([weight]) => (draw -= weight) < 0)
        const event = trouble
            ? undefined
            : EVENTS.find(([weight]) => (draw -= weight) < 0)
        // most troubles are short; some last ten minutes
        const lengthMs = random.next() < 0.15 ? 600_000 : between(500, 60_000)
        if (trouble) {
            const episode = {
                ...trouble[1](random),
                fromMs: t,
                toMs: t + lengthMs,
            }
            episodes.push(episode)
            // what a cut needs to be felt
            if (episode.what === "cut" || episode.what.startsWith("dns"))
                moments.push({ atMs: t, event: "close" })
            faults.push({
                what: episode.what,
                fromMs: t,
                toMs: episode.toMs,
                limitMs: trouble[2] ? RESET_RECOVERY_MS : RECOVERY_MS,
            })
            t = episode.toMs
        } else {
            moments.push({ atMs: t, event: event![1] })
            faults.push({
                what: event![1],
                fromMs: t,
                toMs: t,
                limitMs: event![2] ? RESET_RECOVERY_MS : RECOVERY_MS,
            })
        }
        // now and then one fault upon the other, before the light has recovered
        const gap = random.next() < 0.25 ? between(0, 30_000) : CALM_MS
        if (gap < CALM_MS) faults.at(-1)!.limitMs = Infinity
        t += gap + between(0, 30_000)
    }
    // the lag moves all the time
    const lags: [number, number][] = [[0, 3]]
    for (let at = 0; at < SHIFT_MS; at += between(20_000, 300_000))
        lags.push([at, between(0, 11)])
    return { episodes, moments, faults, lags }
}

describe(`a day of faults, seed ${SEED}`, { concurrency: 2 }, () => {
    for (let shift = 0; shift < SHIFTS; shift++)
        test(`shift ${shift + 1} of ${SHIFTS}`, async context => {
            const seed = SEED * SHIFTS + shift
            const { faults, lags, ...script } = plan(seed)
            // by turns the two ways to live with a DNS cache
            const hasWildcard = shift % 2 === 1
            const picoW = await FakePicoW.start({
                settings: {
                    POLL_MS,
                    STALE_MS,
                    REDIS_HOST: hasWildcard ? "*.redis.lan" : "redis.lan",
                },
                world: {
                    seed,
                    ...script,
                    ttlS: hasWildcard ? 3600 : 0,
                    redis: { lags, reportsLag: shift < 2 },
                },
            })
            const { device } = picoW
            device.on("exit", ({ text }) => context.diagnostic(text))
            await device.runFor(SHIFT_MS)

            const why = `seed ${SEED}, shift ${shift + 1}\n${picoW.story()}`
            assert.equal(picoW.verdict, undefined, why)
            assert.deepEqual(picoW.reportsOf("fault"), [], why)
            assert.deepEqual(picoW.panics, [], why)
            assert.deepEqual(picoW.lies({ staleMs: STALE_MS }), [], why)
            const worst = new Map<string, number>()
            for (const { what, fromMs, toMs, limitMs } of faults) {
                if (limitMs === Infinity) continue
                // before that the last reading still stands
                const ms = picoW.recoveryAfter(
                    Math.max(toMs, fromMs + STALE_MS + 1000)
                )
                assert.ok(
                    ms <= limitMs,
                    `${ms} ms after ${what}, which ended at ${toMs}; ${why}`
                )
                worst.set(what, Math.max(ms, worst.get(what) ?? 0))
            }
            mustHurrySlowly(picoW, faults, why)
            const end = picoW.now
            assert.ok(
                picoW.recoveryAfter(end - 60_000) < 60_000,
                `the light is wrong at the end; ${why}`
            )
            context.diagnostic(
                `${faults.length} faults, ${device.restarts} resets, ${picoW.reportsOf("connect").length} connects; worst recoveries: ` +
                    [...worst]
                        .map(
                            ([what, ms]) => `${what} ${Math.round(ms / 1000)} s`
                        )
                        .join(", ")
            )
            await picoW.stop()
        })
})

/** A Redis that is down for long costs at most one connect in 30 s, once the light has backed off. */
function mustHurrySlowly(picoW: FakePicoW, faults: Fault[], why: string) {
    const connects = picoW.reportsOf("connect").map(({ t }) => t)
    const boots = picoW.reportsOf("boot").map(({ t }) => t)
    for (const { what, fromMs, toMs } of faults) {
        if (what !== "refuse" || toMs - fromMs < 600_000) continue
        const late = connects.filter(t => t > fromMs && t < toMs)
        for (let i = 1; i < late.length; i++) {
            // a reset is a new beginning
            const begin = Math.max(fromMs, ...boots.filter(t => t < late[i]))
            assert.ok(
                late[i - 1] < begin + BACKED_OFF_MS ||
                    late[i] - late[i - 1] >= 30_000,
                `connects at ${late[i - 1]} and ${late[i]} ms, Redis down since ${fromMs}; ${why}`
            )
        }
    }
}
