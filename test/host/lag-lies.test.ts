/**
 * What once made a steady bar say what was not true, each found by looking for it: restarts from an AOF, replicas, claims,
 * late clocks, old answers, answers that no Redis gives, streams made anew.
 */
import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer } from "node:net"
import type { AddressInfo, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { closeAtEnd, Light } from "./support/light-bench.ts"
import { ClockRelay } from "./support/light-clock-relay.ts"
import { LATE_REPLIES } from "./support/light-cut-sockets.ts"
import { TestStream } from "./support/light-stream.ts"
import { startTestRedis } from "./support/redis-server.ts"
import { CannedReplyServer } from "./support/scripted-server.ts"

const folder = await mkdtemp(join(tmpdir(), "laglight-aof-"))
after(() => rm(folder, { recursive: true, force: true }))
const redis = closeAtEnd(
    await startTestRedis({
        args: [
            ...["--appendonly", "yes", "--dir", folder],
            ...["--enable-debug-command", "yes"],
        ],
    })
)
const { client } = redis
const version = Number.parseFloat(redis.server.version)

const JOBS = { STREAM: "jobs", GROUP: "staff" }
const AT = { REDIS_HOST: redis.host, REDIS_PORT: redis.port }
const POLL_MS = 1000
const HEAVY = "v".repeat(1000)

/** Users of the same server: all rights, and all but scripts. */
const USERS = {
    "who may run scripts": {},
    "who may not": { REDIS_USER: "plain", REDIS_PASS: "pw" },
}
await client.sendCommand([
    ...["ACL", "SETUSER", "plain", "on", ">pw", "~*", "+@all", "-@scripting"],
])

/** 18 entries of 1 KB, 8 of them read: the lag is 10, and fits no single send. */
async function heavyStream() {
    const stream = await TestStream.create(client, "jobs", "staff")
    await stream.add(18, HEAVY)
    await stream.read("staff", 8)
    return stream
}

/** Within three polls the lag is exact, and at no moment was an exact one false. */
async function isExact(light: Light, truth: number, since = -1) {
    await light.run(3 * POLL_MS)
    const text = () => JSON.stringify(light.readings(since).slice(-5))
    for (const { lag } of light.readings(since))
        assert.ok(lag === null || lag === truth, text())
    const reading = light.reading()!
    assert.equal(reading.lag, truth, text())
    assert.notEqual(reading.known, "reported")
}

for (const [who, login] of Object.entries(USERS))
    describe(`heavy entries, never trimmed, and a user ${who}`, () => {
        test("after a restart from the AOF", async () => {
            const stream = await heavyStream()
            await client.sendCommand(["DEBUG", "LOADAOF"])
            assert.equal(await stream.trueLag("staff"), 10)
            if (version >= 7 && version < 7.3)
                assert.notEqual(await stream.reportedLag("staff"), 10)
            const light = await Light.start({ ...AT, ...JOBS, ...login })
            await isExact(light, 10)
        })

        test("after XCLAIM ... LASTID", async () => {
            const stream = await heavyStream()
            const ids = (await client.sendCommand([
                ...["XRANGE", "jobs", "-", "+"],
            ])) as unknown as [string, unknown][]
            await client.sendCommand([
                ...["XCLAIM", "jobs", "staff", "c", "0", ids[0][0]],
                ...["LASTID", ids[3 + 8][0]],
            ])
            assert.equal(await stream.trueLag("staff"), 6)
            if (version >= 7)
                assert.notEqual(await stream.reportedLag("staff"), 6)
            const light = await Light.start({ ...AT, ...JOBS, ...login })
            await isExact(light, 6)
        })

        test("after XGROUP SETID ... ENTRIESREAD, of too much and too little", async t => {
            if (version < 7) return t.skip("Redis 7.0 brought ENTRIESREAD")
            const stream = await heavyStream()
            const light = await Light.start({ ...AT, ...JOBS, ...login })
            await isExact(light, 10)
            const groups = await stream.groups()
            const last = String(groups[0].get("last-delivered-id"))
            for (const claimed of ["18", "3", "10"]) {
                await client.sendCommand([
                    ...["XGROUP", "SETID", "jobs", "staff", last],
                    ...["ENTRIESREAD", claimed],
                ])
                const since = light.device.now
                await light.run(3 * POLL_MS)
                for (const { lag } of light.readings(since))
                    assert.ok(lag === null || lag === 10, claimed)
                assert.equal(light.reading()!.lag, 10, claimed)
            }
        })

        test("each lag from 0 to 20, as it grows and shrinks", async () => {
            const stream = await TestStream.create(client, "jobs", "staff")
            const light = await Light.start({ ...AT, ...JOBS, ...login })
            await light.reads({ lag: 0 })
            for (let lag = 1; lag <= 20; lag++) {
                await stream.add(1, HEAVY)
                if (lag % 4 === 0) await isExact(light, lag, light.device.now)
            }
            for (let lag = 17; lag >= 2; lag -= 5) {
                await stream.read("staff", lag === 17 ? 3 : 5)
                await isExact(light, lag, light.device.now)
            }
        })
    })

test("on a replica", async () => {
    const stream = await heavyStream()
    const replica = closeAtEnd(
        await startTestRedis({
            args: ["--replicaof", redis.host, String(redis.port)],
        })
    )
    const copy = new TestStream(replica.client, "jobs")
    for (;;) {
        const found = await copy.trueLag("staff").catch(() => undefined)
        if (found === (await stream.trueLag("staff"))) break
    }
    const light = await Light.start({
        ...{ REDIS_HOST: replica.host, REDIS_PORT: replica.port },
        ...JOBS,
    })
    await isExact(light, 10)
})

test("an age is a range where the answer to TIME was late", async () => {
    let light: Light | undefined
    const startMs = Date.UTC(2031, 5, 1)
    const now = () => startMs + (light?.device.now ?? 0)
    const relay = closeAtEnd(await ClockRelay.start(redis, now))
    await TestStream.create(client, "jobs", "staff")
    const added = startMs - 8000
    await client.sendCommand(["XADD", "jobs", `${added}-0`, "f", "v"])
    light = await Light.start(
        {
            ...{ REDIS_HOST: relay.host, REDIS_PORT: relay.port },
            ...{ ...JOBS, UNIT: "seconds", LAG_PER_LED: 5 },
        },
        { socketsModule: LATE_REPLIES }
    )
    await light.run(20_000)
    const records = light.records.filter(
        ({ record }) => (record as { status: string }).status === "lag"
    )
    assert.ok(records.length > 3)
    for (const { t, record } of records) {
        const { low, high } = record as { low: number; high: number }
        const age = (startMs + t - added) / 1000
        // what is shown was asked for a moment before: it may be younger, by the way there and back, and never older
        assert.ok(low <= age && age - low < 2.5, `${low} for ${age}`)
        assert.ok(high >= age - 0.75, `${low} to ${high} for ${age}`)
        assert.ok(high - low >= 0.5, `${low} to ${high}, of a late clock`)
    }
})

test("an old answer is not taken for a fresh one", async () => {
    const stream = await TestStream.create(client, "jobs", "staff")
    let old: Buffer | undefined
    let replaying = false
    const sockets = new Set<Socket>()
    const server = createServer(near => {
        const far = connect(redis.port, redis.host)
        for (const socket of [near, far]) {
            sockets.add(socket)
            socket.on("error", () => {})
            socket.on("close", () => {
                near.destroy()
                far.destroy()
            })
        }
        near.on("data", bytes => far.write(bytes))
        far.on("data", bytes => {
            const isPoll = bytes.includes("last-delivered-id")
            near.write(isPoll && replaying ? old! : bytes)
            if (isPoll && !replaying) old = bytes
        })
    })
    await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
    closeAtEnd({
        async stop() {
            for (const socket of sockets) socket.destroy()
            server.close()
        },
    })
    const light = await Light.start({
        ...{ REDIS_HOST: "127.0.0.1", ...JOBS },
        REDIS_PORT: (server.address() as AddressInfo).port,
    })
    await light.reads({ lag: 0 })
    await light.run(3 * POLL_MS)
    await stream.add(5)
    replaying = true
    const since = light.device.now
    await light.says(/not what Redis answers.*earlier question/, 10_000, since)
    await light.run(20_000)
    // nothing was read that says "lag 0" anew: the bar went stale, and after 30 s it will be "connecting"
    assert.deepEqual(
        light.readings(since).filter(({ status }) => status === "lag"),
        []
    )
    replaying = false
    await light.reads({ lag: 5 }, 60_000)
})

test("an answer that no Redis gives leaves nothing of the last one standing", async () => {
    const group = (id: string) =>
        `*1\r\n*12\r\n$4\r\nname\r\n$5\r\nstaff\r\n$9\r\nconsumers\r\n:1\r\n$7\r\npending\r\n:0\r\n$17\r\nlast-delivered-id\r\n${id}\r\n$12\r\nentries-read\r\n:5\r\n$3\r\nlag\r\n:0\r\n`
    const sound = group("$3\r\n5-0")
    for (const id of [
        ...["$3\r\nabc", "$0\r\n", ":5", "$-1", "*1\r\n$3\r\n5-0"],
        `$60\r\n${"1".repeat(58)}-0`,
    ]) {
        let answer = sound
        const server = closeAtEnd(
            await CannedReplyServer.start(command => {
                const words = command.map(word => word.toString())
                if (words[0] === "XINFO")
                    return words[1] === "GROUPS" ? answer : "-ERR\r\n"
                if (words[0] === "QUIT")
                    return { reply: "+OK\r\n", then: "close" }
                return words[0] === "XREAD" ? "*-1\r\n" : ":0\r\n"
            })
        )
        const light = await Light.start({
            ...{ REDIS_HOST: server.host, REDIS_PORT: server.port, ...JOBS },
        })
        await light.reads({ lag: 0 })
        await light.run(2 * POLL_MS)
        answer = group(id)
        const since = light.device.now
        await light.says(/this is not what Redis answers/, 10_000, since)
        await light.run(8000)
        assert.equal(light.reading()!.status, "stale", id)
        await light.stop()
        await server.stop()
    }
})

test("a stream that is made anew between two polls is right at the next", async () => {
    const stream = await TestStream.create(client, "jobs", "staff")
    await stream.add(5)
    const light = await Light.start({ ...AT, ...JOBS })
    await light.reads({ lag: 5 })
    for (const remake of [
        async () => {
            await stream.drop()
            await stream.group("staff")
            await stream.add(3)
        },
        async () => {
            const other = await TestStream.create(client, "other", "staff")
            await other.add(7)
            await client.sendCommand(["RENAME", "other", "jobs"])
        },
        async () => {
            await client.sendCommand(["FLUSHALL"])
            await stream.group("staff")
            await stream.add(2)
        },
    ]) {
        await remake()
        const truth = await stream.trueLag("staff")
        await light.reads({ lag: truth }, POLL_MS + 100)
    }
})
