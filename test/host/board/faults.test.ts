/** The firmware survives the faults of the Pico W's stock runtime, row by row of docs/pico-w-runtime.md. */
import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import {
    FakePicoW,
    FIRMWARE_SETTINGS,
    stopAll,
} from "../support/fake-pico-w/fake-pico-w.ts"
import type { FakePicoWOptions } from "../support/fake-pico-w/fake-pico-w.ts"

after(stopAll)

/** For ever, ms. */
const EVER = 1e9
/** No reset within so long after power-on, ms (docs/pico-w-runtime.md; a dead network must not become a reset loop). */
const RESETS_APART_MS = 60_000
/** Between a socket's end and the next connect, ms (rows 6 and 14). */
const PAUSE_MS = 2000

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

describe("rows 1 to 3: addresses and names", { concurrency: 2 }, () => {
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
