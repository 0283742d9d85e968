/** The same frames as a Jacdac `led` service, which simulators and dashboards read. */
import * as ds from "@devicescript/core"
import { Server, startServer } from "@devicescript/server"
import { Frame, FrameSink, LEDS } from "./display"

/** Bytes a pixel in the `pixels` register: red, green, blue (the Jacdac led specification). */
const PIXEL_BYTES = 3
/** What a lit pixel says: all three channels, as no meaning depends on colour. */
const LIT = 255

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

/** Announces the service. Construct it before the program's first await: later servers never bind. */
export class LedService implements FrameSink {
    private server = new LedBarServer()
    private role: ds.Led

    constructor() {
        this.role = new ds.Led(startServer(this.server))
    }

    async write(frame: Frame): Promise<void> {
        const buffer = this.server.buffer
        for (let i = 0; i < LEDS; ++i) {
            const lit = (frame & (1 << (LEDS - 1 - i))) !== 0
            buffer.fillAt(i * PIXEL_BYTES, PIXEL_BYTES, lit ? LIT : 0)
        }
        // a subscription to the register alone reports late or never; a write through the role is on the bus at once
        await this.role.pixels.write(buffer)
    }
}
