/** Ends, or sleeps for an hour, as the setting HOW says. */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"

const how = await readSetting("HOW", "none")
console.log(`trouble: ${how}`)
await ds.sleep(50)

if (how === "heap") {
    const kept: Buffer[] = []
    while (true) {
        kept.push(Buffer.alloc(1000))
        await ds.sleep(1)
    }
} else if (how === "loop") {
    let turns = 0
    while (true) turns++
} else if (how === "throw") {
    throw new Error("on purpose")
} else if (how === "reboot") {
    ds.reboot()
} else if (how === "restart") {
    ds.restart()
} else if (how === "sleep") {
    const before = ds.millis()
    await ds.sleep(3600000)
    console.log(`slept ${Math.round((ds.millis() - before) / 1000)} s`)
} else if (how === "vm") {
    // the number that makes the VM fail itself, as a broken C assertion does (impl_ds.c)
    ds._panic(0xab04711)
}
