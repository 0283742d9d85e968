/** The only file that touches pins; active-low lives here. */
import * as ds from "@devicescript/core"
import { Frame, FrameSink, LEDS } from "./display"

const ALL: Frame = (1 << LEDS) - 1
const LED1: Frame = 1 << (LEDS - 1)

/** What the runtime has for a pin; @devicescript/gpio adds what is not needed, and a check for each write. */
type NativePin = ds.OutputPin & { setMode(mode: ds.GPIOMode): void }

/** Makes a pin an output, high or low. @param pin undefined in the simulator, which has none */
export function setLevel(pin: ds.OutputPin, high: boolean): void {
    ;(pin as NativePin)?.setMode(
        high ? ds.GPIOMode.OutputHigh : ds.GPIOMode.OutputLow
    )
}

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
        let changed = this.shown < 0 ? ALL : frame ^ this.shown
        let bit = LED1
        // mostly it is LED1 alone, which winks
        for (let i = 0; changed !== 0; ++i) {
            if (changed & bit) {
                changed ^= bit
                const isLit = (frame & bit) !== 0
                setLevel(this.pins[i], isLit !== this.activeLow)
            }
            bit >>= 1
        }
        this.shown = frame
    }
}
