/** The programs that can be deployed, by the word after `npm run deploy --` and `npm run bundle --`. */
import { UsageError } from "../command-line.ts"

const PROGRAMS: Record<string, string> = {
    laglight: "src/main.ts",
    ledtest: "src/mainledtest.ts",
    oled: "src/mainoled.ts",
}

export const PROGRAM_NAMES = Object.keys(PROGRAMS)

/** Options of deploy and bundle that a value follows. */
const WITH_VALUE = [
    "settings",
    "serial",
    "output",
    "runtime",
    "accept-runtime",
].map(name => `--${name}`)

/** What a name means, for the commands' help. */
export const PROGRAM_HELP = [
    "laglight is the light. ledtest checks the wiring: a dot from LED1 to LED10 and back, then the legend.",
    "oled is the light with a small screen beside it (docs/hardware.md).",
]

/** Takes the program's name out of the arguments. @throws UsageError */
export function takeProgram(args: string[]) {
    const at = args.findIndex(
        (arg, i) =>
            !arg.startsWith("-") &&
            // not an option's value
            !WITH_VALUE.includes(args[i - 1])
    )
    const name = at < 0 ? PROGRAM_NAMES[0] : args[at]
    const entry = PROGRAMS[name]
    if (!entry)
        throw new UsageError(
            `${name}: no program of that name; there are ${PROGRAM_NAMES.join(", ")} (see --help)`
        )
    return { name, entry, rest: args.filter((_, i) => i !== at) }
}
