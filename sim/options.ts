/** The options of the simulator's command, `npm run sim -- ...`. */
import {
    optionHelp,
    parseCommandLine,
    UsageError,
    wholeNumber,
} from "./command-line.ts"
import type { CommandOptions } from "./command-line.ts"
import { DEFAULT_LISTEN } from "./page/defaults.ts"
import { jobs } from "./traffic/jobs.ts"
import { workloads } from "./traffic/workloads.ts"

export interface SimOptions {
    /** JSON lines on stdout, everything else on stderr. */
    json: boolean
    /** Path of a settings file that takes the place of .env.local. */
    settings?: string
    /** Whether the settings are checked before they are deployed. */
    check: boolean
    /** Whether the page is served. */
    page: boolean
    /** The page's TCP port; 0 is any free one. Default: 7878, or any free one if that is taken. */
    port?: number
    /** The address that the page's server listens on. Default: this computer alone. */
    listen?: string
    /** Lag above which GET /healthz fails. Default: the end of the scale. */
    lagLimit?: number
    /** Whether a local Redis gets traffic. */
    traffic: boolean
    /** Which kind. */
    workload: string
    help: boolean
}

const OPTIONS: CommandOptions = {
    json: {
        type: "boolean",
        help: "one JSON object per line for every change; all else goes to stderr",
    },
    settings: {
        type: "string",
        value: "FILE",
        help: "deploy these settings in place of .env.local",
    },
    "no-check": {
        type: "boolean",
        help: "deploy the settings unchecked, to see what the light shows for a mistake",
    },
    port: {
        type: "string",
        value: "N",
        help: "the page's port; 0 is any free one (7878, or a free one if that is taken)",
    },
    listen: {
        type: "string",
        value: "ADDRESS",
        default: DEFAULT_LISTEN,
        help: "address that the page listens on; 0.0.0.0 lets the whole network in, controls included",
    },
    "no-page": { type: "boolean", help: "serve no page, no metrics" },
    "lag-limit": {
        type: "string",
        value: "N",
        help: "GET /healthz fails above this lag (off the scale)",
    },
    workload: {
        type: "string",
        value: "NAME",
        default: jobs.name,
        help: "the workload on the local Redis; npm run traffic -- --help lists all",
    },
    "no-traffic": {
        type: "boolean",
        help: "no workload on the local Redis",
    },
    help: { type: "boolean", help: "this text" },
}

export const SIM_HELP = [
    "Usage: npm start, or npm run sim -- [options]",
    "",
    "Runs laglight's firmware in DeviceScript's VM and shows its LEDs. If a settings file names a",
    "REDIS_HOST, that Redis is watched; if not, a local one is started, with traffic. Ctrl-C stops all of it.",
    "",
    optionHelp(OPTIONS),
].join("\n")

/** @throws UsageError */
export function parseSimOptions(args: string[]): SimOptions {
    const values = parseCommandLine(args, OPTIONS)
    const number = (name: string, max: number) =>
        values[name] === undefined
            ? undefined
            : wholeNumber(name, values[name], 0, max)
    const workload = String(values.workload)
    const names = workloads.map(({ name }) => name)
    if (!names.includes(workload))
        throw new UsageError(
            `--workload ${workload}: there is ${names.join(", ")}`
        )
    return {
        json: values.json === true,
        settings: values.settings as string | undefined,
        check: values["no-check"] !== true,
        page: values["no-page"] !== true,
        port: number("port", 65_535),
        listen: values.listen as string | undefined,
        lagLimit: number("lag-limit", Number.MAX_SAFE_INTEGER),
        traffic: values["no-traffic"] !== true,
        workload,
        help: values.help === true,
    }
}
