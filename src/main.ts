import { pins } from "@dsboard/pico_w_laglight"
import { TrafficLight } from "./display/traffic-light"
import { laglight } from "./laglight"
import { thisRuntime } from "./link/runtime"

const leds = [
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
]
const lamps = { green: pins.GP10, yellow: pins.GP11, red: pins.GP12 }

await laglight(
    thisRuntime(),
    { leds, awake: pins.GP18 },
    async settings => await TrafficLight.ifWanted(lamps, settings?.trafficLight)
)
