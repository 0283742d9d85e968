/** The programs that can be deployed, by the word after `npm run deploy --`. */
import { UsageError } from "../command-line.ts"

const PROGRAMS: Record<string, string> = {
    laglight: "src/main.ts",
    ledtest: "src/mainledtest.ts",
}

export const PROGRAM_NAMES = Object.keys(PROGRAMS)

/** Takes the program's name out of the arguments. @throws UsageError */
export function takeProgram(args: string[]) {
    const at = args.findIndex(
        (arg, i) =>
            !arg.startsWith("-") &&
            // not an option's value
            !["--settings", "--serial"].includes(args[i - 1])
    )
    const name = at < 0 ? PROGRAM_NAMES[0] : args[at]
    const entry = PROGRAMS[name]
    if (!entry)
        throw new UsageError(
            `${name}: no program of that name; there are ${PROGRAM_NAMES.join(" and ")} (see --help)`
        )
    return { name, entry, rest: args.filter((_, i) => i !== at) }
}
