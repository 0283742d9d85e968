/** `npm run deploy`: checks the settings, builds, puts program and settings on a board, follows its log. */
import { optionHelp, parseCommandLine } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { buildFirmware } from "../firmware.ts"
import { logLine } from "../light/text.ts"
import { FIRMWARE_KEYS } from "../settings-table.ts"
import {
    BOARD_OPTIONS,
    completeSerial,
    connectBoard,
    lineSource,
} from "./connect.ts"
import { deployToDevtools } from "./devtools.ts"
import { keepAttached } from "./follow.ts"
import { PROGRAM_HELP, takeProgram } from "./programs.ts"
import { runCommand } from "./run-command.ts"
import { SETTINGS_OPTION, settingsToDeploy } from "./settings-to-deploy.ts"

const OPTIONS: CommandOptions = {
    ...BOARD_OPTIONS,
    ...SETTINGS_OPTION,
    devtools: {
        type: "boolean",
        help: "DeviceScript's own simulator, at npx devs devtools, in place of a board on USB",
    },
    "no-follow": {
        type: "boolean",
        help: "end when the program runs, and leave the log alone",
    },
    help: { type: "boolean", help: "this text" },
}

const HELP = [
    "Usage: npm run deploy [-- [laglight|ledtest|oled] [options]]",
    "",
    "Checks the settings, builds the program, puts both on the Pico W on USB, and follows its log (Ctrl-C ends that).",
    ...PROGRAM_HELP,
    "The board needs DeviceScript's runtime: npm run flash, once.",
    "",
    optionHelp(OPTIONS),
].join("\n")

runCommand(async (args, context) => {
    if (args.includes("--help")) {
        console.log(HELP)
        return 0
    }
    const { name, entry, rest } = takeProgram(completeSerial(args))
    const values = parseCommandLine(rest, OPTIONS)
    const { settings } = await settingsToDeploy(values)
    console.log("the settings are valid")
    const { bytecode } = await context.cleanup.waitFor(buildFirmware({ entry }))
    if (values.devtools) {
        const device = await deployToDevtools({
            bytecode,
            settings,
            knownKeys: FIRMWARE_KEYS,
        })
        console.log(
            `${name} is sent to ${device}, the device at devtools: ${bytecode.length} bytes of program, ${settings.size} settings`
        )
        return 0
    }
    const source = await lineSource(values, context)
    const board = await connectBoard(source, context)
    console.log(`deploying ${name} to ${source.name}`)
    const print = ({
        t,
        level,
        text,
    }: {
        t: number
        level: "log" | "debug" | "warn" | "error"
        text: string
    }) => {
        const at = Date.now() - board.now + t
        if (level !== "debug") console.log(logLine({ t: at, level, text }))
    }
    board.on("log", print)
    const { programSent } = await board.deploy({
        bytecode,
        settings,
        knownKeys: FIRMWARE_KEYS,
    })
    console.log(
        programSent
            ? `${name} runs: ${bytecode.length} bytes of program, ${settings.size} settings`
            : `${name} runs: the program was there already, ${settings.size} settings`
    )
    if (values["no-follow"]) return 0
    await keepAttached(board, source, context.stopped, text =>
        console.log(text)
    )
    return 0
})
