/** `GET /metrics` and `GET /healthz` of the running simulator, over a Redis whose every figure is known. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { promisify } from "node:util"
import { groupProblems } from "../../../sim/page/health.ts"
import type { Health } from "../../../sim/page/health.ts"
import type { GroupState } from "../../../sim/lab/group-state.ts"
import { parsePrometheusText } from "../support/page/prometheus-text.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { eventually, startSimulator } from "../support/page/simulator-page.ts"
import type { SimulatorProcess } from "../support/page/simulator-process.ts"

/** A name that needs every escape that labels have. */
const GROUP = 'a "b" \\ c'
const TARGET = { stream: "orders", group: GROUP }

const temp = await mkdtemp(join(tmpdir(), "laglight-metrics-"))
after(() => rm(temp, { recursive: true, force: true }))

let files = 0
async function settingsFile(...lines: string[]) {
    const file = join(temp, `settings-${++files}.env`)
    await writeFile(file, lines.join("\n"))
    return file
}

async function scrape(url: string) {
    const response = await fetch(new URL("/metrics", url))
    assert.equal(response.status, 200)
    assert.match(
        response.headers.get("content-type")!,
        /^text\/plain; version=0\.0\.4; charset=utf-8$/
    )
    return parsePrometheusText(await response.text())
}

type Scrape = Awaited<ReturnType<typeof scrape>>

/** @returns undefined if there is no such sample */
function valueOf(
    metrics: Scrape,
    name: string,
    labels: Record<string, string> = {},
    prefix = "laglight_"
) {
    const samples = metrics.get(prefix + name)!.samples
    return samples.find(
        sample =>
            Object.keys(sample.labels).length === Object.keys(labels).length &&
            Object.entries(labels).every(
                ([label, value]) => sample.labels[label] === value
            )
    )?.value
}

async function health(url: string) {
    const response = await fetch(new URL("/healthz", url))
    return {
        code: response.status,
        ...((await response.json()) as Health),
    }
}

describe("over a user's own Redis", () => {
    let redis: TestRedis
    let simulator: SimulatorProcess
    let url: string

    before(async () => {
        redis = await startTestRedis()
        const { client } = redis
        await client.xGroupCreate("orders", GROUP, "0", { MKSTREAM: true })
        for (let i = 1; i <= 12; i++)
            await client.xAdd("orders", `1700000000000-${i}`, { i: `${i}` })
        const read = (consumer: string, COUNT: number) =>
            client.xReadGroup(
                GROUP,
                consumer,
                { key: "orders", id: ">" },
                { COUNT }
            )
        await read("anna", 4)
        await read("bert", 2)
        await client.xAck("orders", GROUP, "1700000000000-1")
        const file = await settingsFile(
            `REDIS_HOST=${redis.host}`,
            `REDIS_PORT=${redis.port}`,
            "STREAM=orders",
            `GROUP=${GROUP}`,
            "POLL_MS=200"
        )
        ;({ simulator, url } = await startSimulator([
            ...["--settings", file, "--lag-limit", "5"],
        ]))
        await simulator.untilSnapshot(s => s.lag === 6, 30_000)
    })
    after(async () => {
        await simulator?.stop()
        await redis?.stop()
    })

    test("every metric has the value that Redis and the light have", async () => {
        const metrics = await eventually(async () => {
            const found = await scrape(url)
            return valueOf(found, "redis_up") === 1 && found
        }, "the host's reading")
        const expected: [string, Record<string, string>, number][] = [
            ["lag_low", TARGET, 6],
            ["lag_high", TARGET, 6],
            ["shown_low", { ...TARGET, show: "lag" }, 6],
            ["shown_high", { ...TARGET, show: "lag" }, 6],
            ["level", TARGET, 3],
            ["status", { ...TARGET, status: "lag" }, 1],
            ["status", { ...TARGET, status: "stale" }, 0],
            ["link", { state: "up" }, 1],
            ["link", { state: "connecting" }, 0],
            ["resets_total", {}, 0],
            ["stream_length", TARGET, 12],
            ["group_pending", TARGET, 5],
            ["group_consumers", TARGET, 2],
            ["consumer_pending", { ...TARGET, consumer: "anna" }, 3],
            ["consumer_pending", { ...TARGET, consumer: "bert" }, 2],
        ]
        for (const [name, labels, value] of expected)
            assert.equal(
                valueOf(metrics, name, labels),
                value,
                `${name} ${JSON.stringify(labels)}`
            )
        const age = valueOf(metrics, "group_oldest_pending_age_seconds", TARGET)
        const trueAge = Date.now() / 1000 - 1_700_000_000
        assert.ok(Math.abs(age! - trueAge) < 60, `${age}`)
        for (const consumer of ["anna", "bert"]) {
            const idle = valueOf(metrics, "consumer_idle_seconds", {
                ...TARGET,
                consumer,
            })
            assert.ok(idle! > 0 && idle! < 60)
        }
        const lit = metrics.get("laglight_led_lit")!.samples
        assert.equal(lit.length, 10)
        // by redis_exporter's names
        const db = "db0"
        for (const [name, labels, value] of [
            ["length", { db, stream: "orders" }, 12],
            ["group_lag", { db, ...TARGET }, 6],
            ["group_consumers", { db, ...TARGET }, 2],
            ["group_messages_pending", { db, ...TARGET }, 5],
            ["group_last_delivered_id", { db, ...TARGET }, 1_700_000_000_000],
            [
                "group_consumer_messages_pending",
                { db, ...TARGET, consumer: "anna" },
                3,
            ],
        ] as const)
            assert.equal(
                valueOf(metrics, name, labels, "redis_stream_"),
                value,
                name
            )
        // nothing stands in between to count: no sample, rather than a 0
        for (const name of ["polls_total", "reconnects_total"])
            assert.equal(valueOf(metrics, name), undefined)
    })

    test("the alert rules and the dashboard ask for metrics that there are", async () => {
        const metrics = await scrape(url)
        for (const file of ["alerts.yml", "grafana-dashboard.json"]) {
            const text = await readFile(
                new URL(`../../../docs/${file}`, import.meta.url),
                "utf8"
            )
            const names = text
                .split("\n")
                .filter(line => /^\s*"?expr"?:/.test(line))
                .flatMap(line => line.match(/laglight_[a-z_]+/g) ?? [])
            assert.ok(names.length > 5, file)
            for (const name of names) assert.ok(metrics.has(name), name)
        }
    })

    test("/healthz lists what is not well", async () => {
        const found = await health(url)
        assert.equal(found.code, 503)
        assert.equal(found.healthy, false)
        assert.equal(found.problems.length, 2, found.problems.join("\n"))
        assert.match(found.problems[0], /lag 6 is above 5/)
        assert.match(
            found.problems[1],
            /1700000000000-2 is pending, and \d+ s old/
        )
        assert.deepEqual(found.light, [
            {
                ...TARGET,
                ...{ show: "lag", status: "lag", low: 6, high: 6 },
                check: null,
            },
        ])
    })

    test("all done: healthy again", async () => {
        const { client } = redis
        await client.xReadGroup(GROUP, "anna", { key: "orders", id: ">" })
        const pending = await client.xPendingRange(
            "orders",
            GROUP,
            "-",
            "+",
            99
        )
        await client.xAck(
            "orders",
            GROUP,
            pending.map(({ id }) => String(id))
        )
        const found = await eventually(async () => {
            const now = await health(url)
            return now.healthy && now
        }, "health")
        assert.deepEqual([found.code, found.problems], [200, []])
        const metrics = await scrape(url)
        assert.equal(valueOf(metrics, "lag_low", TARGET), 0)
        assert.equal(
            valueOf(metrics, "group_oldest_pending_age_seconds", TARGET),
            0
        )
    })

    test("what is not known has no sample", async () => {
        await redis.client.del("orders")
        const metrics = await eventually(async () => {
            const found = await scrape(url)
            const status = "refused: which stream"
            return (
                valueOf(found, "status", { ...TARGET, status }) === 1 &&
                valueOf(found, "group_pending", TARGET) === undefined &&
                found
            )
        }, "the refusal")
        for (const name of ["lag_low", "lag_high", "level", "group_pending"])
            assert.equal(valueOf(metrics, name, TARGET), undefined, name)
        const { samples } = metrics.get("redis_stream_group_lag")!
        assert.deepEqual(samples, [])
        assert.equal(valueOf(metrics, "stream_length", TARGET), 0)
        assert.equal((await health(url)).code, 503)
        await redis.stop()
        await eventually(
            async () => valueOf(await scrape(url), "redis_up") === 0,
            "the loss of Redis"
        )
        const { problems } = await health(url)
        assert.ok(problems.some(text => /Redis cannot be read/.test(text)))
    })
})

test("what is no lag has no sample as one, and its own name in /healthz", async () => {
    const redis = await startTestRedis()
    const { client } = redis
    await client.xGroupCreate("orders", GROUP, "0", { MKSTREAM: true })
    for (let i = 1; i <= 12; i++)
        await client.xAdd("orders", "*", { i: `${i}` })
    await client.xReadGroup(
        GROUP,
        "anna",
        { key: "orders", id: ">" },
        { COUNT: 4 }
    )
    const file = await settingsFile(
        `REDIS_HOST=${redis.host}`,
        `REDIS_PORT=${redis.port}`,
        ...["STREAM=orders", `GROUP=${GROUP}`, "SHOW=work"],
        ...["STREAM_2=orders", "SHOW_2=length"],
        "POLL_MS=200"
    )
    const { simulator, url } = await startSimulator(["--settings", file])
    try {
        await simulator.untilSnapshot(s => s.show === "length", 30_000)
        const work = { stream: "orders", group: GROUP, show: "work" }
        const length = { stream: "orders", group: "", show: "length" }
        const metrics = await eventually(async () => {
            const found = await scrape(url)
            return valueOf(found, "shown_low", length) === 12 && found
        }, "the length")
        assert.equal(valueOf(metrics, "shown_low", work), 12)
        assert.equal(valueOf(metrics, "shown_high", work), 12)
        assert.equal(valueOf(metrics, "lag_low", TARGET), undefined)
        const { problems, light } = await health(url)
        assert.deepEqual(
            light.map(({ show, low }) => [show, low]),
            [
                ["work", 12],
                ["length", 12],
            ]
        )
        // five LEDs each, two a LED
        assert.ok(
            problems.includes("orders: length 12 is above 10"),
            problems.join("\n")
        )
    } finally {
        await simulator.stop()
        await redis.stop()
    }
})

describe("over a local Redis", () => {
    test("the device's polls, reconnects and resets are counted", async () => {
        const file = await settingsFile("POLL_MS=200", "STALE_MS=1000")
        const { simulator, url } = await startSimulator(["--settings", file])
        try {
            const reads = async (name: string) =>
                valueOf(await scrape(url), name)
            const polls = await eventually(
                async () => reads("polls_total"),
                "polls",
                30_000
            )
            await eventually(
                async () => (await reads("polls_total"))! > polls + 3,
                "more polls"
            )
            assert.ok((await reads("reading_age_seconds"))! < 1.5)
            assert.equal(await reads("reconnects_total"), 0)
            await act(url, "connection", { mode: "blackhole" })
            await eventually(
                async () => (await reads("reading_age_seconds"))! > 1.5,
                "an old reading"
            )
            await act(url, "connection", { mode: "open" })
            await eventually(
                async () => (await reads("reading_age_seconds"))! < 1,
                "a fresh reading",
                15_000
            )
            await act(url, "device/reset", {})
            await eventually(
                async () => (await reads("reconnects_total"))! >= 1,
                "a connection after the reset"
            )
            assert.equal(await reads("resets_total"), 1)
        } finally {
            await simulator.stop()
        }
    })
})

test("docs/alerts.yml: each rule fires at what it is for", async () => {
    const root = new URL("../../..", import.meta.url)
    const run = promisify(execFile)
    const file = "test/fixtures/alerts-test.yml"
    const tested = await readFile(new URL(file, root), "utf8")
    assert.match(tested, /alerts\.yml/)
    try {
        // fails with what was expected and what came
        await run("promtool", ["test", "rules", file], { cwd: root })
        await run("promtool", ["check", "config", "docs/prometheus.yml"], {
            cwd: root,
        })
    } catch (error) {
        // Debian: apt-get install prometheus
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
        console.log("promtool is not installed: the rules were not run")
    }
})

describe("a group's health", () => {
    const well: GroupState = {
        stream: "jobs",
        group: "staff",
        trouble: null,
        length: 100,
        lastDeliveredId: "5-0",
        pending: 3,
        consumers: [{ name: "anna", pending: 3, idleMs: 59_000 }],
        oldestPending: {
            id: "4-0",
            consumer: "anna",
            ageMs: 299_000,
            idleMs: 1000,
            deliveries: 1,
        },
    }

    test("within the limits: nothing", () =>
        assert.deepEqual(groupProblems(well), []))

    test("a consumer idle above 60 s: only if entries are pending", () => {
        const idle = (pending: number) =>
            groupProblems({
                ...well,
                consumers: [{ name: "anna", pending, idleMs: 61_000 }],
            })
        assert.deepEqual(idle(0), [])
        assert.deepEqual(idle(2), [
            "jobs/staff: anna is idle for 61 s with 2 pending",
        ])
    })

    test("the oldest pending entry above 300 s", () =>
        assert.deepEqual(
            groupProblems({
                ...well,
                oldestPending: { ...well.oldestPending!, ageMs: 301_000 },
            }),
            ["jobs/staff: 4-0 is pending, and 301 s old"]
        ))
})

describe("the parser of these tests", () => {
    const head = "# HELP a_total Counted.\n# TYPE a_total counter\n"
    for (const [what, text] of [
        ["a last line without an end", `${head}a_total 1`],
        ["a sample without TYPE", "a 1\n"],
        ["a sample twice", `${head}a_total 1\na_total 2\n`],
        ["labels twice", `${head}a_total{b="1",b="2"} 1\n`],
        ["an escape that is none", `${head}a_total{b="\\x"} 1\n`],
        ["a value that is no number", `${head}a_total one\n`],
        ["a counter that is not named so", "# HELP a B\n# TYPE a counter\n"],
    ])
        test(`refuses ${what}`, () =>
            assert.throws(() => parsePrometheusText(text)))
})

async function act(url: string, action: string, body: unknown) {
    const response = await fetch(new URL(`/actions/${action}`, url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    })
    assert.equal(response.status, 200, await response.text())
}
