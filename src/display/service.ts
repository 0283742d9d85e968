/** The same frames as a Jacdac `led` service, which simulators and dashboards read. */
import * as ds from "@devicescript/core"
import { Frame, FrameSink, LEDS } from "./display"
import { sendReport, Service, startService } from "./jacdac"

/** Bytes a pixel in the `pixels` register: red, green, blue (the Jacdac led specification). */
const PIXEL_BYTES = 3
/** What a lit pixel says: all three channels, as no meaning depends on colour. */
const LIT = 255

const LED1: Frame = 1 << (LEDS - 1)

/**
 * The bar as a service; the bus is slower than the pins and must never hold them up, so it has a fiber of its own.
 *
 * Each frame goes out as a report of the register, unasked: a client's subscription alone would learn of it late or never,
 * and a write through a role of our own waits a second or more until that role is bound.
 */
export class LedService implements FrameSink, Service {
    readonly spec = ds.Led.spec
    /** A report of the pixels: LED1 first, 3 bytes each. */
    private report = this.spec
        .lookup("pixels")
        .encode(Buffer.alloc(LEDS * PIXEL_BYTES))
    private index: number
    /** What it says. */
    private shown: Frame = 0
    /** It says a frame that has not been on the bus. */
    private unsent = false
    private sending = false

    /** Start it together with all other services, with no wait in between: one that starts later is never announced. */
    constructor() {
        this.index = startService(this)
    }

    registers(): any {
        return {
            pixels: this.report.payload,
            // the LEDs have no brightness control
            intensity: 1,
            actualBrightness: 1,
            numPixels: LEDS,
            numColumns: LEDS,
            variant: ds.LedVariant.Stick,
            statusCode: [0, 0],
            instanceName: "led_0",
        }
    }

    write(frame: Frame): void {
        const pixels = this.report.payload
        let changed = frame ^ this.shown
        let bit = LED1
        for (let at = 0; changed !== 0; at += PIXEL_BYTES) {
            if (changed & bit) {
                changed ^= bit
                pixels.fillAt(at, PIXEL_BYTES, frame & bit ? LIT : 0)
            }
            bit >>= 1
        }
        this.shown = frame
        this.unsent = true
        if (this.sending) return
        this.sending = true
        this.send.start()
    }

    private async send(): Promise<void> {
        while (this.unsent) {
            this.unsent = false
            await sendReport(this.index, this.report)
        }
        this.sending = false
    }
}
