/** The options of the simulator's command, `npm run sim -- ...`. */
import { optionHelp, parseCommandLine, wholeNumber } from "./command-line.ts"
import type { CommandOptions } from "./command-line.ts"

export interface SimOptions {
    /** JSON lines on stdout, everything else on stderr. */
    json: boolean
    /** Path of a settings file that takes the place of .env.local. */
    settings?: string
    /** TCP port on 127.0.0.1 for the status over HTTP; 0 is any free one. Default: none is opened. */
    port?: number
    /** Whether a local Redis gets traffic. */
    traffic: boolean
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
    port: {
        type: "string",
        value: "N",
        help: "answer GET /healthz on 127.0.0.1:N with the light's state; 0 is any free port",
    },
    "no-traffic": {
        type: "boolean",
        help: "leave the local Redis alone: nothing is added, nothing read",
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
    const { port } = values
    return {
        json: values.json === true,
        settings: values.settings as string | undefined,
        port:
            port === undefined
                ? undefined
                : wholeNumber("port", port, 0, 65_535),
        traffic: values["no-traffic"] !== true,
        help: values.help === true,
    }
}
