/** `npm run bench`: what a poll costs and how fast the light follows, compared with a naive reader of the same replies. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { optionHelp, parseCommandLine, UsageError } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { untilStopped } from "../until-stopped.ts"
import { runBench } from "./bench.ts"
import { benchText } from "./table.ts"

const DEFAULT_FILE = fileURLToPath(
    new URL("../../.devicescript/laglight/bench.json", import.meta.url)
)

const OPTIONS: CommandOptions = {
    json: {
        type: "string",
        value: "FILE",
        help: `where to write the result as JSON (${relative(".", DEFAULT_FILE)})`,
    },
    quick: {
        type: "boolean",
        help: "2 minutes instead of 8: fewer changes, shorter watching",
    },
    help: { type: "boolean", help: "this text" },
}

function help() {
    return [
        "Usage: npm run bench -- [options]",
        "",
        "Counts what polls cost in the VM (steps, bytes of the heap), and times the light on this computer, with a",
        "Redis of its own. Counts are the same everywhere; for the times, do not use the computer meanwhile.",
        "",
        optionHelp(OPTIONS),
    ].join("\n")
}

async function main(args: string[]) {
    const values = parseCommandLine(args, OPTIONS)
    if (values.help) return console.log(help())
    const signal = untilStopped()
    const result = await runBench({
        quick: values.quick === true,
        signal,
        onProgress: what => console.error(`... ${what}`),
    }).catch(error => {
        if (!signal.aborted) throw error
    })
    if (!result) return
    console.log(benchText(result))
    const file = String(values.json ?? DEFAULT_FILE)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(result, undefined, 4) + "\n")
}

main(process.argv.slice(2)).catch(error => {
    console.error(error instanceof UsageError ? error.message : error)
    process.exitCode = error instanceof UsageError ? 2 : 1
})
