/**
 * What once made a steady bar false, each by itself: servers whose own figure is wrong and gives no sign of it, answers that
 * come late, twice, or make no sense, and streams that are replaced by others. REDIS_SERVER=/path runs it on another version.
 */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer } from "node:net"
import type { AddressInfo, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import type { Settings } from "../../../sim/vm/device.ts"
import { closeAtEnd, Light, readingOf } from "../support/light/bench.ts"
import { ClockRelay } from "../support/light/clock-relay.ts"
import { ONE_LATE_REPLY } from "../support/light/cut-sockets.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestClient, TestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { until } from "../support/redis/replicated.ts"

const POLL_MS = 1000
const JOBS = { STREAM: "jobs", GROUP: "g", POLL_MS }
/** Too heavy for a count in one send of 8 KB. */
const HEAVY = "v".repeat(1000)

const redis = closeAtEnd(await startTestRedis())
const major = Number(redis.server.version.split(".")[0])
/** From 7.0 on Redis reports a lag, and the operator can make it say anything. */
const reports = major >= 7

/** Whose rights let the server count, and whose do not. */
const USERS = reports ? ["with scripts", "without scripts"] : ["of any kind"]

/** @returns the settings of a user who may do everything, but for scripts if that is what is wanted */
async function userOf(client: TestClient, who: string): Promise<Settings> {
    if (who !== "without scripts") return {}
    await client.sendCommand([
        ...["ACL", "SETUSER", "plain", "reset", "on", ">pw", "~*", "+@all"],
        "-@scripting",
    ])
    return { REDIS_USER: "plain", REDIS_PASS: "pw" }
}

function at({ host, port }: { host: string; port: number }): Settings {
    return { REDIS_HOST: host, REDIS_PORT: port }
}

/** Each reading is true of a lag that did not change since the program began: exactly, or as a range. */
function assertAllTrue(light: Light, truth: number) {
    for (const reading of light.readings()) {
        const text = `true lag ${truth}: ${JSON.stringify(light.readings())}`
        if (reading.condition !== "lag") continue
        assert.equal(reading.lag ?? truth, truth, text)
        assert.ok(reading.low! <= truth, text)
        assert.ok(reading.high === null || truth <= reading.high, text)
    }
}

/** A light that has just been started is exact by its third poll, and was never wrong. */
async function assertExactSoon(settings: Settings, truth: number) {
    const light = await Light.start({ ...JOBS, ...settings })
    const first = await light.until(() => light.reading(), 8000, "a reading")
    assert.ok(first)
    await light.run(2.5 * POLL_MS)
    assert.equal(
        light.reading()!.lag,
        truth,
        `exact within 3 polls: ${JSON.stringify(light.readings())}`
    )
    assertAllTrue(light, truth)
    await light.stop()
}

/** Reads one by one: what a server tells others of that is not what it tells of one large read. */
async function readOneByOne(stream: TestStream, entries: number) {
    for (let i = 0; i < entries; i++) await stream.read("g", 1)
}

describe("a stream that never lost an entry, 20 of 40 read and 10 more", () => {
    test("and then a restart from an AOF", async () => {
        const dir = await mkdtemp(join(tmpdir(), "laglight-aof-"))
        after(() => rm(dir, { recursive: true, force: true }))
        const args = ["--dir", dir, "--appendonly", "yes"]
        const before = await startTestRedis({ args })
        const stream = await TestStream.create(before.client, "jobs", "g")
        await stream.add(40, HEAVY)
        await stream.read("g", 20)
        await before.client.sendCommand(["BGREWRITEAOF"])
        await until(async () => {
            const info = String(
                await before.client.sendCommand(["INFO", "persistence"])
            )
            return (
                /aof_rewrite_in_progress:0/.test(info) &&
                /aof_rewrite_scheduled:0/.test(info) &&
                /aof_last_bgrewrite_status:ok/.test(info)
            )
        }, "the rewrite")
        await readOneByOne(stream, 10)
        await before.stop()

        const again = closeAtEnd(await startTestRedis({ args }))
        const { client } = again
        assert.equal(await new TestStream(client, "jobs").trueLag("g"), 10)
        for (const who of USERS)
            await assertExactSoon(
                { ...at(again), ...(await userOf(client, who)) },
                10
            )
    })

    test("and then on a replica, which is promoted", async () => {
        const stream = await TestStream.create(redis.client, "jobs", "g")
        await stream.add(40, HEAVY)
        await stream.read("g", 20)
        const replica = closeAtEnd(
            await startTestRedis({
                args: ["--replicaof", redis.host, String(redis.port)],
            })
        )
        const { client } = replica
        const copy = new TestStream(client, "jobs")
        const lagIs = (lag: number) => () =>
            copy.trueLag("g").then(
                found => found === lag,
                () => false
            )
        await until(lagIs(20), "the replica")
        await readOneByOne(stream, 10)
        await until(lagIs(10), "the replica")
        for (const who of USERS)
            await assertExactSoon(
                { ...at(replica), ...(await userOf(client, who)) },
                10
            )
        await client.sendCommand(["REPLICAOF", "NO", "ONE"])
        await readOneByOne(copy, 3)
        for (const who of USERS)
            await assertExactSoon(
                { ...at(replica), ...(await userOf(client, who)) },
                7
            )
    })
})

for (const who of USERS)
    test(`each lag from 0 to 20 of heavy entries, as it grows and shrinks; ${who}`, async () => {
        const stream = await TestStream.create(redis.client, "jobs", "g")
        const light = await Light.start({
            ...JOBS,
            ...at(redis),
            ...(await userOf(redis.client, who)),
        })
        await light.reads({ lag: 0 }, 8000)
        await light.run(POLL_MS / 2)
        async function isExactSoon(lag: number) {
            const since = light.device.now
            await light.run(3 * POLL_MS)
            const text = JSON.stringify(light.readings(since))
            for (const reading of light.readings(since))
                assert.equal(reading.lag ?? lag, lag, text)
            assert.equal(light.reading()!.lag, lag, text)
        }
        for (let lag = 1; lag <= 20; lag++) {
            await stream.add(1, HEAVY)
            if (lag % 4 === 0) await isExactSoon(lag)
        }
        for (let lag = 20; lag >= 5; lag -= 5) {
            await stream.read("g", 5)
            await isExactSoon(lag - 5)
        }
        await stream.add(20, HEAVY)
        await isExactSoon(20)
        await light.stop()
    })

describe("a claim that leaves all else as it was", () => {
    async function fresh(payload: string, entries = 40) {
        const stream = await TestStream.create(redis.client, "jobs", "g")
        await stream.add(entries, payload)
        const all = (await redis.client.sendCommand([
            ...["XRANGE", "jobs", "-", "+"],
        ])) as unknown as [id: string][]
        return { stream, ids: all.map(([id]) => id) }
    }

    test("XCLAIM LASTID: heavy entries", async () => {
        const { stream, ids } = await fresh(HEAVY)
        await stream.read("g", 15)
        await redis.client.sendCommand([
            ...["XCLAIM", "jobs", "g", "c2", "0", ids[0], "LASTID", ids[24]],
        ])
        for (const who of USERS)
            await assertExactSoon(
                { ...at(redis), ...(await userOf(redis.client, who)) },
                15
            )
    })

    test("XCLAIM LASTID: more than is counted in one send", async () => {
        const { stream, ids } = await fresh("v", 900)
        await stream.read("g", 100)
        await redis.client.sendCommand([
            ...["XCLAIM", "jobs", "g", "c2", "0", ids[0], "LASTID", ids[499]],
        ])
        for (const who of USERS) {
            const light = await Light.start({
                ...JOBS,
                ...at(redis),
                ...(await userOf(redis.client, who)),
                LAG_PER_LED: 90,
            })
            await light.reads({ condition: "lag" }, 8000)
            await light.run(10 * POLL_MS)
            assertAllTrue(light, 400)
            if (who === "with scripts") assert.equal(light.reading()!.lag, 400)
            await light.stop()
        }
    })

    // before 7.0 there is no such claim to make
    if (reports)
        for (const [what, entriesRead] of [
            ["too few", 5],
            ["too many", 38],
            ["all", 40],
        ] as const)
            test(`XGROUP SETID with an ENTRIESREAD of ${what}`, async () => {
                const { ids } = await fresh(HEAVY)
                await redis.client.sendCommand([
                    ...["XGROUP", "SETID", "jobs", "g", ids[24]],
                    ...["ENTRIESREAD", String(entriesRead)],
                ])
                for (const who of USERS) {
                    const light = await Light.start({
                        ...JOBS,
                        ...at(redis),
                        ...(await userOf(redis.client, who)),
                    })
                    await light.reads({ lag: 15 }, 8000)
                    await light.run(3 * POLL_MS)
                    // a range may trust Redis that it never reports too little; one number may not
                    for (const { lag } of light.readings())
                        assert.ok(
                            lag === null || lag === 15,
                            JSON.stringify(light.readings())
                        )
                    assert.equal(light.reading()!.lag, 15)
                    await light.stop()
                }
            })

    if (reports)
        test("all is read, says a claim that is made while the light shows 0", async () => {
            const { stream, ids } = await fresh("v")
            await stream.read("g", 40)
            const light = await Light.start({ ...JOBS, ...at(redis) })
            await light.reads({ lag: 0 }, 8000)
            await light.run(POLL_MS / 2)
            const since = light.device.now
            await redis.client.sendCommand([
                ...["XGROUP", "SETID", "jobs", "g", ids[24]],
                ...["ENTRIESREAD", "40"],
            ])
            assert.equal(await stream.reportedLag("g"), 0)
            await light.run(1.2 * POLL_MS)
            assert.equal(light.reading()!.lag, 15)
            assert.deepEqual(
                light.readings(since).map(({ lag }) => lag),
                [15],
                "found out before it was shown"
            )
        })
})

describe("time", () => {
    /** A light whose server's clock goes as its own does; `setBack` sets the server's back by so many ms. */
    async function clocked(settings: Settings, options = {}) {
        const stream = await TestStream.create(redis.client, "jobs", "g")
        const startMs = Date.UTC(2031, 5, 1)
        let backMs = 0
        let light: Light | undefined = undefined
        const now = () => startMs + (light?.device.now ?? 0) - backMs
        const relay = closeAtEnd(await ClockRelay.start(redis, now))
        const add = (id: number) =>
            redis.client.sendCommand(["XADD", "jobs", `${id}-0`, "f", "v"])
        await add(startMs - 5000)
        light = await Light.start(
            { ...JOBS, ...at(relay), UNIT: "seconds", ...settings },
            options
        )
        return {
            light,
            stream,
            /** How old the entry is at a moment of the device's, s. */
            ageAt: (t: number) => (t + 5000 - backMs) / 1000,
            setBack: (ms: number) => (backMs = ms),
        }
    }

    test("that came late once is a range until it is asked again", async () => {
        const { light, ageAt } = await clocked(
            {},
            { socketsModule: ONE_LATE_REPLY }
        )
        await light.reads({ condition: "lag" }, 10_000)
        await light.run(5000)
        const readings = light.records.flatMap(record => {
            const reading = readingOf(record)
            return reading.condition === "lag"
                ? { t: record.t, ...reading }
                : []
        })
        assert.ok(readings.length >= 4, JSON.stringify(readings))
        for (const { t, lag, low, high } of readings) {
            const text = `age ${ageAt(t)}: ${JSON.stringify(readings)}`
            // as of a moment at most one round trip before
            if (lag !== null) assert.ok(Math.abs(lag - ageAt(t)) <= 0.2, text)
            assert.ok(low! - 0.01 <= ageAt(t), text)
            assert.ok(ageAt(t) <= high! + 0.2, text)
        }
        assert.equal(readings[0].lag, null, "the late one is a range")
        assert.notEqual(readings[1].lag, null, "and is asked for again")
    })

    test("by a server's clock that is set back is right again within 12 s", async () => {
        const { light, ageAt, setBack } = await clocked({ LAG_PER_LED: 10 })
        await light.run(15_000)
        setBack(10_000)
        await light.run(12_000)
        const { low } = light.reading()!
        const age = ageAt(light.device.now)
        assert.ok(Math.abs(low! - age) < 1.5, `${low} s, and true are ${age} s`)
    })
})

/** Passes on what is sent, until it is told to answer with what it has kept. */
class ReplayingProxy {
    readonly host = "127.0.0.1"
    /** Answers with the last reply of the time before. */
    replays = false
    private kept = Buffer.alloc(0)
    private readonly sockets = new Set<Socket>()
    private readonly server = createServer(client => this.accept(client))

    static async start(upstream: TestRedis) {
        const proxy = new ReplayingProxy(upstream)
        await new Promise<void>(resolve =>
            proxy.server.listen(0, proxy.host, resolve)
        )
        return proxy
    }

    private constructor(private readonly upstream: TestRedis) {}

    get port() {
        return (this.server.address() as AddressInfo).port
    }

    async stop() {
        for (const socket of this.sockets) socket.destroy()
        await new Promise(resolve => this.server.close(resolve))
    }

    private accept(client: Socket) {
        const server = connect(this.upstream.port, this.upstream.host)
        for (const socket of [client, server]) {
            this.sockets.add(socket)
            socket.on("error", () => {})
            socket.on("close", () => {
                client.destroy()
                server.destroy()
            })
        }
        client.on("data", bytes => {
            const isPoll = bytes.includes("GROUPS")
            if (this.replays && isPoll) client.write(this.kept)
            else server.write(bytes)
        })
        server.on("data", bytes => {
            if (!this.replays && bytes.includes("last-delivered-id"))
                this.kept = bytes
            client.write(bytes)
        })
    }
}

describe("an answer that was given before", () => {
    test("is not taken for a fresh one", async () => {
        const stream = await TestStream.create(redis.client, "jobs", "g")
        await stream.add(3)
        await stream.read("g", 3)
        const proxy = closeAtEnd(await ReplayingProxy.start(redis))
        const light = await Light.start({
            ...JOBS,
            ...at(proxy),
            STALE_MS: 3000,
        })
        await light.reads({ lag: 0 }, 8000)
        await light.run(2.5 * POLL_MS)
        proxy.replays = true
        await stream.add(7)
        await light.run(3000 + 1.5 * POLL_MS)
        assert.equal(light.reading()!.condition, "stale")
        assert.ok(
            light
                .said()
                .some(line => /not what Redis answers.*earlier/.test(line)),
            light.said().join("\n")
        )
        proxy.replays = false
        await light.reads({ lag: 7 }, 60_000)
    })
})

describe("an answer that makes no sense", () => {
    const name = "$4\r\nname\r\n$1\r\ng\r\n"
    const rest =
        "$9\r\nconsumers\r\n:1\r\n$7\r\npending\r\n:0\r\n$12\r\nentries-read\r\n:3\r\n$3\r\nlag\r\n:2\r\n"
    const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`
    const groupWith = (id: string) =>
        `*1\r\n*12\r\n${name}${bulk("last-delivered-id")}${id}${rest}`
    const SOUND = groupWith(bulk("3-0"))
    const entry = (id: string) => `*2\r\n${id}*2\r\n$1\r\nf\r\n$1\r\nv\r\n`
    const entries = (...ids: string[]) =>
        `*1\r\n*2\r\n$4\r\njobs\r\n*${ids.length}\r\n${ids.map(entry).join("")}`
    const UNREAD = entries(bulk("4-0"), bulk("5-0"))
    const FIRST_UNREAD = entries(bulk("4-0"))

    const NONSENSE: [what: string, groups: string, unread: string][] = [
        ...(
            [
                ["text", bulk("soon")],
                ["empty", bulk("")],
                ["an integer", ":3\r\n"],
                ["nil", "$-1\r\n"],
                ["an array", "*2\r\n:3\r\n:0\r\n"],
                ["60 characters long", bulk(`${"3".repeat(58)}-0`)],
                ["beyond 64 bits", bulk("18446744073709551616-0")],
                ["without a dash", bulk("33")],
            ] as const
        ).map(([what, id]): [string, string, string] => [
            `a last-delivered-id that is ${what}`,
            groupWith(id),
            UNREAD,
        ]),
        ["no last-delivered-id", `*1\r\n*10\r\n${name}${rest}`, UNREAD],
        ["nil for the groups", "*-1\r\n", UNREAD],
        [
            "a group of 100,000 fields",
            `*1\r\n*200000\r\n${name}${bulk("last-delivered-id")}${bulk("3-0")}${rest}${"$1\r\nf\r\n:1\r\n".repeat(99_994)}`,
            UNREAD,
        ],
        [
            "entries whose IDs are arrays",
            SOUND,
            entries("*1\r\n$3\r\n4-0\r\n", "*1\r\n$3\r\n5-0\r\n"),
        ],
        ["entries whose IDs are text", SOUND, entries(bulk("a"), bulk("b"))],
        [
            "more entries than were asked for",
            SOUND,
            entries(
                ...Array.from({ length: 300 }, (_, i) => bulk(`${i + 4}-0`))
            ),
        ],
        ["entries of no stream", SOUND, "*1\r\n*1\r\n*0\r\n"],
    ]

    test("is refused, whatever the last one said, and asked for on a new connection", async t => {
        let groups = SOUND
        let unread = UNREAD
        const server = closeAtEnd(
            await CannedReplyServer.start(([command, sub, count]) => {
                switch (String(command)) {
                    case "XINFO":
                        return String(sub) === "GROUPS" ? groups : "-ERR no\r\n"
                    case "XREAD":
                        return unread === UNREAD && String(count) === "1"
                            ? FIRST_UNREAD
                            : unread
                    case "XLEN":
                        return ":5\r\n"
                    case "QUIT":
                        return { reply: "+OK\r\n", then: "close" }
                    default:
                        return "+OK\r\n"
                }
            })
        )
        const light = await Light.start({
            ...JOBS,
            ...at(server),
            STALE_MS: 3000,
        })
        for (const [what, badGroups, badUnread] of NONSENSE)
            await t.test(what, async () => {
                groups = SOUND
                unread = UNREAD
                await light.reads({ condition: "lag", lag: 2 }, 60_000)
                const { connections } = server
                const since = light.device.now
                groups = badGroups
                unread = badUnread
                await light.run(5500)
                assert.equal(
                    light.reading()!.condition,
                    "stale",
                    `${what}: ${JSON.stringify(light.reading())}`
                )
                assert.ok(server.connections > connections, what)
                assert.ok(
                    light
                        .said(since)
                        .some(line => /not what Redis answers/.test(line)),
                    light.said(since).join("\n")
                )
            })
        await light.stop()
    })
})

describe("a stream that is replaced between two polls", () => {
    const ways: [
        what: string,
        run: (client: TestClient) => Promise<unknown>,
    ][] = [
        [
            "RENAME into place",
            client => client.sendCommand(["RENAME", "other", "jobs"]),
        ],
        [
            "SWAPDB",
            async client => {
                await client.sendCommand(["MOVE", "other", "1"])
                await client.sendCommand(["SELECT", "1"])
                await client.sendCommand(["RENAME", "other", "jobs"])
                await client.sendCommand(["SELECT", "0"])
                await client.sendCommand(["SWAPDB", "0", "1"])
            },
        ],
        [
            "DEL, and made anew",
            async client => {
                await client.sendCommand(["DEL", "jobs"])
                await client.sendCommand(["RENAME", "other", "jobs"])
            },
        ],
    ]
    for (const [what, replace] of ways)
        for (const who of USERS)
            test(`${what}, heavy, ${who}: is found out by the next poll`, async () => {
                const { client } = redis
                await client.sendCommand(["FLUSHALL"])
                const fill = async (key: string, ids: number[]) => {
                    await client.sendCommand([
                        ...["XGROUP", "CREATE", key, "g", "5-0", "MKSTREAM"],
                    ])
                    for (const id of ids)
                        await client.sendCommand([
                            ...["XADD", key, `${id}-0`, "f", HEAVY],
                        ])
                }
                const upTo = (first: number, last: number) =>
                    Array.from(
                        { length: last - first + 1 },
                        (_, i) => first + i
                    )
                await fill("jobs", upTo(1, 20))
                // alike: the same group at the same place, the same length, and another count behind it
                await fill("other", [...upTo(1, 5), 6, ...upTo(26, 40)])
                await client.sendCommand(["XDEL", "other", "3-0"])
                const light = await Light.start({
                    ...JOBS,
                    ...at(redis),
                    ...(await userOf(client, who)),
                })
                await light.reads({ lag: 15 }, 10_000)
                await light.run(POLL_MS / 2)
                const since = light.device.now
                await replace(client)
                // one poll doubts the count, another begins anew
                await light.run((who === "with scripts" ? 1.5 : 5.5) * POLL_MS)
                assert.equal(light.reading()!.lag, 16)
                for (const { lag } of light.readings(since))
                    assert.ok(
                        lag === null || lag === 16,
                        JSON.stringify(light.readings(since))
                    )
                await light.stop()
            })
})

test("an error of our own is called one, and is not blamed on Redis", async () => {
    const stream = await TestStream.create(redis.client, "jobs", "g")
    await stream.add(3)
    const { bytecode } = await buildFirmware({
        entry: "test/device/programs/own-fault.ts",
    })
    const light = await Light.start({ ...JOBS, ...at(redis) }, { bytecode })
    await light.says(/a fault of laglight; please report it: a broken display/)
    await light.says(/answers again/, 60_000)
    assert.equal(light.reading()!.lag, 3)
    assert.ok(!light.said().some(line => /Redis answers/.test(line)))
})
