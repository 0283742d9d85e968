/**
 * What can go wrong between a light and a real Redis, and with Redis itself, in real time: the right status in time, no
 * false bar at any moment, the right bar again when it is over, and one line in the log for each change.
 *
 * Each lane is a simulator, a proxy and a stream of its own; lanes run side by side.
 */
import assert from "node:assert/strict"
import { createServer as createHttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { after, before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { createServer as createTlsServer } from "node:tls"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import type { Settings } from "../../../sim/vm/device.ts"
import { FaultLight, STALE_MS } from "../../../sim/soak/fault-light.ts"
import type { Fault } from "../../../sim/faults/faults.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"

const PASSWORD = "secret"
const DATABASE = 1

/** src/link/recovery.ts: the time limit on a reply, and the first pauses between two sockets with what is added to them. */
const REPLY_LIMIT_MS = 5000
const PAUSES_MS = [2200, 4400, 8800]
/** A busy computer, ms. */
const SLACK_MS = 2500
/** From a fault's end to the right light: the third attempt at the latest, each may have to wait for a reply. */
const RECOVERY_MS = REPLY_LIMIT_MS + PAUSES_MS[2] + SLACK_MS

let redis: TestRedis
const lights = new Set<{ stop(): Promise<void> }>()
before(async () => {
    redis = await startTestRedis({ requirepass: PASSWORD })
    await redis.client.select(DATABASE)
})
after(async () => {
    await Promise.all([...lights].map(light => light.stop()))
    await redis?.stop()
})

interface Ordeal {
    name: string
    fault: Fault
    /** Ends the connection when the fault is there: it strikes the next one from its first byte. */
    reconnects?: boolean
    /** How the log names it; undefined: the light stays right. */
    says?: RegExp
    /** How long it lasts after the light has become stale, ms. */
    forMs?: number
}

const AUTH_BYTES = "+OK\r\n".length
const SELECT_BYTES = "+OK\r\n".length
const HELLO_BYTES = AUTH_BYTES + SELECT_BYTES

const closed = /the server closed the connection/
const reset = /the connection was reset/
const silent = /no reply in time/
const nonsense = /this is not what Redis answers/

/** Faults on the way to the first reading. */
const CONNECTING: Ordeal[] = [
    {
        name: "refused",
        fault: { kind: "refuse" },
        reconnects: true,
        says: /connection refused/,
    },
    {
        name: "accepted, then silence",
        fault: { kind: "silent" },
        reconnects: true,
        says: silent,
    },
    {
        name: "a black hole",
        fault: { kind: "black-hole" },
        reconnects: true,
        says: silent,
    },
]

/** @param at where the reply begins that is hit, in bytes of the connection */
function hello(stage: string, at: number): Ordeal[] {
    return [
        {
            name: `${stage}: closed before the reply`,
            fault: { kind: "close", after: at },
            reconnects: true,
            says: closed,
        },
        {
            name: `${stage}: closed in the reply`,
            fault: { kind: "close", after: at + 3 },
            reconnects: true,
            says: closed,
        },
        {
            name: `${stage}: reset in the reply`,
            fault: { kind: "reset", after: at + 1 },
            reconnects: true,
            says: reset,
        },
        {
            name: `${stage}: a reply that is not RESP`,
            fault: { kind: "corrupt", at },
            reconnects: true,
            says: nonsense,
        },
    ]
}

const ALL_OF_HELLO: Ordeal[] = [
    {
        name: "AUTH, SELECT: every byte twice",
        fault: { kind: "duplicate" },
        reconnects: true,
        says: nonsense,
    },
    {
        name: "AUTH, SELECT: no request arrives",
        fault: { kind: "swallow" },
        reconnects: true,
        says: silent,
    },
    {
        name: "AUTH, SELECT, poll: slow",
        fault: { kind: "delay", ms: 200 },
        reconnects: true,
    },
    {
        name: "AUTH, SELECT, poll: a dozen bytes at a time",
        fault: { kind: "pieces", bytes: 12, everyMs: 1 },
        reconnects: true,
    },
]

/** Faults of a connection that works. @param bytes of the poll's replies */
function polling(bytes: number): Ordeal[] {
    const middle = Math.floor(bytes / 2)
    return [
        {
            name: "closed before the reply",
            fault: { kind: "close", after: HELLO_BYTES },
            reconnects: true,
            says: closed,
        },
        {
            name: "closed in the reply",
            fault: { kind: "close", after: HELLO_BYTES + middle },
            reconnects: true,
            says: closed,
        },
        {
            name: "closed before the last byte",
            fault: { kind: "close", after: HELLO_BYTES + bytes - 1 },
            reconnects: true,
            says: closed,
        },
        {
            name: "reset in the reply",
            fault: { kind: "reset", after: HELLO_BYTES + middle },
            reconnects: true,
            says: reset,
        },
        {
            name: "a reply that is not RESP",
            fault: { kind: "corrupt", at: 0, per: "reply" },
            reconnects: false,
            says: nonsense,
        },
        {
            name: "every reply twice",
            fault: { kind: "duplicate" },
            says: nonsense,
        },
        {
            name: "no request arrives",
            fault: { kind: "swallow" },
            says: silent,
        },
        {
            name: "half open",
            fault: { kind: "half-open" },
            says: silent,
            forMs: 0,
        },
        { name: "a black hole", fault: { kind: "black-hole" }, says: silent },
        { name: "slow", fault: { kind: "delay", ms: 200 } },
        {
            name: "a dozen bytes at a time",
            fault: { kind: "pieces", bytes: 12, everyMs: 1 },
        },
        {
            name: "a pause at each place in turn",
            fault: { kind: "sweep", pauseMs: 50 },
            forMs: 6000,
        },
    ]
}

/** Goes through one fault and out of it. */
async function undergo(light: FaultLight, ordeal: Ordeal) {
    const { fault, reconnects, says, forMs = 500 } = ordeal
    const { device, proxy } = light
    const begin = device.now
    await proxy.set(fault)
    if (reconnects) proxy.cut("rst")
    await light.setLag((light.lag + 3) % 11)
    if (says) {
        await device.waitForLog(
            /is stale$|^light: connecting/,
            STALE_MS + REPLY_LIMIT_MS,
            { since: begin }
        )
        await device.waitForLog(
            says,
            PAUSES_MS[0] + REPLY_LIMIT_MS + SLACK_MS,
            { since: begin }
        )
    } else await light.untilRight(PAUSES_MS[0] + SLACK_MS, begin)
    await sleep(forMs)
    const end = device.now
    if (!says) {
        // still right, while it lasts
        await light.setLag((light.lag + 3) % 11)
        await light.untilRight(SLACK_MS, end)
    }
    await proxy.clear()
    await light.untilRight(RECOVERY_MS, says ? end : begin)
    light.assertNoFalseBar()

    const lines = light.linesSince(begin)
    const counts = (pattern: RegExp) =>
        lines.filter(line => pattern.test(line)).length
    const story = `\n${lines.join("\n")}`
    // the cut connection is a problem of its own
    const problems = lines.filter(line =>
        /^redis [^ ]+: (?!answers)/.test(line)
    )
    assert.equal(
        new Set(problems).size,
        problems.length,
        `a line twice:${story}`
    )
    assert.ok(
        problems.length <= (reconnects ? 2 : 1),
        `more lines than changes:${story}`
    )
    assert.equal(counts(/answers again/), says || reconnects ? 1 : 0, story)
    assert.ok(counts(/is stale$/) <= 1, story)
    assert.ok(lines.every(line => Buffer.byteLength(line) <= 290))
}

async function lane(
    name: string,
    ordeals: Ordeal[],
    settings: Settings & object = {},
    prepare?: (light: FaultLight) => Promise<void>
) {
    const light = await FaultLight.start(
        redis.client,
        redis.port,
        name.replaceAll(" ", "-"),
        4,
        {
            REDIS_PASS: PASSWORD,
            REDIS_DB: DATABASE,
            ...settings,
        }
    )
    lights.add(light)
    await prepare?.(light)
    await light.untilRight(5000 + SLACK_MS, 0)
    return { light, ordeals }
}

/** So that Redis (7.0) does not know the lag: an entry among the unread ones was deleted. */
async function makeLagUnknown({ client, stream }: FaultLight) {
    const entries = (await client.sendCommand([
        "XRANGE",
        stream,
        "-",
        "+",
    ])) as [string][]
    await client.sendCommand(["XADD", stream, "*", "job", "x"])
    await client.sendCommand(["XDEL", stream, entries[1][0]])
    const [group] = (await client.sendCommand([
        "XINFO",
        "GROUPS",
        stream,
    ])) as unknown[][]
    assert.equal(group[group.indexOf("lag") + 1], null)
}

describe("between the light and Redis", { concurrency: 12 }, () => {
    const poll = polling(140)
    const lanes: [string, Ordeal[]][] = [
        ["connecting", CONNECTING],
        ["auth", hello("AUTH", 0)],
        ["select", hello("SELECT", AUTH_BYTES)],
        ["hello", ALL_OF_HELLO],
        ["poll 1", poll.slice(0, 4)],
        ["poll 2", poll.slice(4, 8)],
        ["poll 3", poll.slice(8)],
    ]
    for (const [name, ordeals] of lanes)
        test(name, async context => {
            const { light } = await lane(name, ordeals)
            for (const ordeal of ordeals)
                await context.test(ordeal.name, () => undergo(light, ordeal))
            await light.stop()
        })

    for (const half of [0, 1])
        test(`count ${half + 1}`, async context => {
            const ordeals = polling(450)
            const { light } = await lane(
                `count ${half}`,
                ordeals,
                {},
                makeLagUnknown
            )
            for (const ordeal of ordeals.filter((_, i) => i % 2 === half))
                await context.test(ordeal.name, () => undergo(light, ordeal))
            await light.stop()
        })

    test("no answer to the connect, for longer than the light can wait", async () => {
        const { light } = await lane("no answer", [])
        const { device, proxy } = light
        const begin = device.now
        await proxy.set({ kind: "no-answer" })
        proxy.cut("rst")
        await light.setLag(7)
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        await device.waitForLog(
            /no answer to the connect/,
            16_000 + PAUSES_MS[0] + SLACK_MS,
            { since: begin }
        )
        // after 30 s the last reading is no news any more
        await device.waitForLog(/^light: connecting/, 30_000 + SLACK_MS, {
            since: begin,
        })
        assert.ok(device.now - begin > 29_000)
        await device.waitForLeds("0000110000", 1500)
        await proxy.clear()
        await light.untilRight(16_000 + PAUSES_MS[1] + SLACK_MS, begin)
        light.assertNoFalseBar()
        await light.stop()
    })
})

/** A Redis of its own with a light on it. */
async function alone(
    args: string[] = [],
    settings: Settings & object = {},
    port?: number
) {
    const own = await startTestRedis({ port, args })
    lights.add(own)
    const light = await FaultLight.start(
        own.client,
        own.port,
        "jobs",
        4,
        settings
    )
    lights.add(light)
    await light.untilRight(5000 + SLACK_MS, 0)
    return { own, light }
}

/** The light blinks as docs/lights.md says for a refusal: its ends stay lit. */
function isRefusal(leds: string) {
    return /^1.*1$/.test(leds) && leds.includes("0")
}

describe("Redis itself", { concurrency: 12 }, () => {
    test("killed, and restarted with nothing in it", async () => {
        const { own, light } = await alone()
        const { device } = light
        const begin = device.now
        await light.change(undefined, () => own.server.kill9())
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        // the proxy accepts, and then has nobody to pass it on to
        await device.waitForLog(
            /the connection was reset/,
            PAUSES_MS[0] + SLACK_MS,
            {
                since: begin,
            }
        )
        const again = await startTestRedis({ port: own.port })
        lights.add(again)
        await device.waitForLog(/no such key.*check STREAM/, RECOVERY_MS, {
            since: begin,
        })
        await device.waitForLeds(
            leds => isRefusal(leds) && leds !== "1000000001",
            3000
        )
        light.client = again.client
        await light.change(0, () =>
            again.client.sendCommand([
                "XGROUP",
                "CREATE",
                "jobs",
                "staff",
                "$",
                "MKSTREAM",
            ])
        )
        await light.setLag(6)
        await light.untilRight(SLACK_MS, begin)
        light.assertNoFalseBar()
    })

    test("restarted with a password, which is then taken away", async () => {
        const { own, light } = await alone()
        const { device } = light
        const begin = device.now
        await light.change(undefined, () =>
            own.client.sendCommand(["CONFIG", "SET", "requirepass", PASSWORD])
        )
        light.proxy.cut("fin")
        await device.waitForLog(/NOAUTH.*REDIS_PASS/, PAUSES_MS[0] + SLACK_MS, {
            since: begin,
        })
        await device.waitForLeds("1000110001", 3000)
        await light.change(4, () =>
            own.client.sendCommand(["CONFIG", "SET", "requirepass", ""])
        )
        await light.untilRight(SLACK_MS, device.now - 100)
        light.assertNoFalseBar()
    })

    test("CLIENT KILL, and SHUTDOWN", async () => {
        const { own, light } = await alone()
        const { device } = light
        for (let i = 0; i < 2; i++) {
            const begin = device.now
            await own.client.sendCommand([
                "CLIENT",
                "KILL",
                "TYPE",
                "normal",
                "SKIPME",
                "yes",
            ])
            await light.setLag(6 + i)
            await device.waitForLog(/answers again/, PAUSES_MS[0] + SLACK_MS, {
                since: begin,
            })
            await light.untilRight(SLACK_MS, begin)
        }
        const begin = device.now
        await light.change(undefined, () =>
            own.client
                .sendCommand(["SHUTDOWN", "NOSAVE", "NOW"])
                .catch(() => {})
        )
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        light.assertNoFalseBar()
    })

    test("busy for 3 s: stale, and right again without a new connection; for 8 s: with one", async () => {
        const { own, light } = await alone(["--enable-debug-command", "yes"])
        const { device, proxy } = light
        for (const [seconds, connections] of [
            [3, 1],
            [8, 2],
        ]) {
            const begin = device.now
            await own.client.sendCommand(["DEBUG", "SLEEP", `${seconds}`])
            await device.waitForLog(/is stale$/, SLACK_MS, { since: begin })
            await light.setLag(light.lag + 2)
            await light.untilRight(RECOVERY_MS, begin + seconds * 1000 - 200)
            assert.equal(proxy.connections, connections)
        }
        light.assertNoFalseBar()
    })

    test("no room for another client", async () => {
        const { own, light } = await alone()
        const { device } = light
        const begin = device.now
        // the test's own client takes one; Redis does not shut out those it has
        await own.client.sendCommand(["CONFIG", "SET", "maxclients", "1"])
        light.proxy.cut("fin")
        await light.setLag(9)
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        await device.waitForLog(
            /max number of clients|closed the connection/,
            PAUSES_MS[0] + SLACK_MS,
            { since: begin + 1500 }
        )
        await own.client.sendCommand(["CONFIG", "SET", "maxclients", "100"])
        await light.untilRight(RECOVERY_MS, begin)
        light.assertNoFalseBar()
    })

    test("loading a large dataset", async () => {
        const { own, light } = await alone(["--enable-debug-command", "yes"])
        const { device, client } = { device: light.device, client: own.client }
        await client.sendCommand(["DEBUG", "POPULATE", "2000"])
        await client.sendCommand([
            "CONFIG",
            "SET",
            "key-load-delay",
            "2000",
            "loading-process-events-interval-bytes",
            "1024",
        ])
        const begin = device.now
        const reloading = client.sendCommand(["DEBUG", "RELOAD"])
        await device.waitForLog(/LOADING.*waiting/, SLACK_MS, { since: begin })
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        await reloading
        await light.setLag(8)
        await light.untilRight(SLACK_MS, begin)
        assert.equal(light.proxy.connections, 1)
        assert.equal(
            light.linesSince(begin).filter(line => line.includes("LOADING"))
                .length,
            1
        )
        light.assertNoFalseBar()
    })

    test("a replica whose master is gone", async () => {
        const { own, light } = await alone(["--replica-serve-stale-data", "no"])
        const { device } = light
        const begin = device.now
        // nobody listens there
        await light.change(undefined, () =>
            own.client.sendCommand(["REPLICAOF", "127.0.0.1", "1"])
        )
        await device.waitForLog(/MASTERDOWN.*waiting/, SLACK_MS, {
            since: begin,
        })
        await device.waitForLog(/is stale$/, STALE_MS + SLACK_MS, {
            since: begin,
        })
        await light.change(4, () =>
            own.client.sendCommand(["REPLICAOF", "NO", "ONE"])
        )
        await light.untilRight(SLACK_MS, device.now - 100)
        await light.setLag(5)
        await light.untilRight(SLACK_MS, begin)
        light.assertNoFalseBar()
    })

    test("a master that becomes a replica of an empty one, and comes back", async () => {
        const { own, light } = await alone()
        const empty = await startTestRedis()
        lights.add(empty)
        const { device } = light
        const begin = device.now
        await own.client.sendCommand(["REPLICAOF", empty.host, `${empty.port}`])
        // until the first synchronisation it shows what it has
        const emptied = device.waitForLog(/no such key/, 8000 + SLACK_MS, {
            since: begin,
        })
        await light.change(undefined, () => emptied)
        await own.client.sendCommand(["REPLICAOF", "NO", "ONE"])
        await light.change(0, () =>
            own.client.sendCommand([
                "XGROUP",
                "CREATE",
                "jobs",
                "staff",
                "$",
                "MKSTREAM",
            ])
        )
        await light.setLag(3)
        await light.untilRight(RECOVERY_MS, begin)
        light.assertNoFalseBar()
    })

    for (const [name, listen] of [
        [
            "an HTTP server",
            () => createHttpServer((_, response) => response.end("hello")),
        ],
        ["a TLS server", () => createTlsServer({})],
    ] as const)
        test(`${name} in its place`, async () => {
            const server = listen()
            await new Promise<void>(resolve =>
                server.listen(0, "127.0.0.1", resolve)
            )
            const { port } = server.address() as AddressInfo
            const device = await SimulatedDevice.start({
                bytecode: (await buildFirmware()).bytecode,
                settings: {
                    REDIS_HOST: "127.0.0.1",
                    REDIS_PORT: port,
                    STREAM: "jobs",
                    GROUP: "staff",
                    POLL_MS: 100,
                    STALE_MS,
                },
            })
            lights.add(device)
            await device.waitForLog(
                /this is not what Redis answers|closed the connection|reset/,
                REPLY_LIMIT_MS + SLACK_MS,
                { since: 0 }
            )
            await device.waitForLeds("0000110000", 5000)
            await sleep(8000)
            const problems = device.logs.filter(
                ({ level, text }) => level === "log" && /^redis /.test(text)
            )
            assert.equal(
                problems.length,
                1,
                problems.map(({ text }) => text).join("\n")
            )
            assert.ok(device.logs.every(({ text }) => !/ lag \d/.test(text)))
            await device.stop()
            server.close()
        })
})
