/** A group that reads fast, between any two sends of a poll: its light is as steady as that of one that stands still. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const POLL_MS = 100
const POLLS = 50

/** A light, and a group that is given `entries` before each send is answered, of which as many come. */
async function busy(entries: number, backlog: number, settings: object) {
    const stream = await TestStream.create(redis.client, "jobs", "g")
    await stream.add(backlog)
    if (backlog > 0) await loseOne(backlog)
    const proxy = closeAtEnd(await FaultProxy.start(redis))
    const light = await Light.start({
        REDIS_HOST: proxy.host,
        REDIS_PORT: proxy.port,
        STREAM: "jobs",
        GROUP: "g",
        POLL_MS,
        ...settings,
    })
    let sends = 0
    proxy.on("request", async () => {
        sends++
        proxy.pause()
        await stream.read("g", entries)
        await stream.add(entries)
        proxy.resume()
    })
    await light.reads({})
    await light.run(POLLS * POLL_MS)
    assert.ok(sends >= POLLS, `${sends} sends`)
    return light
}

/** From now on Redis's own count cannot be relied on, and what is unread has to be counted. */
async function loseOne(backlog: number) {
    const middle = String(Math.ceil(backlog / 2))
    const half = (await redis.client.sendCommand([
        ...["XRANGE", "jobs", "-", "+", "COUNT", middle],
    ])) as unknown as [id: string][]
    await redis.client.sendCommand(["XDEL", "jobs", half.at(-1)![0]])
}

/** What the data records said, without repetition. */
function told(light: Light) {
    return [
        ...new Set(
            light
                .readings()
                .map(
                    ({ condition, level, low, high }) =>
                        `${condition}, level ${level}${low === high ? "" : ` (${low} to ${high})`}`
                )
        ),
    ]
}

describe("a busy group far behind", () => {
    for (const entries of [1, 10, 50])
        test(`is off the scale, and stays so: ${entries} entries a send`, async () => {
            const light = await busy(entries, 3000, {})
            for (const { condition, level } of light.readings())
                assert.deepEqual(
                    [condition, level],
                    ["lag", 11],
                    told(light).join("; ")
                )
            assert.equal(light.said().length, 3, light.said().join("\n"))
        })

    test("has an age, and never an unknown one", async () => {
        const light = await busy(40, 3000, {
            UNIT: "seconds",
            LAG_PER_LED: 1000,
        })
        for (const { condition, level } of light.readings())
            assert.deepEqual(
                [condition, level],
                ["lag", 1],
                told(light).join("; ")
            )
        assert.equal(light.said().length, 3, light.said().join("\n"))
    })
})

describe("a busy group that keeps up", () => {
    // before each send it is given 7 at the most, and 7 come: that is what waits at each moment that counts
    for (const [backlog, lag, level] of [
        [0, 7, 4],
        [16, 15, 8],
    ])
        test(`has the same lag at each poll: ${lag}`, async () => {
            const light = await busy(7, backlog, {})
            for (const reading of light.readings().slice(1))
                assert.deepEqual(
                    [reading.condition, reading.lag, reading.level],
                    ["lag", lag, level],
                    told(light).join("; ")
                )
        })
})
