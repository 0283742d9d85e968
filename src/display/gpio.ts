/** The only file that touches pins; active-low lives here. */
import * as ds from "@devicescript/core"
import "@devicescript/gpio"
import { Frame, FrameSink, LEDS } from "./display"

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
        const changed = first ? -1 : frame ^ this.shown
        for (let i = 0; i < LEDS; ++i) {
            const bit = 1 << (LEDS - 1 - i)
            if (!(changed & bit)) continue
            const pin = this.pins[i]
            const level = ((frame & bit) !== 0) !== this.activeLow
            if (first)
                pin?.setMode(
                    level ? ds.GPIOMode.OutputHigh : ds.GPIOMode.OutputLow
                )
            else pin?.write(level)
        }
        this.shown = frame
    }
}
