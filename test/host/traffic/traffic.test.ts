/** The traffic: a lag that rises and falls, and nothing that a second run or a crash could trip over. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { startLocalRedis } from "../../../sim/redis/local-redis.ts"
import { JOBS_DEFAULTS, startJobs } from "../../../sim/traffic/jobs.ts"
import { entriesDue } from "../../../sim/traffic/load-cycle.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { isWorkedOff } from "../support/traffic/worked-off.ts"
import { killAtRandom, WorkloadProcess } from "../support/traffic/process.ts"
import { bundledScript } from "../support/bundles.ts"

const SOURCE = fileURLToPath(
    new URL("../../../sim/traffic/main.ts", import.meta.url)
)
const MAIN = await bundledScript("sim/traffic/main.ts")

/** A load cycle quick enough for a test: 8 jobs up and down within 5 s. */
const QUICK = { peak: 8, periodS: 5, ratePerS: 10, workers: 2 }
const CYCLE_MS = 40_000
/** Between two looks at the lag. */
const LOOK_MS = 40

describe("the load cycle", () => {
    const cycles = fc.record({
        ratePerS: fc.integer({ min: 1, max: 1000 }),
        peak: fc.integer({ min: 1, max: 1000 }),
        periodS: fc.integer({ min: 5, max: 1000 }),
    })

    test("rises to its peak, falls to nothing, and does not drift", () => {
        fc.assert(
            fc.property(cycles, fc.nat(1000), (cycle, periods) => {
                const { ratePerS, peak, periodS } = cycle
                const lagAt = (part: number) => {
                    const workS = 0.9 * periodS
                    const worked = ratePerS * workS * periods
                    const now = ratePerS * Math.min(part * periodS, workS)
                    const due = entriesDue(cycle, (periods + part) * periodS)
                    return due - worked - now
                }
                const tolerance = 1e-6 * ratePerS * periodS * (periods + 1)
                for (const [part, lag] of [
                    [0, 0],
                    [0.225, peak / 2],
                    [0.45, peak],
                    [0.675, peak / 2],
                    [0.9, 0],
                    [0.999, 0],
                ])
                    assert.ok(
                        Math.abs(lagAt(part) - lag) <= tolerance + 1e-6,
                        `${part}: ${lagAt(part)} rather than ${lag}`
                    )
            })
        )
    })

    test("takes the default lag beyond ten LEDs of two entries", () => {
        assert.ok(JOBS_DEFAULTS.peak > 20)
        assert.ok(JOBS_DEFAULTS.periodS <= 120)
    })
})

describe("jobs", () => {
    const start = stoppedAfterEach(startJobs)
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())
    beforeEach(() => redis.client.flushAll())

    async function staff() {
        const [group] = await redis.client.xInfoGroups("jobs")
        return {
            lag: Number(group.lag),
            pending: Number(group.pending),
            consumers: Number(group.consumers),
        }
    }

    /** Jobs that have been done. */
    async function counted() {
        const totals = await redis.client.hVals("jobs:totals")
        return totals.reduce((sum, total) => sum + Number(total), 0)
    }

    /** Resolves when the lag is as wanted; nothing tells of it but asking. */
    async function untilLag(isWanted: (lag: number) => boolean) {
        const deadline = Date.now() + CYCLE_MS
        while (!isWanted((await staff()).lag)) {
            assert.ok(Date.now() < deadline, "not in time")
            await sleep(LOOK_MS)
        }
    }

    test("make the lag rise and fall, with jobs in hand meanwhile", async () => {
        const traffic = await start(redis.server.url, QUICK)
        await untilLag(lag => lag >= QUICK.peak - 2)
        const { pending, consumers } = await staff()
        assert.ok(pending <= QUICK.workers, `${pending} pending`)
        assert.equal(consumers, QUICK.workers)
        await untilLag(lag => lag === 0)
        await traffic.stop()
        assert.equal((await staff()).pending, 0, "nothing is left unfinished")
        const length = await redis.client.xLen("jobs")
        await sleep(500)
        assert.equal(await redis.client.xLen("jobs"), length, "it has stopped")
    })

    test("keep the stream short", async () => {
        const traffic = await start(redis.server.url, {
            ratePerS: 300,
            peak: 50,
            periodS: 5,
            workers: 5,
            maxLength: 100,
        })
        const added = async () =>
            Number((await redis.client.xInfoStream("jobs"))["entries-added"])
        await until("many are added", 30_000, async () => (await added()) > 800)
        // it is looked at once a second
        const length = await redis.client.xLen("jobs")
        assert.ok(length <= 600, `${length} entries`)
        await traffic.stop()
    })

    test("stop at once, at any moment, and more than once", async () => {
        for (const ms of [0, 20, 150]) {
            const traffic = await start(redis.server.url, QUICK)
            await sleep(ms)
            let hasStopped = false
            const stopping = Promise.all([traffic.stop(), traffic.stop()])
            void stopping.then(() => (hasStopped = true))
            await until("it has stopped", CYCLE_MS, () => hasStopped)
            // what each worker had in hand, and no more
            const done = await counted()
            await sleep(3 * LOOK_MS)
            assert.equal(await counted(), done)
        }
    })

    test("go on past a job that was in hand and is deleted", async () => {
        const { client } = redis
        await client.xGroupCreate("jobs", "staff", "0", { MKSTREAM: true })
        const id = await client.xAdd("jobs", "*", { task: "gone" })
        // as a killed run leaves it
        await client.xReadGroup(
            "staff",
            "worker-1",
            { key: "jobs", id: ">" },
            { COUNT: 1 }
        )
        await client.xDel("jobs", id)
        const traffic = await start(redis.server.url, QUICK)
        try {
            const deadline = Date.now() + CYCLE_MS
            for (;;) {
                const first = await client.xPendingRange(
                    "jobs",
                    "staff",
                    id,
                    id,
                    1
                )
                if (first.length === 0) break
                assert.ok(Date.now() < deadline, "the job is still pending")
                await sleep(LOOK_MS)
            }
        } finally {
            await traffic.stop()
        }
    })

    test("finish what a killed run left unfinished, with fewer workers, too", async () => {
        const { client } = redis
        const killed = new WorkloadProcess([
            ...["jobs", "--url", redis.server.url, "--rate", "1"],
            ...["--workers", "2", "--period", "5", "--peak", "20"],
        ]).start()
        await until("two are in hand", CYCLE_MS, async () => {
            const found = await staff().catch(() => undefined)
            return found?.pending === 2
        })
        await killed.kill9()
        const left = await client.xPendingRange("jobs", "staff", "-", "+", 9)
        assert.deepEqual(left.map(({ consumer }) => consumer).sort(), [
            ...["worker-1", "worker-2"],
        ])
        const traffic = await start(redis.server.url, {
            ...{ ...QUICK, producer: false, workers: 1, claimAfterMs: 500 },
        })
        await until("all is done", CYCLE_MS, () =>
            isWorkedOff(client, "jobs", "staff")
        )
        await traffic.stop()
        assert.equal(await counted(), await client.xLen("jobs"))
    })

    test("are all delivered after the server was emptied", async () => {
        const { client } = redis
        const traffic = await start(redis.server.url, {
            ...{ ...QUICK, producer: false },
        })
        await client.flushAll()
        for (const number of "123")
            await client.xAdd("jobs", "*", { task: "send mail", number })
        await until(
            "all are done",
            CYCLE_MS,
            async () => (await counted()) === 3
        )
        await traffic.stop()
    })

    test("two processes share the jobs: nobody touches what another has in hand", async () => {
        const { client } = redis
        const slow = { ...QUICK, producer: false, ratePerS: 1 }
        const first = await start(redis.server.url, slow)
        for (const number of "12")
            await client.xAdd("jobs", "*", { task: "send mail", number })
        const owners = async () =>
            (await client.xPendingRange("jobs", "staff", "-", "+", 9))
                .map(({ consumer }) => consumer)
                .sort()
        await until(
            "both are in hand",
            CYCLE_MS,
            async () => (await owners()).length === 2
        )
        const second = await start(redis.server.url, {
            ...{ ...slow, ratePerS: 1000 },
        })
        await until(
            "four are there",
            CYCLE_MS,
            async () => (await staff()).consumers === 4
        )
        await sleep(300)
        assert.deepEqual(await owners(), ["worker-1", "worker-2"])
        const consumers = await client.xInfoConsumers("jobs", "staff")
        assert.deepEqual(consumers.map(({ name }) => String(name)).sort(), [
            ...["worker-1", "worker-2", "worker-3", "worker-4"],
        ])
        await Promise.all([first.stop(), second.stop()])
        assert.equal(await counted(), 2)
    })

    test("count once while any process is killed, and Redis emptied", async () => {
        const random = new SeededRandom()
        console.log(`SEED=${random.seed}`)
        const common = [
            ...["jobs", "--url", redis.server.url, "--workers", "2"],
            ...["--rate", "60", "--peak", "20", "--period", "5"],
            ...["--maxlen", "100000", "--adopt", "500"],
        ]
        const part = (...args: string[]) =>
            new WorkloadProcess([...common, ...args])
        const whole = [part(), part()]
        const worker = part("--worker", "ada")
        const all = [...whole, worker]
        for (const each of all) each.start()
        try {
            await until(
                "jobs are done",
                20_000,
                async () => (await counted()) > 0
            )
            await killAtRandom(all, {
                ...{ random, gapMs: [50, 600] },
                halfway: () => redis.client.flushAll(),
                isEnough: async () => (await redis.client.xLen("jobs")) > 200,
            })
            assert.deepEqual(
                await Promise.all(whole.map(p => p.stop())),
                [0, 0]
            )
            await until("all are done", 20_000, () =>
                isWorkedOff(redis.client, "jobs", "staff")
            )
            assert.equal(await worker.stop(), 0)
            const jobs = (await redis.client.xRange("jobs", "-", "+"))!
            const expected: Record<string, string> = {}
            for (const { message } of jobs)
                expected[message.task] = String(
                    Number(expected[message.task] ?? 0) + 1
                )
            assert.deepEqual(
                { ...(await redis.client.hGetAll("jobs:totals")) },
                expected
            )
        } finally {
            await Promise.all(all.map(process => process.kill9()))
        }
    })
})

describe("npm run traffic", () => {
    async function run(...args: string[]) {
        return runNode(MAIN, ...args)
    }

    async function runNode(...args: string[]) {
        const child = spawn(process.execPath, args, {
            stdio: ["ignore", "pipe", "pipe"],
        })
        const lines: string[] = []
        for (const stream of [child.stdout, child.stderr])
            createInterface(stream).on("line", line => lines.push(line))
        const [code] = (await once(child, "close")) as [number]
        return { code, lines }
    }

    test("jobs --help lists every option", async () => {
        // the source, as npm runs it
        const tsx = import.meta.resolve("tsx")
        const { code, lines } = await runNode(
            ...["--import", tsx, SOURCE, "jobs", "--help"]
        )
        assert.equal(code, 0)
        for (const option of "url stream group peak period rate workers maxlen".split(
            " "
        ))
            assert.match(lines.join("\n"), new RegExp(`--${option} `))
    })

    for (const args of [
        [],
        ["tide"],
        ["jobs", "--spaek", "3"],
        ["jobs", "--peak", "many"],
        ["jobs", "--url", "127.0.0.1:6379"],
    ])
        test(`${args.join(" ") || "without a workload"}: one line, code 2`, async () => {
            const { code, lines } = await run(...args)
            assert.equal(code, 2)
            assert.equal(lines.length, 1, lines.join("\n"))
        })

    test("without a server: one line, code 1", async () => {
        const server = await startLocalRedis()
        await server.stop()
        const { code, lines } = await run("jobs", "--url", server.url)
        assert.equal(code, 1)
        assert.equal(lines.length, 1, lines.join("\n"))
        assert.match(lines[0], /ECONNREFUSED/)
    })
})
