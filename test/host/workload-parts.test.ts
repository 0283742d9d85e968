/** What the workloads are made of: stream IDs in order, and what an older server says of overdue entries. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import fc from "fast-check"
import { OverdueEntries } from "../../sim/traffic/parts/overdue.ts"
import { compareIds, NEWER_LUA } from "../../sim/traffic/parts/stream-id.ts"
import { connectionTo } from "../../sim/traffic/redis-client.ts"
import { startTestRedis } from "./support/redis-server.ts"
import type { TestRedis } from "./support/redis-server.ts"
import { CannedReplyServer } from "./support/scripted-server.ts"

describe("stream IDs", () => {
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())

    const part = fc.oneof(
        fc.nat(12).map(String),
        fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }).map(String),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
    )
    const id = fc.tuple(part, part).map(parts => parts.join("-"))

    test("are in the same order here, in Lua, and in Redis", async () => {
        const script = `${NEWER_LUA}
            return newer(ARGV[1], ARGV[2]) and 1 or 0`
        await fc.assert(
            fc.asyncProperty(id, id, async (a, b) => {
                const isNewer = await redis.client.eval(script, {
                    arguments: [a, b],
                })
                assert.equal(isNewer === 1, compareIds(a, b) > 0)
                await redis.client.del("s")
                if (a === "0-0" || b === "0-0") return
                await redis.client.xAdd("s", b, { x: "" })
                const isAdded = await redis.client.xAdd("s", a, { x: "" }).then(
                    () => true,
                    () => false
                )
                assert.equal(isAdded, compareIds(a, b) > 0)
            }),
            { numRuns: 300 }
        )
    })
})

describe("overdue entries", () => {
    /** Claims from a server of canned replies. @returns what was claimed, and what was acknowledged */
    async function claimFrom(replies: Record<string, string>) {
        const server = await CannedReplyServer.start(
            ([name]) => replies[name.toString()] ?? "+OK\r\n"
        )
        const client = connectionTo(`redis://${server.host}:${server.port}`)
        try {
            await client.connect()
            const overdue = new OverdueEntries(client, {
                ...{ stream: "s", group: "g", consumer: "me", afterMs: 5 },
            })
            const entry = await overdue.takeOne()
            const acknowledged = server.commands
                .filter(([name]) => name === "XACK")
                .map(([, , , id]) => id)
            return { entry, acknowledged }
        } finally {
            client.destroy()
            await server.stop()
        }
    }

    const PENDING = (idle: number) =>
        `*1\r\n*4\r\n$3\r\n5-1\r\n$4\r\ngone\r\n:${idle}\r\n:1\r\n`
    const UNKNOWN =
        "-ERR unknown command `XAUTOCLAIM`, with args beginning with: `s`, \r\n"

    test("Redis 6.2: a deleted entry is nil, and stays pending until acknowledged", async () => {
        const { entry, acknowledged } = await claimFrom({
            XAUTOCLAIM: "*2\r\n$3\r\n0-0\r\n*1\r\n*-1\r\n",
            XPENDING: PENDING(0),
            XRANGE: "*0\r\n",
        })
        assert.equal(entry, undefined)
        assert.deepEqual(acknowledged, ["5-1"])
    })

    test("Redis 5: claimed by hand", async () => {
        const { entry, acknowledged } = await claimFrom({
            XAUTOCLAIM: UNKNOWN,
            XPENDING: PENDING(6),
            XCLAIM: "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n",
        })
        assert.deepEqual(entry, { id: "5-1", fields: { a: "1" } })
        assert.deepEqual(acknowledged, [])
    })

    test("Redis 5: a deleted entry is nil there, too", async () => {
        const { entry, acknowledged } = await claimFrom({
            XAUTOCLAIM: UNKNOWN,
            XPENDING: PENDING(6),
            XCLAIM: "*1\r\n*-1\r\n",
            XRANGE: "*0\r\n",
        })
        assert.equal(entry, undefined)
        assert.deepEqual(acknowledged, ["5-1"])
    })

    test("what is not overdue, or was taken by another, is left alone", async () => {
        const fresh = await claimFrom({
            ...{ XAUTOCLAIM: UNKNOWN, XPENDING: PENDING(4) },
        })
        assert.deepEqual(fresh, { entry: undefined, acknowledged: [] })
        const taken = await claimFrom({
            ...{ XAUTOCLAIM: UNKNOWN, XPENDING: PENDING(6), XCLAIM: "*0\r\n" },
            XRANGE: "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n",
        })
        assert.deepEqual(taken, { entry: undefined, acknowledged: [] })
    })
})
