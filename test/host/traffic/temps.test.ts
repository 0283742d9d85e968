/** `temps`: hourly averages right to the digit, none lost, none doubled, whoever is killed, across midnight. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import fc from "fast-check"
import type { Entry } from "../../../sim/traffic/parts/entries.ts"
import {
    advance,
    averageText,
    hundredthsFrom,
    startOf,
} from "../../../sim/traffic/temps/aggregate.ts"
import { dayAfter, dayOf } from "../../../sim/traffic/temps/days.ts"
import { startTemps, TEMPS_DEFAULTS } from "../../../sim/traffic/temps.ts"
import { groupBy } from "../support/traffic/group-by.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { isWorkedOff } from "../support/traffic/worked-off.ts"
import { killAtRandom, WorkloadProcess } from "../support/traffic/process.ts"

const AVERAGES = "temps:averages"
const { group } = TEMPS_DEFAULTS
const TIMEOUT_MS = 20_000
const HOUR_MS = 3_600_000

describe("averages", () => {
    test("are exact, half away from zero", () => {
        assert.equal(averageText(2145, 1), "21.45")
        assert.equal(averageText(1, 2), "0.01")
        assert.equal(averageText(-1, 2), "-0.01")
        assert.equal(averageText(-1, 3), "0.00")
        assert.equal(averageText(100 * 86_399 + 50, 86_400), "1.00")
        fc.assert(
            fc.property(
                fc.integer({ min: -1e9, max: 1e9 }),
                fc.integer({ min: 1, max: 1e5 }),
                (sum, count) => {
                    const [whole, part] = averageText(sum, count).split(".")
                    const sign = sum < 0 ? -1n : 1n
                    const shown = BigInt(whole.replace("-", "") + part)
                    const error =
                        2n * (shown * BigInt(count) - sign * BigInt(sum))
                    // half a hundredth at most, and upwards at exactly half
                    assert.ok(error <= BigInt(count), "too high")
                    assert.ok(error > -BigInt(count), "too low")
                }
            )
        )
    })

    test("take decimals as they are written", () => {
        const cases: [string, number | undefined][] = [
            ["21.45", 2145],
            ["21.4", 2140],
            ["-0.05", -5],
            ["7", 700],
            ["1e3", undefined],
            ["21.456", undefined],
            ["", undefined],
        ]
        for (const [text, hundredths] of cases)
            assert.equal(hundredthsFrom(text), hundredths, text)
    })

    test("do not depend on where the readings are cut into batches", () => {
        const entry = fc.record({
            sensor: fc.constantFrom("a", "b", "constructor", "__proto__", ""),
            temperature: fc
                .integer({ min: -9999, max: 9999 })
                .map(n => (n / 100).toFixed(2)),
            at: fc.nat(5 * HOUR_MS).map(String),
        })
        fc.assert(
            fc.property(
                fc.array(entry, { maxLength: 60 }),
                fc.array(fc.nat(60), { maxLength: 5 }),
                (list, cuts) => {
                    list.sort((a, b) => Number(a.at) - Number(b.at))
                    const entries: Entry[] = list.map((fields, i) => ({
                        ...{ id: `${i + 1}-0`, fields },
                    }))
                    const whole = advance(startOf("19700101"), "19700101", [
                        ...entries,
                    ])
                    let state = startOf("19700101")
                    const averages = []
                    const ends = [...cuts.sort((a, b) => a - b), 60]
                    let from = 0
                    for (const end of ends) {
                        const part = entries.slice(from, end)
                        const step = advance(state, "19700101", part)
                        // as if it had been killed here
                        state = JSON.parse(JSON.stringify(step.after))
                        averages.push(...step.averages)
                        from = end
                    }
                    assert.deepEqual(averages, whole.averages)
                    assert.deepEqual(
                        state,
                        JSON.parse(JSON.stringify(whole.after))
                    )
                }
            )
        )
    })

    test("days follow each other", () => {
        for (const [day, next] of [
            ["20240228", "20240229"],
            ["20240229", "20240301"],
            ["20251231", "20260101"],
        ])
            assert.equal(dayAfter(day), next)
        assert.equal(dayOf(Date.UTC(2026, 0, 31, 23, 59, 59, 999)), "20260131")
    })
})

describe("temps", () => {
    const start = stoppedAfterEach(startTemps)
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())
    beforeEach(() => redis.client.flushAll())

    async function dayKeys() {
        const keys = await redis.client.keys("temps:????????")
        return keys.filter(key => /:\d{8}$/.test(key)).sort()
    }

    /** The averages of all hours but the last, from the readings, by means of their own: `SENSOR HOUR AVERAGE COUNT`. */
    async function expected() {
        const cells = new Map<string, bigint[]>()
        let lastHour = 0
        for (const key of await dayKeys())
            for (const { message } of (await redis.client.xRange(
                key,
                "-",
                "+"
            ))!) {
                const { sensor, temperature, at } = message
                assert.equal(key, `temps:${dayOf(Number(at))}`)
                const hour = Number(at) - (Number(at) % HOUR_MS)
                assert.ok(hour >= lastHour, "readings are in order")
                lastHour = hour
                const cell = `${sensor} ${new Date(hour).toISOString()}`
                const list = cells.get(cell) ?? []
                list.push(BigInt(temperature.replace(".", "")))
                cells.set(cell, list)
            }
        const open = new Date(lastHour).toISOString()
        return [...cells]
            .filter(([cell]) => !cell.endsWith(open))
            .map(([cell, list]) => {
                // thousandths, cut off: enough to see which way to round
                const sum = list.reduce((a, b) => a + b, 0n)
                const thousandths = (10n * sum) / BigInt(list.length)
                const step = thousandths < 0n ? -5n : 5n
                const rounded = Number((thousandths + step) / 10n) / 100
                return `${cell} ${rounded.toFixed(2)} ${list.length}`
            })
            .sort()
    }

    async function computed() {
        const entries = await redis.client.xRange(AVERAGES, "-", "+")
        return entries!
            .map(
                ({ message: { sensor, hour, average, readings } }) =>
                    `${sensor} ${hour} ${average} ${readings}`
            )
            .sort()
    }

    async function isAggregated() {
        const last = (await dayKeys()).at(-1)
        const text = await redis.client.get("temps:aggregator")
        if (!last || !text) return false
        const { day, id } = JSON.parse(text)
        const [newest] = (await redis.client.xRevRange(last, "+", "-", {
            COUNT: 1,
        }))!
        return last === `temps:${day}` && id === newest.id
    }

    const isIdle = () => isWorkedOff(redis.client, AVERAGES, group)

    /** Lowest, highest and number of the averages of each day and sensor. */
    async function assertSummaries(lines: string[]) {
        const days = groupBy(lines, line => {
            const [sensor, hour] = line.split(" ")
            return `${hour.slice(0, 10).replaceAll("-", "")} ${sensor}`
        })
        for (const [key, list] of days) {
            const [day, sensor] = key.split(" ")
            const values = list.map(line => Number(line.split(" ")[2]))
            const summary = await redis.client.hGetAll(`temps:summary:${day}`)
            assert.equal(Number(summary[`${sensor}:low`]), Math.min(...values))
            assert.equal(Number(summary[`${sensor}:high`]), Math.max(...values))
            assert.equal(Number(summary[`${sensor}:hours`]), list.length, key)
        }
    }

    test("right to the digit, each once, while any process is killed, and Redis emptied", async () => {
        const random = new SeededRandom()
        console.log(`SEED=${random.seed}`)
        const common = [
            ...["temps", "--url", redis.server.url, "--day", "4"],
            ...["--sensors", "3", "--interval", "20", "--work", "2"],
            ...["--keep-days", "100", "--maxlen", "100000"],
        ]
        const part = (...args: string[]) =>
            new WorkloadProcess([...common, ...args])
        const senders = [part("--producer"), part("--producer")]
        const aggregators = [part("--aggregator"), part("--aggregator")]
        const reader = part("--consumer", "consumer-1")
        const all = [...senders, ...aggregators, reader]
        // midnight is half a second away
        const evening = Date.UTC(2100, 1, 28, 21)
        await redis.client.set("temps:clock", String(evening))
        for (const each of all) each.start()
        try {
            await until("there are averages", TIMEOUT_MS, async () =>
                Boolean(await redis.client.xLen(AVERAGES))
            )
            await killAtRandom(all, {
                ...{ random, gapMs: [50, 600] },
                halfway: () => redis.client.flushAll(),
                isEnough: async () =>
                    (await dayKeys()).length >= 2 &&
                    (await redis.client.xLen(AVERAGES)) > 40,
            })
            await Promise.all(senders.map(process => process.stop()))
            await until("all are aggregated", TIMEOUT_MS, isAggregated)
            await until("all are read", TIMEOUT_MS, isIdle)
            const rest = [...aggregators, reader]
            const codes = await Promise.all(rest.map(p => p.stop()))
            assert.deepEqual(codes, [0, 0, 0])
            const lines = await expected()
            assert.deepEqual(await computed(), lines)
            await assertSummaries(lines)
            assert.ok((await dayKeys()).length >= 2, "across midnight")
        } finally {
            await Promise.all(all.map(process => process.kill9()))
        }
    })

    test("days without readings are skipped, old days and averages dropped", async () => {
        const add = (time: string, temperature: string) => {
            const at = Date.parse(time)
            return redis.client.xAdd(`temps:${dayOf(at)}`, "*", {
                ...{ sensor: "a", temperature, at: String(at) },
            })
        }
        await redis.client.xAdd("temps:notadate", "*", { a: "b" })
        await add("2026-01-30T23:10:00Z", "10.00")
        await add("2026-01-30T23:50:00Z", "10.01")
        await add("2026-01-31T00:10:00Z", "5.00")
        const said: string[] = []
        const traffic = await start(
            redis.server.url,
            {
                ...{ producer: false, maxAverages: 3, keepDays: 1, workMs: 0 },
                isVerbose: true,
            },
            line => said.push(line)
        )
        await until("it is there", TIMEOUT_MS, isAggregated)
        await add("2026-01-31T08:10:00Z", "-5.00")
        await add("2026-03-02T08:10:00Z", "1.00")
        await until("it has found March", TIMEOUT_MS, isAggregated)
        assert.deepEqual(await computed(), [
            "a 2026-01-30T23:00:00.000Z 10.01 2",
            "a 2026-01-31T00:00:00.000Z 5.00 1",
            "a 2026-01-31T08:00:00.000Z -5.00 1",
        ])
        await add("2026-03-02T09:10:00Z", "1.00")
        await until("it goes on", TIMEOUT_MS, isAggregated)
        await until("all are read", TIMEOUT_MS, isIdle)
        await traffic.stop()
        assert.ok(
            said.includes(
                "temps: a 2026-01-30T23:00:00.000Z: 10.01 °C, 2 readings"
            ),
            said.join("\n")
        )
        assert.equal(await redis.client.xLen(AVERAGES), 3)
        assert.deepEqual(await dayKeys(), ["temps:20260131", "temps:20260302"])
        const summary = await redis.client.hGetAll("temps:summary:20260131")
        assert.deepEqual(
            { ...summary },
            { "a:low": "-5.00", "a:high": "5.00", "a:hours": "2" }
        )
    })

    test("what is no reading is left out", async () => {
        const key = "temps:20260131"
        const at = Date.UTC(2026, 0, 31)
        for (const [sensor, temperature, time] of [
            ["a", "warm", at],
            ["__proto__", "1.00", at],
            ["a", "2.00", at + HOUR_MS],
            ["a", "4.00", at],
            ["a", "3.00", at + 2 * HOUR_MS],
        ])
            await redis.client.xAdd(key, "*", {
                ...{ sensor: String(sensor), at: String(time) },
                temperature: String(temperature),
            })
        const traffic = await start(redis.server.url, {
            ...{ producer: false, consumers: 0 },
        })
        await until("it is there", TIMEOUT_MS, isAggregated)
        await traffic.stop()
        assert.deepEqual(await computed(), [
            "a 2026-01-31T01:00:00.000Z 2.00 1",
        ])
        const text = await redis.client.get("temps:aggregator")
        assert.equal(JSON.parse(text!).leftOut, 3)
    })
})
