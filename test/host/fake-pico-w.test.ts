/**
 * The Pico W's stock runtime and its faults, row by row of docs/pico-w-runtime.md: that the stand-in has them (a naive
 * program runs into each), and that the firmware survives each.
 */
import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { claimsOf, falseClaims } from "../../sim/light/claims.ts"
import {
    FakePicoW,
    FIRMWARE_SETTINGS,
    stopAll,
} from "./fake-pico-w/fake-pico-w.ts"
import type { FakePicoWOptions } from "./fake-pico-w/fake-pico-w.ts"
import type { WorldOptions } from "./fake-pico-w/world.ts"

after(stopAll)

/** A connect to the Redis there is. */
const CONNECT = "connect redis.lan 6379 16000"
/** For ever, ms. */
const EVER = 1e9
/** The program's steps may take so long, ms. */
const NAIVE_LIMIT_MS = 700_000
/** No reset within so long after power-on, ms (docs/pico-w-runtime.md; a dead network must not become a reset loop). */
const RESETS_APART_MS = 60_000
/** Between a socket's end and the next connect, ms (rows 6 and 14). */
const PAUSE_MS = 2000

/** Runs test/device/programs/naive.ts. @returns what it said, without its sockets' names, and what became of the board */
async function naive(steps: string, world: WorldOptions = {}) {
    const picoW = await FakePicoW.start({
        program: "naive",
        settings: { STEPS: steps },
        world,
    })
    const { device } = picoW
    await device.waitForLog(/^done/, NAIVE_LIMIT_MS, {
        since: 0,
    })
    const words = device.logs
        .filter(
            ({ level, text }) => level === "log" && !/^naive|^done/.test(text)
        )
        .map(({ text }) => text.replace(/socket \w+:\/\/[^ ]+: /, ""))
    await picoW.stop()
    return { picoW, words }
}

/** Runs the firmware; at the end the light must be right, and must not have lied. */
async function firmware(
    options: FakePicoWOptions,
    forMs: number
): Promise<FakePicoW> {
    const picoW = await FakePicoW.start(options)
    await picoW.device.runFor(forMs)
    mustBeSound(picoW)
    const last = picoW.recoveryAfter(picoW.now - 15_000)
    assert.ok(
        last < 15_000,
        `the light is not right at the end\n${picoW.story()}`
    )
    return picoW
}

/** No verdict, nothing that the board forbids, no panic, no lie, no resets in quick succession. */
function mustBeSound(picoW: FakePicoW) {
    const story = () => `\n${picoW.story()}`
    assert.equal(picoW.verdict, undefined, story())
    assert.deepEqual(picoW.reportsOf("fault"), [], story())
    assert.deepEqual(picoW.panics, [], story())
    assert.deepEqual(picoW.lies(), [], story())
    // an error may come late: the next socket must not be there yet (14)
    const ends = [...picoW.reportsOf("ended"), ...picoW.reportsOf("close")]
    for (const { t } of attempts(picoW))
        for (const end of ends)
            assert.ok(
                t < end.t || t - end.t >= PAUSE_MS,
                `a connect at ${t} ms, after a socket's end at ${end.t} ms${story()}`
            )
    const boots = picoW.reportsOf("boot")
    for (let i = 2; i < boots.length; i++)
        assert.ok(
            boots[i].t - boots[i - 1].t >= RESETS_APART_MS - 100,
            `resets at ${boots[i - 1].t} and ${boots[i].t} ms${story()}`
        )
}

/** What the board said of its resets. */
function resetLines(picoW: FakePicoW) {
    return picoW.device.logs
        .map(({ text }) => text)
        .filter(text => text.startsWith("resetting the board"))
}

/** Attempts to connect. */
function attempts(picoW: FakePicoW) {
    return picoW.reportsOf("connect")
}

describe("what a person reads off the light", () => {
    const bar = (level: number) => "1".repeat(level).padEnd(10, "0")
    const frames = (...list: [number, number | string][]) =>
        list.map(([t, shown]) => ({
            t,
            leds: typeof shown === "string" ? shown : bar(shown),
        }))

    test("a bar that stands still is a claim, its winks included", () => {
        const winking = frames(
            [0, 3],
            [2000, "0110000000"],
            [2100, 3],
            [4000, 5]
        )
        assert.deepEqual(claimsOf(winking, 6000), [
            { level: 3, fromMs: 0, toMs: 4000 },
            { level: 5, fromMs: 4000, toMs: 6000 },
        ])
        const level0 = frames([0, 0], [2000, 1], [2100, 0])
        assert.deepEqual(claimsOf(level0, 4000), [
            { level: 0, fromMs: 0, toMs: 4000 },
        ])
    })
    test("what blinks or moves claims nothing, and neither does a board without power", () => {
        const stale = frames([0, 1], [1000, 0], [2000, 1], [3000, 0])
        assert.deepEqual(claimsOf(stale, 4000), [])
        assert.deepEqual(claimsOf(frames([0, "off"]), 4000), [])
    })
    test("what has just come has no winks yet", () => {
        const toLevel0 = frames([0, 1], [2000, 0], [2100, 1], [2200, 0])
        assert.deepEqual(claimsOf(toLevel0, 6000), [
            { level: 1, fromMs: 0, toMs: 2200 },
            { level: 0, fromMs: 2200, toMs: 6000 },
        ])
        const fromStale = frames(
            [0, "0000001000"],
            [1000, 0],
            [1096, 1],
            [1192, 0]
        )
        assert.deepEqual(claimsOf(fromStale, 4000), [
            { level: 0, fromMs: 1192, toMs: 4000 },
        ])
    })
    test("what stands still and is no bar is false", () => {
        const claims = claimsOf(frames([0, "1000000001"]), 4000)
        assert.equal(falseClaims(claims, [], 5000).length, 1)
    })
    test("a claim is false from the moment when its truth is too old", () => {
        const truths = [
            { level: 3, fromMs: 0, toMs: 1000 },
            { level: 4, fromMs: 1000, toMs: Infinity },
        ]
        const claim = (level: number, fromMs: number, toMs: number) =>
            falseClaims([{ level, fromMs, toMs }], truths, 5000)
        assert.deepEqual(claim(3, 0, 6000), [])
        assert.match(claim(3, 0, 6001)[0], /false from 6000 ms/)
        assert.match(claim(4, -401, 2000)[0], /false from -401 ms/)
        // a second of it was a dark moment of another pattern
        assert.deepEqual(claim(4, -400, 2000), [])
        assert.deepEqual(claim(4, 1000, 1e9), [])
    })
})

describe("rows 1 to 3: addresses and names", { concurrency: 2 }, () => {
    test("1: an IP address fails at once, and so does everything after it", async () => {
        const { words, picoW } = await naive(
            `connect 10.0.0.5 6379 16000 ${CONNECT} sleep 60000 ${CONNECT}`
        )
        assert.deepEqual(words, Array(3).fill("connect: can't alloc pcb"))
        const [begin] = picoW.reportsOf("connect")
        const [end] = picoW.reportsOf("ended")
        assert.ok(end.t - begin.t >= 4 && end.t - begin.t <= 7)
    })

    test("2: a name in the DNS cache does too; one whose time is over does not", async () => {
        const use = `${CONNECT} ask recv 500 quit recv 500`
        const cached = await naive(
            `${use} sleep 1000 ${CONNECT} sleep 70000 ${CONNECT}`,
            { ttlS: 60 }
        )
        assert.deepEqual(
            cached.words.filter(w => w.startsWith("connect")),
            [
                "connect: open",
                "connect: can't alloc pcb",
                "connect: can't alloc pcb",
            ]
        )
        const waited = await naive(`${use} sleep 61000 ${CONNECT}`, {
            ttlS: 60,
        })
        assert.equal(waited.words.at(-1), "connect: open")
        const uncached = await naive(`${use} sleep 1000 ${CONNECT}`)
        assert.equal(uncached.words.at(-1), "connect: open")
    })

    test("2: the cache has four entries", async () => {
        const visit = async (hosts: string) => {
            const steps = [...hosts].map(host => `visit ${host}.redis.lan`)
            const { words } = await naive(steps.join(" "), { ttlS: 3600 })
            return words.filter(word => word.startsWith("visit"))
        }
        assert.deepEqual(await visit("abcdea"), Array(6).fill("visit: open"))
        assert.deepEqual((await visit("abcda")).slice(3), [
            "visit: open",
            "visit: can't alloc pcb",
        ])
    })

    test("3: an unknown name, a DNS server that is silent: a timeout, and no sign of the reason", async () => {
        for (const what of ["dns-unknown", "dns-silent"] as const) {
            const { words } = await naive(
                `${CONNECT} native sleep 2000 ${CONNECT}`,
                {
                    episodes: [{ what, fromMs: 0, toMs: 15_000 }],
                }
            )
            assert.deepEqual(words, [
                "connect: Timeout",
                "native: 0",
                "connect: open",
            ])
        }
    })

    test("3: with no answer the connect begins after 6.4 s, and lwIP gives it up after the program has", async () => {
        const world: WorldOptions = {
            episodes: [{ what: "dns-silent", fromMs: 0, toMs: EVER }],
        }
        // SYN given up 6.4 + 17.5 s after the start: a connect that waits for 23 s closes in time, one of 26 s does not
        const intime = await naive(
            `connect redis.lan 6379 23000 native sleep 2000 ${CONNECT}`,
            world
        )
        assert.equal(intime.picoW.verdict, undefined)
        const late = await naive(
            `connect redis.lan 6379 26000 native sleep 2000 ${CONNECT}`,
            world
        )
        assert.match(late.picoW.verdict!, /row 6/)
    })

    for (const [host, cause] of [
        ["192.168.1.5", /IP address.*devicescript\/issues\/664.*DNS name/],
        ["fe80::1", /IP address.*devicescript\/issues\/664.*DNS name/],
        ["localhost", /REDIS_HOST is localhost.*name.*DNS/],
        ["redis.local", /REDIS_HOST is redis\.local.*name.*DNS/],
    ] as const)
        test(`1, 3: the firmware refuses REDIS_HOST=${host} before it tries`, () =>
            refuses({ REDIS_HOST: host }, cause))
    test("7: the firmware refuses REDIS_TLS before it tries", () =>
        refuses({ REDIS_TLS: true }, /REDIS_TLS is true.*no TLS/))

    async function refuses(
        settings: Record<string, string | boolean>,
        cause: RegExp
    ) {
        const picoW = await FakePicoW.start({ settings })
        await picoW.device.runFor(120_000)
        assert.deepEqual(attempts(picoW), [])
        assert.equal(picoW.device.restarts, 0)
        const lines = picoW.device.logs.filter(({ text }) => cause.test(text))
        assert.equal(lines.length, 1, picoW.story())
        const seen = new Set(
            picoW.frames.filter(({ t }) => t > 5000).map(({ leds }) => leds)
        )
        assert.deepEqual([...seen].sort(), ["0000000000", "1000000001"])
        await picoW.stop()
    }

    test("2: the firmware comes back from a cached name by a reset", async () => {
        const picoW = await firmware(
            {
                world: {
                    ttlS: 300,
                    moments: [{ atMs: 100_000, event: "close" }],
                },
            },
            200_000
        )
        assert.equal(picoW.device.restarts, 1)
        await picoW.stop()
    })

    test("2: with *.redis.lan each connect has a label of its own, and no cache harms", async () => {
        const picoW = await firmware(
            {
                settings: { REDIS_HOST: "*.redis.lan" },
                world: {
                    ttlS: 3600,
                    moments: Array.from({ length: 10 }, (_, i) => ({
                        atMs: 10_000 + i * 10_000,
                        event: i % 2 ? "close" : "reset",
                    })),
                },
            },
            150_000
        )
        const hosts = attempts(picoW).map(({ host }) => host)
        assert.equal(hosts.length, 11)
        assert.equal(new Set(hosts).size, 11)
        for (const host of hosts)
            assert.match(host, /^[a-z0-9-]{1,63}\.redis\.lan$/)
        assert.equal(picoW.device.restarts, 0)
        await picoW.stop()
    })

    test("3: the firmware outlasts a DNS server that is silent, knows nothing, or has a silent twin", async () => {
        for (const what of ["dns-silent", "dns-unknown"] as const)
            for (const dnsServers of [1, 2] as const) {
                const picoW = await firmware(
                    {
                        world: {
                            dnsServers,
                            moments: [{ atMs: 9_000, event: "close" }],
                            episodes: [{ what, fromMs: 8_000, toMs: 100_000 }],
                        },
                    },
                    150_000
                )
                assert.ok(picoW.recoveryAfter(100_000) < 50_000)
                assert.equal(picoW.device.restarts, 0)
                await picoW.stop()
            }
    })
})

describe("rows 4 to 7: connecting", { concurrency: 2 }, () => {
    test("4: two connects at a time cost a control block, or the device", async () => {
        const same = await naive(`start redis.lan 6379 16000 ${CONNECT}`)
        assert.equal(same.picoW.verdict, undefined)
        assert.ok(
            same.picoW
                .reportsOf("fault")
                .some(({ why }) => /two control blocks/.test(why))
        )
        const other = await naive(
            `start a.redis.lan 6379 16000 connect b.redis.lan 6379 1000`
        )
        assert.match(other.picoW.verdict!, /row 4/)
    })

    test("5: after a refused connect an active close and a connect hang the device", async () => {
        const refused = "connect redis.lan 6380 16000 sleep 2000"
        const hung = await naive(
            `${refused} ${CONNECT} ask recv 100 close sleep 5000 ${CONNECT}`
        )
        assert.match(hung.picoW.verdict!, /row 5/)
        assert.match(hung.words[0], /sock error: -14/)
    })

    test("5: what is safe after a refused connect", async () => {
        const refused = "connect redis.lan 6380 16000 sleep 2000"
        for (const safe of [
            `${refused} ${refused} ${CONNECT}`,
            `${refused} ${CONNECT} quit recv 1000 sleep 2000 ${CONNECT}`,
            `${refused} connect nobody.lan 6379 16000 native sleep 2000 ${CONNECT}`,
            `${refused} ${CONNECT} ask recv 100 close sleep 131000 ${CONNECT}`,
        ]) {
            const { picoW, words } = await naive(safe)
            assert.equal(picoW.verdict, undefined, safe)
            assert.equal(words.at(-1), "connect: open", safe)
        }
    })

    test("6: a connect that waits longer than lwIP hangs the device, closed or not", async () => {
        for (const then of ["", "native "]) {
            const { picoW, words } = await naive(
                `connect nobody.lan 6379 30000 ${then}sleep 2000 ${CONNECT}`
            )
            assert.equal(words[0], "connect: Timeout")
            assert.match(picoW.verdict!, /row 6/)
        }
        const { picoW } = await naive(
            `connect nobody.lan 6379 16000 native sleep 2000 ${CONNECT}`
        )
        assert.equal(picoW.verdict, undefined)
    })

    test("7: TLS and a port out of range time out, port 0 throws, and so does a board without an address", async () => {
        const { words } = await naive(
            `tls redis.lan 6379 3000 connect redis.lan 0 1000 connect redis.lan 65536 1000 ${CONNECT}`
        )
        assert.deepEqual(words, [
            "tls: Timeout",
            "connect: host or port invalid",
            "connect: Timeout",
            "connect: open",
        ])
        const offline = await naive(CONNECT, {
            episodes: [{ what: "ap-out", fromMs: 0, toMs: EVER }],
        })
        assert.deepEqual(offline.words, ["connect: network not available"])
    })

    test("5: the firmware outlasts ten minutes of refusals, and hurries slowly", async () => {
        const toMs = 620_000
        const picoW = await firmware(
            { world: { episodes: [{ what: "refuse", fromMs: 20_000, toMs }] } },
            700_000
        )
        assert.ok(picoW.recoveryAfter(toMs) <= 35_000)
        const late = attempts(picoW)
            .map(({ t }) => t)
            .filter(t => t > 100_000 && t < toMs)
        for (let i = 1; i < late.length; i++)
            assert.ok(
                late[i] - late[i - 1] >= 30_000,
                `${late[i - 1]} and ${late[i]}`
            )
        assert.ok(late.length >= 14)
        const all = attempts(picoW).filter(({ t }) => t > 20_000 && t < toMs)
        // four while the pauses grow
        assert.ok(all.length <= 4 + 600 / 30, `${all.length} attempts`)
        await picoW.stop()
    })

    test("5: the firmware never closes a connection itself after a refusal: a Redis that hangs then costs a reset", async () => {
        const picoW = await firmware(
            {
                world: {
                    episodes: [
                        { what: "refuse", fromMs: 20_000, toMs: 30_000 },
                        { what: "hung", fromMs: 70_000, toMs: 90_000 },
                    ],
                },
            },
            200_000
        )
        // of this chip's life; the next one is not poisoned, and closes its first half-open connection
        const [, reset] = picoW.reportsOf("boot")
        assert.ok(reset.t > 70_000 && reset.t < 80_000)
        for (const { t, state } of picoW.reportsOf("close"))
            assert.ok(t > reset.t || state !== "open", picoW.story())
        await picoW.stop()
    })

    test("6: the firmware outlasts a host that is off, with 16 s for a connect and 2 s between sockets", async () => {
        const picoW = await firmware(
            {
                world: {
                    episodes: [
                        { what: "dead-host", fromMs: 20_000, toMs: 200_000 },
                    ],
                },
            },
            260_000
        )
        assert.ok(picoW.recoveryAfter(200_000) <= 35_000)
        const closes = picoW
            .reportsOf("close")
            .filter(({ state }) => state === "connecting")
        assert.ok(closes.length > 3)
        const starts = attempts(picoW).map(({ t }) => t)
        for (const { t } of closes) {
            const before = Math.max(...starts.filter(start => start < t))
            assert.ok(Math.abs(t - before - 16_000) < 50)
            const next = starts.find(start => start > t)!
            assert.ok(next - t >= 2000)
        }
        await picoW.stop()
    })
})

describe("rows 8 to 14: an open connection", { concurrency: 2 }, () => {
    test("8: 2920 bytes in one send, and 1500 not acknowledged", async () => {
        for (const [steps, outcome] of [
            ["send 2920 1", "sent"],
            ["send 2921 1", "send 1: send error -1"],
            ["send 50 30", "sent"],
            ["send 50 31", "send 31: send error -1"],
            ["send 300 5", "sent"],
            ["send 300 6", "send 6: send error -1"],
        ]) {
            const { words } = await naive(`${CONNECT} ${steps}`)
            assert.equal(words[1], outcome, steps)
        }
    })

    test("9: a long reply comes whole, in pieces of 1460 bytes; kept whole it ends the program", async () => {
        const redis = {
            entryBytes: 1000,
            lags: [[0, 30]] as [number, number][],
        }
        const { words } = await naive(`${CONNECT} read 100 recv 100`, { redis })
        assert.match(words[2], /pieces, 3\d{4} bytes, 1460: silence/)
        const hoarder = await FakePicoW.start({
            program: "naive",
            settings: { STEPS: `${CONNECT} read 100 hoard 100` },
            world: { redis: { ...redis, lags: [[0, 100]] } },
        })
        await hoarder.device.until(() => hoarder.panics[0], 10_000, "the panic")
        assert.match(hoarder.panics[0], /heap is full/)
        await hoarder.stop()
    })

    test("9: the firmware reads heavy entries without a panic, and counts right", async () => {
        const picoW = await firmware(
            {
                settings: { LAG_PER_LED: 10 },
                world: {
                    redis: {
                        entryBytes: 2000,
                        reportsLag: false,
                        lags: [[0, 0]],
                    },
                },
            },
            30_000
        )
        await picoW.stop()
    })

    test("10: after a restart of the program the board still has the old socket", async () => {
        // it is closed by the next connect: an active close, which after a refusal is what must not be
        const steps = `connect redis.lan 6380 16000 sleep 2000 ${CONNECT} recv 4000 restart`
        const picoW = await FakePicoW.start({
            program: "naive",
            settings: { STEPS: steps, AGAIN: CONNECT },
        })
        await picoW.device.runFor(20_000)
        assert.equal(picoW.device.restarts, 0)
        assert.match(picoW.verdict ?? "", /row 5/, picoW.story())
        await picoW.stop()
    })

    test("10: the firmware resets the chip when it starts late", async () => {
        const picoW = await FakePicoW.start()
        const { device } = picoW
        await device.runFor(20_000)
        await device.deploySettings({
            REDIS_HOST: "redis.lan",
            STREAM: "jobs",
            GROUP: "staff",
            LAG_PER_LED: 1,
        })
        const before = attempts(picoW).length
        await device.until(
            () => device.restarts || undefined,
            10_000,
            "the reset"
        )
        assert.equal(attempts(picoW).length, before)
        await device.runFor(20_000)
        mustBeSound(picoW)
        assert.ok(picoW.recoveryAfter(picoW.now - 10_000) < 10_000)
        assert.equal(device.restarts, 1)
        await picoW.stop()
    })

    test("10: the firmware resets the chip when its program was restarted in the chip's first seconds", async () => {
        const settings = { REDIS_HOST: "*.redis.lan" }
        const picoW = await FakePicoW.start({
            settings,
            world: {
                episodes: [{ what: "dns-silent", fromMs: 0, toMs: 30_000 }],
            },
        })
        const { device } = picoW
        await device.runFor(5000)
        await device.deploySettings({ ...FIRMWARE_SETTINGS, ...settings })
        await device.runFor(60_000)
        const { verdict, reports } = picoW
        await picoW.stop()
        assert.equal(verdict, undefined)
        assert.equal(reports.filter(r => r.what === "boot").length, 2)
    })

    test("11: the peer's close is an error after the data, and nothing else", async () => {
        const { words } = await naive(`${CONNECT} ask recv 60000 ask`, {
            moments: [{ atMs: 5000, event: "close" }],
        })
        assert.match(
            words[2],
            /^recv: 1 pieces, \d+ bytes, \d+: recv without buf\?$/
        )
        assert.equal(words[3], "send 1: old socket used")
    })

    test("12: a reset in the middle of a reply: a part, then an error, and no harm", async () => {
        const { words, picoW } = await naive(
            `${CONNECT} ask recv 60000 sleep 2000 ${CONNECT}`,
            {
                episodes: [
                    {
                        what: "cut",
                        after: 50,
                        how: "reset",
                        fromMs: 0,
                        toMs: EVER,
                    },
                ],
            }
        )
        assert.equal(words[2], "recv: 1 pieces, 50 bytes, 50: sock error: -14")
        assert.equal(words[3], "connect: open")
        assert.equal(picoW.verdict, undefined)
    })

    test("13: a vanished peer is silent; the first close is safe, the second is not", async () => {
        const lose = "ask recv 5000 close sleep 2000"
        const once = await naive(
            `${CONNECT} sleep 3000 ask recv 590000 close sleep 2000 ${CONNECT}`,
            {
                moments: [{ atMs: 5000, event: "half-open" }],
            }
        )
        assert.match(once.words[2], /0 pieces.*silence/)
        assert.equal(once.picoW.verdict, undefined)
        const twice = await naive(
            `${CONNECT} sleep 3000 ${lose} ${CONNECT} sleep 8000 ${lose} ${CONNECT}`,
            {
                moments: [
                    { atMs: 5000, event: "half-open" },
                    { atMs: 20_000, event: "half-open" },
                ],
            }
        )
        assert.match(twice.picoW.verdict!, /row 13/)
    })

    test("11, 12: the firmware survives a close and a reset after every byte", async () => {
        // AUTH's, SELECT's and a whole poll's replies
        const bytes = 400
        for (const how of ["close", "reset"] as const) {
            const everyMs = 3000
            const picoW = await firmware(
                {
                    settings: {
                        REDIS_PASS: "secret",
                        REDIS_DB: 1,
                        STALE_MS: 5000,
                    },
                    world: {
                        redis: { password: "secret" },
                        episodes: Array.from({ length: bytes }, (_, after) => ({
                            what: "cut" as const,
                            after,
                            how,
                            fromMs: 5000 + after * everyMs,
                            toMs: 5000 + (after + 1) * everyMs,
                        })),
                        moments: [{ atMs: 5000, event: "close" }],
                    },
                },
                5000 + bytes * everyMs + 60_000
            )
            assert.equal(picoW.device.restarts, 0)
            await picoW.stop()
        }
    })

    test("13: the firmware closes the first half-open connection, and resets at the second", async () => {
        const picoW = await firmware(
            {
                world: {
                    moments: [
                        { atMs: 20_000, event: "half-open" },
                        { atMs: 80_000, event: "half-open" },
                    ],
                },
            },
            140_000
        )
        assert.ok(picoW.recoveryAfter(20_000) < 10_000 + 35_000)
        assert.equal(picoW.device.restarts, 1)
        assert.deepEqual(resetLines(picoW), [
            "resetting the board in 0 s: no reply in time",
        ])
        assert.ok(picoW.recoveryAfter(88_000) < 35_000)
        await picoW.stop()
    })

    test("13: the second half-open connection of an early hour waits for the chip's first minute to pass", async () => {
        const picoW = await firmware(
            {
                world: {
                    moments: [
                        { atMs: 10_000, event: "half-open" },
                        { atMs: 25_000, event: "half-open" },
                    ],
                },
            },
            100_000
        )
        assert.equal(picoW.device.restarts, 1)
        const [, reset] = picoW.reportsOf("boot")
        assert.ok(reset.t >= RESETS_APART_MS)
        const lines = resetLines(picoW)
        assert.equal(lines.length, 1, picoW.story())
        assert.match(
            lines[0],
            /^resetting the board in [23]\d s: no reply in time$/
        )
        await picoW.stop()
    })

    test("5, 13: something that is not Redis, and does not know QUIT, with a refusal before it", async () => {
        const picoW = await firmware(
            {
                world: {
                    episodes: [
                        { what: "refuse", fromMs: 70_000, toMs: 80_000 },
                        { what: "garbage", fromMs: 100_000, toMs: 130_000 },
                    ],
                },
            },
            260_000
        )
        assert.ok(
            picoW.device.logs.some(({ text }) => /not what Redis/.test(text))
        )
        await picoW.stop()
    })

    for (const [what, reply] of [
        ["is not RESP", "?\r\n"],
        ["is RESP, and not what was asked for", ":1\r\n"],
    ])
        test(`5: after a refusal, a reply that ${what}: QUIT, which costs neither a close nor a reset`, async () => {
            const picoW = await firmware(
                {
                    world: {
                        episodes: [
                            { what: "refuse", fromMs: 20_000, toMs: 30_000 },
                            {
                                what: "confused",
                                reply,
                                fromMs: 70_000,
                                toMs: 100_000,
                            },
                        ],
                    },
                },
                160_000
            )
            assert.ok(
                picoW.device.logs.some(({ text }) =>
                    /not what Redis/.test(text)
                ),
                picoW.story()
            )
            assert.deepEqual(picoW.reportsOf("close"), [])
            assert.equal(picoW.device.restarts, 0)
            await picoW.stop()
        })

    test("8: questions that do not fit a send go in several", async () => {
        // five targets, three questions each, the key in each of them
        const stream = "jobs-".padEnd(200, "x")
        const keys = ["", "_2", "_3", "_4", "_5"]
        const picoW = await FakePicoW.start({
            settings: Object.fromEntries(
                keys.flatMap(key => [
                    [`STREAM${key}`, stream],
                    [`GROUP${key}`, "staff"],
                ])
            ),
            world: { redis: { stream, reportsLag: false } },
        })
        await picoW.device.runFor(30_000)
        assert.equal(picoW.verdict, undefined)
        assert.equal(picoW.device.restarts, 0)
        assert.equal(attempts(picoW).length, 1, picoW.story())
        assert.equal(
            picoW.device.logs.filter(({ text }) => / lag 3,/.test(text)).length,
            keys.length,
            picoW.story()
        )
        await picoW.stop()
    })

    test("8: five targets at once stay within a send", async () => {
        const more = Object.fromEntries(
            [2, 3, 4, 5].flatMap(n => [
                [`STREAM_${n}`, "jobs"],
                [`GROUP_${n}`, "staff"],
            ])
        )
        const picoW = await FakePicoW.start({
            settings: more,
            world: { redis: { reportsLag: false, lags: [[0, 1]] } },
        })
        await picoW.device.runFor(60_000)
        assert.equal(picoW.verdict, undefined)
        assert.equal(picoW.device.restarts, 0)
        assert.equal(attempts(picoW).length, picoW.reportsOf("open").length + 0)
        await picoW.stop()
    })
})

describe("rows 15, 16 and 25: Wi-Fi and resets", { concurrency: 2 }, () => {
    test("15: an access point that is absent at power-on costs nothing but time", async () => {
        const picoW = await firmware(
            {
                world: {
                    episodes: [{ what: "ap-out", fromMs: 0, toMs: 120_000 }],
                },
            },
            160_000
        )
        assert.equal(picoW.device.restarts, 0)
        assert.ok(picoW.recoveryAfter(120_000) < 15_000)
        assert.ok(
            picoW.device.logs.some(
                ({ text }) => text === "light: joining Wi-Fi"
            )
        )
        await picoW.stop()
    })

    test("15: slow DHCP is no reason for a reset", async () => {
        const picoW = await firmware({ world: { dhcpMs: 18_000 } }, 40_000)
        assert.equal(picoW.device.restarts, 0)
        await picoW.stop()
    })

    test("15: a failed rejoin is final: reset at the fourth scan that sees the network", async () => {
        // nothing is sent meanwhile: a send would fail, and be reason enough
        const picoW = await firmware(
            {
                world: {
                    episodes: [
                        { what: "refuse", fromMs: 20_000, toMs: 140_000 },
                        { what: "ap-out", fromMs: 100_000, toMs: 130_000 },
                    ],
                },
            },
            240_000
        )
        assert.equal(picoW.device.restarts, 1)
        const scans = picoW
            .reportsOf("wifi")
            .filter(({ t, event }) => t > 100_000 && event === "scan 4 1")
        const [, reset] = picoW.reportsOf("boot")
        assert.ok(
            reset.t > scans[3].t && reset.t < scans[3].t + 3000,
            picoW.story()
        )
        await picoW.stop()
    })

    test("15: scans from before a connection do not count, even if nobody told of the address", async () => {
        const picoW = await firmware(
            {
                // the poll at 80 s finds the connection gone, and the network too
                settings: { POLL_MS: 60_000 },
                world: {
                    dhcpMs: 18_000,
                    tellsAddress: false,
                    moments: [{ atMs: 30_000, event: "close" }],
                    episodes: [
                        { what: "ap-out", fromMs: 50_000, toMs: 70_000 },
                    ],
                },
            },
            150_000
        )
        assert.equal(picoW.device.restarts, 1)
        const scans = picoW
            .reportsOf("wifi")
            .filter(({ t, event }) => t > 70_000 && event === "scan 4 1")
        const [, reset] = picoW.reportsOf("boot")
        assert.ok(
            reset.t > scans[3].t && reset.t < scans[3].t + 3000,
            picoW.story()
        )
        await picoW.stop()
    })

    test("15: scans from before an address do not count, even if it was lost before it was used", async () => {
        // scans at 2, 12 and 22 s, an address at 27 s, and 10 ms later it is gone for good
        const picoW = await firmware(
            {
                world: {
                    dhcpMs: 25_000,
                    moments: [{ atMs: 27_060, event: "deauth" }],
                    episodes: [
                        { what: "ap-out", fromMs: 27_055, toMs: 40_000 },
                    ],
                },
            },
            130_000
        )
        assert.equal(picoW.device.restarts, 1)
        const events = picoW.reportsOf("wifi")
        const lost = events.find(({ event }) => event === "lostIp")!
        const scans = events.filter(
            ({ t, event }) => t > lost.t && event === "scan 4 1"
        )
        const [, reset] = picoW.reportsOf("boot")
        assert.ok(
            reset.t > scans[3].t && reset.t < scans[3].t + 3000,
            picoW.story()
        )
        await picoW.stop()
    })

    test("15: a wrong password means a reset now and then, never a loop", async () => {
        const picoW = await FakePicoW.start({
            world: {
                episodes: [{ what: "wrong-password", fromMs: 0, toMs: EVER }],
            },
        })
        await picoW.device.runFor(600_000)
        mustBeSound(picoW)
        assert.deepEqual(attempts(picoW), [])
        assert.ok(picoW.device.restarts >= 2 && picoW.device.restarts <= 10)
        assert.ok(
            picoW.device.logs.some(({ text }) =>
                /cannot be joined.*WIFI_SSID and WIFI_PWD/.test(text)
            )
        )
        // that it cannot be joined is no other status than that it is not joined yet
        const statuses = picoW.device.logs
            .map(({ text }) => text)
            .filter(text => text.startsWith("light: "))
        assert.deepEqual(
            statuses,
            statuses.map((_, i) =>
                i % 2 ? "light: joining Wi-Fi" : "light: connecting"
            )
        )
        await picoW.stop()
    })

    test("16: the firmware keeps its connection over a rejoin, and resets with a new address", async () => {
        const picoW = await firmware(
            { world: { moments: [{ atMs: 20_000, event: "deauth" }] } },
            40_000
        )
        assert.equal(attempts(picoW).length, 1)
        await picoW.stop()
        const moved = await firmware(
            { world: { moments: [{ atMs: 80_000, event: "new-address" }] } },
            130_000
        )
        assert.equal(moved.device.restarts, 1)
        await moved.stop()
    })

    test("5, 13, 25: a long row of half-open connections: resets, a minute apart at least", async () => {
        const picoW = await firmware(
            {
                world: {
                    moments: Array.from({ length: 40 }, (_, i) => ({
                        atMs: 10_000 + i * 12_000,
                        event: "half-open",
                    })),
                },
            },
            600_000
        )
        assert.ok(picoW.device.restarts >= 3)
        await picoW.stop()
    })

    test("a stale bar of one LED is not a bar for a second longer", async () => {
        const picoW = await FakePicoW.start({
            world: {
                redis: { lags: [[0, 1]] },
                episodes: [{ what: "hung", fromMs: 20_000, toMs: EVER }],
            },
        })
        const { device } = picoW
        const { t } = await device.waitForLog(/is stale$/, 30_000)
        await device.runFor(300)
        assert.equal(device.leds, "0000000000", `${t}`)
        await picoW.stop()
    })

    test("an empty world: every lag from 0 to 10 is shown as it is", async () => {
        const lags = Array.from({ length: 11 }, (_, lag): [number, number] => [
            lag * 10_000,
            lag,
        ])
        const picoW = await firmware({ world: { redis: { lags } } }, 125_000)
        for (const [fromMs] of lags)
            assert.ok(picoW.recoveryAfter(fromMs) < 6000)
        await picoW.stop()
    })
})
