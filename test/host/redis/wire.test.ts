/** The whole light, end to end, when the wire cuts, drips, closes or is silent, and when the server restarts. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { describe, test } from "node:test"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, impatient, Light } from "../support/light/bench.ts"
import {
    CLOSING_REPLIES,
    CUT_REPLIES,
    DRIPPING_REPLIES,
    LATE_REPLIES,
    TRICKLING_REPLIES,
} from "../support/light/cut-sockets.ts"
import {
    assertBar,
    assertCycle,
    bar,
    CONNECTING,
    REFUSED_STREAM,
    REFUSED_WHO,
    stale,
} from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"

const redis = closeAtEnd(await startTestRedis())
const stream = await TestStream.create(redis.client, "jobs", "staff")
await stream.add(5)

const JOBS = { STREAM: "jobs", GROUP: "staff" }
/** The replies to a poll (XINFO GROUPS, XLEN and XREAD) when five entries wait. */
const REPLY_BYTES = 396
/** As many as a reply has offsets, in light-cut-sockets.ts' steps. */
const CLOSES = 128

/** So many groups make a reply that takes longer than 5 s at a byte a millisecond. */
const CROWD = 60

/** How long a Redis may be down, and what DeviceScript's library logs of each attempt to connect to it. */
const DOWN_FOR_MS = 600_000
const ATTEMPT = /^connecting to tcp:/
/** From then on the pauses are 30 s and more: 2 + 4 + 8 + 16 s, and what is added to them. */
const BACKED_OFF_MS = 35_000
/** Four while the pauses grow, then one every 30 to 33 s. */
const MIN_ATTEMPTS = 4 + Math.floor((DOWN_FOR_MS - BACKED_OFF_MS) / 33_000)
const MAX_ATTEMPTS = 4 + DOWN_FOR_MS / 30_000

async function proxied() {
    const proxy = closeAtEnd(await FaultProxy.start(redis))
    const AT = { REDIS_HOST: proxy.host, REDIS_PORT: proxy.port }
    return { proxy, settings: { ...JOBS, ...AT } }
}

describe("a reply", { concurrency: true }, () => {
    for (const [how, socketsModule, times] of [
        ["is cut at every offset, and resumed", CUT_REPLIES, REPLY_BYTES],
        ["comes byte by byte", DRIPPING_REPLIES, 20],
    ] as const)
        test(how, async () => {
            const { proxy, settings } = await proxied()
            const light = await Light.start(
                { ...settings, POLL_MS: 1000 },
                { socketsModule }
            )
            const sizes: number[] = []
            proxy.on("reply", bytes => sizes.push(bytes.length))
            await light.reads({ lag: 5 })
            await light.showsBar(bar(3))
            assert.equal(sizes.at(-1), REPLY_BYTES)
            const from = sizes.length
            await light.until(
                () => sizes.length > from + times || undefined,
                2000 * times,
                `${times} polls`
            )
            assert.deepEqual(new Set(sizes.slice(from)), new Set([REPLY_BYTES]))
            assert.equal(proxy.connections, 1)
            assert.deepEqual(light.said().slice(2), [
                "jobs/staff: lag 5, 3 of 10",
            ])
            assert.deepEqual(
                new Set(light.readings().map(({ lag }) => lag)),
                new Set([5])
            )
        })

    test("that comes byte by byte for longer than the time limit is given up", async () => {
        const { proxy, settings } = await proxied()
        const crowd = await TestStream.create(redis.client, "crowd", "staff")
        for (let i = 0; i < CROWD; i++)
            await redis.client.sendCommand([
                ...["XGROUP", "CREATE", "crowd", `group-${i}`, "0"],
            ])
        await crowd.add(1)
        const light = await Light.start(
            { ...settings, STREAM: "crowd" },
            { socketsModule: TRICKLING_REPLIES }
        )
        // the limit is on the whole reply, not on each piece; and another try follows, with the same end
        for (let i = 1; i <= 2; i++) {
            await light.until(
                () => proxy.connections === i || undefined,
                10_000,
                `connection ${i}`
            )
            const connectedAt = light.device.now
            const end = await light.until(
                () =>
                    light.lines.find(
                        ({ t, level, text }) =>
                            level === "debug" &&
                            t >= connectedAt &&
                            text === "no reply in time"
                    ),
                10_000,
                "the end of the connection"
            )
            const ms = end.t - connectedAt
            assert.ok(ms > 4900 && ms < 5200, `given up after ${ms} ms`)
        }
        assert.deepEqual(
            light.readings().filter(({ lag }) => lag !== null),
            []
        )
    })

    test("comes byte by byte over TCP, on the wall clock", async () => {
        const { proxy, settings } = await proxied()
        const stream = await TestStream.create(redis.client, "more", "staff")
        await stream.add(5)
        await proxy.set({ kind: "pieces", bytes: 1, everyMs: 0 })
        const light = await Light.start(
            { ...settings, STREAM: "more", POLL_MS: 100 },
            { clock: "real" }
        )
        await light.reads({ lag: 5 }, 20_000)
        await stream.add(1)
        await light.reads({ lag: 6 }, 20_000)
        await stream.read("staff", 1)
        await light.reads({ lag: 5 }, 20_000)
        assert.equal(proxy.connections, 1)
        await light.stop()
    })

    for (const lag of [0, 1])
        test(`takes nearly as long as a reading may be old: lag ${lag} is stale, and does not flicker`, async () => {
            const { settings } = await proxied()
            const key = `late-${lag}`
            const late = await TestStream.create(redis.client, key, "staff")
            await late.add(lag)
            const light = await Light.start(
                { ...settings, STREAM: key, POLL_MS: 100, STALE_MS: 1000 },
                { socketsModule: LATE_REPLIES }
            )
            await light.says(/is stale$/)
            const from = light.device.now
            await light.shows(stale(lag))
            await light.run(10_000)
            assert.deepEqual(light.said(from), [])
            await light.stop()
        })

    test("is cut short by the end of the connection, at any offset", async () => {
        const { proxy, settings } = await proxied()
        const light = await Light.start(
            { ...settings, POLL_MS: 500 },
            { socketsModule: CLOSING_REPLIES }
        )
        await light.reads({ lag: 5 })
        await light.sweep()
        assertBar(await light.watch(10_000), bar(3))
        const from = light.device.now
        const connections = proxy.connections
        await light.until(
            () => proxy.connections > connections + CLOSES || undefined,
            CLOSES * 6000,
            "as many ends of connections as a reply has offsets"
        )
        // an interruption shorter than STALE_MS is not to be seen
        for (const [leds] of light.shown(from, light.device.now))
            assert.match(leds, /^[01]110000000$/)
        for (const { condition, lag } of light.readings())
            assert.deepEqual([condition, lag], ["lag", 5])
    })

    for (const kind of ["close", "reset"] as const)
        test(`is cut short by a ${kind} over TCP, on the wall clock`, async () => {
            const { proxy, settings } = await proxied()
            const light = await Light.start(
                { ...settings, POLL_MS: 100 },
                { clock: "real" }
            )
            await light.reads({ lag: 5 }, 10_000)
            for (const after of [0, 1, 100, 381]) {
                const applied = once(proxy, "applied")
                await proxy.set({ kind, after, per: "reply" }, { once: true })
                await applied
                const since = light.device.now
                await light.says(/answers again/, 10_000, since)
            }
            assert.equal(proxy.connections, 5)
            const reasons = light
                .said()
                .filter(line => /^redis .*: the /.test(line))
            assert.equal(reasons.length, 4, reasons.join("\n"))
            const [bare, ...behindData] = reasons
            assert.match(bare, kind === "close" ? /closed/ : /was reset/)
            // Node takes a reset for an end where it finds data and reset at once (libuv, src/unix/stream.c)
            for (const line of behindData)
                assert.match(
                    line,
                    kind === "close" ? /closed/ : /closed|was reset/
                )
            for (const { condition, lag } of light.readings())
                assert.deepEqual([condition, lag], ["lag", 5])
            await light.stop()
        })
})

describe("the server", () => {
    test("restarts: the last bar grows stale, then the light looks for Redis, then shows the new lag", async () => {
        const first = closeAtEnd(await startTestRedis())
        const jobs = await TestStream.create(first.client, "jobs", "staff")
        await jobs.add(9)
        const proxy = closeAtEnd(await FaultProxy.start(first))
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: proxy.host,
            REDIS_PORT: proxy.port,
            // each reading has its sign of life, which tells when it was
            POLL_MS: 2500,
            STALE_MS: 5000,
        })
        await light.reads({ lag: 9 })
        await light.showsBar(bar(5))
        const lastAskedAt = light.frames.findLast(
            ({ leds }) => leds === "0111100000"
        )!.t

        await first.server.kill9()
        await proxy.set({ kind: "refuse" })
        proxy.cut("fin")
        await light.run(30_000)
        const end = light.device.now
        // the bar is taken away at once, but for its tip
        const staleAt = light.frames.find(
            ({ t, leds }) => t > lastAskedAt && leds === "0000100000"
        )!.t
        const age = staleAt - lastAskedAt
        assert.ok(age > 4950 && age < 5100, `bar until ${age} ms`)
        const staleFor = light.shown(staleAt, lastAskedAt + 29_900)
        assertCycle(staleFor, stale(5))
        // the link counts as down from its first failure on, less than a poll's interval later
        await light.run(Math.max(0, lastAskedAt + 33_000 - end))
        await light.shows(CONNECTING)
        assert.equal(light.said().at(-1), "light: connecting")

        const second = closeAtEnd(await startTestRedis({ port: first.port }))
        const again = await TestStream.create(second.client, "jobs", "staff")
        await again.add(4)
        await proxy.clear()
        await light.until(
            () => light.said().at(-1)!.endsWith("lag 4, 2 of 10") || undefined,
            35_000,
            "the new lag"
        )
        await light.showsBar(bar(2))
        assert.deepEqual(
            light.said().map(line => line.replace(/[:;].*/, "")),
            [
                "redis",
                "light",
                "jobs/staff",
                "redis 127.0.0.1",
                "redis 127.0.0.1",
                "jobs/staff",
                "light",
                "redis 127.0.0.1",
                "jobs/staff",
            ],
            "each change is said once"
        )
        const statuses = light.statuses()
        assert.deepEqual(
            statuses.filter((status, i) => status !== statuses[i - 1]),
            ["connecting", "lag", "stale", "connecting", "lag"]
        )
    })

    test("restarts empty, on the wall clock: the stream is refused until it is there again", async () => {
        const first = closeAtEnd(await startTestRedis())
        const jobs = await TestStream.create(first.client, "jobs", "staff")
        await jobs.add(2)
        const light = await Light.start(
            {
                ...JOBS,
                REDIS_HOST: first.host,
                REDIS_PORT: first.port,
                POLL_MS: 100,
            },
            { clock: "real" }
        )
        await light.reads({ lag: 2 })
        await first.server.kill9()
        const second = closeAtEnd(await startTestRedis({ port: first.port }))
        await light.reads({ condition: "refused: which stream" }, 10_000)
        const again = await TestStream.create(second.client, "jobs", "staff")
        await again.add(6)
        await light.reads({ lag: 6 })
        await light.stop()
    })

    test("is not there at first", async () => {
        const { proxy, settings } = await proxied()
        await proxy.set({ kind: "refuse" })
        const light = await Light.start(settings)
        await light.shows(CONNECTING)
        await light.run(20_000)
        const refusals = light.said().filter(line => /refused/.test(line))
        assert.equal(refusals.length, 1, "said once")
        await proxy.clear()
        await light.reads({ lag: 5 }, 35_000)
        await light.showsBar(bar(3))
    })

    test("is down for ten minutes: one attempt in 30 s, once the light has backed off, and the new lag within 35 s", async () => {
        const { proxy, settings } = await proxied()
        const nightly = await TestStream.create(
            redis.client,
            "nightly",
            "staff"
        )
        await nightly.add(4)
        const light = await Light.start({ ...settings, STREAM: "nightly" })
        await light.reads({ lag: 4 })
        const downAt = light.device.now
        await proxy.set({ kind: "refuse" })
        proxy.cut("fin")
        await light.run(DOWN_FOR_MS)
        const attempts = light.lines
            .filter(({ t, text }) => t > downAt && ATTEMPT.test(text))
            .map(({ t }) => t - downAt)
        const story = attempts.map(Math.round).join(" ")
        for (let i = 1; i < attempts.length; i++)
            assert.ok(
                attempts[i - 1] < BACKED_OFF_MS ||
                    attempts[i] - attempts[i - 1] >= 30_000,
                `attempts at ${story} ms`
            )
        assert.ok(
            attempts.length >= MIN_ATTEMPTS && attempts.length <= MAX_ATTEMPTS,
            `attempts at ${story} ms`
        )
        await nightly.add(3)
        await proxy.clear()
        await light.reads({ lag: 7 }, 35_000)
        await light.showsBar(bar(4))
    })

    test("is loading when the light logs in: that is waited out, and no refusal", async () => {
        let isLoading = true
        const server = closeAtEnd(
            await CannedReplyServer.start(command => {
                if (isLoading)
                    return "-LOADING Redis is loading the dataset in memory\r\n"
                return String(command[0]).startsWith("X")
                    ? "-ERR no such key\r\n"
                    : "+OK\r\n"
            })
        )
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: server.host,
            REDIS_PORT: server.port,
            REDIS_DB: 1,
        })
        await light.says(/LOADING.*waiting/)
        await light.shows(CONNECTING)
        await light.run(30_000)
        assert.equal(
            light.said().filter(line => /LOADING/.test(line)).length,
            1,
            light.said().join("\n")
        )
        isLoading = false
        await light.says(/no such key/, 11_000, light.device.now)
        assert.equal(server.connections, 1)
    })

    test("accepts and says nothing", async () => {
        const { proxy, settings } = await proxied()
        const light = await Light.start({ ...settings }, impatient)
        await light.reads({ lag: 5 })
        await proxy.set({ kind: "black-hole" })
        const since = light.device.now
        await light.says(/no reply in time/, 8000)
        await light.until(
            () => light.device.leds === "0010000000" || undefined,
            4000,
            "the tip of the stale bar"
        )
        const age = light.device.now - since
        assert.ok(age < 7500, `stale after ${age} ms`)
        await proxy.clear()
        await light.says(/answers again/, 10_000, light.device.now)
        await light.showsBar(bar(3))
    })

    test("closes now and then: each time the light is back as soon as the first time", async () => {
        const { proxy, settings } = await proxied()
        const light = await Light.start(settings)
        await light.reads({ lag: 5 })
        for (let i = 1; i <= 5; i++) {
            const cutAt = light.device.now
            proxy.cut("fin")
            await light.says(/the server closed the connection/, 5000, cutAt)
            await light.says(/answers again/, 10_000, cutAt)
            const ms = light.device.now - cutAt
            // a poll finds out, a pause of 2.2 s at the most, a reading
            assert.ok(ms < 3600, `back after ${ms} ms, time ${i}`)
            await light.run(5000)
        }
    })

    test("has forgotten the login (NOAUTH on the same connection): it is said again, at once", async () => {
        // a proxy does this when the Redis behind it has restarted
        let isKnown = false
        let logins = 0
        const server = closeAtEnd(
            await CannedReplyServer.start(command => {
                const name = String(command[0])
                if (name === "AUTH") {
                    isKnown = true
                    logins++
                }
                if (!isKnown) return "-NOAUTH Authentication required.\r\n"
                return name.startsWith("X") ? "-ERR no such key\r\n" : "+OK\r\n"
            })
        )
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: server.host,
            REDIS_PORT: server.port,
            REDIS_PASS: "secret",
        })
        await light.says(/no such key/)
        assert.equal(logins, 1)
        isKnown = false
        const since = light.device.now
        await light.says(/NOAUTH/, 5000, since)
        await light.says(/no such key/, 5000, since)
        assert.equal(logins, 2)
        assert.equal(server.connections, 1)
    })

    for (const [words, pattern, remedy] of [
        [
            "-DENIED Redis is running in protected mode because protected mode is enabled",
            REFUSED_WHO,
            /DENIED.*protected mode: set a password/,
        ],
        [
            "-ERR max number of clients reached",
            CONNECTING,
            /max number of clients reached; waiting until it can answer/,
        ],
    ] as const)
        test(`hangs up at once and says why: ${words}`, async () => {
            const server = closeAtEnd(
                await CannedReplyServer.start({
                    handler: () => undefined,
                    greeting: { reply: `${words}\r\n`, then: "close" },
                })
            )
            const light = await Light.start({
                ...JOBS,
                REDIS_HOST: server.host,
                REDIS_PORT: server.port,
            })
            await light.says(remedy)
            await light.shows([...pattern])
            await light.run(60_000)
            assert.equal(
                light.said().filter(line => remedy.test(line)).length,
                1,
                light.said().join("\n")
            )
            // that it closes is no news besides
            assert.ok(
                pattern === REFUSED_WHO ||
                    light.said().every(line => !line.includes("closed")),
                light.said().join("\n")
            )
            assert.ok(
                server.connections > 3 && server.connections < 8,
                `${server.connections} attempts in a minute`
            )
        })

    test("cannot answer now: LOADING and the like are waited out", async () => {
        let answer = "-LOADING Redis is loading the dataset in memory\r\n"
        const server = closeAtEnd(
            await CannedReplyServer.start(command =>
                String(command[0]) === "XINFO" ? answer : "+OK\r\n"
            )
        )
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: server.host,
            REDIS_PORT: server.port,
        })
        await light.shows(CONNECTING)
        assert.equal(
            light.said().filter(line => /LOADING.*waiting/.test(line)).length,
            1
        )
        answer = "-ERR no such key\r\n"
        await light.run(1100)
        await light.shows(REFUSED_STREAM)
        assert.equal(server.connections, 1)
    })
})
