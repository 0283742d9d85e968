/** What the command-line tools share: options as data, one-line errors, the help text. */
import { parseArgs } from "node:util"
import type { ParseArgsConfig } from "node:util"

/** Options as `parseArgs` of node:util takes them, and what the help says of each. */
export type CommandOptions = Record<
    string,
    NonNullable<ParseArgsConfig["options"]>[string] & {
        /** What stands for the value in the help: "N". Switches have none. */
        value?: string
        help: string
    }
>

/** What `parseArgs` made of them. */
export type OptionValues = Record<
    string,
    string | boolean | (string | boolean)[] | undefined
>

/** The command line is wrong; the message is one line for whoever typed it. Exit code 2. */
export class UsageError extends Error {
    override name = "UsageError"
}

/** @throws UsageError for an unknown option, a missing value, a word that is no option */
export function parseCommandLine(
    args: string[],
    options: CommandOptions
): OptionValues {
    try {
        return parseArgs({ args, options, strict: true }).values
    } catch (error) {
        // "Unknown option '--x'. To specify a positional argument starting with ...": the first sentence does
        const [sentence] = (error as Error).message.split(/\.? To specify /)
        throw new UsageError(`${sentence} (see --help)`)
    }
}

/** The help's lines on the options, in two columns. */
export function optionHelp(options: CommandOptions) {
    const rows = Object.entries(options).map(([name, option]) => {
        const value = option.value ? ` ${option.value}` : ""
        const fallback =
            option.default === undefined ? "" : ` (${option.default})`
        return [`  --${name}${value}`, option.help + fallback]
    })
    const width = Math.max(...rows.map(([left]) => left.length)) + 3
    return rows.map(([left, right]) => left.padEnd(width) + right).join("\n")
}

/** @throws UsageError if the value is not a whole number from `min` to `max` */
export function wholeNumber(
    name: string,
    value: unknown,
    min: number,
    max: number
) {
    const number = Number(value)
    // Number() would take "", " 7", "0x10" and "1e3"
    if (!/^\d+$/.test(String(value)) || number < min || number > max)
        throw new UsageError(
            `--${name} ${value}: a whole number from ${min} to ${max} is needed`
        )
    return number
}
