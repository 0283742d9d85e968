/** Two LED patterns in turn on a Jacdac `led` service, as laglight's display shows its frames. */
import * as ds from "@devicescript/core"
import { Server, startServer } from "@devicescript/server"

const PIXELS = 10

class LightService extends Server implements ds.LedServerSpec {
    private shown = Buffer.alloc(PIXELS * 3)

    constructor() {
        super(ds.Led.spec)
    }

    pixels() {
        return this.shown
    }
    set_pixels(value: Buffer) {
        this.shown = value
    }
    intensity() {
        return 1
    }
    set_intensity() {}
    actualBrightness() {
        return 1
    }
    numPixels() {
        return PIXELS
    }
    numColumns() {
        return PIXELS
    }
    maxPower() {
        return 0
    }
    set_maxPower() {}
    ledsPerPixel() {
        return 1
    }
    waveLength() {
        return 0
    }
    luminousIntensity() {
        return 0
    }
    variant() {
        return ds.LedVariant.Stick
    }
}

const role = new ds.Led(startServer(new LightService()))

async function show(from: number, to: number) {
    const pixels = Buffer.alloc(PIXELS * 3)
    for (let i = from; i < to; i++) pixels.setAt(i * 3 + 1, "u8", 255)
    await role.pixels.write(pixels)
}

console.log("blink")
while (true) {
    await show(0, 3)
    await ds.sleep(200)
    await show(7, 10)
    await ds.sleep(200)
}
