/** The settings of a command that puts them on a board: its option, and the check that comes first. */
import { fileURLToPath } from "node:url"
import { BOARD } from "../board.ts"
import type { CommandOptions, OptionValues } from "../command-line.ts"
import { checkOrRefuse } from "./settings-check.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

export const SETTINGS_OPTION: CommandOptions = {
    settings: {
        type: "string",
        value: "FILE",
        help: "these settings in place of .env.local",
    },
}

/**
 * For the Pico W, or for a simulated board if that is where they go.
 * @throws DeskError that lists what is wrong
 */
export function settingsToDeploy(values: OptionValues) {
    return checkOrRefuse(ROOT, {
        board: values.simulator || values.devtools ? "simulator" : BOARD,
        localFile: values.settings as string | undefined,
    })
}
