import { boardPins } from "./board"
import { TrafficLight } from "./display/traffic-light"
import { laglight } from "./laglight"
import { thisRuntime } from "./link/runtime"

const pins = boardPins()

await laglight(
    thisRuntime(),
    pins,
    async settings => await TrafficLight.ifWanted(pins, settings?.trafficLight)
)
