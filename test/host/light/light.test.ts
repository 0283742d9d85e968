/**
 * The whole light, end to end: what ten LEDs, the log and the data records say of a real stream on a real server.
 * What the wire can do to it is in light-wire.test.ts.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { SRV_LED } from "jacdac-ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import {
    bar,
    OFF_THE_SCALE,
    POWER_ON,
    REFUSED_GROUP,
    REFUSED_STREAM,
    REFUSED_WHO,
} from "../support/light/patterns.ts"
import { readRegister } from "../support/light/registers.ts"
import { TestStream } from "../support/light/stream.ts"
import { lagVectors } from "../support/fixtures.ts"
import { replay } from "../support/light/replay.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis

const SERVER = { REDIS_HOST: redis.host, REDIS_PORT: redis.port }
const JOBS = { ...SERVER, STREAM: "jobs", GROUP: "staff" }
/** Device time in which a poll certainly happens, POLL_MS being 1000. */
const POLL_MS = 1100

describe("the bar", () => {
    test("sweeps at power-on, then follows the lag, and the log and the record say the same", async () => {
        const stream = await TestStream.create(client, "jobs", "staff")
        const light = await Light.start(JOBS)
        const sweep = await light.sweep()
        // a frame that is shown already when the sweep begins is not shown again
        for (const [i, [leds, ms]] of POWER_ON.entries()) {
            assert.equal(sweep[i][0], leds)
            assert.ok(Math.abs(sweep[i][1] - ms) <= 10, `${sweep[i]}`)
        }

        let lag = 0
        for (const [entries, level] of [
            [0, 0],
            [1, 1],
            [2, 1],
            [5, 3],
            [19, 10],
            [20, 10],
        ]) {
            await stream.add(entries - lag)
            lag = entries
            await light.reads({ lag, level, low: lag, high: lag })
            await light.run(200)
            await light.showsBar(bar(level))
            const reading = light.reading()!
            assert.deepEqual(
                { ...reading, known: "" },
                {
                    v: 1,
                    link: "up",
                    target: 1,
                    stream: "jobs",
                    group: "staff",
                    lag,
                    low: lag,
                    high: lag,
                    known: "",
                    level,
                    pending: 0,
                    consumers: 0,
                    condition: "lag",
                }
            )
            const line = light.said().findLast(text => /lag/.test(text))!
            const [, said] = /^jobs\/staff: lag (\d+), /.exec(line)!
            assert.match(line, new RegExp(`, ${level} of 10$`))
            // a change within a level is not worth a line
            assert.ok(Math.abs(Number(said) - lag) < 2, line)
        }

        for (const entries of [21, 1000]) {
            await stream.add(entries - lag)
            lag = entries
            await light.run(POLL_MS)
            await light.shows(OFF_THE_SCALE)
            // what nothing on the LEDs depends on need not be known exactly
            const { low, high, level } = light.reading()!
            assert.ok(
                low! > 20 && low! <= lag && lag <= high!,
                `true lag ${lag}, said to be ${low} to ${high}`
            )
            assert.equal(level, 11)
        }
        assert.match(light.said().at(-1)!, /, off the scale$/)

        await stream.read("staff", 993)
        await light.reads({ lag: 7, level: 4, pending: 993, consumers: 1 })
        await light.run(200)
        await light.showsBar(bar(4))
        await stream.read("staff", 7)
        await light.reads({ lag: 0, level: 0 })
        await light.run(200)
        await light.showsBar(bar(0))
    })

    test("has the thresholds of LEVELS", async () => {
        const stream = await TestStream.create(client, "many", "g")
        const light = await Light.start({
            ...SERVER,
            STREAM: "many",
            GROUP: "g",
            LEVELS: "1,5,10,50,100,500,1000,5000,10000,20000,30000",
        })
        await light.sweep()
        let lag = 0
        for (const [entries, level] of [
            [0, 0],
            [1, 1],
            [4, 1],
            [5, 2],
            [9, 2],
            [10, 3],
            [49, 3],
            [50, 4],
            [99, 4],
            [100, 5],
            [499, 5],
            [500, 6],
            [999, 6],
            [1000, 7],
            [5000, 8],
            [10000, 9],
            [20000, 10],
            [29999, 10],
        ]) {
            await stream.add(entries - lag)
            lag = entries
            await light.run(POLL_MS)
            await light.reads({ lag, level })
            await light.showsBar(bar(level))
        }
        await stream.add(1)
        await light.run(POLL_MS)
        await light.reads({ level: 11, high: 30000 })
        await light.shows(OFF_THE_SCALE)
        await stream.drop()
    })

    test("of LAG_PER_LED=100 and of LEVELS without an end of the scale", async () => {
        const stream = await TestStream.create(client, "many", "g")
        const light = await Light.start({
            ...SERVER,
            STREAM: "many",
            GROUP: "g",
            LAG_PER_LED: 100,
            POLL_MS: 100,
        })
        await light.sweep()
        await stream.add(1000)
        await light.run(250)
        await light.reads({ lag: 1000, level: 10 })
        await light.showsBar(bar(10))
        await stream.add(1)
        await light.run(250)
        await light.reads({ level: 11, high: 1001 })
        await light.shows(OFF_THE_SCALE)

        await light.configure({
            ...SERVER,
            STREAM: "many",
            GROUP: "g",
            LEVELS: "1,2,3,4,5,6,7,8,9,10",
        })
        await light.sweep()
        await light.showsBar(bar(10))
        assert.equal(light.reading()!.level, 10)
        await stream.drop()
    })
})

describe("the consumer group", () => {
    test("is the one asked for, among several", async () => {
        const stream = await TestStream.create(
            client,
            "jobs",
            "a",
            "b",
            "c",
            "d"
        )
        await stream.add(12)
        await stream.read("a", 12)
        await stream.read("b", 9)
        await stream.read("c", 5)
        const light = await Light.start({ ...JOBS, GROUP: "a" })
        for (const [GROUP, lag] of [
            ["a", 0],
            ["b", 3],
            ["c", 7],
            ["d", 12],
        ] as const) {
            await light.configure({ ...JOBS, GROUP })
            await light.reads({ group: GROUP, lag })
        }
    })

    test("is found by exact bytes, beside names that are not valid UTF-8", async () => {
        const invalid = Buffer.from([0x67, 0xff])
        // what the invalid byte becomes in a string
        const replaced = "g\ufffd"
        const stream = await TestStream.create(
            client,
            "jobs",
            invalid,
            replaced,
            "g"
        )
        await stream.add(8)
        await stream.read(replaced, 3)
        await stream.read("g", 6)
        const light = await Light.start({ ...JOBS, GROUP: replaced })
        await light.reads({ lag: 5 })
        await light.configure({ ...JOBS, GROUP: "g" })
        await light.reads({ lag: 2 })
        await client.sendCommand(["XGROUP", "DESTROY", "jobs", replaced])
        await light.configure({ ...JOBS, GROUP: replaced })
        await light.reads({ condition: "refused: which group" })
    })

    test("and the key may have any characters", async () => {
        for (const [key, group] of [
            ["jöbs → ✓", "grüppe 🙂"],
            ['quote " and \\ backslash', "{a: 1}"],
            ["jobs:{eu}:1", "*staff*"],
        ]) {
            const stream = await TestStream.create(client, key, group)
            await stream.add(4)
            const light = await Light.start({
                ...SERVER,
                STREAM: key,
                GROUP: group,
            })
            const reading = await light.reads({ lag: 4 })
            // a record must fit a line, in which a non-ASCII character takes 12 to 24
            for (const [name, recorded] of [
                [key, reading.stream],
                [group, reading.group],
            ]) {
                const beginning = recorded.replace(/\.{3}$/, "")
                assert.equal(beginning, name.slice(0, beginning.length))
            }
            assert.ok(
                light.said().includes(`${key}/${group}: lag 4, 2 of 10`),
                light.said().join("\n")
            )
            await light.device.stop()
        }
    })
})

describe("a lag that Redis does not report", () => {
    test("is counted where it is nil", async () => {
        const stream = new TestStream(client, "jobs")
        await stream.drop()
        await stream.add(5)
        await stream.group("staff", "$")
        await stream.add(3)
        assert.equal(await stream.reportedLag("staff"), null)
        const light = await Light.start(JOBS)
        await light.reads({ lag: 3, level: 2, known: "counted" })
        await light.sweep()
        await light.showsBar(bar(2))
        await stream.add(4)
        await light.reads({ lag: 7, level: 4 })
    })

    test("is found out within 10 s where an operator made Redis report 0", async () => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(9)
        await stream.read("staff", 9)
        const light = await Light.start(JOBS)
        await light.reads({ lag: 0 })
        await light.run(2000)
        const entries = (await client.sendCommand([
            ...["XRANGE", "jobs", "-", "+", "COUNT", "5"],
        ])) as unknown as [id: string][]
        await client.sendCommand([
            ...["XGROUP", "SETID", "jobs", "staff", entries[4][0]],
            ...["ENTRIESREAD", "9"],
        ])
        assert.equal(await stream.reportedLag("staff"), 0)
        await light.reads({ lag: 4 }, 11_100)
        await light.showsBar(bar(2))
        // what was caught lying is not believed again
        await light.run(30_000)
        assert.equal(light.reading()!.lag, 4)
        // and at the start it is not believed at all
        await light.configure(JOBS)
        await light.reads({})
        assert.equal(light.readings()[0].lag, 4)
    })

    test("is counted where the field does not exist, as in Redis 6", async () => {
        const vector = lagVectors().find(
            ({ version, scenario }) =>
                version === "6.2.14" && scenario === "partial read 2 of 5"
        )!
        assert.equal(vector.lag_field, false)
        const server = closeAtEnd(await CannedReplyServer.start(replay(vector)))
        const light = await Light.start({
            REDIS_HOST: server.host,
            REDIS_PORT: server.port,
            STREAM: vector.key,
            GROUP: vector.group,
        })
        await light.reads({ lag: 3, level: 2, known: "counted" })
        await light.sweep()
        await light.showsBar(bar(2))
    })
})

describe("a refusal", () => {
    test("which stream, which group: until they appear", async () => {
        await client.sendCommand(["DEL", "jobs"])
        const light = await Light.start(JOBS)
        await light.sweep()
        await light.shows(REFUSED_STREAM)
        assert.deepEqual(light.said().slice(2), [
            "jobs/staff: ERR no such key; check STREAM and REDIS_DB",
        ])
        assert.equal(light.reading()!.condition, "refused: which stream")
        assert.equal(light.reading()!.lag, null)

        const stream = new TestStream(client, "jobs")
        await stream.add(3)
        await light.run(POLL_MS)
        await light.shows(REFUSED_GROUP)
        assert.match(light.said().at(-1)!, /no such consumer group.*GROUP/)
        assert.equal(light.reading()!.condition, "refused: which group")

        await stream.group("staff")
        await light.run(POLL_MS)
        await light.showsBar(bar(2))
        assert.match(light.said().at(-1)!, /lag 3, 2 of 10$/)

        await client.sendCommand(["XGROUP", "DESTROY", "jobs", "staff"])
        await light.run(POLL_MS)
        await light.shows(REFUSED_GROUP)

        await stream.drop()
        await client.sendCommand(["SET", "jobs", "not a stream"])
        await light.run(POLL_MS)
        await light.shows(REFUSED_STREAM)
        assert.match(light.said().at(-1)!, /WRONGTYPE.*not a stream$/)
        await stream.drop()
    })

    test("of a database: DB 1, and one that the server has not", async () => {
        await client.sendCommand(["SELECT", "1"])
        const stream = await TestStream.create(client, "only in 1", "g")
        await stream.add(6)
        await client.sendCommand(["SELECT", "0"])
        const settings = { ...SERVER, STREAM: "only in 1", GROUP: "g" }
        const light = await Light.start(settings)
        await light.reads({ condition: "refused: which stream" })
        await light.configure({ ...settings, REDIS_DB: 1 })
        await light.reads({ lag: 6 })
        await light.configure({ ...settings, REDIS_DB: 99 })
        await light.sweep()
        await light.shows(REFUSED_STREAM)
        assert.match(
            light.said().at(-1)!,
            /ERR DB index is out of range; check REDIS_DB$/
        )
    })
})

describe("credentials", async () => {
    const PASSWORD = "pässwörd → 🔑 'x' \"y\""
    const guarded = closeAtEnd(await startTestRedis({ requirepass: PASSWORD }))
    const stream = await TestStream.create(guarded.client, "jobs", "staff")
    await stream.add(9)
    const AT = {
        REDIS_HOST: guarded.host,
        REDIS_PORT: guarded.port,
        STREAM: "jobs",
        GROUP: "staff",
    }

    function assertSecret(light: Light, secret: string) {
        const log = light.device.logs.map(({ text }) => text).join("\n")
        assert.ok(!log.includes(secret), log)
    }

    async function authCalls() {
        const stats = String(
            await guarded.client.sendCommand(["INFO", "commandstats"])
        )
        return Number(/cmdstat_auth:calls=(\d+)/.exec(stats)?.[1] ?? 0)
    }

    test("right, wrong, missing", async () => {
        const light = await Light.start({ ...AT, REDIS_PASS: PASSWORD })
        await light.reads({ lag: 9, level: 5 })

        await light.configure(AT)
        await light.sweep()
        await light.shows(REFUSED_WHO)
        assert.deepEqual(light.said().slice(2), [
            "jobs/staff: NOAUTH Authentication required.; set REDIS_PASS",
        ])
        assert.deepEqual(light.statuses(), ["connecting", "refused: who"])

        await light.configure({ ...AT, REDIS_PASS: "wröng" })
        await light.sweep()
        await light.shows(REFUSED_WHO)
        assert.deepEqual(light.said().slice(2), [
            "jobs/staff: WRONGPASS invalid username-password pair or user is disabled.; check REDIS_USER and REDIS_PASS",
        ])
        assert.deepEqual(light.statuses(), ["connecting", "refused: who"])
        assert.equal(light.reading()!.lag, null)
        assertSecret(light, PASSWORD)
        assertSecret(light, "wröng")
    })

    test("a password that becomes right on the server is tried every 10 s", async () => {
        const light = await Light.start({ ...AT, REDIS_PASS: "later" })
        await light.sweep()
        const before = await authCalls()
        await light.run(40_000)
        assert.equal((await authCalls()) - before, 4)
        await light.shows(REFUSED_WHO)
        await guarded.client.sendCommand([
            ...["ACL", "SETUSER", "default", ">later"],
        ])
        await light.reads({ lag: 9 }, 10_500)
        await light.run(200)
        await light.showsBar(bar(5))
        assertSecret(light, "later")
        // the same connection is used on
        assert.doesNotMatch(light.said().join(), /again|closed/)
    })

    test("an ACL user with its own password, and with too few rights", async () => {
        const { client } = guarded
        await client.sendCommand([
            ...["ACL", "SETUSER", "laglight", "reset", "on", ">büchse"],
            ...[
                "%R~jobs",
                "resetchannels",
                "-@all",
                "+xinfo|groups",
                "+select",
            ],
        ])
        const light = await Light.start({
            ...AT,
            REDIS_USER: "laglight",
            REDIS_PASS: "büchse",
        })
        await light.reads({ condition: "lag", high: 9 })
        await light.sweep()

        await client.sendCommand([
            "ACL",
            "SETUSER",
            "laglight",
            "-xinfo|groups",
        ])
        await light.reads({ condition: "refused: who" })
        assert.match(light.said().at(-1)!, /NOPERM .*docs\/acl\.md lists$/)
        await light.run(200)
        await light.shows(REFUSED_WHO)
        await client.sendCommand([
            "ACL",
            "SETUSER",
            "laglight",
            "+xinfo|groups",
        ])
        await light.reads({ condition: "lag" })

        await client.sendCommand(["ACL", "SETUSER", "laglight", "resetkeys"])
        await light.reads({ condition: "refused: who" })

        await light.configure({
            ...AT,
            REDIS_USER: "nobody",
            REDIS_PASS: "büchse",
        })
        await light.sweep()
        await light.shows(REFUSED_WHO)
        assertSecret(light, "büchse")
    })

    test("a password for a server that wants none", async () => {
        const light = await Light.start({ ...JOBS, REDIS_PASS: "needless" })
        await light.sweep()
        await light.shows(REFUSED_WHO)
        assert.match(
            light.said().at(-1)!,
            /without any password configured.*check REDIS_USER and REDIS_PASS$/
        )
    })

    test("a user that is deleted while the light is connected", async () => {
        const { client } = guarded
        await client.sendCommand([
            ...["ACL", "SETUSER", "gone", "on", ">pw", "~*", "+@all"],
        ])
        const light = await Light.start({
            ...AT,
            REDIS_USER: "gone",
            REDIS_PASS: "pw",
        })
        await light.reads({ lag: 9 })
        await client.sendCommand(["ACL", "DELUSER", "gone"])
        await light.says(/WRONGPASS/, 10_000)
        await light.shows(REFUSED_WHO)
        await client.sendCommand([
            ...["ACL", "SETUSER", "gone", "on", ">pw", "~*", "+@all"],
        ])
        await light.says(/lag 9, 5 of 10/, 15_000, light.device.now)
        await light.run(200)
        await light.showsBar(bar(5))
    })
})

describe("the log", () => {
    test("has nothing to say per poll", async () => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(7)
        const light = await Light.start({ ...JOBS, POLL_MS: 500 })
        await light.reads({ lag: 7 })
        await light.run(1000)
        const since = light.device.now
        await light.run(60_000)
        const levels = ["log", "debug", "warn", "error"]
        assert.deepEqual(light.said(since, levels), [])
        assert.deepEqual(light.readings(since), [])
        // nor while the lag changes within a level; the record tells
        await stream.add(1)
        await light.run(3000)
        assert.deepEqual(light.said(since, levels), [])
        assert.equal(light.reading()!.lag, 8)
    })

    test("keeps to 290 characters, whatever the names", async () => {
        for (const [key, group] of [
            ["k".repeat(200), "g".repeat(200)],
            ["ö".repeat(100), "🙂".repeat(50)],
            ['"'.repeat(100), "\\".repeat(100)],
        ]) {
            const stream = await TestStream.create(client, key, group)
            await stream.add(1)
            const light = await Light.start({
                ...SERVER,
                STREAM: key,
                GROUP: group,
            })
            await light.says(/^.*/)
            await light.run(3000)
            light.assertSound()
            const reading = light.reading()!
            assert.equal(reading.lag, 1, "the record is whole")
            await stream.drop()
            await light.run(2000)
            light.assertSound()
            await light.device.stop()
        }
    })
})

describe("the led service", () => {
    test("holds what the LEDs show, for any Jacdac client, on the wall clock", async () => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(5)
        const light = await Light.start(
            { ...JOBS, POLL_MS: 200 },
            { clock: "real" }
        )
        const { device } = light
        // two different reads of a register that stands still for 1.9 s of 2
        await device.waitForData(
            record => (record as { lag: number }).lag === 5,
            10_000,
            { since: 0 }
        )
        let lag = 5
        for (const [more, leds] of [
            [0, "1110000000"],
            [6, "1111110000"],
            [9, "1111111111"],
        ] as const) {
            await stream.add(more)
            lag += more
            await device.waitForLeds(leds, 8000)
            await device.waitForLeds(leds, 3000, { since: device.now })
            const pixels = await readRegister(light, SRV_LED, 0x2)
            assert.equal(pixels.length, 30, "10 pixels, 3 bytes each")
            const lit = Array.from({ length: 10 }, (_, i) =>
                pixels.subarray(3 * i, 3 * i + 3).some(byte => byte > 0)
                    ? "1"
                    : "0"
            ).join("")
            assert.equal(lit, leds)
        }
        const count = await readRegister(light, SRV_LED, 0x182)
        assert.equal(Buffer.from(count).readUInt16LE(), 10)
        assert.equal(lag, 20)
    })
})
