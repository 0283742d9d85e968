/** The traffic light beside the bar: the worst certain colour steady, a worse one that is only possible blinking. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { SRV_TRAFFIC_LIGHT, TrafficLightReg } from "jacdac-ts"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { readRegister } from "../support/light/registers.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis
const proxy = closeAtEnd(await FaultProxy.start(redis))
const SETTINGS = {
    REDIS_HOST: proxy.host,
    REDIS_PORT: proxy.port,
    STREAM: "jobs",
    GROUP: "g",
    TRAFFIC_LIGHT: true,
    YELLOW_AT: 5,
    RED_AT: 10,
}

/** Device time in which a poll certainly happens, POLL_MS being 1000. */
const POLL_MS = 1100
/** A lamp that blinks is lit and dark for half a second each. */
const BLINK_MS = 1000
/** Between two looks at a lamp. */
const SAMPLE_MS = 15

const LAMPS = [
    ["green", TrafficLightReg.Green],
    ["yellow", TrafficLightReg.Yellow],
    ["red", TrafficLightReg.Red],
] as const

/** From a program's start until the light's own role is bound, and lamps can be written. */
const BOUND_MS = 4000

async function start(settings: object) {
    const light = await Light.start({ ...SETTINGS, ...settings })
    await light.run(BOUND_MS)
    return light
}

/** What each lamp does in two blinks' time: nothing is said of one that is dark. */
async function lamps(light: Light) {
    const lit = new Map<string, boolean[]>(LAMPS.map(([name]) => [name, []]))
    for (const end = light.device.now + 2 * BLINK_MS; light.device.now < end;)
        for (const [name, register] of LAMPS) {
            const [value] = await readRegister(
                light,
                SRV_TRAFFIC_LIGHT,
                register
            )
            lit.get(name)!.push(value !== 0)
            await light.run(SAMPLE_MS)
        }
    return LAMPS.flatMap(([name]) => {
        const samples = lit.get(name)!
        const share = samples.filter(Boolean).length / samples.length
        if (share === 0) return []
        if (share === 1) return [name]
        assert.ok(share > 0.3 && share < 0.7, `${name}: lit for ${share}`)
        return [`${name} blinks`]
    })
}

describe("the traffic light", () => {
    test("is green, yellow or red at its limits", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        const light = await start({})
        let lag = 0
        for (const [entries, colour] of [
            [0, "green"],
            [4, "green"],
            [5, "yellow"],
            [9, "yellow"],
            [10, "red"],
            [1000, "red"],
        ] as const) {
            await stream.add(entries - lag)
            lag = entries
            await light.run(2 * POLL_MS)
            assert.deepEqual(await lamps(light), [colour], `lag ${lag}`)
        }
        await stream.read("g", 993)
        await light.run(2 * POLL_MS)
        assert.deepEqual(await lamps(light), ["yellow"])
    })

    test("has limits of its own accord", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        const light = await start({
            YELLOW_AT: undefined,
            RED_AT: undefined,
        })
        for (const [entries, colour] of [
            [0, "green"],
            [1, "yellow"],
            [8, "yellow"],
            [1, "red"],
        ] as const) {
            await stream.add(entries)
            await light.run(2 * POLL_MS)
            assert.deepEqual(await lamps(light), [colour])
        }
    })

    test("blinks a worse colour that is only possible", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await client.sendCommand([
            ...["ACL", "SETUSER", "few", "reset", "on", ">pw", "~*"],
            ...["-@all", "+xinfo|groups"],
        ])
        const light = await start({
            REDIS_USER: "few",
            REDIS_PASS: "pw",
        })
        let lag = 0
        // with these rights a lag is between 0 and what is reported
        for (const [reported, shown] of [
            [0, ["green"]],
            [4, ["green"]],
            [5, ["green", "yellow blinks"]],
            [10, ["green", "red blinks"]],
        ] as const) {
            await stream.add(reported - lag)
            lag = reported
            await light.run(2 * POLL_MS)
            assert.deepEqual(await lamps(light), shown, `0 to ${lag}`)
        }
        // nil: unknown
        await client.sendCommand(["XGROUP", "DESTROY", "jobs", "g"])
        await stream.group("g", "$")
        await stream.add(1)
        assert.equal(await stream.reportedLag("g"), null)
        await light.run(2 * POLL_MS)
        assert.deepEqual(await lamps(light), ["yellow blinks"])
    })

    test("blinks red at a refusal", async () => {
        await client.sendCommand(["DEL", "jobs"])
        const light = await start({})
        assert.deepEqual(await lamps(light), ["red blinks"], "which stream")
        await client.sendCommand(["XADD", "jobs", "*", "f", "v"])
        await light.run(2 * POLL_MS)
        assert.deepEqual(await lamps(light), ["red blinks"], "which group")
        await light.configure({ ...SETTINGS, REDIS_PASS: "needless" })
        await light.run(BOUND_MS)
        assert.deepEqual(await lamps(light), ["red blinks"], "who")
        await new TestStream(client, "jobs").group("g")
        await light.configure(SETTINGS)
        await light.run(BOUND_MS)
        assert.deepEqual(await lamps(light), ["green"])
    })

    test("blinks yellow at trouble with the link, and while a reading is stale", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(12)
        const light = await start({})
        assert.deepEqual(await lamps(light), ["red"])
        await proxy.set({ kind: "refuse" })
        proxy.cut("fin")
        await light.run(6000)
        assert.deepEqual(await lamps(light), ["yellow blinks"], "stale")
        await light.run(30_000)
        assert.deepEqual(await lamps(light), ["yellow blinks"], "connecting")
        await proxy.clear()
        await light.run(35_000)
        assert.deepEqual(await lamps(light), ["red"])
    })

    test("shows the worst of several targets", async () => {
        const first = await TestStream.create(client, "jobs", "g")
        const second = await TestStream.create(client, "more", "g")
        const light = await start({
            STREAM_2: "more",
            GROUP_2: "g",
        })
        for (const [stream, entries, colour] of [
            [first, 0, "green"],
            [second, 5, "yellow"],
            [first, 11, "red"],
        ] as const) {
            await stream.add(entries)
            await light.run(3 * POLL_MS)
            assert.deepEqual(await lamps(light), [colour])
        }
        await first.read("g", 11)
        await second.drop()
        await light.run(2 * POLL_MS)
        assert.deepEqual(await lamps(light), ["green", "red blinks"])
    })

    test("is off unless it is wanted", async () => {
        const light = await start({
            TRAFFIC_LIGHT: undefined,
        })
        const { bus } = light.device
        const found = bus.services({ serviceClass: SRV_TRAFFIC_LIGHT })
        assert.deepEqual(found, [])
    })
})
