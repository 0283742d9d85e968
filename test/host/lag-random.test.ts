/**
 * Random use of a stream on a real server, and what the light says of its lag after each bit of it: a lag that is said to
 * be exact must be the true one, a range must contain it. Repeat a run with the seed that it prints: SEED=123.
 * LAG_MINUTES=10 goes on with claims and restarts for so long.
 */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { FaultProxy } from "./support/fault-proxy.ts"
import { closeAtEnd, Light } from "./support/light-bench.ts"
import { assertShown } from "./support/light-patterns.ts"
import { randomNumbers, RandomStream, seed } from "./support/light-random.ts"
import { startTestRedis } from "./support/redis-server.ts"

const folder = await mkdtemp(join(tmpdir(), "laglight-random-"))
after(() => rm(folder, { recursive: true, force: true }))
const redis = closeAtEnd(await startTestRedis())
/** One that can be restarted from its AOF without ending. */
const reloadable = closeAtEnd(
    await startTestRedis({
        args: [
            ...["--appendonly", "yes", "--dir", folder],
            ...["--enable-debug-command", "yes"],
        ],
    })
)

const POLL_MS = 100
const LAG_PER_LED = 3
/** How often the lag is asked for, in each of the tests. */
const POLLS = 1000
/** Moments that are looked at in the test with claims: so many, or for so many minutes. */
const MOMENTS = 150
const MINUTES = Number(process.env.LAG_MINUTES ?? 0)
/** Operations shown when something is wrong. */
const SHOWN = 40

/** A light on a stream of its own, in the middle of the pause between two polls. */
async function start(
    key: string,
    random: () => number,
    payload?: () => string
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
    })
    await light.sweep()
    let asked = false
    const hear = () => (asked = true)
    proxy.on("request", hear)
    await light.until(() => asked || undefined, 1000, "a poll")
    proxy.off("request", hear)
    await light.run(POLL_MS / 2)
    return { stream, proxy, light }
}

function assertTrue(light: Light, stream: RandomStream, truth: number) {
    const reading = light.reading(stream.key)
    const text = () =>
        `true lag ${truth}, ${JSON.stringify(reading)} after\n${stream.log.slice(-SHOWN).join("\n")}`
    assert.ok(reading, text())
    const { low, high, lag, status } = reading
    assert.equal(status, "lag", text())
    assert.ok(low! <= truth && (high === null || truth <= high), text())
    assert.equal(lag, low === high ? truth : null, text())
    assertShown(light.device.leds, reading, LAG_PER_LED, text)
    return lag !== null
}

describe("random use", { concurrency: true }, () => {
    for (const [what, largest, polls] of [
        ["small", 1, POLLS],
        // too much to count within a poll's byte budget: ranges
        ["up to 6 KB", 6000, POLLS / 4],
    ] as const)
        test(`of entries, ${what}, between polls`, async t => {
            const from = seed()
            const random = randomNumbers(from)
            const { stream, proxy, light } = await start(what, random, () =>
                "v".repeat(1 + random() * largest)
            )
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

    test("of entries up to 2 KB, with claims and restarts from the AOF: no exact figure is false, and quiet moments are exact", async t => {
        const from = seed()
        const random = randomNumbers(from)
        const { client } = reloadable
        const stream = new RandomStream(
            ...[client, random, "claimed", "g"],
            () => "v".repeat(1 + random() * 2000),
            true
        )
        await stream.create()
        const light = await Light.start({
            ...{ REDIS_HOST: reloadable.host, REDIS_PORT: reloadable.port },
            ...{ STREAM: "claimed", GROUP: "g", POLL_MS },
        })
        await light.sweep()
        const end = Date.now() + MINUTES * 60_000
        let quiet = 0
        let inexact = 0
        for (let i = 0; i < MOMENTS || Date.now() < end; i++) {
            for (let n = Math.floor(random() * 4); n >= 0; n--)
                await stream.step()
            // three polls
            await light.run(3 * POLL_MS)
            const { lag, status } = light.reading("claimed")!
            const text = `SEED=${from}, moment ${i}: true lag ${stream.lag}, ${JSON.stringify(light.reading())} after\n${stream.log.slice(-SHOWN).join("\n")}`
            assert.equal(status, "lag", text)
            assert.ok(lag === null || lag === stream.lag, text)
            if (stream.lag > 20) continue
            quiet++
            if (lag === null) inexact++
        }
        t.diagnostic(
            `SEED=${from}: ${quiet} quiet moments with a lag of 0 to 20, ${inexact} not exact`
        )
        assert.ok(
            inexact <= quiet * 0.05,
            `SEED=${from}: ${inexact} of ${quiet}`
        )
    })
})
