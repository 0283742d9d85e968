/** `npm run check`: says what is wrong with the settings, and what the device would receive. */
import { statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { optionHelp, parseCommandLine, UsageError } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { isSecret } from "../settings-table.ts"
import { tryRedis } from "./redis-trial.ts"
import type { Trial } from "./redis-trial.ts"
import { runCommand } from "./run-command.ts"
import {
    checkSettings,
    needsText,
    receivedText,
    refusedText,
} from "./settings-check.ts"
import type { SettingsReport } from "./settings-check.ts"
import { BOARDS } from "./settings-verdict.ts"
import type { Board } from "./settings-verdict.ts"

const OPTIONS: CommandOptions = {
    board: {
        type: "string",
        value: "NAME",
        default: BOARDS[0],
        help: `what the settings are for: ${BOARDS.join(" or ")}`,
    },
    settings: {
        type: "string",
        value: "FILE",
        help: "check this file in place of .env.local",
    },
    dir: {
        type: "string",
        value: "FOLDER",
        help: "where .env.defaults and .env.local are; the project by default",
    },
    connect: {
        type: "boolean",
        help: "also ask that Redis, from this computer, and say what the light would show",
    },
    help: { type: "boolean", help: "this text" },
}

const DEFAULTS = ".env.defaults"
const LOCAL = ".env.local"
/** Its group's and everybody's right to read. */
const OTHERS_READ = 0o044

const HELP = [
    "Usage: npm run check [-- options]",
    "",
    "Reads .env.defaults and .env.local as DeviceScript does, says what the board would receive, and",
    "rejects what would arrive altered, is out of range, or cannot work on the board: file, line, remedy.",
    "Prints how much of the board's time and memory the settings take, and warns if POLL_MS is too short for it.",
    "Passwords are never shown. Exit code 0: no mistakes. 1: a mistake.",
    "It runs before every start, bundle and deploy.",
    "",
    optionHelp(OPTIONS),
].join("\n")

runCommand(async args => {
    const values = parseCommandLine(args, OPTIONS)
    if (values.help) {
        console.log(HELP)
        return 0
    }
    const board = values.board as Board
    if (!BOARDS.includes(board))
        throw new UsageError(
            `--board ${board}: unknown; known are ${BOARDS.join(" and ")}`
        )
    const dir =
        (values.dir as string | undefined) ??
        fileURLToPath(new URL("../..", import.meta.url))
    const report = await checkSettings(dir, {
        board,
        localFile: values.settings as string | undefined,
    })
    if (report.refusals.length > 0) {
        console.error(refusedText(report))
        return 1
    }
    const localFile =
        (values.settings as string | undefined) ?? join(dir, LOCAL)
    const isOpen = openFileWarning(localFile, report)
    if (isOpen) console.error(isOpen)
    console.log(`${board} would receive:`)
    console.log(receivedText(report))
    const needs = needsText(report)
    if (needs) console.log(needs)
    if (!values.connect) return 0
    console.log("\nasking Redis with these settings, from this computer:")
    const trial = await tryRedis(report.settings)
    console.log(trialText(trial))
    return trial.isShown ? 0 : 1
})

/** A file with a password in it that not its owner alone can read. */
function openFileWarning(
    file: string,
    { settings, origins }: SettingsReport
): string | undefined {
    const stats = statSync(file, { throwIfNoEntry: false })
    if (!stats || process.platform === "win32") return undefined
    const hasSecret = [...settings.keys()].some(
        key => isSecret(key) && origins.get(key)?.file !== DEFAULTS
    )
    if (!hasSecret || (stats.mode & OTHERS_READ) === 0) return undefined
    return `${file}: other users of this computer can read it, and it holds a password; chmod 600 ${file}`
}

function trialText({ isShown, log, leds, missingRights }: Trial) {
    const lines = log.map(text => `  ${text}`)
    lines.push(
        isShown
            ? `the light would show ${leds}`
            : "the light would show no lag; docs/troubleshooting.md explains each line above"
    )
    if (missingRights.length > 0)
        lines.push(
            `the Redis user lacks rights: ${missingRights.join(" ")}  (ACL SETUSER ... ${missingRights.join(" ")})`
        )
    return lines.join("\n")
}
