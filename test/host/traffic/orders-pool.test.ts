/** The pool of `orders`: how many workers there are, by which lag, and what becomes of them. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import { parseCommandLine } from "../../../sim/command-line.ts"
import {
    ORDERS_DEFAULTS,
    ordersPlanFrom,
    startOrders,
} from "../../../sim/traffic/orders.ts"
import type { OrdersPlan } from "../../../sim/traffic/orders/plan.ts"
import { scalingStep } from "../../../sim/traffic/orders/scaling.ts"
import { workloads } from "../../../sim/traffic/workloads.ts"
import { trueLag } from "../../../sim/traffic/orders/true-lag.ts"
import type { RedisClient } from "../../../sim/traffic/redis-client.ts"
import { OrdersLedger } from "../support/traffic/orders-ledger.ts"
import { allGone, descendants } from "../support/processes.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"

const { stream, group } = ORDERS_DEFAULTS
const TIMEOUT_MS = 20_000

describe("scaling", () => {
    const policies = fc
        .record({
            minWorkers: fc.integer({ min: 1, max: 5 }),
            more: fc.nat(5),
            downBelow: fc.integer({ min: 1, max: 50 }),
            band: fc.nat(50),
            coolDownMs: fc.nat(5000),
        })
        .map(({ minWorkers, more, downBelow, band, coolDownMs }) => ({
            ...{ minWorkers, maxWorkers: minWorkers + more },
            ...{ downBelow, upAbove: downBelow + band, coolDownMs },
        }))
    const lags = fc.oneof(
        fc.constant(undefined),
        fc.tuple(fc.nat(120), fc.nat(20)).map(([low, more]) => ({
            ...{ low, high: low + more },
        }))
    )

    test("stays within limits, and changes only when the lag and the cool-down let it", () => {
        const moments = fc.array(
            fc.record({ lag: lags, passesMs: fc.nat(3000), dies: fc.boolean() })
        )
        fc.assert(
            fc.property(policies, moments, (policy, list) => {
                let [workers, sinceChangeMs] = [0, Infinity]
                for (const { lag, passesMs, dies } of list) {
                    sinceChangeMs += passesMs
                    if (dies && workers > 0) workers--
                    const isShort = workers < policy.minWorkers
                    const state = { workers, lag, sinceChangeMs }
                    const step = scalingStep(policy, state)
                    workers += step
                    assert.ok(workers <= policy.maxWorkers, "too many")
                    if (isShort) assert.equal(workers, policy.minWorkers)
                    else {
                        assert.ok(workers >= policy.minWorkers, "too few")
                        const mayRise = lag && lag.low > policy.upAbove
                        const mayFall = lag && lag.high < policy.downBelow
                        const mayChange = sinceChangeMs >= policy.coolDownMs
                        if (step !== 0) assert.ok(mayChange, "cool-down")
                        if (step > 0) assert.ok(mayRise, "up for nothing")
                        if (step < 0) assert.ok(mayFall, "down for nothing")
                    }
                    if (step !== 0) sinceChangeMs = 0
                }
            })
        )
    })
})

test("the pool grows by half, and one at least: 2, 3, 4, 6, 9, 10", () => {
    const policy = {
        ...{ minWorkers: 1, maxWorkers: 10, upAbove: 1000, downBelow: 100 },
        coolDownMs: 0,
    }
    const lag = { low: 1001, high: 1001 }
    const sizes = [1]
    for (let step = 1; step > 0;) {
        const workers = sizes.at(-1)!
        step = scalingStep(policy, { workers, lag, sinceChangeMs: 0 })
        if (step > 0) sizes.push(workers + step)
    }
    assert.deepEqual(sizes, [1, 2, 3, 4, 6, 9, 10])
})

test("--as-original: every limit of the program that it grew from", () => {
    const { options } = workloads.find(({ name }) => name === "orders")!
    const plan = (...args: string[]) =>
        ordersPlanFrom(parseCommandLine(args, options))
    const { scaling, retryAfterMs, batch, maxAttempts } = plan("--as-original")
    assert.deepEqual(
        { ...scaling, retryAfterMs, batch, maxAttempts },
        {
            ...{ upAbove: 1000, downBelow: 100, minWorkers: 1 },
            ...{ maxWorkers: 10, coolDownMs: 10_000, retryAfterMs: 60_000 },
            ...{ batch: 10, maxAttempts: 3 },
        }
    )
    const other = plan("--as-original", "--max", "7", "--min", "2")
    assert.deepEqual(other.scaling, {
        ...{ ...scaling, minWorkers: 2, maxWorkers: 7 },
    })
})

describe("the pool of orders", () => {
    const start = stoppedAfterEach(startOrders)
    let redis: TestRedis
    let ledger: OrdersLedger
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())
    beforeEach(async () => {
        await redis.client.flushAll()
        ledger = new OrdersLedger(redis.client)
    })

    const QUICK: Partial<OrdersPlan> = {
        ...{ producer: false, workMs: 20, retryAfterMs: 300, maxAttempts: 3 },
        scaling: {
            ...{ minWorkers: 1, maxWorkers: 3, upAbove: 10, downBelow: 4 },
            coolDownMs: 300,
        },
    }

    const lag = (enough: number) =>
        trueLag(redis.client as unknown as RedisClient, stream, group, enough)

    test("counts the lag where Redis's own is nil or too high", async () => {
        const first = await ledger.add(10)
        await redis.client.xGroupCreate(stream, group, first[3])
        const reported = async () =>
            (await redis.client.xInfoGroups(stream))[0].lag
        assert.equal(await reported(), null)
        assert.deepEqual(await lag(20), { low: 6, high: 6 })
        assert.deepEqual(await lag(6), { low: 6, high: 6 })
        assert.deepEqual(await lag(3), { low: 4, high: 9 })
        await redis.client.xDel(stream, first[8])
        assert.deepEqual(await lag(20), { low: 5, high: 5 })
        // redis#13957: trimmed past what was delivered
        await redis.client.flushAll()
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        await ledger.add(5)
        const readOne = () =>
            redis.client.xReadGroup(
                group,
                "a",
                { key: stream, id: ">" },
                { COUNT: 1 }
            )
        await readOne()
        await redis.client.xTrim(stream, "MAXLEN", 1)
        await readOne()
        assert.deepEqual(await lag(20), { low: 0, high: 0 })
        await ledger.add(30)
        await redis.client.xTrim(stream, "MAXLEN", 9)
        assert.deepEqual(await lag(3), { low: 9, high: 9 })
        await redis.client.xGroupDestroy(stream, group)
        assert.equal(await lag(3), undefined)
    })

    test("the pool grows with the lag, shrinks without, and does not flap", async () => {
        const said: string[] = []
        await ledger.add(400)
        const traffic = await start(redis.server.url, QUICK, line =>
            said.push(line)
        )
        await until("all are done", TIMEOUT_MS, () => ledger.isIdle())
        const sizes = () =>
            said.flatMap(line => /: (\d) of 3 workers/.exec(line)?.[1] ?? [])
        await until("the pool is small", TIMEOUT_MS, () => {
            return sizes().length >= 5
        })
        await sleep(700)
        assert.deepEqual(sizes(), ["1", "2", "3", "2", "1"], said.join("\n"))
        // a figure, far above what makes the pool grow
        const figures = said.flatMap(line => /lag (\d+):/.exec(line)?.[1] ?? [])
        assert.equal(figures.length, 5)
        assert.ok(Number(figures[0]) > 200, figures.join(", "))
        await traffic.stop()
        const [{ consumers }] = await redis.client.xInfoGroups(stream)
        assert.equal(Number(consumers), 0, "no worker is left on the list")
        const { done, retried } = await ledger.assertEachOnce()
        assert.equal(done.length, 400)
        assert.equal(retried, 0)
    })

    test("a stop finishes what is in hand", async () => {
        await ledger.add(30)
        const others = await descendants(process.pid)
        const traffic = await start(redis.server.url, {
            ...QUICK,
            ...{ workMs: 400, retryAfterMs: 2000 },
        })
        const pending = async () =>
            (await redis.client.xPending(stream, group)).pending
        await until(
            "one is in hand",
            TIMEOUT_MS,
            async () => (await pending()) > 0
        )
        const family = (await descendants(process.pid)).filter(
            pid => !others.includes(pid)
        )
        await Promise.all([traffic.stop(), traffic.stop()])
        assert.equal(await pending(), 0)
        assert.ok((await ledger.counted()) >= 1, "it was finished")
        await allGone(family, 0)
    })

    test("a worker that takes ten at a time finishes all of them before it stops", async () => {
        await ledger.add(30)
        const worker = await start(redis.server.url, {
            ...{ ...QUICK, worker: "ada", batch: 10, workMs: 40 },
            retryAfterMs: 60_000,
        })
        const pending = async () =>
            (await redis.client.xPending(stream, group)).pending
        await until(
            "ten are in hand",
            TIMEOUT_MS,
            async () => (await pending()) >= 9
        )
        await worker.stop()
        assert.equal(await pending(), 0)
        assert.equal((await ledger.counted()) % 10, 0)
    })

    test("of two pools one is at work; the other succeeds it", async () => {
        const said: string[][] = [[], []]
        const startPool = (i: number) =>
            start(redis.server.url, QUICK, line => said[i].push(line))
        const first = await startPool(0)
        await until(
            "a worker was started",
            TIMEOUT_MS,
            () => said[0].length > 0
        )
        const second = await startPool(1)
        await until("it stands by", TIMEOUT_MS, () =>
            said[1].some(line => /standing by/.test(line))
        )
        await ledger.add(5)
        await until("all are done", TIMEOUT_MS, () => ledger.isIdle())
        await first.stop()
        await ledger.add(5)
        await until("all are done", TIMEOUT_MS, () => ledger.isIdle())
        assert.equal(await ledger.counted(), 10)
        await second.stop()
        await ledger.assertEachOnce()
    })
})
