import { boardPins } from "./board"
import { laglight } from "./laglight"
import { thisRuntime } from "./link/runtime"

await laglight(thisRuntime(), boardPins())
