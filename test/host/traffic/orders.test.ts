/**
 * `orders`: every order is done once or a dead letter, a second attempt is marked as one, and no more workers
 * than allowed are at work, whoever is killed.
 */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { ORDERS_DEFAULTS, startOrders } from "../../../sim/traffic/orders.ts"
import type { OrdersPlan } from "../../../sim/traffic/orders/plan.ts"
import { OrdersLedger } from "../support/traffic/orders-ledger.ts"
import { allGone, descendants } from "../support/processes.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { killAtRandom, WorkloadProcess } from "../support/traffic/process.ts"

const { stream, group } = ORDERS_DEFAULTS
const DEAD = `${stream}:dead`
const TIMEOUT_MS = 20_000

/** The processes below all lives of some pools. */
async function workersOf(...pools: { pids: number[] }[]) {
    const lists = await Promise.all(
        pools.flatMap(({ pids }) => pids.map(descendants))
    )
    return lists.flat()
}

describe("orders", () => {
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

    test("each done or given up once while any process is killed, and Redis emptied", async () => {
        const random = new SeededRandom()
        console.log(`SEED=${random.seed}`)
        const common = [
            ...["orders", "--url", redis.server.url, "--work", "25"],
            ...["--rate", "50", "--peak", "60", "--period", "5"],
            ...["--poison", "20", "--retry-after", "700", "--attempts", "4"],
            ...["--min", "2", "--max", "3", "--up", "10", "--down", "4"],
            ...["--cooldown", "500"],
        ]
        const producer = new WorkloadProcess([...common, "--producer"])
        const pools = [1, 2].map(
            () => new WorkloadProcess([...common, "--pool"])
        )
        const all = [producer, ...pools]
        for (const each of all) each.start()
        let isOver = false
        const worker = {
            kills: 0,
            /** One of the pools' workers, if there is one. */
            async kill9() {
                const alive = await workersOf(...pools)
                if (alive.length === 0) return
                this.kills++
                kill9(random.pick(alive))
            },
            runs: true,
            start() {},
        }
        try {
            await until(
                "orders are done",
                TIMEOUT_MS,
                async () => (await ledger.counted()) > 0
            )
            const most = mostWorkers(() => isOver)
            // it is awaited further down
            most.catch(() => {})
            await killAtRandom([...all, worker, worker, worker], {
                ...{ random, gapMs: [50, 500] },
                halfway: () => redis.client.flushAll(),
                isEnough: async () =>
                    worker.kills > 2 &&
                    pools.some(({ kills }) => kills > 0) &&
                    (await ledger.counted()) > 100,
            })
            await producer.stop()
            await until("all are done", TIMEOUT_MS, () => ledger.isIdle())
            isOver = true
            const { workers, looks } = await most
            assert.ok(workers <= 3, `${workers} workers at once`)
            assert.ok(looks > 5, `${looks} looks`)
            let family: number[] = []
            await until("the pool is complete again", TIMEOUT_MS, async () => {
                family = await workersOf(...pools)
                return family.length >= 2
            })
            assert.ok(family.length <= 3, `${family.length} workers`)
            const codes = await Promise.all(pools.map(p => p.stop()))
            assert.deepEqual(codes, [0, 0])
            await allGone(family, 0)
            const { done, dead } = await ledger.assertEachOnce()
            assert.ok(done.length > 0, "orders are done")
            for (const { message } of dead)
                assert.equal(message.quantity, "some", "a healthy order")
            const poison = (await ledger.entriesOf(stream)).filter(
                ({ message }) => message.quantity === "some"
            )
            assert.equal(dead.length, poison.length)
        } finally {
            isOver = true
            await Promise.all(all.map(process => process.kill9()))
        }
    })

    /** Of connections that wait for orders there is one per worker. */
    async function mostWorkers(isOver: () => boolean) {
        let [workers, looks] = [0, 0]
        for (; !isOver(); looks++) {
            const clients = await redis.client.clientList()
            const names = clients.filter(({ name }) =>
                name.startsWith("orders:worker")
            )
            workers = Math.max(workers, names.length)
            await sleep(20)
        }
        return { workers, looks }
    }

    test("poison goes to the dead letters after its attempts, and out of the way", async () => {
        const [poison] = await ledger.add(1, { quantity: "-1" })
        await ledger.add(1, { entry: "x" })
        await redis.client.xAdd(stream, "*", { no: "order" })
        const worker = await start(redis.server.url, {
            ...QUICK,
            worker: "ada",
        })
        await until("all are settled", TIMEOUT_MS, () => ledger.isIdle())
        await worker.stop()
        const { done, dead } = await ledger.assertEachOnce()
        assert.equal(done.length, 1)
        assert.equal(dead.length, 2)
        const { entry, attempts, reason, order, item } = dead[0].message
        assert.deepEqual(
            { entry, attempts, order, item },
            { entry: poison, attempts: "3", order: "1", item: "lamp" }
        )
        assert.match(reason, /quantity "-1"/)
        const failed = (await ledger.entriesOf(`${stream}:journal`)).filter(
            ({ message }) =>
                message.event === "failed" && message.entry === poison
        )
        assert.deepEqual(
            failed.map(({ message }) => message.attempt),
            ["1", "2", "3"]
        )
    })

    test("an order that its workers die of is given up, too; a deleted one is forgotten", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        const [deadly, deleted, healthy] = await ledger.add(3)
        await redis.client.xReadGroup(group, "gone", { key: stream, id: ">" })
        await redis.client.xDel(stream, deleted)
        // as if three workers had died
        await redis.client.xClaim(stream, group, "gone", 0, deadly, {
            RETRYCOUNT: 3,
        })
        const worker = await start(redis.server.url, {
            ...QUICK,
            worker: "ada",
        })
        await until("all are settled", TIMEOUT_MS, () => ledger.isIdle())
        await worker.stop()
        const [dead] = await ledger.entriesOf(DEAD)
        assert.equal(dead.message.entry, deadly)
        assert.match(dead.message.reason, /no attempt came to an end/)
        const journal = await ledger.entriesOf(`${stream}:journal`)
        const ofHealthy = journal.filter(e => e.message.entry === healthy)
        assert.deepEqual(
            ofHealthy.map(e => `${e.message.event} ${e.message.attempt}`),
            ["begun 2", "done 2"],
            "marked as a retry"
        )
    })

    test("a worker that was taken for dead does not count its order a second time", async () => {
        await ledger.add(1)
        const first = await start(redis.server.url, {
            ...{ ...QUICK, worker: "first", workMs: 900, retryAfterMs: 60_000 },
        })
        await until(
            "it is in hand",
            TIMEOUT_MS,
            async () => (await redis.client.xPending(stream, group)).pending > 0
        )
        // it takes the order over, and still has it in hand when the first comes to its end
        const second = await start(redis.server.url, {
            ...{ ...QUICK, worker: "second", workMs: 1200 },
        })
        await until("it is done", TIMEOUT_MS, () => ledger.isIdle())
        await Promise.all([first.stop(), second.stop()])
        assert.equal(await ledger.counted(), 1)
        const { done, retried } = await ledger.assertEachOnce()
        assert.equal(retried, 1)
        assert.equal(done[0].worker, "second")
    })
})

function kill9(pid: number) {
    try {
        process.kill(pid, "SIGKILL")
    } catch {
        // it has ended by itself
    }
}
