/** The only file that touches pins; active-low lives here. */
import * as ds from "@devicescript/core"
import "@devicescript/gpio"
import { Frame, FrameSink, LEDS } from "./display"

const ALL: Frame = (1 << LEDS) - 1
const LED1: Frame = 1 << (LEDS - 1)

/** Ten LEDs on pins. */
export class LedPins implements FrameSink {
    /** What the pins were last told, -1 before the first frame. */
    private shown: Frame = -1

    /**
     * @param pins LED1 first; in the simulator, which has no pins, they are undefined
     * @param activeLow the LEDs are wired to 3V3: a low pin lights
     */
    constructor(
        private pins: ds.OutputPin[],
        private activeLow: boolean
    ) {}

    write(frame: Frame): void {
        const first = this.shown < 0
        let changed = first ? ALL : frame ^ this.shown
        let bit = LED1
        // mostly it is LED1 alone, which winks
        for (let i = 0; changed !== 0; ++i) {
            if (changed & bit) {
                changed ^= bit
                const pin = this.pins[i]
                const level = ((frame & bit) !== 0) !== this.activeLow
                if (first)
                    pin?.setMode(
                        level ? ds.GPIOMode.OutputHigh : ds.GPIOMode.OutputLow
                    )
                else pin?.write(level)
            }
            bit >>= 1
        }
        this.shown = frame
    }
}
