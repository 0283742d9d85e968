/** SHOW: what the LEDs count, on a real Redis. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bar, REFUSED_STREAM, REFUSED_WHO } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis

const AT_REDIS = { REDIS_HOST: "127.0.0.1", REDIS_PORT: redis.port }

/** Acknowledges the group's first pending entry. */
async function acknowledgeOne(key: string) {
    const [[id]] = (await client.sendCommand([
        "XPENDING",
        key,
        "g",
        "-",
        "+",
        "1",
    ])) as unknown as [[string]]
    await client.sendCommand(["XACK", key, "g", id])
}

/** A group with 3 entries pending at two consumers, and 4 that wait. */
async function halfDone(key: string) {
    const stream = await TestStream.create(client, key, "g")
    await stream.add(7)
    await stream.read("g", 1, "ada")
    await stream.read("g", 2, "bob")
    return stream
}

describe("the LEDs count", () => {
    for (const [show, count, afterwards] of [
        ["lag", 4, 4],
        ["pending", 3, 2],
        ["work", 7, 6],
        ["consumers", 2, 2],
        ["length", 7, 7],
    ] as const)
        test(`${show}, and follow it`, async () => {
            await halfDone(show)
            const light = await Light.start({
                ...AT_REDIS,
                STREAM: show,
                GROUP: "g",
                SHOW: show,
                LAG_PER_LED: 1,
            })
            await light.until(
                () => light.readings().find(({ low }) => low === count),
                20_000,
                `${show} ${count}`
            )
            const [reading] = light.readings()
            assert.deepEqual(
                [reading.condition, reading.low, reading.high],
                ["lag", count, count]
            )
            // what is no lag is not called one
            assert.equal(reading.lag, show === "lag" ? count : null)
            assert.equal(reading.show, show === "lag" ? undefined : show)
            await light.showsBar(bar(count))
            const name = show === "length" ? show : `${show}/g`
            assert.ok(
                light
                    .said()
                    .includes(`${name}: ${show} ${count}, ${count} of 10`),
                light.said().join("\n")
            )

            await acknowledgeOne(show)
            await light.until(
                () => light.readings().at(-1)?.low === afterwards || undefined,
                20_000,
                `${show} ${afterwards}`
            )
            await light.showsBar(bar(afterwards))
            await light.stop()
        })

    test("something else for each target", async () => {
        await halfDone("many")
        const light = await Light.start({
            ...AT_REDIS,
            ...{ STREAM: "many", GROUP: "g", SHOW: "pending", LAG_PER_LED: 1 },
            ...{ STREAM_2: "many", GROUP_2: "g" },
            ...{ STREAM_3: "many", SHOW_3: "consumers", GROUP_3: "g" },
        })
        // shares of three: 3 pending; lag 4 is off the scale; 2 consumers
        await light.says(/many\/g: pending 3, 3 of 3/)
        await light.says(/many\/g: lag 4, off the scale/)
        await light.says(/many\/g: consumers 2, 2 of 3/)
        await light.stop()
    })

    test("a range of work where the lag is one", async () => {
        const stream = await halfDone("range")
        await client.sendCommand([
            "ACL",
            "SETUSER",
            "few",
            "reset",
            "on",
            ">pw",
        ])
        await client.sendCommand(
            "ACL SETUSER few ~range -@all +xinfo|groups".split(" ")
        )
        // a deleted entry makes Redis's own figure an upper bound
        await stream.add(1)
        const light = await Light.start({
            ...AT_REDIS,
            ...{ REDIS_USER: "few", REDIS_PASS: "pw" },
            ...{ STREAM: "range", GROUP: "g", SHOW: "work", LAG_PER_LED: 1 },
        })
        const reading = await light.until(
            () => light.readings().find(({ known }) => known === "bounds"),
            20_000,
            "bounds"
        )
        // of lag 0 to 5, and 3 pending
        assert.deepEqual([reading.low, reading.high], [3, 8])
        await light.says(/work between 3 and 8/)
        await light.stop()
    })
})

describe("a stream's length needs no group", () => {
    test("and a stream that is not there yet has none", async () => {
        await client.sendCommand(["DEL", "orders:dead"])
        const light = await Light.start({
            ...AT_REDIS,
            ...{ STREAM: "orders:dead", SHOW: "length", LAG_PER_LED: 1 },
        })
        await light.says(/orders:dead: length 0, 0 of 10/)
        await client.sendCommand(["XADD", "orders:dead", "*", "f", "v"])
        await light.says(/orders:dead: length 1, 1 of 10/)
        await client.sendCommand(["DEL", "orders:dead"])
        await light.says(/orders:dead: length 0, 0 of 10/)
        await light.stop()
    })

    test("a key that is no stream is refused, and so is a user without the right", async () => {
        await client.sendCommand(["SET", "text", "v"])
        await client.sendCommand(
            "ACL SETUSER none reset on >pw ~* -@all".split(" ")
        )
        const LENGTH = { ...AT_REDIS, STREAM: "text", SHOW: "length" }
        const light = await Light.start(LENGTH)
        await light.says(/^text: WRONGTYPE/)
        await light.shows(REFUSED_STREAM)
        await light.configure({
            ...LENGTH,
            ...{ REDIS_USER: "none", REDIS_PASS: "pw" },
        })
        await light.says(/^text: NOPERM/)
        await light.shows(REFUSED_WHO)
        await light.stop()
    })
})

test("what is shown goes with what it needs", async () => {
    const light = await Light.start({
        ...AT_REDIS,
        ...{ STREAM: "jobs", GROUP: "g", UNIT: "seconds", SHOW: "pending" },
    })
    await light.says(
        /SHOW is pending: that is counted; UNIT=seconds goes with lag alone/
    )
    await light.configure({ ...AT_REDIS, STREAM: "jobs", SHOW: "age" })
    await light.says(
        /SHOW is "age"; accepted: lag or pending or work or consumers or length/
    )
    await light.stop()
})
