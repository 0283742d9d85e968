/** Several targets on one bar: each its share, each its own truth, asked one after the other. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import {
    assertBar,
    assertCycle,
    bar,
    refusalShare,
    share,
} from "../support/light/patterns.ts"
import type { Cycle } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { NAMES_MODULE } from "../support/redis/names.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis
const SERVER = { REDIS_HOST: redis.host, REDIS_PORT: redis.port }

/** Device time in which a poll certainly happens, POLL_MS being 1000. */
const POLL_MS = 1100
/** Longer than two turns of any pattern, and than two heartbeats. */
const WATCH_MS = 7000

/** Settings for targets on these streams, group "g" each. */
function targets(...streams: string[]) {
    const settings: Record<string, string> = {}
    for (const [i, stream] of streams.entries()) {
        const suffix = i === 0 ? "" : `_${i + 1}`
        settings[`STREAM${suffix}`] = stream
        settings[`GROUP${suffix}`] = "g"
    }
    return settings
}

/** One stream each, with as many entries unread. */
async function streams(...lags: number[]) {
    const created: TestStream[] = []
    for (const [i, lag] of lags.entries()) {
        const stream = await TestStream.create(client, `s${i + 1}`, "g")
        await stream.add(lag)
        created.push(stream)
    }
    return created
}

/** Each target's share shows a bar of this level, or this pattern; what is left over stays dark. */
async function showShares(
    light: Light,
    leds: number,
    wanted: (number | Cycle)[]
) {
    await light.sweep()
    const shown = await light.watch(WATCH_MS)
    for (const [i, each] of wanted.entries()) {
        const part = share(shown, i * leds, leds)
        if (typeof each === "number") assertBar(part, bar(each, leds))
        else assertCycle(part, each, `target ${i + 1}`)
    }
    const used = wanted.length * leds
    for (const [frame] of shown)
        assert.equal(frame.slice(used), "0".repeat(10 - used))
}

describe("the bar is shared out", () => {
    for (const [lags, leds] of [
        [[3, 9], 5],
        [[0, 5, 6], 3],
        [[1, 2, 3, 4], 2],
        [[4, 3, 2, 1, 0], 2],
    ] as const)
        test(`among ${lags.length}: ${leds} LEDs each`, async () => {
            await streams(...lags)
            const light = await Light.start({
                ...SERVER,
                ...targets(...lags.map((_, i) => `s${i + 1}`)),
            })
            await showShares(
                light,
                leds,
                lags.map(lag => Math.ceil(lag / 2))
            )
            for (const [i, lag] of lags.entries()) {
                const stream = `s${i + 1}`
                const level = Math.ceil(lag / 2)
                assert.equal(light.reading(stream)!.lag, lag)
                assert.equal(light.reading(stream)!.level, level)
                assert.ok(
                    light
                        .said()
                        .includes(
                            `${stream}/g: lag ${lag}, ${level} of ${leds}`
                        ),
                    light.said().join("\n")
                )
            }
        })

    test("and each has its own thresholds", async () => {
        await streams(7, 7, 7)
        const light = await Light.start({
            ...SERVER,
            ...targets("s1", "s2", "s3"),
            LAG_PER_LED: 100,
            LAG_PER_LED_2: 4,
            LEVELS_3: "1,5,7",
        })
        await showShares(light, 3, [1, 2, 3])
        await light.configure({
            ...SERVER,
            ...targets("s1", "s2", "s3"),
            LEVELS: "1,2,10",
            LAG_PER_LED_3: 7,
        })
        await showShares(light, 3, [2, 2, 1])
    })

    test("off the scale, a range and unknown, side by side", async () => {
        await streams(11, 0, 0)
        const user = "only-groups"
        await client.sendCommand([
            ...["ACL", "SETUSER", user, "reset", "on", ">pw", "~*"],
            ...["-@all", "+xinfo|groups"],
        ])
        // reported 4, and nil
        await client.sendCommand(["DEL", "s2", "s3"])
        const second = new TestStream(client, "s2")
        await second.group("g")
        await second.add(4)
        const third = new TestStream(client, "s3")
        await third.add(3)
        await third.group("g", "$")
        await third.add(1)
        const light = await Light.start({
            ...SERVER,
            ...targets("s1", "s2", "s3"),
            REDIS_USER: user,
            REDIS_PASS: "pw",
            LEVELS: "1,2,8",
        })
        await showShares(light, 3, [
            [
                ["111", 500],
                ["000", 500],
            ],
            [
                ["110", 500],
                ["000", 500],
            ],
            [
                ["101", 700],
                ["010", 700],
            ],
        ])
        await light.configure({
            ...SERVER,
            ...targets("s1", "s2", "s3"),
            LEVELS: "1,2,8,11",
        })
        await showShares(light, 3, [
            [
                ["111", 350],
                ["000", 150],
            ],
            2,
            1,
        ])
    })
})

describe("a refusal on a share", () => {
    for (const [count, leds] of [
        [2, 5],
        [3, 3],
        [4, 2],
        [5, 2],
    ])
        test(`of ${leds} of ${count}: which stream, which group`, async () => {
            const [first, second] = await streams(
                ...Array.from({ length: count }, () => 3)
            )
            await first.drop()
            await client.sendCommand(["XGROUP", "DESTROY", "s2", "g"])
            const names = Array.from({ length: count }, (_, i) => `s${i + 1}`)
            const light = await Light.start({ ...SERVER, ...targets(...names) })
            const others = Array.from({ length: count - 2 }, () => 2)
            await showShares(light, leds, [
                refusalShare(leds, 2),
                refusalShare(leds, 3),
                ...others,
            ])
            // each recovers alone
            await first.group("g")
            await first.add(1)
            await light.run(POLL_MS)
            await showShares(light, leds, [1, refusalShare(leds, 3), ...others])
            await second.group("g")
            await light.run(POLL_MS)
            await showShares(light, leds, [1, 2, ...others])
        })

    test("of who: credentials concern all, rights to a key only its target", async () => {
        await streams(5, 5)
        const light = await Light.start({
            ...SERVER,
            ...targets("s1", "s2"),
            REDIS_PASS: "needless",
        })
        await showShares(light, 5, [refusalShare(5, 1), refusalShare(5, 1)])

        await client.sendCommand([
            ...["ACL", "SETUSER", "half", "reset", "on", ">pw", "~s1"],
            ...["+@read"],
        ])
        await light.configure({
            ...SERVER,
            ...targets("s1", "s2"),
            REDIS_USER: "half",
            REDIS_PASS: "pw",
        })
        await showShares(light, 5, [3, refusalShare(5, 1)])
    })
})

describe("two targets, one healthy and one whose stream is deleted", () => {
    test("show a bar and a refusal side by side, and each recovers alone", async () => {
        const [first, second] = await streams(4, 6)
        const light = await Light.start({ ...SERVER, ...targets("s1", "s2") })
        await showShares(light, 5, [2, 3])

        await second.drop()
        await light.run(POLL_MS)
        await showShares(light, 5, [2, refusalShare(5, 2)])
        await first.add(2)
        await light.run(POLL_MS)
        await showShares(light, 5, [3, refusalShare(5, 2)])

        await first.drop()
        await second.group("g")
        await second.add(9)
        await light.run(POLL_MS)
        await showShares(light, 5, [refusalShare(5, 2), 5])
        await first.group("g")
        await light.run(POLL_MS)
        await showShares(light, 5, [0, 5])
    })
})

describe("GROUP=*", () => {
    test("shows the group that lags most, and the log says which", async () => {
        const stream = await TestStream.create(client, "jobs", "a", "b", "c")
        await stream.add(10)
        await stream.read("a", 10)
        await stream.read("b", 4)
        await stream.read("c", 8)
        const light = await Light.start({
            ...SERVER,
            STREAM: "jobs",
            GROUP: "*",
        })
        await light.reads({ group: "b", lag: 6 })
        assert.equal(light.said().at(-1), "jobs/b: lag 6, 3 of 10")
        await light.showsBar(bar(3))

        await stream.read("b", 5)
        await light.reads({ group: "c", lag: 2 })
        assert.equal(light.said().at(-1), "jobs/c: lag 2, 1 of 10")
        await stream.read("c", 2)
        await light.reads({ group: "b", lag: 1 })

        await client.sendCommand(["XGROUP", "DESTROY", "jobs", "b"])
        await light.reads({ lag: 0 })
        for (const group of ["a", "c"])
            await client.sendCommand(["XGROUP", "DESTROY", "jobs", group])
        await light.reads({ condition: "refused: which group" })
        await stream.group("späť", "0")
        await light.reads({ lag: 10 })
        assert.match(light.said().at(-1)!, /^jobs\/späť: lag 10, 5 of 10$/)
    })

    test("of those that a pattern means and SKIP_GROUP does not", async () => {
        const stream = await TestStream.create(
            client,
            "jobs",
            ...["orders-eu", "orders-us", "orders-test", "abandoned", "staff"]
        )
        await stream.add(20)
        await stream.read("orders-eu", 18)
        await stream.read("orders-us", 14)
        await stream.read("orders-test", 4)
        await stream.read("staff", 9)
        const light = await Light.start({
            ...SERVER,
            STREAM: "jobs",
            GROUP: "orders-*",
        })
        await light.reads({ group: "orders-test", lag: 16 })
        await light.configure({
            ...SERVER,
            STREAM: "jobs",
            GROUP: "orders-*",
            SKIP_GROUP: "orders-test,abandoned",
        })
        await light.reads({ group: "orders-us", lag: 6 })
        await light.showsBar(bar(3))
        await stream.read("orders-us", 5)
        await light.reads({ group: "orders-eu", lag: 2 })
        await light.configure({
            ...SERVER,
            STREAM: "jobs",
            GROUP: "*",
            SKIP_GROUP: "aban*,*-test",
        })
        await light.reads({ group: "staff", lag: 11 })
        await light.configure({ ...SERVER, STREAM: "jobs", GROUP: "night-?" })
        await light.reads({ condition: "refused: which group" })
        await stream.group("night-1", "0")
        await light.reads({ group: "night-1", lag: 20 })
    })

    test("says nothing new while nothing changes, however slow the replies", async () => {
        const stream = await TestStream.create(client, "jobs", "a", "b")
        await stream.add(10)
        await stream.read("a", 3)
        const proxy = closeAtEnd(await FaultProxy.start(redis))
        await proxy.set({ kind: "delay", ms: 700 })
        const light = await Light.start(
            {
                REDIS_HOST: proxy.host,
                REDIS_PORT: proxy.port,
                STREAM: "jobs",
                GROUP: "*",
            },
            { clock: "real" }
        )
        await light.reads({ group: "b", lag: 10 }, 15_000)
        const since = light.device.now
        await light.run(3000)
        assert.deepEqual(light.said(since), [])
        await light.stop()
    })
})

describe("the questions", () => {
    test("of a target go in one send per poll, one target after the other: the replies to all would not fit the heap", async () => {
        await streams(0, 0, 0, 0, 0)
        const proxy = closeAtEnd(await FaultProxy.start(redis))
        const sends: string[] = []
        proxy.on("request", bytes => sends.push(bytes.toString()))
        const light = await Light.start({
            REDIS_HOST: proxy.host,
            REDIS_PORT: proxy.port,
            ...targets("s1", "s2", "s3", "s4", "s5"),
        })
        await light.reads({ stream: "s5", lag: 0 })
        // between two of the checks that are made every 10 s
        await light.run(1500)
        sends.length = 0
        await light.run(7000)
        const question = (stream: string) =>
            `*3\r\n$5\r\nXINFO\r\n$6\r\nGROUPS\r\n$2\r\n${stream}\r\n`
        const poll = ["s1", "s2", "s3", "s4", "s5"].map(question)
        // each begins with a number to repeat, that no other has
        const ECHO = /^\*2\r\n\$4\r\nECHO\r\n\$8\r\n(\d{8})\r\n/
        assert.deepEqual(
            sends.map(send => send.replace(ECHO, "")),
            Array.from({ length: 7 }, () => poll).flat()
        )
        const numbers = sends.map(send => ECHO.exec(send)?.[1])
        assert.ok(!numbers.includes(undefined), "a send without a number")
        assert.equal(new Set(numbers).size, sends.length)
    })

    test("of one target all belong to one moment, even where names are long", async () => {
        // with names this long the questions of five targets do not fit one send of 1,400 bytes
        const names = Array.from({ length: 5 }, (_, i) =>
            `${i + 1}`.padEnd(90, "x")
        )
        const all: TestStream[] = []
        for (const name of names) {
            const stream = await TestStream.create(client, name, "g")
            // neither may be taken from what Redis reports: nil
            await stream.add(1)
            await client.sendCommand(["XGROUP", "SETID", name, "g", "$"])
            await stream.add(8)
            all.push(stream)
        }
        const proxy = closeAtEnd(await FaultProxy.start(redis))
        const light = await Light.start({
            REDIS_HOST: proxy.host,
            REDIS_PORT: proxy.port,
            ...targets(...names),
            LAG_PER_LED: 10,
            POLL_MS: 1000,
        })
        const shown = (name: string) =>
            light.readings().findLast(({ stream }) => stream[0] === name[0])
        await light.until(
            () => (shown(names[4])?.lag === 8 ? true : undefined),
            5000,
            "the first readings"
        )
        // a send that goes on with a target's questions: meanwhile all is delivered, and more comes
        const truths = new Set([8])
        let interrupted = 0
        proxy.on("request", async bytes => {
            if (startsTarget(bytes)) return
            interrupted++
            proxy.pause()
            for (const stream of all) {
                await stream.add(2)
                await stream.read("g", 100)
                await stream.add(1)
                truths.add(await stream.trueLag("g"))
            }
            proxy.resume()
        })
        await light.run(4 * POLL_MS)
        assert.deepEqual([...truths], interrupted > 0 ? [8, 1] : [8])
        for (const { stream, lag, low, high } of light.readings()) {
            const isTrue = [...truths].some(
                lag => low! <= lag && (high === null || lag <= high)
            )
            assert.ok(
                isTrue,
                `target ${stream[0]}: ${lag ?? `${low} to ${high}`}, true at any moment: ${[...truths].join(", ")}`
            )
        }
    })
})

describe("a Pico W's share of groups", () => {
    // two targets: (20,500 - 2,690) bytes for replies, 161 bytes a group (src/heap.ts)
    for (const [groups, condition] of [
        [110, "lag"],
        [111, "unknown"],
    ] as const)
        test(`two targets, one of ${groups} groups: ${condition}`, async () => {
            const { bytecode } = await buildFirmware({
                entry: "test/device/programs/mainpicow.ts",
            })
            await streams(3, 4)
            for (let i = 2; i <= groups; i++)
                await client.xGroupCreate("s2", `more-${i}`, "$")
            const light = await Light.start(
                {
                    ...SERVER,
                    REDIS_HOST: "redis.lan",
                    ...targets("s1", "s2"),
                },
                { bytecode, socketsModule: NAMES_MODULE }
            )
            await light.reads({ stream: "s1", lag: 3 }, 20_000)
            await light.reads({ stream: "s2", condition }, 20_000)
            if (condition === "unknown")
                await light.says(
                    /^s2\/g: lag unknown: the stream has 111 consumer groups, and this device can read 110$/
                )
        })
})

/** Whether a send begins with a target's first question. */
function startsTarget(send: Buffer) {
    return send.toString().startsWith("*3\r\n$5\r\nXINFO\r\n$6\r\nGROUPS\r\n")
}
