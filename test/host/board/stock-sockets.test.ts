/**
 * Sockets as DeviceScript's own simulator has them (`devs vm`): whatever has arrived is handed over as one piece, of up to 64 KB,
 * and has to find a hole of its size in a heap of 64 KB. Ours (sim/vm/host-sockets.ts) does the same where it is told to.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis

const SERVER = { REDIS_HOST: redis.host, REDIS_PORT: redis.port }
/** More than a reply has here: nothing is cut. */
const STOCK = { maxPieceBytes: 65_536, heapReport: true }
const MINUTE_MS = 60_000
const EVERYTHING = {
    UNIT: "seconds",
    PENDING_MAX: 100_000,
    PEND_AGE_S: 1_000_000,
    IDLE_MAX_S: 1_000_000,
    TRAFFIC_LIGHT: true,
}

/** A stream with 7 entries of 1 KB that wait for its last group, as Redis lists them. @returns that group */
async function crowd(key: string, groups: number) {
    const names = Array.from(
        { length: groups },
        (_, i) => `orders-consumers-${String(i).padStart(3, "0")}`
    )
    const stream = await TestStream.create(client, key, ...names)
    await stream.add(7, "v".repeat(1000))
    return names[groups - 1]
}

describe("with sockets that hand over all at once", () => {
    test("of 300 groups the lag is unknown, and the log says why", async () => {
        const GROUP = await crowd("jobs", 300)
        const light = await Light.start(
            { ...SERVER, STREAM: "jobs", GROUP },
            STOCK
        )
        await light.reads({ condition: "unknown" })
        await light.says(
            /^jobs\/orders-consumers-299: lag unknown: the stream has 300 consumer groups, and this device can read 63$/,
            5000,
            0
        )
        // no restart: that is checked at the end of each light
        await light.run(2 * MINUTE_MS)
        assert.equal(light.reading()!.condition, "unknown")
    })

    test("of 63 groups it is right", async () => {
        const GROUP = await crowd("jobs", 63)
        const light = await Light.start(
            { ...SERVER, STREAM: "jobs", GROUP },
            STOCK
        )
        await light.run(2 * MINUTE_MS)
        const { low, high } = light.reading()!
        assert.ok(low! > 0 && low! <= 7 && high! >= 7, `${low} to ${high}`)
    })

    test("so it is of five targets of 19 groups with all that can be switched on", async () => {
        const settings: Record<string, string> = {}
        for (let i = 1; i <= 5; i++) {
            settings[i === 1 ? "STREAM" : `STREAM_${i}`] = `s${i}`
            settings[i === 1 ? "GROUP" : `GROUP_${i}`] = await crowd(
                `s${i}`,
                19
            )
        }
        const light = await Light.start(
            { ...SERVER, ...settings, ...EVERYTHING, LAG_PER_LED: 1_000_000 },
            STOCK
        )
        await light.run(2 * MINUTE_MS)
        for (let i = 1; i <= 5; i++)
            assert.equal(light.reading(`s${i}`)!.level, 1)
    })
})
