/** The same frames as a Jacdac `led` service, which simulators and dashboards read. */
import * as ds from "@devicescript/core"
import { Server, startServer } from "@devicescript/server"
import { Frame, FrameSink, LEDS } from "./display"

/** Bytes a pixel in the `pixels` register: red, green, blue (the Jacdac led specification). */
const PIXEL_BYTES = 3
/** What a lit pixel says: all three channels, as no meaning depends on colour. */
const LIT = 255

const LED1: Frame = 1 << (LEDS - 1)

/** The server behind the register: it knows only what the firmware told it. */
class LedBarServer extends Server implements ds.LedServerSpec {
    /** LED1 first, 3 bytes each. */
    readonly buffer = Buffer.alloc(LEDS * PIXEL_BYTES)

    constructor() {
        super(ds.Led.spec)
    }

    pixels(): Buffer {
        return this.buffer
    }

    set_pixels(value: Buffer): void {
        // whoever else writes the register is not laglight: the light shows the lag, nothing else
    }

    intensity(): number {
        return 1
    }

    set_intensity(value: number): void {
        // the LEDs have no brightness control
    }

    actualBrightness(): number {
        return 1
    }

    numPixels(): number {
        return LEDS
    }

    numColumns(): number {
        return LEDS
    }

    variant(): ds.LedVariant {
        return ds.LedVariant.Stick
    }
}

/**
 * The bar as a service; the bus is slower than the pins and must never hold them up, so it has a fiber of its own.
 *
 * Each frame goes out as a report of the register, unasked: a client's subscription alone would learn of it late or never,
 * and a write through a role of our own waits a second or more until that role is bound.
 */
export class LedService implements FrameSink {
    private server = new LedBarServer()
    private pixels = ds.Led.spec.lookup("pixels")
    /** What the register holds. */
    private shown: Frame = 0
    /** The register holds a frame that has not been on the bus. */
    private unsent = false
    private sending = false

    /** Start it together with all other services, with no wait in between: one that starts later is never announced. */
    constructor() {
        startServer(this.server)
    }

    write(frame: Frame): void {
        const buffer = this.server.buffer
        let changed = frame ^ this.shown
        let bit = LED1
        for (let at = 0; changed !== 0; at += PIXEL_BYTES) {
            if (changed & bit) {
                changed ^= bit
                buffer.fillAt(at, PIXEL_BYTES, frame & bit ? LIT : 0)
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
            await this.server._send(this.pixels.encode(this.server.buffer))
        }
        this.sending = false
    }
}
