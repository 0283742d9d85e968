/**
 * docs/pico-w-runtime.md row 24: without a USB host a Pico W sleeps for good unless its serial log always has something to
 * send. Whether the chip itself then stays awake only the chip can tell; here is counted what the firmware writes.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, describe, test } from "node:test"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { buildFirmware } from "../../../sim/firmware.ts"
import { FakePicoW, stopAll } from "../support/fake-pico-w/fake-pico-w.ts"
import type { FakePicoWOptions } from "../support/fake-pico-w/fake-pico-w.ts"
import type { Trouble } from "../support/fake-pico-w/world.ts"

after(stopAll)

/** What is written on average at least, bytes a second; the serial log sends 12. */
const LEAST_BYTES = 20
/** Between two lines at most, ms. */
const LONGEST_GAP_MS = 1000
/** Each state is looked at for so long, ms of device time. */
const WATCH_MS = 30_000

interface Line {
    t: number
    bytes: number
}

/** The lines of the program itself, whatever they say. */
function collect(device: SimulatedDevice): Line[] {
    const lines: Line[] = []
    device.on("dmesg", (line, t) => {
        if (/^[>?*!#] /.test(line))
            lines.push({ t, bytes: Buffer.byteLength(line) + 1 })
    })
    return lines
}

function trouble(what: Exclude<Trouble["what"], "cut" | "confused">) {
    return { world: { episodes: [{ what, fromMs: 0, toMs: 1e9 }] } }
}

const STATES: [
    state: string,
    light: RegExp | undefined,
    options: FakePicoWOptions,
][] = [
    [
        "not configured",
        /light: not configured/,
        { settings: { REDIS_HOST: "10.0.0.5" } },
    ],
    ["joining Wi-Fi", /light: joining Wi-Fi/, trouble("ap-out")],
    ["connecting, refused", /connection refused/, trouble("refuse")],
    ["connecting, no answer", /no answer to the connect/, trouble("dead-host")],
    ["waiting for a reply", /no reply in time/, trouble("hung")],
    [
        "refused: which group",
        /no such consumer group/,
        { settings: { GROUP: "nobody" } },
    ],
    ["refused: who", /NOAUTH/, { world: { redis: { password: "secret" } } }],
    ["polling", /lag 3/, {}],
    [
        "polling once an hour",
        /lag 3/,
        { settings: { POLL_MS: 3_600_000, STALE_MS: 7_200_000 } },
    ],
    ["the wiring test", undefined, { program: "../../../src/mainledtest" }],
]

describe("a Pico W's log never runs dry", { concurrency: 2 }, () => {
    for (const [state, light, options] of STATES)
        test(state, async () => {
            const picoW = await FakePicoW.start(options)
            const { device } = picoW
            const lines = collect(device)
            const from = device.now
            await device.runFor(WATCH_MS)
            if (light)
                assert.ok(
                    device.logs.some(({ text }) => light.test(text)),
                    picoW.story()
                )
            const bytes = lines.reduce((sum, line) => sum + line.bytes, 0)
            assert.ok(
                bytes >= (LEAST_BYTES * WATCH_MS) / 1000,
                `${bytes} bytes in ${WATCH_MS} ms\n${picoW.story()}`
            )
            const times = [from, ...lines.map(({ t }) => t), device.now]
            const gaps = times.slice(1).map((t, i) => t - times[i])
            assert.ok(Math.max(...gaps) <= LONGEST_GAP_MS, `${gaps}`)
            // it is for the chip alone: no view, no page, no watch sees a line of it
            assert.deepEqual(
                [...device.logs, ...device.records].filter(({ text }) =>
                    text.includes("awake")
                ),
                []
            )
            await picoW.stop()
        })

    test("the simulator writes nothing of the kind", async () => {
        const { bytecode } = await buildFirmware()
        const device = await SimulatedDevice.start({
            bytecode,
            settings: { REDIS_HOST: "127.0.0.1", REDIS_PORT: 1 },
            clock: "driven",
        })
        const lines: string[] = []
        device.on("dmesg", line => lines.push(line))
        await device.runFor(WATCH_MS)
        assert.deepEqual(
            lines.filter(line => line.startsWith("? .")),
            []
        )
        await device.stop()
    })
})

describe("the board file keeps to it", () => {
    const board = JSON.parse(
        readFileSync(
            new URL(
                "../../../boards/pico_w_laglight.board.json",
                import.meta.url
            ),
            "utf8"
        )
    )

    test("the log is as slow as the chip can be", () => {
        // RP2040 datasheet, UARTIBRD: 125 MHz / 16 / 65535 is 119.2 baud
        assert.equal(board.log.baud, 120)
    })

    test("its pin is one whose UART the runtime picks rightly, and free", () => {
        // docs/pico-w-runtime.md row 19
        assert.match(board.log.pinTX, /^GP(16|20)$/)
        const lamps = readFileSync(
            new URL("../../../src/board.ts", import.meta.url),
            "utf8"
        )
        assert.ok(!lamps.includes(`pins.${board.log.pinTX}`))
        const number = board.pins[board.log.pinTX]
        const same = Object.entries(board.pins).filter(
            ([, gpio]) => gpio === number
        )
        assert.deepEqual(same, [[board.log.pinTX, number]])
    })
})
