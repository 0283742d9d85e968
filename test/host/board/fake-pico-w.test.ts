/**
 * The stand-in is faulty like the chip: each fault of the Pico W's stock runtime, row by row of docs/pico-w-runtime.md, and a
 * naive program that runs into it.
 */
import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { FakePicoW, stopAll } from "../support/fake-pico-w/fake-pico-w.ts"
import type { WorldOptions } from "../support/fake-pico-w/world.ts"

after(stopAll)

/** A connect to the Redis there is. */
const CONNECT = "connect redis.lan 6379 16000"
/** For ever, ms. */
const EVER = 1e9
/** The program's steps may take so long, ms. */
const NAIVE_LIMIT_MS = 700_000

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
})
