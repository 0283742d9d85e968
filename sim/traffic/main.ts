/** `npm run traffic -- WORKLOAD [options]`: runs a workload until it is told to stop. */
import { optionHelp, parseCommandLine, UsageError } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { printable } from "../printable.ts"
import { withoutSecrets } from "../secrets.ts"
import { passwordIn } from "./redis-client.ts"
import type { Workload } from "./workload.ts"
import { workloads } from "./workloads.ts"

const DEFAULT_URL = "redis://127.0.0.1:6379"

const COMMON: CommandOptions = {
    url: {
        type: "string",
        value: "URL",
        help: `the Redis server, redis://HOST:PORT[/DB] (${DEFAULT_URL}); with a password: in the environment, as REDIS_URL`,
    },
    help: { type: "boolean", help: "this text" },
}

function generalHelp() {
    return [
        "Usage: npm run traffic -- WORKLOAD [options]",
        "",
        "Workloads:",
        ...workloads.map(({ name, summary }) => `  ${name}   ${summary}`),
        "",
        "npm run traffic -- WORKLOAD --help lists its options.",
    ].join("\n")
}

function helpOn({ name, summary, options }: Workload) {
    return [
        `Usage: npm run traffic -- ${name} [options]`,
        "",
        `Runs ${summary}. Ctrl-C stops it.`,
        "",
        optionHelp({ ...COMMON, ...options }),
    ].join("\n")
}

/** Resolves to the exit code, or to undefined while the traffic goes on. */
async function main(args: string[]) {
    const [name, ...rest] = args
    if (name === "--help") return console.log(generalHelp())
    const workload = workloads.find(w => w.name === name)
    if (!workload)
        throw new UsageError(
            `${name ? `no workload "${name}"` : "which workload?"} (there is: ${workloads.map(w => w.name).join(", ")})`
        )
    const values = parseCommandLine(rest, { ...COMMON, ...workload.options })
    if (values.help) return console.log(helpOn(workload))
    const url = serverUrl(values.url as string | undefined)
    const starting = workload.start(url, values, say)
    const stop = async () => {
        // a second signal ends it at once
        for (const signal of SIGNALS) process.on(signal, () => process.exit(0))
        const traffic = await starting.catch(() => undefined)
        await traffic?.stop()
        process.exit(0)
    }
    for (const signal of SIGNALS) process.once(signal, stop)
    await starting
    say(`${name} on ${new URL(url).host}; Ctrl-C stops it`)
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** From the command line, or from the environment, which other users of this computer cannot read. */
function serverUrl(option: string | undefined) {
    const text = option ?? (process.env.REDIS_URL || DEFAULT_URL)
    if (!URL.canParse(text) || !/^rediss?:\/\//.test(text))
        throw new UsageError(
            `${option === undefined ? "REDIS_URL" : "--url"}: redis://HOST:PORT is needed, or rediss:// for TLS`
        )
    if (option !== undefined && passwordIn(option) !== undefined)
        say(
            "--url holds a password, which every user of this computer can see in the list of processes; put the URL into the environment instead: REDIS_URL"
        )
    return text
}

function say(line: string) {
    console.error(printable(withoutSecrets(line)))
}

main(process.argv.slice(2)).catch((error: Error & { code?: string }) => {
    // an error of several addresses has no message of its own
    say(`traffic: ${error.message || error.code}`)
    process.exit(error instanceof UsageError ? 2 : 1)
})
