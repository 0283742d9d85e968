/** The LED test program: its frames in order, and its words. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"

const only = (led: number) =>
    Array.from({ length: 10 }, (_, i) => (i + 1 === led ? "1" : "0")).join("")
const upTo = (level: number) => "1".repeat(level).padEnd(10, "0")

/** The legend in its order, and frames that each pattern shows, the first ones first; docs/lights.md. */
const LEGEND: [name: string, ...frames: string[]][] = [
    // LED1 is lit already
    ["power-on", ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 8].map(upTo)],
    ["not configured", "1000000001", "0000000000", "1000000001"],
    ["joining Wi-Fi", ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 8].map(only)],
    [
        "connecting to Redis",
        "1000000001",
        "0100000010",
        "0010000100",
        "0001001000",
        "0000110000",
        "0000000000",
        "1000000001",
    ],
    ["refused: who", "1000110001", "1000000001", "1000110001"],
    ["refused: which stream", "1011001101", "1000000001", "1011001101"],
    ["refused: which group", "1010110101", "1000000001", "1010110101"],
    ["lag between two levels, 3 to 6", upTo(6), upTo(3), upTo(6), upTo(3)],
    ["lag unknown", "1010101010", "0101010101", "1010101010"],
    ["off the scale", upTo(10), upTo(0), upTo(10), upTo(0)],
    ["stale reading, last 6", only(6), upTo(0), only(6)],
    // LED1 winks over the first one of LED10's two winks: the reading is fresh
    [
        "consumers need a look, level 4",
        "0111000001",
        upTo(4),
        "1111000001",
        upTo(4),
    ],
    ["normal, level 5", "0111100000", upTo(5), "0111100000"],
    ["normal, level 0", only(1), upTo(0), only(1), upTo(0)],
    ["normal, level 10", "0111111111", upTo(10), "0111111111"],
]

describe("the LED test", () => {
    let device: SimulatedDevice
    const panics: string[] = []
    before(async () => {
        const { bytecode } = await buildFirmware({
            entry: "src/mainledtest.ts",
        })
        device = await SimulatedDevice.start({
            bytecode,
            settings: { ACTIVE_LOW: true },
            clock: "driven",
            onCreated: d => d.on("panic", ({ text }) => panics.push(text)),
        })
        // one and a half rounds
        await device.runFor(150_000)
    })
    after(() => device.stop())

    /** The frames between two lines of the log. A wink begins and ends a millisecond beside the steps of the pattern. */
    function framesFrom(line: string, to: string) {
        const texts = device.logs.map(({ text }) => text)
        const at = texts.indexOf(line)
        assert.ok(at >= 0, `${line}: ${texts.join("\n")}`)
        const end = device.logs[texts.indexOf(to, at)].t
        const start = device.logs[at].t
        return device.frames
            .filter(
                ({ t }, i, all) =>
                    t >= start && t < end && !(all[i + 1]?.t - t < 5)
            )
            .map(({ leds }) => leds)
    }

    test("begins with a dot from LED1 to LED10 and back, and names its pins", () => {
        assert.deepEqual(
            framesFrom(
                "led test: a dot from LED1 to LED10 and back",
                "legend: power-on"
            ),
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(only)
        )
        const texts = device.logs.map(({ text }) => text)
        assert.deepEqual(texts.slice(1, 12), [
            "led test: ACTIVE_LOW, a low pin lights",
            "LED1: GP0, pin 1",
            "LED2: GP1, pin 2",
            "LED3: GP2, pin 4",
            "LED4: GP3, pin 5",
            "LED5: GP4, pin 6",
            "LED6: GP5, pin 7",
            "LED7: GP6, pin 9",
            "LED8: GP7, pin 10",
            "LED9: GP8, pin 11",
            "LED10: GP9, pin 12",
        ])
    })

    test("names the legend's patterns, again and again", () => {
        const names = device.logs
            .map(({ text }) => /^legend: (.*)/.exec(text)?.[1])
            .filter(name => name !== undefined)
        const round = LEGEND.map(([name]) => name)
        assert.deepEqual(names.slice(0, round.length), round)
        // power-on is shown once
        assert.deepEqual(
            names.slice(round.length, 2 * round.length - 1),
            round.slice(1, 1 + names.length - round.length)
        )
        assert.ok(names.length > round.length + 3)
        assert.deepEqual(panics, [])
    })

    for (const [i, [name, ...frames]] of LEGEND.entries())
        test(`shows ${name}`, () => {
            const next = LEGEND[i + 1]?.[0] ?? LEGEND[1][0]
            const shown = framesFrom(`legend: ${name}`, `legend: ${next}`)
            assert.deepEqual(shown.slice(0, frames.length), frames)
        })
})
