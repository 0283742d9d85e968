/** `npm run flash`: puts DeviceScript's runtime, with our board's pins, on a Pico W. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { BOARD } from "../board.ts"
import { optionHelp, parseCommandLine, wholeNumber } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { findBootDrives } from "./boot-drive.ts"
import { DeskError, runCommand } from "./run-command.ts"
import {
    ACCEPT_RUNTIME,
    BOARD_RUNTIME,
    RUNTIME_PAGE,
    withStockTool,
} from "./stock-tool.ts"

const OPTIONS: CommandOptions = {
    runtime: {
        type: "string",
        value: "FILE",
        help: `take DeviceScript's runtime from this file, and not from the internet (${RUNTIME_PAGE})`,
    },
    drive: {
        type: "string",
        value: "FOLDER",
        help: "where the drive RPI-RP2 is; it is looked for by default",
    },
    output: {
        type: "string",
        value: "FILE",
        help: "write the image to this file, and flash no board",
    },
    wait: {
        type: "string",
        value: "S",
        default: "120",
        help: "seconds to wait for the drive",
    },
    ...ACCEPT_RUNTIME,
    help: { type: "boolean", help: "this text" },
}

const HELP = [
    "Usage: npm run flash [-- options]",
    "",
    "Puts DeviceScript's runtime on a Pico W; needed once. Then npm run deploy puts laglight on it.",
    "(npm run bundle does all in one, and needs neither.) Settings that the board has are kept.",
    "",
    optionHelp(OPTIONS),
].join("\n")

const STEPS = [
    "Now bring the Pico W into BOOTSEL mode:",
    "  1. unplug it;",
    "  2. press its button BOOTSEL and hold it;",
    "  3. plug it in, with a cable that carries data;",
    "  4. let go of the button: a drive named RPI-RP2 appears.",
].join("\n")

const LOOK_MS = 500

runCommand(async (args, { stopped }) => {
    const values = parseCommandLine(args, OPTIONS)
    if (values.help) {
        console.log(HELP)
        return 0
    }
    const waitS = wholeNumber("wait", values.wait, 0, 3600)
    const image = await withStockTool(
        // makes the image, and leaves it to us to copy: it looks for drives in fewer places
        ["flash", "--board", BOARD, "--remote"],
        {
            runtimeFile: values.runtime as string | undefined,
            acceptedRuntime: values["accept-runtime"] as string | undefined,
            onProgress: text => console.log(text),
        },
        () => {},
        scratch => readFileSync(join(scratch, BOARD_RUNTIME))
    )
    if (values.output !== undefined) {
        writeFileSync(values.output as string, image)
        console.log(
            `${values.output}: ${image.length} bytes; copy it onto the drive RPI-RP2`
        )
        return 0
    }
    const drive =
        (values.drive as string | undefined) ??
        (await untilDrive(waitS, stopped))
    if (!existsSync(drive))
        throw new DeskError(`--drive ${drive}: there is no such folder`)
    writeFileSync(join(drive, "laglight.uf2"), image)
    console.log(
        `${image.length} bytes copied to ${drive}: the board starts by itself, and the drive goes away. Next: npm run deploy`
    )
    return 0
})

/** @throws DeskError if there are several, or none in time */
async function untilDrive(waitS: number, stopped: AbortSignal) {
    let told = false
    const deadline = performance.now() + waitS * 1000
    for (;;) {
        const drives = findBootDrives()
        if (drives.length === 1) return drives[0]
        if (drives.length > 1)
            throw new DeskError(
                `there are ${drives.length} boards in BOOTSEL mode; unplug one, or name a drive: ${drives.map(drive => `--drive ${drive}`).join(" or ")}`
            )
        if (!told)
            console.log(
                `${STEPS}\nWaiting for it (${waitS} s; Ctrl-C ends) ...`
            )
        told = true
        if (performance.now() >= deadline)
            throw new DeskError(
                "no drive RPI-RP2 appeared. Some cables carry power only. If the drive is there: npm run flash -- --drive FOLDER"
            )
        await sleep(LOOK_MS, undefined, { signal: stopped })
    }
}
