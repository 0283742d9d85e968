/** What the workloads are made of: stream IDs in order, overdue entries on older servers, a stream kept short. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import {
    CHECKINS_DEFAULTS,
    randomCheckin,
    startCheckins,
} from "../../../sim/traffic/checkins.ts"
import { OverdueEntries } from "../../../sim/traffic/parts/overdue.ts"
import { compareIds, NEWER_LUA } from "../../../sim/traffic/parts/stream-id.ts"
import { connectionTo } from "../../../sim/traffic/redis-client.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { isWorkedOff } from "../support/traffic/worked-off.ts"

const TIMEOUT_MS = 20_000

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
            const entry = await overdue.claimOne()
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

describe("consumers and their stream", () => {
    const { stream, group } = CHECKINS_DEFAULTS
    const start = stoppedAfterEach(startCheckins)
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())

    const isIdle = () => isWorkedOff(redis.client, stream, group)

    test("a server without XAUTOCLAIM will do", async () => {
        const old = await startTestRedis({
            args: ["--rename-command", "XAUTOCLAIM", ""],
        })
        try {
            await old.client.xGroupCreate(stream, group, "0", {
                MKSTREAM: true,
            })
            for (let i = 0; i < 3; i++)
                await old.client.xAdd(stream, "*", { ...randomCheckin() })
            await old.client.xReadGroup(group, "gone", {
                ...{ key: stream, id: ">" },
            })
            const [{ id }] = (await old.client.xRange(stream, "-", "+"))!
            await old.client.xDel(stream, id)
            const traffic = await start(old.server.url, {
                ...{ producer: false, consumers: ["ada"] },
                ...{ ratePerS: 100, claimAfterMs: 300 },
            })
            await until(
                "nothing is pending",
                TIMEOUT_MS,
                async () =>
                    (await old.client.xPending(stream, group)).pending === 0
            )
            await traffic.stop()
            assert.equal(await old.client.zCard(`${stream}:done`), 2)
        } finally {
            await old.stop()
        }
    })

    test("the stream is kept short, and nothing of it lost", async () => {
        // nothing is there before the first check-in
        const added = async () =>
            (await redis.client.exists(stream)) === 0
                ? 0
                : Number(
                      (await redis.client.xInfoStream(stream))["entries-added"]
                  )
        const idle = await start(redis.server.url, {
            ...{ consumers: [], maxLength: 100 },
            cycle: { ratePerS: 400, peak: 400, periodS: 5 },
        })
        await until("it is full", TIMEOUT_MS, async () => (await added()) > 200)
        // it looks once a second, and later on a busy computer
        let full = 0
        await until("the producer waits", TIMEOUT_MS, async () => {
            const before = await added()
            await sleep(1000)
            full = await added()
            return full === before
        })
        assert.equal(await redis.client.xLen(stream), full, "all are there")
        const reader = await start(redis.server.url, {
            ...{ producer: false, consumers: ["ada"], ratePerS: 1000 },
        })
        await until(
            "it flows again, and is short",
            TIMEOUT_MS,
            async () =>
                (await added()) > full + 100 &&
                (await redis.client.xLen(stream)) < full
        )
        await idle.stop()
        await until("all are processed", TIMEOUT_MS, isIdle)
        await reader.stop()
        const users = await redis.client.keys("ncc:users:*")
        let sum = 0
        for (const key of users)
            sum += Number(await redis.client.hGet(key, "numCheckins"))
        assert.equal(sum, await added())
        const done = await redis.client.zCard(`${stream}:done`)
        assert.ok(done <= (await redis.client.xLen(stream)) + 50, `${done}`)
    })
})
