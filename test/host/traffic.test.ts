/** The traffic: a lag that rises and falls, and nothing that a second run or a crash could trip over. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { startLocalRedis } from "../../sim/redis/local-redis.ts"
import { JOBS_DEFAULTS, startJobs } from "../../sim/traffic/jobs.ts"
import { jobsDue } from "../../sim/traffic/tide.ts"
import { startTestRedis } from "./support/redis-server.ts"
import type { TestRedis } from "./support/redis-server.ts"
import { trafficProgram } from "./support/traffic-program.ts"

const SOURCE = fileURLToPath(
    new URL("../../sim/traffic/main.ts", import.meta.url)
)
const MAIN = await trafficProgram()

/** A tide quick enough for a test: 8 jobs up and down within 5 s. */
const QUICK = { peak: 8, periodS: 5, ratePerS: 10, workers: 2 }
const CYCLE_MS = 12_000
/** Between two looks at the lag. */
const LOOK_MS = 40

describe("the tide", () => {
    const tides = fc.record({
        ratePerS: fc.integer({ min: 1, max: 1000 }),
        peak: fc.integer({ min: 1, max: 1000 }),
        periodS: fc.integer({ min: 5, max: 1000 }),
    })

    test("rises to its peak, falls to nothing, and does not drift", () => {
        fc.assert(
            fc.property(tides, fc.nat(1000), (tide, periods) => {
                const { ratePerS, peak, periodS } = tide
                const lagAt = (part: number) => {
                    const workS = 0.9 * periodS
                    const worked = ratePerS * workS * periods
                    const now = ratePerS * Math.min(part * periodS, workS)
                    const due = jobsDue(tide, (periods + part) * periodS)
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

    /** Resolves when the lag is as wanted; nothing tells of it but asking. */
    async function untilLag(isWanted: (lag: number) => boolean) {
        const deadline = Date.now() + CYCLE_MS
        while (!isWanted((await staff()).lag)) {
            assert.ok(Date.now() < deadline, "not in time")
            await sleep(LOOK_MS)
        }
    }

    test("make the lag rise and fall, with jobs in hand meanwhile", async () => {
        const traffic = await startJobs(redis.server.url, QUICK)
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

    test("run twice at once, on a stream and group that exist", async () => {
        const both = await Promise.all([
            startJobs(redis.server.url, QUICK),
            startJobs(redis.server.url, QUICK),
        ])
        await untilLag(lag => lag >= QUICK.peak)
        await untilLag(lag => lag <= 1)
        await Promise.all(both.map(traffic => traffic.stop()))
        assert.equal((await staff()).pending, 0)
    })

    test("keep the stream short", async () => {
        const traffic = await startJobs(redis.server.url, {
            ratePerS: 1000,
            peak: 400,
            periodS: 5,
            workers: 20,
            maxLength: 100,
        })
        const added = async () =>
            Number((await redis.client.xInfoStream("jobs"))["entries-added"])
        const deadline = Date.now() + CYCLE_MS
        while ((await added()) < 600) {
            assert.ok(Date.now() < deadline, "not in time")
            await sleep(LOOK_MS)
        }
        // "~": whole nodes of 100 entries are trimmed
        assert.ok((await redis.client.xLen("jobs")) <= 200)
        await traffic.stop()
    })

    test("stop at once, at any moment, and more than once", async () => {
        for (const ms of [0, 20, 150]) {
            const traffic = await startJobs(redis.server.url, QUICK)
            await sleep(ms)
            const start = performance.now()
            await Promise.all([traffic.stop(), traffic.stop()])
            assert.ok(performance.now() - start < 500)
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
        const traffic = await startJobs(redis.server.url, QUICK)
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

    test("finish what a killed run left unfinished", async () => {
        const child = spawn(
            process.execPath,
            [
                ...[MAIN, "jobs", "--url", redis.server.url],
                ...["--rate", "1", "--workers", "1", "--period", "5"],
            ],
            { stdio: "ignore" }
        )
        const deadline = Date.now() + CYCLE_MS
        while ((await staff().catch(() => undefined))?.pending !== 1) {
            assert.ok(Date.now() < deadline, "not in time")
            await sleep(LOOK_MS)
        }
        child.kill("SIGKILL")
        await once(child, "exit")
        const [unfinished] = await redis.client.xPendingRange(
            "jobs",
            "staff",
            "-",
            "+",
            1
        )
        const traffic = await startJobs(redis.server.url, QUICK)
        // what the dead worker held is taken over once it has been idle for long enough
        const takenOver = Date.now() + CYCLE_MS
        for (;;) {
            const left = await redis.client.xPendingRange(
                "jobs",
                "staff",
                unfinished.id,
                unfinished.id,
                1
            )
            if (left.length === 0) break
            assert.ok(Date.now() < takenOver, "not in time")
            await sleep(LOOK_MS)
        }
        await traffic.stop()
        assert.equal((await staff()).pending, 0)
    })

    test("go on when the server crashes and comes back empty", async () => {
        const first = await startLocalRedis()
        const said: string[] = []
        const traffic = await startJobs(first.url, QUICK, line =>
            said.push(line)
        )
        await first.kill9()
        const second = await startTestRedis({ port: first.port })
        const deadline = Date.now() + CYCLE_MS
        const acknowledged = async () =>
            /cmdstat_xack/.test(await second.client.info("commandstats"))
        while (!(await acknowledged())) {
            assert.ok(Date.now() < deadline, said.join("\n"))
            await sleep(LOOK_MS)
        }
        await traffic.stop()
        await second.stop()
        assert.match(said[0], /no connection to 127\.0\.0\.1:\d+/)
        assert.equal(said.filter(line => /again$/.test(line)).length, 1)
    })

    test("stop even when the server is gone", async () => {
        const server = await startLocalRedis()
        const traffic = await startJobs(server.url, QUICK)
        await server.kill9()
        const start = performance.now()
        await traffic.stop()
        assert.ok(performance.now() - start < 2000)
    })

    test("say what is wrong: no server, no stream", async () => {
        const server = await startLocalRedis()
        await server.stop()
        await assert.rejects(startJobs(server.url), /ECONNREFUSED/)
        await redis.client.set("jobs", "not a stream")
        await assert.rejects(startJobs(redis.server.url), /^Error: WRONGTYPE/)
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
