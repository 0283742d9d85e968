/** `checkins`: every check-in counts once, and what is "last" never goes backwards, whoever is killed. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { CheckinStore } from "../../../sim/traffic/checkins-script.ts"
import { parseCommandLine } from "../../../sim/command-line.ts"
import {
    checkins,
    CHECKINS_DEFAULTS,
    randomCheckin,
    startCheckins,
} from "../../../sim/traffic/checkins.ts"
import { compareIds } from "../../../sim/traffic/parts/stream-id.ts"
import type { RedisClient } from "../../../sim/traffic/redis-client.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { isWorkedOff } from "../support/traffic/worked-off.ts"
import { killAtRandom, WorkloadProcess } from "../support/traffic/process.ts"

const { stream, group } = CHECKINS_DEFAULTS
const TIMEOUT_MS = 20_000

describe("checkins", () => {
    const start = stoppedAfterEach(startCheckins)
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())
    beforeEach(() => redis.client.flushAll())

    const client = () => redis.client as unknown as RedisClient

    async function read(consumer: string, count: number) {
        const reply = await redis.client.xReadGroup(
            group,
            consumer,
            { key: stream, id: ">" },
            { COUNT: count }
        )
        return reply![0].messages
    }

    /** What users and locations must look like, from the stream itself. */
    async function expected() {
        const all = new Map<string, Record<string, string>>()
        for (const { id, message } of (await redis.client.xRange(
            stream,
            "-",
            "+"
        ))!) {
            const { userId, locationId, starRating } = message
            const [lastCheckin] = id.split("-")
            const user = `ncc:users:${userId}`
            all.set(user, {
                numCheckins: plus(all.get(user)?.numCheckins, 1),
                ...{ lastId: id, lastSeenAt: locationId, lastCheckin },
            })
            const location = `ncc:locations:${locationId}`
            const before = all.get(location)
            const visits = plus(before?.numCheckins, 1)
            const stars = plus(before?.numStars, starRating)
            all.set(location, {
                ...{ numCheckins: visits, numStars: stars },
                averageStars: average(Number(stars), Number(visits)),
                ...{ lastId: id, lastVisitor: userId, lastCheckin },
            })
        }
        return all
    }

    /** Two decimals, half up. In floating point 2.125 would be 2.12 or 2.13, as it comes. */
    function average(sum: number, count: number) {
        const hundredths = Math.floor((200 * sum + count) / (2 * count))
        return (hundredths / 100).toFixed(2)
    }

    function plus(a: string | undefined, b: string | number) {
        return String(Number(a ?? 0) + Number(b))
    }

    async function assertEachCountedOnce() {
        const all = await expected()
        const keys = await redis.client.keys("ncc:[ul]*:*")
        assert.deepEqual(keys.sort(), [...all.keys()].sort())
        for (const [key, fields] of all)
            assert.deepEqual(
                { ...(await redis.client.hGetAll(key)) },
                fields,
                key
            )
        return all
    }

    const isIdle = () => isWorkedOff(redis.client, stream, group)

    async function addSome(count: number) {
        for (let i = 0; i < count; i++)
            await redis.client.xAdd(stream, "*", {
                ...randomCheckin({ users: 3, locations: 2 }),
            })
    }

    test("count once and never go backwards while any process is killed, and Redis emptied", async () => {
        const random = new SeededRandom()
        console.log(`SEED=${random.seed}`)
        const common = [
            ...["checkins", "--url", redis.server.url],
            ...["--rate", "60", "--peak", "20", "--period", "5"],
            ...["--users", "5", "--locations", "3", "--consumers", "1"],
        ]
        const producer = new WorkloadProcess([...common, "--producer"])
        const consumers = ["ada", "bob", "cem"].map(
            name => new WorkloadProcess([...common, "--consumer", name])
        )
        const all = [producer, ...consumers]
        for (const each of all) each.start()
        try {
            let isOver = false
            const watch = neverBackwards(() => isOver)
            // it is awaited further down
            watch.catch(() => {})
            await until("check-ins are counted", TIMEOUT_MS, async () =>
                Boolean(await redis.client.exists("ncc:users:1"))
            )
            await killAtRandom(all, {
                ...{ random, gapMs: [50, 600] },
                halfway: () => redis.client.flushAll(),
                isEnough: async () => (await redis.client.xLen(stream)) > 200,
            })
            await producer.stop()
            await until("all are processed", TIMEOUT_MS, isIdle)
            isOver = true
            assert.ok((await watch) > 5, "looked often")
            const codes = await Promise.all(consumers.map(p => p.stop()))
            assert.deepEqual(codes, [0, 0, 0])
            await assertEachCountedOnce()
        } finally {
            await Promise.all(all.map(process => process.kill9()))
        }
    })

    /** @returns how often it has looked */
    async function neverBackwards(isOver: () => boolean) {
        const last = new Map<string, string>()
        let looks = 0
        for (; !isOver(); looks++) {
            for (const key of await redis.client.keys("ncc:[ul]*:*")) {
                const id = await redis.client.hGet(key, "lastId")
                // emptied just now
                if (!id) continue
                const before = last.get(key) ?? "0-0"
                assert.ok(compareIds(before, id) <= 0, `${key} goes back`)
                last.set(key, id)
            }
            await sleep(20)
        }
        return looks
    }

    test("processed out of order, and again: the later one stays", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        const store = new CheckinStore(client(), stream, group)
        // the sequence numbers grow beyond one digit: text is not a number
        for (let sequence = 7; sequence < 13; sequence++)
            await redis.client.xAdd(stream, `99-${sequence}`, {
                userId: "1",
                locationId: String(sequence),
                starRating: "3",
            })
        const messages = await read("ada", 6)
        for (const i of [4, 2, 5, 0, 3, 1]) {
            const { id, message } = messages[i]
            assert.equal(await store.record(id, message), "counted")
            assert.equal(await store.record(id, message), "counted before")
        }
        const user = await redis.client.hGetAll("ncc:users:1")
        assert.equal(user.lastId, "99-12")
        assert.equal(user.lastSeenAt, "12")
        await assertEachCountedOnce()
        // deleted, and with the next one forgotten: still it does not count again
        await redis.client.xDel(
            stream,
            messages.map(({ id }) => id)
        )
        await addSome(1)
        const [next] = await read("ada", 1)
        await store.record(next.id, next.message)
        assert.equal(await redis.client.zCard(`${stream}:done`), 1)
        const [first] = messages
        assert.equal(
            await store.record(first.id, first.message),
            "counted before"
        )
    })

    test("a group that is deleted and made again counts nothing twice", async () => {
        await addSome(30)
        const quick = { ratePerS: 500, producer: false }
        const traffic = await start(redis.server.url, quick)
        await until("some are processed", TIMEOUT_MS, async () =>
            Boolean(await redis.client.zCard(`${stream}:done`))
        )
        await redis.client.xGroupDestroy(stream, group)
        await until("the group is back and done", TIMEOUT_MS, isIdle)
        await addSome(5)
        await until("it goes on", TIMEOUT_MS, isIdle)
        await traffic.stop()
        await assertEachCountedOnce()
    })

    test("what a consumer left for good is taken over by another", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        await addSome(4)
        const [gone] = await read("gone", 3)
        await redis.client.xDel(stream, gone.id)
        const traffic = await start(redis.server.url, {
            ...{ producer: false, consumers: ["ada"] },
            ...{ ratePerS: 100, claimAfterMs: 300 },
        })
        await until("nothing is pending", TIMEOUT_MS, isIdle)
        await traffic.stop()
        await assertEachCountedOnce()
    })

    test("a consumer that is gone for good leaves the list once nothing of it is pending", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        await addSome(2)
        await read("gone", 1)
        const traffic = await start(redis.server.url, {
            ...{ producer: false, consumers: ["ada", "bob"] },
            ...{ ratePerS: 100, claimAfterMs: 1000 },
        })
        const names = async () =>
            (await redis.client.xInfoConsumers(stream, group))
                .map(({ name }) => String(name))
                .sort()
        await until("two have joined it", TIMEOUT_MS, async () =>
            (await names()).includes("bob")
        )
        assert.ok((await names()).includes("gone"))
        await until(
            "it has left",
            TIMEOUT_MS,
            async () => !(await names()).includes("gone")
        )
        assert.deepEqual(await names(), ["ada", "bob"])
        await traffic.stop()
        await assertEachCountedOnce()
    })

    test("a consumer that runs alone says what it does, unless it is to be quiet", async () => {
        await addSome(1)
        const [{ id }] = (await redis.client.xRange(stream, "-", "+"))!
        for (const [option, expected] of [
            [
                [],
                [
                    /ada: processing .* userId=\d/,
                    /ada: acknowledged/,
                    /ada: waiting/,
                ],
            ],
            [["--quiet"], []],
        ] as [string[], RegExp[]][]) {
            const said: string[] = []
            const args = ["--consumer", "ada", "--rate", "100", ...option]
            const traffic = await startByCommand(args, line => said.push(line))
            await until("it is done", TIMEOUT_MS, isIdle)
            await until(
                "all is said",
                TIMEOUT_MS,
                () => said.length >= expected.length
            )
            await traffic.stop()
            assert.equal(said.length, expected.length, said.join("\n"))
            for (const [i, pattern] of expected.entries()) {
                assert.match(said[i], pattern)
                if (i < 2) assert.ok(said[i].includes(id), said[i])
            }
            await redis.client.xGroupDestroy(stream, group)
        }
    })

    const startByCommand = stoppedAfterEach(
        (args: string[], say: (line: string) => void) => {
            const values = parseCommandLine(args, checkins.options)
            return checkins.start(redis.server.url, values, say)
        }
    )

    describe("the processor without a group", () => {
        const position = () => redis.client.get("ncc:checkinprocessor:lastid")
        const plan = { producer: false, processor: true, consumers: 0 }

        async function isAtEnd() {
            const newest = await redis.client.xRevRange(stream, "+", "-", {
                COUNT: 1,
            })
            return newest![0].id === (await position())
        }

        test("counts each once, keeps its position, and needs no group", async () => {
            await addSome(5)
            await redis.client.xAdd(stream, "*", { no: "check-in" })
            await addSome(5)
            const said: string[] = []
            const first = await startByCommand(
                ["--processor", "--rate", "50"],
                line => said.push(line)
            )
            await until("some are done", TIMEOUT_MS, async () =>
                Boolean(await position())
            )
            await first.stop()
            assert.match(said[0], /^checkins: processor: processing \d+-\d+$/)
            assert.match(said[1], /^checkins: processor: counted \d+-\d+$/)
            // two of them read the same: each still counts once
            const both = [1, 2].map(() =>
                start(redis.server.url, { ...plan, ratePerS: 100 })
            )
            await until("all are done", TIMEOUT_MS, isAtEnd)
            await Promise.all(both.map(async one => (await one).stop()))
            assert.equal((await redis.client.xInfoGroups(stream)).length, 0)
            const users = await redis.client.keys("ncc:users:*")
            let sum = 0
            for (const key of users)
                sum += Number(await redis.client.hGet(key, "numCheckins"))
            assert.equal(sum, 10)
        })

        test("cannot be scaled: two are no faster than one", async () => {
            await redis.client.flushAll()
            await addSome(20)
            // 40 ms each, one after the other: of two timers of one process the one that is due first fires first
            let isTooEarly = true
            setTimeout(() => (isTooEarly = false), 20 * 40 * 0.95)
            const both = [1, 2].map(() =>
                start(redis.server.url, { ...plan, ratePerS: 25 })
            )
            await until("all are done", TIMEOUT_MS, isAtEnd)
            assert.ok(!isTooEarly)
            await Promise.all(both.map(async one => (await one).stop()))
        })

        test("the stream is kept short behind it, and nothing lost", async () => {
            const added = async () =>
                Number(
                    (await redis.client.xInfoStream(stream))["entries-added"]
                )
            const traffic = await start(redis.server.url, {
                ...{ producer: true, processor: true, consumers: 0 },
                ...{ maxLength: 100, ratePerS: 1000 },
                cycle: { ratePerS: 200, peak: 50, periodS: 5 },
            })
            await until(
                "it is shortened",
                TIMEOUT_MS,
                async () =>
                    (await redis.client.exists(stream)) === 1 &&
                    (await added()) - (await redis.client.xLen(stream)) > 50
            )
            await traffic.stop()
            const [oldest] = (await redis.client.xRange(stream, "-", "+", {
                COUNT: 1,
            }))!
            assert.ok(compareIds(oldest.id, (await position())!) <= 0)
        })
    })
})
