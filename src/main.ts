import { pins } from "@dsboard/pico_w_laglight"
import { laglight } from "./laglight"
import { thisRuntime } from "./link/runtime"

await laglight(thisRuntime(), {
    leds: [
        pins.LED1,
        pins.LED2,
        pins.LED3,
        pins.LED4,
        pins.LED5,
        pins.LED6,
        pins.LED7,
        pins.LED8,
        pins.LED9,
        pins.LED10,
    ],
    green: pins.GP10,
    yellow: pins.GP11,
    red: pins.GP12,
    awake: pins.GP18,
})
