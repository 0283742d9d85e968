/** `npm run bundle`: one UF2 file to drag onto the board, with runtime, program, settings and Wi-Fi. */
import { join, relative } from "node:path"
import { optionHelp, parseCommandLine } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { makeBundle } from "./bundler.ts"
import { PROGRAM_HELP, takeProgram } from "./programs.ts"
import { runCommand } from "./run-command.ts"
import { SETTINGS_OPTION, settingsToDeploy } from "./settings-to-deploy.ts"
import { ACCEPT_RUNTIME, RUNTIME_PAGE } from "./stock-tool.ts"

const OUTPUT = join(".devicescript", "laglight.uf2")

const OPTIONS: CommandOptions = {
    output: {
        type: "string",
        value: "FILE",
        default: OUTPUT,
        help: "where to write; keep it out of git",
    },
    runtime: {
        type: "string",
        value: "FILE",
        help: `take DeviceScript's runtime from this file, and not from the internet (${RUNTIME_PAGE})`,
    },
    ...SETTINGS_OPTION,
    ...ACCEPT_RUNTIME,
    help: { type: "boolean", help: "this text" },
}

const HELP = [
    "Usage: npm run bundle [-- [laglight|ledtest|oled] [options]]",
    "",
    "Makes one UF2 file of DeviceScript's runtime, the firmware and your settings, Wi-Fi included.",
    "Hold BOOTSEL while you plug the Pico W in, and copy the file onto the drive RPI-RP2: from then on",
    "it works wherever it gets power. The file holds your passwords; only you can read it.",
    ...PROGRAM_HELP,
    "",
    optionHelp(OPTIONS),
].join("\n")

runCommand(async args => {
    if (args.includes("--help")) {
        console.log(HELP)
        return 0
    }
    const { entry, rest } = takeProgram(args)
    const values = parseCommandLine(rest, OPTIONS)
    const { settings } = await settingsToDeploy(values)
    console.log("the settings are valid; bundling")
    const { file, sizeBytes } = await makeBundle({
        entry,
        settings,
        output: values.output as string,
        runtimeFile: values.runtime as string | undefined,
        acceptedRuntime: values["accept-runtime"] as string | undefined,
        onProgress: text => console.log(text),
    })
    console.log(`${relative(".", file)}: ${sizeBytes} bytes`)
    console.log(
        "It contains secrets: your Wi-Fi and Redis passwords. Only you can read it; do not pass it on, and keep it out of git."
    )
    console.log(
        "Hold BOOTSEL while you plug the Pico W in, and copy the file onto the drive RPI-RP2."
    )
    return 0
})
