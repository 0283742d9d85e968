/** What every workload promises: help, one line for a mistake, to stop at any moment, to run twice, to live through a restart of Redis. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { parseCommandLine } from "../../../sim/command-line.ts"
import { startLocalRedis } from "../../../sim/redis/local-redis.ts"
import { startCheckins } from "../../../sim/traffic/checkins.ts"
import { startJobs } from "../../../sim/traffic/jobs.ts"
import { startOrders } from "../../../sim/traffic/orders.ts"
import type { Say } from "../../../sim/traffic/parts/runner.ts"
import { startSensors } from "../../../sim/traffic/sensors.ts"
import { startTemps } from "../../../sim/traffic/temps.ts"
import type { Traffic } from "../../../sim/traffic/workload.ts"
import { workloads } from "../../../sim/traffic/workloads.ts"
import { allGone, descendants } from "../support/processes.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestClient, TestRedis } from "../support/redis/server.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { WorkloadProcess } from "../support/traffic/process.ts"

const TIMEOUT_MS = 12_000
const CYCLE = { ratePerS: 30, peak: 10, periodS: 5 }

/** A worker process that is being started has to come up first. */
async function ends(stopping: Promise<unknown>) {
    let hasEnded = false
    void stopping.then(() => (hasEnded = true))
    await until("it ends", TIMEOUT_MS, () => hasEnded)
}

/** Each at a speed for tests, with the stream and group that the light watches. */
const QUICK: {
    name: string
    stream: string
    group: string
    start(url: string, say?: Say): Promise<Traffic>
}[] = [
    {
        ...{ name: "jobs", stream: "jobs", group: "staff" },
        start: (url, say) => startJobs(url, { ...CYCLE, workers: 2 }, say),
    },
    {
        ...{ name: "checkins" },
        ...{ stream: "ncc:checkins", group: "checkinConsumers" },
        start: (url, say) =>
            startCheckins(url, { cycle: CYCLE, ratePerS: 20 }, say),
    },
    {
        ...{ name: "sensors", stream: "sensor-data", group: "my-group" },
        start: (url, say) =>
            startSensors(url, { intervalMs: 100, workMs: 10 }, say),
    },
    {
        ...{ name: "temps" },
        ...{ stream: "temps:averages", group: "averages-readers" },
        start: (url, say) =>
            startTemps(url, { dayS: 5, intervalMs: 50, workMs: 10 }, say),
    },
    {
        ...{ name: "orders" },
        ...{ stream: "events:orders", group: "order-processors" },
        start: (url, say) =>
            startOrders(
                url,
                { cycle: CYCLE, workMs: 20, retryAfterMs: 300, poisonEvery: 0 },
                say
            ),
    },
]

async function groupOf(client: TestClient, stream: string, group: string) {
    const groups = await client.xInfoGroups(stream).catch(() => [])
    return groups.find(({ name }) => name === group)
}

/** Entries that the group has been given. */
async function read(client: TestClient, stream: string, group: string) {
    const found = await groupOf(client, stream, group)
    return Number(found?.["entries-read"] ?? 0)
}

for (const { name, stream, group, start: begin } of QUICK)
    describe(name, () => {
        const start = stoppedAfterEach(begin)
        const startServer = stoppedAfterEach(startLocalRedis)
        const startOther = stoppedAfterEach(startTestRedis)
        let redis: TestRedis
        before(async () => {
            redis = await startTestRedis()
        })
        after(() => redis.stop())
        beforeEach(() => redis.client.flushAll())

        test("stops at any moment, more than once, with nothing in hand", async () => {
            for (const ms of [0, 30, 400]) {
                const traffic = await start(redis.server.url)
                await sleep(ms)
                await ends(Promise.all([traffic.stop(), traffic.stop()]))
                const found = await groupOf(redis.client, stream, group)
                assert.equal(Number(found?.pending ?? 0), 0)
            }
            const length = await redis.client.dbSize()
            await sleep(200)
            assert.equal(await redis.client.dbSize(), length)
        })

        test("runs twice at once", async () => {
            const both = await Promise.all([
                start(redis.server.url),
                start(redis.server.url),
            ])
            await until(
                "both work",
                TIMEOUT_MS,
                async () => (await read(redis.client, stream, group)) > 10
            )
            await Promise.all(both.map(traffic => traffic.stop()))
            const found = await groupOf(redis.client, stream, group)
            assert.equal(Number(found!.pending), 0)
        })

        test("lives through a server that comes back empty, or not at all", async () => {
            const first = await startServer()
            const said: string[] = []
            const traffic = await start(first.url, line => said.push(line))
            await first.kill9()
            const second = await startOther({ port: first.port })
            await until(
                "it works again",
                TIMEOUT_MS,
                async () => (await read(second.client, stream, group)) > 2
            )
            await second.stop()
            await sleep(100)
            await ends(traffic.stop())
            const lost = said.filter(line => /no connection to/.test(line))
            assert.ok(lost.length >= 1, said.join("\n"))
            for (const line of said)
                assert.match(line, new RegExp(`^${name}: `))
        })

        test("says what is wrong: no server, no stream", async () => {
            const server = await startServer()
            await server.stop()
            await assert.rejects(start(server.url), /ECONNREFUSED/)
            await redis.client.set(stream, "not a stream")
            await assert.rejects(start(redis.server.url), /^Error: WRONGTYPE/)
        })
    })

describe("npm run traffic", () => {
    test("--help lists every option", async () => {
        const { options } = workloads.find(({ name }) => name === "orders")!
        const help = new WorkloadProcess(["orders", "--help"]).start()
        await until("it has ended", TIMEOUT_MS, () =>
            Object.keys(options).every(option =>
                help.lines.some(line => line.includes(`--${option} `))
            )
        )
        await help.kill9()
    })

    for (const [name, ...args] of [
        ["checkins", "--consumers", "0"],
        ["checkins", "--rate", "fast"],
        ["sensors", "--warn-above", "hot"],
        ["temps", "--day", "86401"],
        ["orders", "--min", "4", "--max", "3"],
        ["orders", "--up", "5", "--down", "6"],
        ["orders", "--work", "1000", "--retry-after", "2000"],
        ["orders", "--worker", "ada", "--pool"],
        ["orders", "--batch", "10"],
        ["jobs", "--pace", "0"],
    ])
        test(`${name} ${args.join(" ")} is refused`, async () => {
            const { options, start } = workloads.find(w => w.name === name)!
            const values = parseCommandLine(args, options)
            await assert.rejects(
                async () => start("redis://127.0.0.1:1", values, () => {}),
                { name: "UsageError", message: /^--/ }
            )
        })

    test("orders killed: its workers end by themselves", async () => {
        const redis = await startTestRedis()
        const orders = new WorkloadProcess([
            ...["orders", "--url", redis.server.url, "--work", "50"],
        ]).start()
        try {
            await until(
                "a worker works",
                TIMEOUT_MS,
                async () =>
                    (await read(
                        redis.client,
                        "events:orders",
                        "order-processors"
                    )) > 0
            )
            const workers = await descendants(orders.pid!)
            assert.ok(workers.length > 0, "there is a worker")
            await orders.kill9()
            await allGone(workers, 3000)
        } finally {
            await orders.kill9()
            await redis.stop()
        }
    })
})
