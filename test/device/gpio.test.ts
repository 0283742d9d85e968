/** The pins: fake ones, as the simulator's VM has none. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { LEDS } from "../../src/display/display"
import { LedPins } from "../../src/display/gpio"

/** What the fake pins were told, in order: `3=1` a level, `3:high` a mode. */
let told: string[] = []

/** Stands in for a pin. */
class FakePin {
    constructor(private name: string) {}

    setMode(mode: ds.GPIOMode): void {
        const word =
            mode === ds.GPIOMode.OutputHigh
                ? "high"
                : mode === ds.GPIOMode.OutputLow
                  ? "low"
                  : `mode ${mode}`
        told.push(`${this.name}:${word}`)
    }

    write(level: boolean | number): void {
        told.push(`${this.name}=${level ? 1 : 0}`)
    }
}

/** Pins named 1 to 10. */
function fakePins(): ds.OutputPin[] {
    told = []
    const pins: ds.OutputPin[] = []
    for (let led = 1; led <= LEDS; ++led)
        pins.push(new FakePin(`${led}`) as unknown as ds.OutputPin)
    return pins
}

/** What was told since it was last asked. */
function heard(): string {
    const text = told.join(" ")
    told = []
    return text
}

describe("active-high pins", () => {
    test("are outputs with their level from the first frame on", () => {
        const leds = new LedPins(fakePins(), false)
        expect(heard()).toBe("")
        leds.write(0b1100000001)
        expect(heard()).toBe(
            "1:high 2:high 3:low 4:low 5:low 6:low 7:low 8:low 9:low 10:high"
        )
    })
    test("are outputs from the first frame on, even a dark one", () => {
        const leds = new LedPins(fakePins(), false)
        leds.write(0)
        expect(heard()).toBe(
            "1:low 2:low 3:low 4:low 5:low 6:low 7:low 8:low 9:low 10:low"
        )
    })
    test("are written when they change, and only then", () => {
        const leds = new LedPins(fakePins(), false)
        leds.write(0b1000000000)
        heard()
        leds.write(0b1100000000)
        expect(heard()).toBe("2=1")
        leds.write(0b0100000001)
        expect(heard()).toBe("1=0 10=1")
        leds.write(0b0100000001)
        expect(heard()).toBe("")
        leds.write(0b1011111110)
        expect(heard()).toBe("1=1 2=0 3=1 4=1 5=1 6=1 7=1 8=1 9=1 10=0")
        leds.write(0)
        expect(heard()).toBe("1=0 3=0 4=0 5=0 6=0 7=0 8=0 9=0")
    })
})

describe("active-low pins", () => {
    test("are low where a LED is lit", () => {
        const leds = new LedPins(fakePins(), true)
        leds.write(0b1100000001)
        expect(heard()).toBe(
            "1:low 2:low 3:high 4:high 5:high 6:high 7:high 8:high 9:high 10:low"
        )
        leds.write(0b0100000011)
        expect(heard()).toBe("1=1 9=0")
    })
    test("are high from the first frame on when it is dark", () => {
        const leds = new LedPins(fakePins(), true)
        leds.write(0)
        expect(heard()).toBe(
            "1:high 2:high 3:high 4:high 5:high 6:high 7:high 8:high 9:high 10:high"
        )
    })
})

describe("pins that are not there", () => {
    test("are passed over, as in the simulator", () => {
        const pins = fakePins()
        pins[4] = undefined
        const leds = new LedPins(pins, false)
        leds.write(0)
        expect(heard().split(" ").length).toBe(9)
        leds.write(0b0000110000)
        expect(heard()).toBe("6=1")
        const none: ds.OutputPin[] = []
        for (let i = 0; i < LEDS; ++i) none.push(undefined)
        const dark = new LedPins(none, true)
        dark.write(0b1111111111)
        dark.write(0)
        expect(heard()).toBe("")
    })
})
