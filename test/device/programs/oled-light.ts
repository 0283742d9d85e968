/** The firmware as src/mainoled.ts makes it, for the VM: without pins, and with a fake screen on the bus. */
import * as ds from "@devicescript/core"
import { LEDS } from "../../../src/display/display"
import { Oled, OLED_BYTES } from "../../../src/display/oled"
import { laglight } from "../../../src/laglight"
import { thisRuntime } from "../../../src/link/runtime"
import { FakeSsd1306 } from "../fake-ssd1306"

const leds: ds.OutputPin[] = []
for (let i = 0; i < LEDS; ++i) leds.push(undefined)
const fake = new FakeSsd1306()
await laglight(
    thisRuntime(),
    { leds, awake: undefined },
    async settings => [
        new Oled(async (address, bytes) => fake.take(address, bytes)),
    ],
    OLED_BYTES
)
