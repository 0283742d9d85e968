/**
 * Random use of a stream on a real server, and what the light says of its lag after each bit of it: a lag that is said to
 * be exact must be the true one, a range must contain it. Repeat a run with the seed that it prints: SEED=123. Another
 * server: REDIS_SERVER=/path. LAGLIGHT_RANDOM_MINUTES=10 mixes everything for so long (default: a few seconds).
 */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import type { Settings } from "../../../sim/vm/device.ts"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { assertShown } from "../support/light/patterns.ts"
import { randomNumbers, RandomStream, seed } from "../support/light/random.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestClient, TestRedis } from "../support/redis/server.ts"
import { until } from "../support/redis/replicated.ts"

const redis = closeAtEnd(await startTestRedis())
const major = Number(redis.server.version.split(".")[0])
/** From 7.0 on Redis reports a lag, can be made to report a false one, and has scripts that only read. */
const reports = major >= 7

const POLL_MS = 100
const LAG_PER_LED = 3
/** How often the lag is asked for, in each of the tests: LAGLIGHT_RANDOM_POLLS=1000 for more. */
const POLLS = Number(process.env.LAGLIGHT_RANDOM_POLLS ?? 400)
/** A light that has lost its server, or what it says, knows the lag again after so long, ms. */
const RECOVERY_MS = 90_000
/** Operations shown when something is wrong. */
const SHOWN = 40

/** A light on a stream of its own, in the middle of the pause between two polls. */
async function start(
    key: string,
    random: () => number,
    payload?: () => string,
    settings: Settings = {}
) {
    const stream = new RandomStream(redis.client, random, key, "g", payload)
    await stream.create()
    const proxy = closeAtEnd(await FaultProxy.start(redis))
    const light = await Light.start({
        REDIS_HOST: proxy.host,
        REDIS_PORT: proxy.port,
        STREAM: key,
        GROUP: "g",
        POLL_MS,
        LAG_PER_LED,
        ...settings,
    })
    await light.sweep()
    await betweenPolls(light, proxy)
    return { stream, proxy, light }
}

/** Runs to the middle of the pause after a poll. */
async function betweenPolls(light: Light, proxy: FaultProxy) {
    let asked = false
    const hear = (bytes: Buffer) => {
        if (bytes.includes("GROUPS")) asked = true
    }
    proxy.on("request", hear)
    await light.until(() => asked || undefined, RECOVERY_MS, "a poll")
    proxy.off("request", hear)
    await light.run(POLL_MS / 2)
}

/** A user who may do everything but have the server count; none before users were. */
async function plainUser(client: TestClient): Promise<Settings> {
    if (!reports) return {}
    await client.sendCommand([
        ...["ACL", "SETUSER", "plain", "reset", "on", ">pw", "~*", "+@all"],
        "-@scripting",
    ])
    return { REDIS_USER: "plain", REDIS_PASS: "pw" }
}

function assertTrue(light: Light, stream: RandomStream, truth: number) {
    const reading = light.reading(stream.key)
    const text = () =>
        `true lag ${truth}, ${JSON.stringify(reading)} after\n${stream.log.slice(-SHOWN).join("\n")}`
    assert.ok(reading, text())
    const { low, high, lag, condition } = reading
    assert.equal(condition, "lag", text())
    assert.ok(low! <= truth, text())
    // a range trusts Redis that it never reports too little, which an operator can bring about
    if (lag !== null || !stream.reportsTooLow)
        assert.ok(high === null || truth <= high, text())
    assert.equal(lag, low === high ? truth : null, text())
    assertShown(light.device.leds, reading, LAG_PER_LED, text)
    return lag !== null
}

describe("random use", { concurrency: true }, () => {
    for (const [what, largest, polls, claims, scripts] of [
        ["small", 1, POLLS, false, true],
        // too much to be read within a poll's byte budget: the server counts, or the count goes on from send to send
        ["up to 6 KB", 6000, POLLS / 4, false, true],
        ["2 KB, no scripts", 2000, POLLS / 4, false, false],
        ["small, false claims", 1, POLLS / 2, true, true],
        ["2 KB, false claims", 2000, POLLS / 4, true, false],
    ] as const)
        test(`of entries, ${what}, between polls`, async t => {
            const from = seed()
            const random = randomNumbers(from)
            const { stream, proxy, light } = await start(
                what,
                random,
                () => "v".repeat(1 + random() * largest),
                scripts ? {} : await plainUser(redis.client)
            )
            stream.falseClaims = claims
            let polled = 0
            proxy.on("request", () => polled++)
            let exact = 0
            let operations = 0
            for (let poll = 0; poll < polls; poll++) {
                for (let n = Math.floor(random() * 6); n >= 0; n--) {
                    await stream.step()
                    operations++
                }
                const before = polled
                await light.run(POLL_MS)
                assert.ok(polled > before, "the lag was asked for")
                if (assertTrue(light, stream, stream.lag)) exact++
            }
            t.diagnostic(
                `SEED=${from}: ${operations} operations, ${polls} polls, ${exact} exact`
            )
            if (largest === 1)
                assert.ok(exact > polls / 2, "most lags here are small enough")
        })

    test("of small entries, between all sends of a poll", async t => {
        const from = seed()
        const random = randomNumbers(from)
        const { stream, proxy, light } = await start("between sends", random)
        let operations = 0
        let sends = 0
        let truth = 0
        proxy.on("request", async () => {
            sends++
            proxy.pause()
            for (let n = Math.floor(random() * 4); n > 0; n--) {
                await stream.step()
                operations++
            }
            truth = stream.lag
            proxy.resume()
        })
        let exact = 0
        for (let poll = 0; poll < POLLS; poll++) {
            const before = sends
            await light.run(POLL_MS)
            assert.ok(sends > before, "the lag was asked for")
            if (assertTrue(light, stream, truth)) exact++
        }
        t.diagnostic(
            `SEED=${from}: ${operations} operations, ${POLLS} polls in ${sends} sends, ${exact} exact`
        )
    })
})

/** How long everything is mixed, minutes; without it for so many moments. */
const MINUTES = Number(process.env.LAGLIGHT_RANDOM_MINUTES ?? 0)
const MOMENTS = 60
/** After so many polls in which nothing changed, a lag that the default scale shows is exact. */
const QUIET_POLLS = 3
/** The largest lag that the default scale (LAG_PER_LED=2) shows. */
const SHOWN_LAG = 20
/** The part of quiet moments that may not be exact. */
const INEXACT = 0.05

/** One server after the other, as restarts and failovers have it. */
class Servers {
    private constructor(
        public current: TestRedis,
        private dir: string
    ) {}

    static async start() {
        const dir = await freshFolder()
        return new Servers(await startTestRedis({ args: serverArgs(dir) }), dir)
    }

    async stop() {
        await this.current.stop()
    }

    /** From what the append-only file says. @param rewritten it was rewritten at some time: `meanwhile` is what came after */
    async restart(rewritten: boolean, meanwhile: () => Promise<void>) {
        if (rewritten) {
            const { client } = this.current
            await client.sendCommand(["BGREWRITEAOF"])
            await until(async () => {
                const info = await infoOf(this.current, "persistence")
                return (
                    info.includes("aof_rewrite_in_progress:0") &&
                    info.includes("aof_rewrite_scheduled:0")
                )
            }, "the rewrite")
            await meanwhile()
        }
        await this.current.stop()
        this.current = await startTestRedis({ args: serverArgs(this.dir) })
    }

    /** A replica takes over. @param meanwhile what it has followed before */
    async failOver(meanwhile: () => Promise<void>) {
        const dir = await freshFolder()
        const master = this.current
        const of = ["--replicaof", master.host, String(master.port)]
        const replica = await startTestRedis({
            args: [...serverArgs(dir), ...of],
        })
        const isIn = async () => {
            const its = await infoOf(replica, "replication")
            const mine = await infoOf(master, "replication")
            const offset = /master_repl_offset:(\d+)/.exec(mine)![1]
            return (
                its.includes("master_link_status:up") &&
                its.includes(`slave_repl_offset:${offset}\r`)
            )
        }
        await until(isIn, "the replica")
        await meanwhile()
        await until(isIn, "the replica")
        await replica.client.sendCommand(["REPLICAOF", "NO", "ONE"])
        await master.stop()
        this.current = replica
        this.dir = dir
    }
}

async function freshFolder() {
    const dir = await mkdtemp(join(tmpdir(), "laglight-random-"))
    after(() => rm(dir, { recursive: true, force: true }))
    return dir
}

function serverArgs(dir: string) {
    const args = ["--dir", dir, "--appendonly", "yes"]
    // a master waits 5 s before it sends its data, for other replicas that may come
    args.push("--repl-diskless-sync-delay", "0")
    return args
}

async function infoOf({ client }: TestRedis, section: string) {
    return String(await client.sendCommand(["INFO", section]))
}

describe("everything mixed", () => {
    for (const [who, scripts] of reports
        ? ([
              ["the server counts", true],
              ["no scripts", false],
          ] as const)
        : ([["any user", true]] as const))
        test(`restarts, failovers, claims and garbage; ${who}`, async t => {
            const from = seed()
            const random = randomNumbers(from)
            const chance = (part: number) => random() < part
            const servers = closeAtEnd(await Servers.start())
            const upstream = { port: servers.current.port }
            const stream = new RandomStream(
                servers.current.client,
                random,
                "jobs",
                "g",
                () => "v".repeat(1 + random() * 1000)
            )
            await stream.create()
            const proxy = closeAtEnd(await FaultProxy.start(upstream))
            const login = scripts ? {} : await plainUser(servers.current.client)
            const light = await Light.start({
                REDIS_HOST: proxy.host,
                REDIS_PORT: proxy.port,
                STREAM: "jobs",
                GROUP: "g",
                POLL_MS,
                ...login,
            })
            let polled = 0
            proxy.on("request", () => polled++)
            const steps = async () => {
                for (let n = Math.floor(random() * 5); n >= 0; n--)
                    await stream.step()
            }
            /** A reading that was made after this moment. */
            async function knowsAgain() {
                const before = polled
                await light.until(
                    () =>
                        (polled > before + 3 &&
                            light.reading()?.condition === "lag") ||
                        undefined,
                    RECOVERY_MS,
                    "a reading"
                )
                await betweenPolls(light, proxy)
            }
            async function tookOver(what: string) {
                stream.log.push(what)
                const { client, port } = servers.current
                if (!scripts) await plainUser(client)
                await stream.goOn(client)
                upstream.port = port
                proxy.cut("rst")
                await knowsAgain()
            }
            await knowsAgain()

            const counts = { moments: 0, quiet: 0, inexact: 0 }
            const events = { restarts: 0, failovers: 0, garbage: 0 }
            const end = Date.now() + MINUTES * 60_000
            while (MINUTES ? Date.now() < end : counts.moments < MOMENTS) {
                counts.moments++
                // the first ones come in any case
                stream.falseClaims = chance(0.3)
                if (counts.moments === 10 || chance(0.01)) {
                    events.restarts++
                    await servers.restart(chance(0.7), steps)
                    await tookOver("a restart")
                } else if (counts.moments === 20 || chance(0.01)) {
                    events.failovers++
                    await servers.failOver(steps)
                    await tookOver("a failover")
                } else if (counts.moments === 30 || chance(0.02)) {
                    events.garbage++
                    const at = Math.floor(random() * 250)
                    stream.log.push(`garbage at byte ${at} of a reply`)
                    const since = light.device.now
                    await proxy.set(
                        { kind: "corrupt", at, per: "reply" },
                        { once: true }
                    )
                    await light.run(3 * POLL_MS)
                    const told = light.readings(since).at(-1)
                    if (told?.condition === "lag")
                        assertTold(light, stream, stream.lag)
                    await proxy.clear()
                    await knowsAgain()
                } else await steps()
                for (let poll = 0; poll < QUIET_POLLS; poll++) {
                    await light.run(POLL_MS)
                    assertTold(light, stream, stream.lag)
                }
                if (stream.lag > SHOWN_LAG) continue
                counts.quiet++
                if (light.reading()!.lag === null) counts.inexact++
            }
            t.diagnostic(
                `SEED=${from}: ${JSON.stringify({ ...counts, ...events })}`
            )
            assert.ok(events.restarts > 0 && events.failovers > 0)
            assert.ok(
                counts.inexact <= INEXACT * counts.quiet,
                `${counts.inexact} of ${counts.quiet} quiet moments are not exact`
            )
        })
})

/** As `assertTrue`, for a light whose phase is not known: its LEDs may be in the middle of something. */
function assertTold(light: Light, stream: RandomStream, truth: number) {
    const reading = light.reading(stream.key)
    const text = () =>
        `true lag ${truth}, ${JSON.stringify(reading)} after\n${stream.log.slice(-SHOWN).join("\n")}`
    assert.ok(reading?.condition === "lag", text())
    const { low, high, lag } = reading
    assert.equal(lag ?? truth, truth, text())
    assert.ok(low! <= truth, text())
    if (!stream.reportsTooLow) assert.ok(high === null || truth <= high, text())
}
