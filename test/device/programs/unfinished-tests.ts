/** Tests that do not run to their end, in the way that the setting HOW names: the suite that runs device tests must tell. */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { describe, test } from "@devicescript/test"

const how = await readSetting("HOW", "none")

async function throwApart() {
    throw new Error("on purpose")
}

async function end() {
    if (how === "throw") throwApart.start()
    else if (how === "loop") for (;;);
    else if (how === "restart") ds.restart()
    else if (how === "reboot") ds.reboot()
    await ds.sleep(3600000)
}

if (how !== "none")
    describe("unfinished", () => {
        test("passes", () => {})
        test("does not end", end)
    })
