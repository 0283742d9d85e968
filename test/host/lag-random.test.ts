/**
 * Random use of a stream on a real server, and what the light says of its lag after each bit of it: a lag that is said to
 * be exact must be the true one, a range must contain it. Repeat a run with the seed that it prints: SEED=123.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { FaultProxy } from "./support/fault-proxy.ts"
import { closeAtEnd, Light } from "./support/light-bench.ts"
import { assertShown } from "./support/light-patterns.ts"
import { randomNumbers, RandomStream, seed } from "./support/light-random.ts"
import { startTestRedis } from "./support/redis-server.ts"

const redis = closeAtEnd(await startTestRedis())

const POLL_MS = 100
const LAG_PER_LED = 3
/** How often the lag is asked for, in each of the tests. */
const POLLS = 1000
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
})
