/**
 * Judges settings by the firmware's own rules (settings.ts) and prints the verdict, a line for each finding, for the host's
 * `npm run check`, which runs this in DeviceScript's VM. So the rules exist once, and the host needs nothing of src/.
 *
 * `key NAME`    a setting that the firmware knows
 * `text NAME`   the same is text, and must arrive as it was written
 * `fault TEXT`  what is wrong; `more TEXT` goes on with it
 * `load JSON`   what the board will need for them, if they are valid
 * `end`         that is all
 */
import { readSetting } from "@devicescript/settings"
import { GROUP_BYTES } from "./ask/lag-inquiry"
import { replyBytesFor } from "./heap"
import { Runtime } from "./link/runtime"
import { SettingsReader } from "./settings"

/** Tells which runtime to judge for: "PicoW" or "Host". The host writes it along with the settings. */
const RUNTIME_KEY = "CHECK_RUNTIME"
/** How the reader complains of text that is none. */
const NOT_TEXT = " arrived altered"
/** Characters in a line: the VM cuts at 290 bytes, and a character may have four. */
const LINE = 60

const keys: string[] = []

/** Every setting is there: all that depend on another one are asked for. */
async function textForAll(key: string): Promise<any> {
    if (!keys.includes(key)) keys.push(key)
    return "x"
}

/** No setting is what was written: those that are text are complained of. */
async function fractionForAll(key: string): Promise<any> {
    return 0.5
}

async function deployed(key: string): Promise<any> {
    return await readSetting(key)
}

function tellFault(text: string): void {
    console.log("fault " + text.slice(0, LINE))
    for (let from = LINE; from < text.length; from += LINE)
        console.log("more " + text.slice(from, from + LINE))
}

const runtime =
    (await readSetting(RUNTIME_KEY)) === "PicoW" ? Runtime.PicoW : Runtime.Host

const known = new SettingsReader(textForAll, runtime)
await known.read()
for (const key of keys) console.log("key " + key)

const texts = new SettingsReader(fractionForAll, runtime)
await texts.read()
for (const fault of texts.faults) {
    const end = fault.indexOf(NOT_TEXT)
    if (end > 0) console.log("text " + fault.slice(0, end))
}

const reader = new SettingsReader(deployed, runtime)
const settings = await reader.read()
for (const fault of reader.faults) tellFault(fault)
if (settings !== undefined)
    console.log(
        "load " +
            JSON.stringify({
                pollMs: settings.pollMs,
                staleMs: settings.staleMs,
                targets: settings.targets.length,
                stars: settings.targets.filter(t => t.group === "*").length,
                groups: Math.floor(
                    replyBytesFor(settings, runtime === Runtime.Host) /
                        GROUP_BYTES
                ),
            })
    )
console.log("end")
