/** The light with a screen beside it: an SSD1306 of 128 x 64 pixels, by I2C (docs/hardware.md). It has no traffic light. */
import * as ds from "@devicescript/core"
import { pins } from "@dsboard/pico_w_laglight"
import { configureHardware } from "@devicescript/servers"
import { boardPins } from "./board"
import { Oled, OLED_BYTES } from "./display/oled"
import { laglight } from "./laglight"
import { thisRuntime } from "./link/runtime"

configureHardware({
    scanI2C: false,
    i2c: { pinSDA: pins.GP20, pinSCL: pins.GP21, kHz: 400 },
})

/** What @devicescript/i2c calls, and all that is needed of it. */
type I2cBus = {
    _i2cTransaction(address: number, bytes: Buffer): Promise<number>
}

// the displays are made when the heap's end is held for replies (heap.ts): not here
await laglight(
    thisRuntime(),
    boardPins(),
    async settings => [
        new Oled(
            async (address, bytes) =>
                await (ds as any as I2cBus)._i2cTransaction(address, bytes)
        ),
    ],
    OLED_BYTES
)
