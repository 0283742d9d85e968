/** Planted secrets, long names and a wink, looked for in all that the simulator and the tools show. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import type { Health } from "../../../sim/page/health.ts"
import { bundledScript } from "../support/bundles.ts"
import { closeAtEnd } from "../support/light/bench.ts"
import { parsePrometheusText } from "../support/page/prometheus-text.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { eventually, startSimulator } from "../support/page/simulator-page.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const temp = await mkdtemp(join(tmpdir(), "laglight-leaks-"))
after(() => rm(temp, { recursive: true, force: true }))

async function settingsFile(name: string, values: Record<string, unknown>) {
    const file = join(temp, name)
    const text = Object.entries(values)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
        .join("")
    await writeFile(file, text, { mode: 0o600 })
    return file
}

async function health(url: string) {
    const response = await fetch(new URL("/healthz", url))
    return { code: response.status, ...((await response.json()) as Health) }
}

/** `npm run check`, while servers of this process answer it. */
async function runCheck(file: string, ...options: string[]) {
    const child = spawn(
        process.execPath,
        [
            await bundledScript("sim/desk/check.ts"),
            ...["--board", "simulator", "--settings", file, ...options],
        ],
        { cwd: ROOT }
    )
    const said = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const)
        child[name].setEncoding("utf8").on("data", text => (said[name] += text))
    const [status] = (await once(child, "close")) as [number]
    return { ...said, status }
}

/** What an event stream has sent within a while. */
async function eventsOf(url: string, ms: number) {
    const response = await fetch(new URL("/events", url), {
        signal: AbortSignal.timeout(ms),
    })
    let text = ""
    const decoder = new TextDecoder()
    try {
        const reader = response.body!.getReader()
        for (;;) {
            const { done, value } = await reader.read()
            if (done) break
            text += decoder.decode(value, { stream: true })
        }
    } catch {
        // the time is up
    }
    return text
}

/** Command lines of all processes. */
function processList() {
    return readdirSync("/proc")
        .filter(name => /^\d+$/.test(name))
        .map(pid => {
            try {
                return readFileSync(`/proc/${pid}/cmdline`, "utf8")
            } catch {
                return ""
            }
        })
        .join("\n")
}

function filesIn(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
}

describe("a password", () => {
    for (const [key, password] of [
        ["REDIS_PASS", `plänted "1" %41%s'ключ`],
        ["SENT_PASS", `plänted "2" %42%n'ключ`],
    ])
        test(`${key} is nowhere: log, page, events, healthz, metrics, check, process list, build folder`, async () => {
            const server = closeAtEnd(
                await CannedReplyServer.start(command => {
                    const args = command
                        .slice(1)
                        .map(arg => `'${arg.toString()}'`)
                        .join(" ")
                    return Buffer.from(
                        `-ERR unknown command '${command[0]}', with args beginning with: ${args} \r\n`
                    )
                })
            )
            const at = { REDIS_HOST: server.host, REDIS_PORT: server.port }
            const sentinels = {
                SENTINELS: `${server.host}:${server.port}`,
                MASTER: "m",
            }
            const file = await settingsFile(`${key}.env`, {
                STREAM: "jobs",
                GROUP: "staff",
                ...(key === "SENT_PASS" ? sentinels : at),
                [key]: password,
            })
            const { simulator, url } = await startSimulator([
                "--settings",
                file,
            ])
            try {
                const found = await eventually(
                    async () => {
                        const now = await health(url)
                        return (
                            now.problems.some(text =>
                                /refused: who/.test(text)
                            ) && now
                        )
                    },
                    "the refusal",
                    60_000
                )
                const check = await runCheck(file, "--connect")
                assert.match(check.stdout, /unknown command 'AUTH'/)
                const said = {
                    healthz: JSON.stringify(found),
                    metrics: await (
                        await fetch(new URL("/metrics", url))
                    ).text(),
                    page: await (await fetch(url)).text(),
                    events: await eventsOf(url, 3000),
                    log: [...simulator.progress, ...simulator.snapshots]
                        .map(line => JSON.stringify(line))
                        .join("\n"),
                    check: check.stdout + check.stderr,
                    processes: processList(),
                    ".devicescript": filesIn(join(ROOT, ".devicescript"))
                        // but for this very test, which may be bundled
                        .filter(name => name !== process.argv[1])
                        .map(name => readFileSync(name, "latin1"))
                        .join("\n"),
                }
                assert.match(said.events, /unknown command 'AUTH'/)
                for (const [where, text] of Object.entries(said))
                    for (const secret of [
                        password,
                        JSON.stringify(password).slice(1, -1),
                        encodeURIComponent(password),
                        Buffer.from(password).toString("latin1"),
                        "plänted",
                        'nted "',
                        "'ключ",
                    ])
                        assert.ok(
                            !text.includes(secret),
                            `${where}: ${secret} in ${text.slice(0, 2000)}`
                        )
            } finally {
                await simulator.stop()
            }
        })

    test("on the command line of the traffic is warned of, and taken from the environment", async () => {
        const redis = closeAtEnd(await startTestRedis({ requirepass: "pw" }))
        const traffic = await bundledScript("sim/traffic/main.ts")
        const run = async (args: string[], env: Record<string, string>) => {
            const child = spawn(
                process.execPath,
                [traffic, "sensors", ...args],
                { cwd: ROOT, env: { ...process.env, ...env } }
            )
            let said = ""
            child.stderr.on("data", text => (said += text))
            try {
                await eventually(
                    async () => /Ctrl-C stops it/.test(said) && said,
                    "the traffic"
                )
                return said
            } finally {
                child.kill("SIGTERM")
            }
        }
        const url = `redis://default:pw@${redis.host}:${redis.port}`
        assert.match(
            await run(["--url", url], {}),
            /list of processes.*REDIS_URL/
        )
        assert.doesNotMatch(
            await run([], { REDIS_URL: url }),
            /list of processes/
        )
    })

    test("in a settings file that others can read is warned of", async () => {
        const file = await settingsFile("open.env", {
            STREAM: "jobs",
            GROUP: "staff",
            REDIS_HOST: "localhost",
            REDIS_PASS: "secret",
        })
        const { stderr: before } = await runCheck(file)
        assert.doesNotMatch(before, /can read/)
        await chmod(file, 0o644)
        const { status, stderr } = await runCheck(file)
        assert.match(stderr, /open\.env: other users.*can read.*chmod 600/)
        assert.equal(status, 0)
    })
})

describe("names that a record cannot hold", () => {
    for (const [kind, names] of [
        ["long", ["a".repeat(60) + "-1", "a".repeat(60) + "-2"]],
        ["beyond ASCII", ["Müller-日本-1", "Müller-日本-2"]],
        ["with control characters", ["g\nlight: not configured", "g\u001b[2J"]],
    ] as const)
        test(`GROUP=*, ${kind}: page, health and metrics know the group by its whole name`, async () => {
            const redis = closeAtEnd(await startTestRedis())
            const { client } = redis
            for (const [i, name] of names.entries()) {
                await client.xGroupCreate("orders", name, "$", {
                    MKSTREAM: true,
                })
                await client.xAdd("orders", `17000000000${i}0-1`, { i: "1" })
            }
            const file = await settingsFile(`${kind}.env`, {
                REDIS_HOST: redis.host,
                REDIS_PORT: redis.port,
                STREAM: "orders",
                GROUP: "*",
                POLL_MS: 200,
            })
            const { simulator, url } = await startSimulator([
                ...["--settings", file],
            ])
            const shows = (name: string, lag: number) =>
                eventually(
                    async () => {
                        const now = await health(url)
                        const [light] = now.light
                        const metrics = parsePrometheusText(
                            await (await fetch(new URL("/metrics", url))).text()
                        )
                        const of = (metric: string) =>
                            metrics
                                .get(`laglight_${metric}`)!
                                .samples.find(
                                    ({ labels }) => labels.group === name
                                )?.value
                        return (
                            now.healthy &&
                            light.group === name &&
                            light.low === lag &&
                            of("lag_low") === lag &&
                            of("stream_length") === 2
                        )
                    },
                    `${JSON.stringify(name)} with lag ${lag}`
                )
            try {
                await shows(names[0], 2)
                await client.xReadGroup(
                    names[0],
                    "ann",
                    { key: "orders", id: ">" },
                    { NOACK: true }
                )
                await shows(names[1], 1)
            } finally {
                await simulator.stop()
            }
        })
})

test("a wink is in the health check and in the metrics", async () => {
    const redis = closeAtEnd(await startTestRedis())
    const { client } = redis
    await client.xGroupCreate("jobs", "staff", "0", { MKSTREAM: true })
    for (let i = 0; i < 9; i++) await client.xAdd("jobs", "*", { i: `${i}` })
    await client.xReadGroup("staff", "ann", { key: "jobs", id: ">" })
    const file = await settingsFile("wink.env", {
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        STREAM: "jobs",
        GROUP: "staff",
        POLL_MS: 200,
        PENDING_MAX: 5,
    })
    const { simulator, url } = await startSimulator(["--settings", file])
    const winks = async () =>
        parsePrometheusText(
            await (await fetch(new URL("/metrics", url))).text()
        ).get("laglight_check")?.samples[0]?.value
    try {
        const check = "9 entries pending, limit 5"
        const found = await eventually(async () => {
            const now = await health(url)
            return now.light[0]?.check === check && now
        }, "the wink")
        assert.deepEqual(
            [found.code, found.healthy, found.problems],
            [503, false, [`jobs/staff: the light winks: ${check}`]]
        )
        assert.equal(await winks(), 1)
        const pending = await client.xPendingRange("jobs", "staff", "-", "+", 9)
        await client.xAck(
            "jobs",
            "staff",
            pending.map(({ id }) => String(id))
        )
        await eventually(async () => (await health(url)).healthy, "its end")
        assert.equal(await winks(), 0)
    } finally {
        await simulator.stop()
    }
})
