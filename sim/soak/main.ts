/** `npm run soak -- --minutes N --seed S [--hostile]`: a light under faults for N minutes, and a summary. */
import {
    optionHelp,
    parseCommandLine,
    UsageError,
    wholeNumber,
} from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { untilStopped } from "../until-stopped.ts"
import { hostileText, runHostile } from "./hostile.ts"
import { runSoak } from "./soak.ts"
import { hasPassed, summaryText } from "./summary.ts"

const OPTIONS: CommandOptions = {
    minutes: { type: "string", value: "N", default: "5", help: "how long" },
    seed: {
        type: "string",
        value: "S",
        help: "repeats the faults of another run",
    },
    hostile: {
        type: "boolean",
        help: "instead of network faults: servers whose replies are tampered with at random",
    },
    quiet: { type: "boolean", help: "only the summary" },
    help: { type: "boolean", help: "this text" },
}

function help() {
    return [
        "Usage: npm run soak -- [options]",
        "",
        "Runs the light on a Redis of its own with traffic, while one fault follows the other.",
        "Exit code 1 if the light ever showed a false bar, or not the right one again in time.",
        "",
        optionHelp(OPTIONS),
    ].join("\n")
}

async function main(args: string[]) {
    const values = parseCommandLine(args, OPTIONS)
    if (values.help) return console.log(help())
    const minutes = wholeNumber("minutes", values.minutes, 1, 100_000)
    const seed = wholeNumber(
        "seed",
        values.seed ?? Date.now() % 1_000_000,
        0,
        2 ** 31
    )
    console.log(`seed ${seed}, ${minutes} min; Ctrl-C ends it early`)
    const started = performance.now()
    const signal = untilStopped()
    const onProgress = values.quiet
        ? undefined
        : (text: string) =>
              console.log(
                  `${Math.round((performance.now() - started) / 1000)} s  ${text}`
              )
    if (values.hostile) {
        const end = started + minutes * 60_000
        const summary = await runHostile({
            seed,
            isOver: () => signal.aborted || performance.now() >= end,
            onProgress,
        })
        console.log(hostileText(summary))
        process.exitCode = summary.failures.length > 0 ? 1 : 0
        return
    }
    const summary = await runSoak({ minutes, seed, signal, onProgress })
    console.log(summaryText(summary))
    process.exitCode = hasPassed(summary) ? 0 : 1
}

main(process.argv.slice(2)).catch(error => {
    console.error(error instanceof UsageError ? error.message : error)
    process.exitCode = error instanceof UsageError ? 2 : 1
})
