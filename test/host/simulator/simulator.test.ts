/** The simulator's command, as a user runs it: the real firmware, a real Redis, and nothing left behind. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import type { Health } from "../../../sim/page/health.ts"
import { parseSimOptions } from "../../../sim/options.ts"
import type { Snapshot } from "../../../sim/light/snapshots.ts"
import { allGone } from "../support/processes.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { SimulatorProcess } from "../support/page/simulator-process.ts"
import type { SimulatorProcessOptions } from "../support/page/simulator-process.ts"

/** With the firmware's compilation, on a busy machine. */
const START_MS = 60_000
/** The traffic needs half a minute for a full swing; the first LEDs come sooner. */
const TRAFFIC_MS = 40_000
const POLLS_MS = 10_000
const GONE_MS = 3000

const TSX = fileURLToPath(
    new URL("../../../node_modules/.bin/tsx", import.meta.url)
)

const temp = await mkdtemp(join(tmpdir(), "laglight-test-"))
const started: SimulatorProcess[] = []
after(async () => {
    await Promise.all(started.map(sim => sim.stop()))
    await rm(temp, { recursive: true, force: true })
})

function simulator(args: string[], options?: SimulatorProcessOptions) {
    const sim = new SimulatorProcess(args, options)
    started.push(sim)
    return sim
}

let files = 0
async function settingsFile(...lines: string[]) {
    const file = join(temp, `settings-${++files}.env`)
    await writeFile(file, lines.join("\n"))
    return file
}

/** Nothing in it, so that a .env.local of whoever runs the tests plays no part. */
const noSettings = await settingsFile("")

function barOf(level: number) {
    return "1".repeat(level).padEnd(10, "0")
}

function showsItsBar({ condition, level, leds }: Snapshot) {
    return condition === "lag" && level !== null && leds === barOf(level)
}

describe("npm start without settings", () => {
    test("the LEDs follow the lag of live traffic, one JSON object a line", async () => {
        const sim = simulator(["--json", "--settings", noSettings])
        const low = await sim.untilSnapshot(showsItsBar, START_MS)
        await sim.untilSnapshot(
            s => showsItsBar(s) && s.lag! >= low.lag! + 3,
            TRAFFIC_MS
        )
        assert.deepEqual(sim.text, [], "nothing but JSON on stdout")
        for (const { t, leds } of sim.snapshots) {
            assert.ok(Math.abs(t - Date.now()) < START_MS + TRAFFIC_MS)
            assert.match(leds, /^[01]{10}$/)
        }
        const { stream, group, consumers, pending } = low
        assert.deepEqual([stream, group], ["jobs", "staff"])
        assert.ok(consumers! > 0 && pending! >= 0)
        for (const step of [/^building/, /^deploying/])
            assert.ok(sim.progress.some(line => step.test(line)))
        sim.kill("SIGTERM")
        assert.deepEqual(await sim.exited, { code: 0, signal: null })
    })

    test("--no-traffic leaves the local Redis empty", async () => {
        const sim = simulator([
            "--json",
            "--no-traffic",
            "--settings",
            noSettings,
        ])
        // the light's word for "no such stream"
        await sim.untilSnapshot(
            s =>
                s.condition === "refused: which stream" &&
                s.leds === "1011001101",
            START_MS
        )
        await sim.stop()
    })
})

describe("the end", () => {
    const scripts = JSON.parse(
        readFileSync(new URL("../../../package.json", import.meta.url), "utf8")
    ).scripts as Record<string, string>
    // without exec the shell stays between npm and the simulator and passes no signal on
    const npmSkip =
        !scripts.sim.startsWith("exec ") &&
        "the script in package.json does not begin with exec"
    for (const { name, command, signals, skip } of [
        {
            name: "node",
            command: undefined,
            signals: ["SIGINT", "SIGTERM"] as const,
            skip: false,
        },
        {
            name: "tsx",
            command: [TSX, "sim/start.ts"],
            signals: ["SIGTERM"] as const,
            skip: false,
        },
        {
            name: "npm",
            command: ["npm", "run", "--silent", "sim", "--"],
            signals: ["SIGINT"] as const,
            skip: npmSkip,
        },
    ])
        for (const signal of signals)
            test(
                `${signal} to ${name}: code 0 and no process left behind`,
                { skip },
                async () => {
                    const sim = simulator(
                        ["--json", "--settings", noSettings],
                        { command }
                    )
                    await sim.untilSnapshot(() => true, START_MS)
                    const family = await sim.family
                    assert.ok(
                        family.length >= 3,
                        "Redis, its guard, the device"
                    )
                    sim.kill(signal)
                    assert.deepEqual(await sim.exited, {
                        code: 0,
                        signal: null,
                    })
                    await allGone(family, GONE_MS)
                }
            )

    for (const stage of [/^building/, /^firmware/, /^deploying/])
        test(`SIGTERM at ${stage}: code 0 and no process left behind`, async () => {
            const sim = simulator(["--json", "--settings", noSettings])
            await sim.untilProgress(stage, START_MS)
            const family = await sim.family
            sim.kill("SIGTERM")
            assert.deepEqual(await sim.exited, { code: 0, signal: null })
            await allGone(family, GONE_MS)
            assert.deepEqual(sim.text, [])
        })

    test("a second signal ends it at once, with code 0 all the same", async () => {
        const sim = simulator(["--json", "--settings", noSettings])
        await sim.untilSnapshot(() => true, START_MS)
        const family = await sim.family
        sim.kill("SIGINT")
        sim.kill("SIGTERM")
        assert.deepEqual(await sim.exited, { code: 0, signal: null })
        await allGone(family, GONE_MS)
    })

    test("SIGKILL takes Redis and the device along", async () => {
        const sim = simulator(["--json", "--settings", noSettings])
        await sim.untilSnapshot(() => true, START_MS)
        const family = await sim.family
        sim.kill("SIGKILL")
        await sim.exited
        await allGone(family, GONE_MS)
    })

    test("SIGKILL to tsx: what it ran ends too", async () => {
        const sim = simulator(["--json", "--settings", noSettings], {
            command: [TSX, "sim/start.ts"],
        })
        await sim.untilSnapshot(() => true, START_MS)
        const family = await sim.family
        sim.kill("SIGKILL")
        await allGone(family, GONE_MS)
    })
})

describe("--settings FILE", () => {
    test("that names a Redis: this one is watched, and no traffic made", async () => {
        const redis = await startTestRedis({ requirepass: "secret" })
        try {
            const { client } = redis
            await client.sendCommand(
                "XGROUP CREATE orders packers $ MKSTREAM".split(" ")
            )
            await client.sendCommand(["CONFIG", "RESETSTAT"])
            const file = await settingsFile(
                `REDIS_HOST=${redis.host}`,
                `REDIS_PORT=${redis.port}`,
                "REDIS_PASS=secret",
                "STREAM=orders",
                "GROUP=packers",
                "POLL_MS=200"
            )
            const sim = simulator(["--json", "--settings", file])
            await sim.untilSnapshot(
                s => showsItsBar(s) && s.lag === 0,
                START_MS
            )
            for (let i = 0; i < 5; i++)
                await client.xAdd("orders", "*", { i: `${i}` })
            const five = await sim.untilSnapshot(
                s => showsItsBar(s) && s.lag === 5,
                POLLS_MS
            )
            assert.equal(five.leds, "1110000000")
            assert.equal((await sim.family).length, 1, "the device alone")
            assert.deepEqual(await client.keys("*"), ["orders"])
            const statistics = await client.info("commandstats")
            assert.match(statistics, /cmdstat_xadd:calls=5,/)
            assert.doesNotMatch(statistics, /cmdstat_xreadgroup|cmdstat_xack/)
            await sim.stop()
        } finally {
            await redis.stop()
        }
    })

    test("that names no Redis: a local one, whatever else it says of Redis", async () => {
        const file = await settingsFile(
            "STREAM=parcels",
            "GROUP=drivers",
            "REDIS_PASS=not-for-the-local-one",
            "POLL_MS=200"
        )
        const sim = simulator(["--json", "--settings", file])
        const { stream, group } = await sim.untilSnapshot(showsItsBar, START_MS)
        assert.deepEqual([stream, group], ["parcels", "drivers"])
        await sim.stop()
    })

    describe("with mistakes", async () => {
        const mistaken = await settingsFile("POLL_MS=abc", "STREEM=jobs")

        test("is refused with lines and remedies, code 1; nothing stays behind", async () => {
            const sim = simulator(["--settings", mistaken, "--port", "0"])
            assert.deepEqual(await sim.exited, { code: 1, signal: null })
            assert.deepEqual(sim.progress.slice(-3), [
                `${mistaken}:1: POLL_MS is "abc"; accepted: a whole number from 100 to 3600000`,
                `${mistaken}:2: STREEM is no setting of laglight; the nearest is STREAM`,
                "2 mistakes in the settings; nothing was deployed",
            ])
            assert.deepEqual(await sim.family, [])
        })

        test("--no-check shows what the light makes of them", async () => {
            const sim = simulator([
                ...["--json", "--no-page", "--no-check"],
                ...["--settings", mistaken],
            ])
            const { leds } = await sim.untilSnapshot(
                ({ link }) => link === "not configured",
                START_MS
            )
            assert.match(leds, /^(.)0{8}\1$/)
            await sim.stop()
        })
    })

    test("that does not exist: one line, code 2", () =>
        refuses(
            ["--settings", join(temp, "none.env")],
            /^--settings .*none\.env: no such file$/,
            2
        ))
})

describe("--port N", () => {
    test("serves the page there, and says where", async () => {
        const sim = simulator([
            "--json",
            "--port",
            "0",
            "--settings",
            noSettings,
        ])
        const line = await sim.untilProgress(/^page: http/, START_MS)
        const url = line.replace("page: ", "")
        await sim.untilSnapshot(s => s.condition === "lag", START_MS)
        assert.equal((await fetch(url)).status, 200)
        const response = await fetch(new URL("/healthz", url))
        assert.equal(response.status, 200)
        const { healthy, leds } = (await response.json()) as Health
        assert.ok(healthy)
        assert.match(leds, /^[01]{10}$/)
        await sim.stop()
    })

    test("that is taken: one line, code 1", async () => {
        const occupant = createServer().listen(0, "127.0.0.1")
        await once(occupant, "listening")
        const { port } = occupant.address() as AddressInfo
        await refuses(
            ["--port", String(port)],
            new RegExp(`^--port ${port}: in use by another program$`),
            1
        )
        occupant.close()
    })

    test("that is no port: one line, code 2", () =>
        refuses(["--port=65536"], /^--port .*: a whole number/, 2))
    for (const port of ["65536", "-1", "http", "1.5", ""])
        test(`"${port}" is no port`, () =>
            assert.throws(
                () => parseSimOptions([`--port=${port}`]),
                /^UsageError: --port .*: a whole number/
            ))
})

describe("the command line", () => {
    test("an unknown option: one line, code 2", () =>
        refuses(["--jsno"], /^Unknown option '--jsno' \(see --help\)$/, 2))

    test("a word too many: one line, code 2", () =>
        refuses(["json"], /^Unexpected argument 'json'.* \(see --help\)$/, 2))

    test("an option without its value: one line, code 2", () =>
        refuses(["--settings"], /^Option '--settings .*\(see --help\)$/, 2))

    test("--help lists every option", async () => {
        const sim = simulator(["--help"])
        assert.equal((await sim.exited).code, 0)
        const help = sim.text.join("\n")
        for (const option of [
            "json",
            "settings",
            "no-check",
            "port",
            "no-traffic",
            "help",
        ])
            assert.match(help, new RegExp(`--${option}\\b`))
    })
})

async function refuses(args: string[], message: RegExp, code: number) {
    const sim = simulator(args)
    assert.deepEqual(await sim.exited, { code, signal: null })
    assert.equal(sim.progress.length, 1, sim.progress.join("\n"))
    assert.match(sim.progress[0], message)
    assert.deepEqual([sim.text, sim.snapshots], [[], []])
}
