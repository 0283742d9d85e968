/**
 * Judges settings by the firmware's own rules (settings.ts) and prints the verdict, a line for each finding, for the host's
 * `npm run check`, which runs this in DeviceScript's VM. So the rules exist once.
 *
 * `fault TEXT`  what is wrong; `more TEXT` goes on with it
 * `load JSON`   what the board will need for them, if they are valid
 * `end`         that is all
 */
import { readSetting } from "@devicescript/settings"
import { GROUP_BYTES } from "./ask/lag-query"
import { replyBytesFor } from "./heap"
import { Runtime } from "./link/runtime"
import { isPattern, SettingsReader } from "./settings"

/** Tells which runtime to judge for: "PicoW" or "Host". The host writes it along with the settings. */
const RUNTIME_KEY = "CHECK_RUNTIME"
/** Characters in a line: the VM cuts at 290 bytes, and a character may have four. */
const LINE = 60

function tellFault(text: string): void {
    console.log("fault " + text.slice(0, LINE))
    for (let from = LINE; from < text.length; from += LINE)
        console.log("more " + text.slice(from, from + LINE))
}

const runtime =
    (await readSetting(RUNTIME_KEY)) === "PicoW" ? Runtime.PicoW : Runtime.Host

const reader = new SettingsReader(readSetting, runtime)
const settings = await reader.read()
for (const fault of reader.faults) tellFault(fault)
if (settings !== undefined)
    console.log(
        "load " +
            JSON.stringify({
                pollMs: settings.pollMs,
                staleMs: settings.staleMs,
                targets: settings.targets.length,
                stars: settings.targets.filter(t => isPattern(t.group)).length,
                groups: Math.floor(
                    replyBytesFor(settings, runtime === Runtime.Host) /
                        GROUP_BYTES
                ),
            })
    )
console.log("end")
