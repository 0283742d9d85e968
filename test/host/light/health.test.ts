/** Consumers that need a look: LED10 winks twice, the log and the data record say why, and the asking is cheap. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { ClockRelay } from "../support/light/clock-relay.ts"
import { monitor } from "../support/light/monitor.ts"
import {
    assertCycle,
    bar,
    check,
    OFF_THE_SCALE,
    share,
    withoutBeat,
} from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const { client } = redis
const JOBS = {
    REDIS_HOST: redis.host,
    REDIS_PORT: redis.port,
    STREAM: "jobs",
    GROUP: "g",
}

/** Device time in which a poll certainly happens, POLL_MS being 1000. */
const POLL_MS = 1100
/** Device time in which the consumers are certainly looked at: every 10 s. */
const LOOK_MS = 11_100

/** The bar, and its LED10 winking. */
async function showsCheck(light: Light, level: number) {
    await light.sweep()
    const shown = await light.watch(6000)
    const led1 = level > 0 ? "1" : "0"
    assertCycle(withoutBeat(shown, led1), check(level))
}

async function ack(stream: TestStream, entries: number) {
    const pending = (await client.sendCommand([
        ...["XPENDING", String(stream.key), "g", "-", "+", String(entries)],
    ])) as unknown as [id: string][]
    for (const [id] of pending)
        await client.sendCommand(["XACK", String(stream.key), "g", id])
}

describe("PENDING_MAX", () => {
    test("more pending than that, until they are acknowledged", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(9)
        await stream.read("g", 3)
        const light = await Light.start({ ...JOBS, PENDING_MAX: 3 })
        await light.reads({ lag: 6, pending: 3, complaint: undefined })
        await light.showsBar(bar(3))

        await stream.read("g", 2)
        await light.run(POLL_MS)
        await showsCheck(light, 2)
        assert.equal(
            light.said().at(-1),
            "jobs/g: lag 4, 2 of 10; 5 entries pending, limit 3"
        )
        assert.deepEqual(
            [light.reading()!.lag, light.reading()!.complaint],
            [4, "5 entries pending, limit 3"]
        )

        await ack(stream, 2)
        await light.run(POLL_MS)
        await light.showsBar(bar(2))
        assert.equal(light.said().at(-1), "jobs/g: lag 4, 2 of 10")
        assert.equal(light.reading()!.complaint, undefined)
    })

    test("0 means any, and winks over a dark bar", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(1)
        await stream.read("g", 1)
        const light = await Light.start({ ...JOBS, PENDING_MAX: 0 })
        await light.reads({ lag: 0, complaint: "1 entries pending, limit 0" })
        await showsCheck(light, 0)
    })

    test("winks LED10 dark on a full bar, and off the scale is more urgent", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(24)
        await stream.read("g", 4)
        const light = await Light.start({ ...JOBS, PENDING_MAX: 3 })
        await light.reads({ lag: 20 })
        await showsCheck(light, 10)
        await stream.add(5)
        await light.run(POLL_MS)
        await light.shows(OFF_THE_SCALE)
        assert.match(light.said().at(-1)!, /4 entries pending, limit 3$/)
    })

    test("off: whatever is pending is of no concern", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(50)
        await stream.read("g", 48)
        const light = await Light.start(JOBS)
        await light.reads({ lag: 2, pending: 48, complaint: undefined })
        await light.showsBar(bar(1))
    })
})

describe("PEND_AGE_S", () => {
    test("an entry that has been pending for longer, by its ID", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        let light: Light | undefined
        const now = () => Date.UTC(2031, 5, 1) + (light?.device.now ?? 0)
        const relay = closeAtEnd(await ClockRelay.start(redis, now))
        light = await Light.start({
            ...JOBS,
            REDIS_PORT: relay.port,
            PEND_AGE_S: 60,
        })
        await light.reads({ lag: 0 })
        const id = `${Math.floor(now()) - 30_000}-0`
        await client.sendCommand(["XADD", "jobs", id, "f", "v"])
        await stream.read("g", 1)
        await light.run(20_000)
        assert.equal(light.reading()!.complaint, undefined)
        await light.until(
            () => light.reading()!.complaint,
            LOOK_MS + 10_000,
            "the complaint"
        )
        assert.match(
            light.reading()!.complaint ?? "nothing",
            /^the oldest pending entry is (6\d|7[01]) s old, limit 60 s$/
        )
        await showsCheck(light, 0)
        // a retry does not make it young
        await client.sendCommand(["XCLAIM", "jobs", "g", "other", "0", id])
        await light.run(LOOK_MS)
        await showsCheck(light, 0)
        await ack(stream, 1)
        await light.run(LOOK_MS)
        await light.showsBar(bar(0))
    })

    test("IDs that are not times: by the time since the last delivery", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await client.sendCommand(["XADD", "jobs", "5-0", "f", "v"])
        await stream.read("g", 1)
        const light = await Light.start({ ...JOBS, PEND_AGE_S: 60 })
        await light.reads({ lag: 0, complaint: undefined })
        await client.sendCommand([
            ...["XCLAIM", "jobs", "g", "c", "0", "5-0", "IDLE", "61500"],
        ])
        await light.run(LOOK_MS)
        assert.match(
            light.reading()!.complaint ?? "nothing",
            /^the oldest pending entry is 6[12] s old, limit 60 s$/
        )
    })
})

describe("IDLE_MAX_S", () => {
    test("a consumer that holds pending entries and has been idle for longer", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(2)
        await stream.read("g", 1, "idler")
        const light = await Light.start({ ...JOBS, IDLE_MAX_S: 1 })
        await light.reads({ lag: 1 })
        // the server's own clock has to go by
        await idle("idler", 1100)
        await light.run(LOOK_MS)
        assert.match(
            light.said().at(-1)!,
            /; a consumer with pending entries has been idle for [12] s, limit 1 s$/
        )
        await showsCheck(light, 1)
        // one that holds nothing may be idle
        await ack(stream, 1)
        await light.run(LOOK_MS)
        assert.equal(light.reading()!.complaint, undefined)
        await light.showsBar(bar(1))
    })

    async function idle(name: string, ms: number) {
        for (;;) {
            const consumers = (await client.sendCommand([
                ...["XINFO", "CONSUMERS", "jobs", "g"],
            ])) as unknown as (string | number)[][]
            const fields = consumers.find(fields => fields[1] === name)!
            const idleMs = Number(fields[fields.indexOf("idle") + 1])
            if (idleMs >= ms) return
            await new Promise(resolve => setTimeout(resolve, ms - idleMs))
        }
    }
})

describe("STUCK_S", () => {
    const TEXT =
        /^1 entries pending, and for \d+ s none was delivered or acknowledged$/

    test("by default five minutes: entries of a consumer that is gone", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(3)
        await stream.read("g", 3)
        await ack(stream, 1)
        const light = await Light.start(JOBS)
        await light.reads({ lag: 0, pending: 2, complaint: undefined })
        // somebody is still at work: what is pending is not stuck
        await light.run(200_000)
        await ack(stream, 1)
        await light.run(200_000)
        assert.equal(light.reading()!.complaint, undefined)
        await light.run(110_000)
        assert.match(light.reading()!.complaint ?? "nothing", TEXT)
        await showsCheck(light, 0)
        // said once, as nothing else happens
        const { length } = light.readings()
        await light.run(30_000)
        assert.equal(light.readings().length, length)
        // a delivery is a sign of life, and ends it
        await stream.add(1)
        await stream.read("g", 1)
        await light.run(POLL_MS)
        assert.equal(light.reading()!.complaint, undefined)
        await light.showsBar(bar(0))
    })

    test("as it is set, beside other limits; not while nothing is pending, and 0 is off", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(5)
        await stream.read("g", 1)
        await ack(stream, 1)
        const lights = await Promise.all([
            Light.start({ ...JOBS, STUCK_S: 10, PENDING_MAX: 5 }),
            Light.start({ ...JOBS, STUCK_S: 0 }),
        ])
        const [limited, off] = lights
        for (const light of lights) await light.run(30_000)
        assert.equal(limited.reading()!.complaint, undefined)
        await stream.read("g", 1)
        for (const light of lights) await light.run(9000)
        assert.equal(limited.reading()!.complaint, undefined)
        await limited.run(4000)
        await off.run(400_000)
        assert.match(limited.reading()!.complaint ?? "nothing", TEXT)
        await showsCheck(limited, 2)
        assert.equal(off.reading()!.complaint, undefined)
    })
})

describe("STALL_S", () => {
    test("consumers that have stopped, and not those that are slow or busy", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(40)
        await stream.read("g", 10)
        const light = await Light.start({
            ...JOBS,
            STALL_S: 10,
            LAG_PER_LED: 10,
        })
        await light.reads({ lag: 30 })
        // slow: one each 8 s; the lag grows meanwhile, and that is no stall
        for (let i = 0; i < 4; i++) {
            await light.run(8000)
            await stream.read("g", 1)
            await stream.add(2)
        }
        await light.run(2000)
        assert.deepEqual(
            light.readings().filter(({ complaint }) => complaint !== undefined),
            []
        )
        // stopped: whether entries are added makes no difference
        await light.run(5000)
        await stream.add(3)
        await light.run(5000)
        assert.match(
            light.said().at(-1)!,
            /; stalled for 1\d s: entries wait and none is delivered, limit 10 s$/
        )
        assert.match(light.reading()!.complaint!, /^stalled for/)
        // one delivery ends it, and with nothing left there is none
        await stream.read("g", 1)
        await light.run(2000)
        assert.equal(light.reading()!.complaint, undefined)
        await stream.read("g", 100)
        await light.run(30_000)
        assert.equal(light.reading()!.complaint, undefined)
        assert.equal(light.reading()!.lag, 0)
    })
})

describe("DEAD_STREAM", () => {
    test("more entries in it than DEAD_MAX, beside the first target", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(6)
        await stream.read("g", 2)
        const more = await TestStream.create(client, "more", "g")
        await more.add(2)
        await more.read("g", 2)
        await client.del("jobs:dead")
        const light = await Light.start({
            ...JOBS,
            STREAM_2: "more",
            GROUP_2: "g",
            DEAD_STREAM: "jobs:dead",
            DEAD_MAX: 1,
        })
        // none yet
        await light.reads({ stream: "jobs", lag: 4, complaint: undefined })
        const dead = await TestStream.create(client, "jobs:dead")
        await dead.add(1)
        await light.run(LOOK_MS)
        assert.equal(light.reading("jobs")!.complaint, undefined)
        await dead.add(2)
        await light.run(LOOK_MS)
        assert.equal(
            light.reading("jobs")!.complaint,
            "3 entries in jobs:dead, limit 1"
        )
        assert.equal(light.reading("more")!.complaint, undefined)
        const shown = await light.watch(6000)
        assertCycle(withoutBeat(share(shown, 0, 5), "1"), check(2, 5))
        await client.del("jobs:dead")
        await light.run(LOOK_MS)
        assert.equal(light.reading("jobs")!.complaint, undefined)
    })

    test("what is no stream, or not for this user, is told", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(2)
        await stream.read("g", 2)
        await client.set("jobs:dead", "text")
        const light = await Light.start({ ...JOBS, DEAD_STREAM: "jobs:dead" })
        await light.reads({
            lag: 0,
            complaint:
                "jobs:dead: WRONGTYPE Operation against a key holding the wrong kind of value; check DEAD_STREAM",
        })
        await client.del("jobs:dead")
        await client.sendCommand([
            ...["ACL", "SETUSER", "few", "reset", "on", ">pw", "~jobs"],
            ...["-@all", "+xinfo|groups", "+xread", "+xlen", "+echo"],
        ])
        await light.configure({
            ...JOBS,
            REDIS_USER: "few",
            REDIS_PASS: "pw",
            DEAD_STREAM: "jobs:dead",
        })
        await light.reads({ lag: 0, complaint: undefined })
        await light.run(LOOK_MS)
        const missing = light.said().filter(line => /missing/.test(line))
        assert.equal(missing.length, 1, light.said().join("\n"))
        assert.match(missing[0], /missing: \+xlen ~jobs:dead$/)
    })
})

describe("entries that wait while nobody reads", () => {
    for (const limit of ["PENDING_MAX", "PEND_AGE_S", "IDLE_MAX_S", "STALL_S"])
        test(`are told of with ${limit}`, async () => {
            const stream = await TestStream.create(client, "jobs", "g")
            const light = await Light.start({ ...JOBS, [limit]: 1000 })
            await light.reads({ lag: 0, consumers: 0, complaint: undefined })
            await stream.add(3)
            await light.reads({
                lag: 3,
                complaint: "entries are waiting and the group has no consumers",
            })
            await showsCheck(light, 2)
            await client.sendCommand([
                ...["XGROUP", "CREATECONSUMER", "jobs", "g", "c"],
            ])
            await light.reads({ lag: 3, consumers: 1, complaint: undefined })
            await light.showsBar(bar(2))
        })
})

describe("several targets", () => {
    test("wink on their own shares", async () => {
        const first = await TestStream.create(client, "jobs", "g")
        const second = await TestStream.create(client, "more", "g")
        for (const stream of [first, second]) {
            await stream.add(8)
            await stream.read("g", 4)
        }
        await ack(first, 3)
        const light = await Light.start({
            ...JOBS,
            STREAM_2: "more",
            GROUP_2: "g",
            PENDING_MAX: 2,
        })
        await light.sweep()
        const shown = await light.watch(6000)
        assertCycle(withoutBeat(share(shown, 5, 5), "1"), check(2, 5))
        assert.deepEqual(
            new Set(share(shown, 0, 5).map(([leds]) => leds)),
            new Set(["11000", "01000"])
        )
        assert.equal(light.reading("jobs")!.complaint, undefined)
        assert.match(light.reading("more")!.complaint!, /^4 entries pending/)
    })
})

describe("the asking", () => {
    test("is cheap, rare, and only for what is wanted", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(4)
        await stream.read("g", 2)
        const watch = closeAtEnd(await monitor(redis))
        const asked = (command: RegExp) =>
            watch.commands
                .map(words => words.join(" "))
                .filter(text => command.test(text)).length
        const light = await Light.start({
            ...JOBS,
            PENDING_MAX: 100,
            PEND_AGE_S: 1000,
            IDLE_MAX_S: 1000,
        })
        await light.run(61_000)
        assert.equal(asked(/^XPENDING jobs g - \+ 1$/), 6)
        assert.equal(asked(/^XINFO CONSUMERS jobs g$/), 6)
        assert.equal(asked(/^XPENDING/), 6, "in no other form, above all IDLE")

        watch.commands.length = 0
        await light.configure({ ...JOBS, PENDING_MAX: 100 })
        await light.run(21_000)
        assert.ok(asked(/^XINFO GROUPS/) > 15, "polls")
        assert.equal(asked(/^XPENDING|^XINFO CONSUMERS/), 0)
        // nothing that writes, ever
        const READS =
            /^(ECHO|XINFO|XLEN|XREAD|XRANGE|XPENDING|TIME|CLIENT SETNAME)\b/
        assert.equal(asked(READS), watch.commands.length)
    })

    test("does without what the user may not ask, and says so once", async () => {
        const stream = await TestStream.create(client, "jobs", "g")
        await stream.add(4)
        await stream.read("g", 2)
        await client.sendCommand([
            ...["ACL", "SETUSER", "few", "reset", "on", ">pw", "~jobs"],
            ...["-@all", "+xinfo|groups", "+xread", "+xlen", "+time"],
        ])
        const light = await Light.start({
            ...JOBS,
            REDIS_USER: "few",
            REDIS_PASS: "pw",
            PEND_AGE_S: 1,
            IDLE_MAX_S: 1,
        })
        await light.run(60_000)
        assert.equal(light.reading()!.lag, 2)
        assert.equal(light.reading()!.complaint, undefined)
        const missing = light.said().filter(line => /missing/.test(line))
        assert.equal(missing.length, 1, light.said().join("\n"))
        assert.match(missing[0], /\+xpending/)
        assert.match(missing[0], /\+xinfo\|consumers/)
    })
})
