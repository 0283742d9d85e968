/** Sleeps an hour. */
import * as ds from "@devicescript/core"

const before = ds.millis()
console.log("good night")
await ds.sleep(3600000)
console.log(`slept ${Math.round((ds.millis() - before) / 1000)} s`)
