/** POS_KEY: a reader without a consumer group, which keeps its position itself, on a real Redis. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { monitor } from "../support/light/monitor.ts"
import { bar } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis

const TEMPS = {
    REDIS_HOST: redis.host,
    REDIS_PORT: redis.port,
    STREAM: "temps",
    POS_KEY: "temps:reader",
}

/** Adds entries. @returns their IDs */
async function add(entries: number) {
    const ids: string[] = []
    for (let i = 0; i < entries; i++)
        ids.push(await client.xAdd("temps", "*", { celsius: `${20 + i}` }))
    return ids
}

describe("a reader that keeps its position", () => {
    test("in a string: the entries after it are its lag", async () => {
        await client.flushAll()
        const ids = await add(7)
        await client.set("temps:reader", ids[2])
        const watch = closeAtEnd(await monitor(redis))
        const light = await Light.start(TEMPS)
        await light.reads({ lag: 4, known: "counted", complaint: undefined })
        // nothing that writes, and nothing else
        assert.deepEqual(
            [...new Set(watch.commands.map(([name]) => name))].sort(),
            ["CLIENT", "ECHO", "GET", "XLEN", "XREAD"]
        )
        await light.showsBar(bar(2))
        assert.ok(light.said().includes("temps: lag 4, 2 of 10"))
        assert.deepEqual(
            [light.reading()!.pending, light.reading()!.consumers],
            [null, null]
        )
        await add(3)
        await light.reads({ lag: 7, level: 4 })
        await client.set("temps:reader", (await add(1))[0])
        await light.reads({ lag: 0, level: 0 })
        // the first entries may be deleted, and those before the position
        await client.xTrim("temps", "MAXLEN", 2)
        await add(2)
        await light.reads({ lag: 2 })
    })

    test("in a hash's field, beside a target with a group, and in seconds", async () => {
        await client.flushAll()
        const ids = await add(3)
        await client.hSet("temps:reader", { lastId: ids[0], sum: "61" })
        const jobs = await TestStream.create(client, "jobs", "g")
        await jobs.add(5)
        const light = await Light.start({
            ...TEMPS,
            STREAM: "jobs",
            GROUP: "g",
            POS_KEY: undefined,
            STREAM_2: "temps",
            POS_KEY_2: "temps:reader",
            POS_FIELD_2: "lastId",
        })
        await light.reads({ stream: "jobs", lag: 5 })
        await light.reads({ stream: "temps", lag: 2 })
        await light.configure({
            ...TEMPS,
            POS_FIELD: "lastId",
            UNIT: "seconds",
        })
        await light.until(
            () => (light.reading()?.condition === "lag" ? true : undefined),
            20_000,
            "an age"
        )
        assert.equal(light.reading()!.known, "counted")
        await client.hSet("temps:reader", { lastId: ids[2] })
        await light.reads({ lag: 0 })
    })

    test("that is not there, is no ID, or no key of that kind: whose lag, is asked", async () => {
        await client.flushAll()
        const [first] = await add(2)
        const refused = "refused: which group"
        const light = await Light.start(TEMPS)
        await light.reads({
            condition: refused,
            reason: "temps:reader is not there: its reader has not begun; check POS_KEY",
        })
        await client.set("temps:reader", "yesterday")
        await light.reads({
            condition: refused,
            reason: "temps:reader holds no entry's ID; check POS_KEY",
        })
        await client.del("temps:reader")
        await client.hSet("temps:reader", { lastId: first })
        await light.reads({
            condition: refused,
            reason: "temps:reader: WRONGTYPE Operation against a key holding the wrong kind of value; check POS_KEY",
        })
        await light.configure({ ...TEMPS, POS_FIELD: "last" })
        await light.reads({
            condition: refused,
            reason: "field last of temps:reader is not there: its reader has not begun; check POS_KEY",
        })
        await client.hSet("temps:reader", { last: first })
        await light.reads({ lag: 1 })
    })

    test("of a stream that is none, or empty: which stream", async () => {
        await client.flushAll()
        await client.set("temps:reader", "5-0")
        const light = await Light.start(TEMPS)
        await light.reads({
            condition: "refused: which stream",
            reason: "the stream has no entries, or does not exist; check STREAM",
        })
        await client.set("temps", "text")
        await light.reads({
            condition: "refused: which stream",
            reason: "WRONGTYPE Operation against a key holding the wrong kind of value; STREAM names a key that is not a stream",
        })
        await client.del("temps")
        await add(3)
        await light.reads({ lag: 3 })
    })

    test("that the user may not read", async () => {
        await client.flushAll()
        const [first] = await add(4)
        await client.set("temps:reader", first)
        const user = ["ACL", "SETUSER", "few", "reset", "on", ">pw", "-@all"]
        const rights = ["+echo", "+get", "+xlen", "+xread"]
        await client.sendCommand([...user, "~temps", ...rights])
        const light = await Light.start({
            ...TEMPS,
            REDIS_USER: "few",
            REDIS_PASS: "pw",
        })
        await light.reads({ condition: "refused: who" })
        await client.sendCommand([...user, "~temps*", ...rights])
        await light.reads({ lag: 3, missing: undefined })
        // how many there are at the most is known without reading them
        await client.sendCommand([...user, "~temps*", "+echo", "+get", "+xlen"])
        await light.reads({ low: 0, high: 4, missing: "+xread" }, 120_000)
    })
})
