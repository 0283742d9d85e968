/**
 * The simulator's command: builds the firmware, finds or starts a Redis, runs the device, shows its light,
 * and leaves nothing behind.
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Cleanup } from "./cleanup.ts"
import { UsageError } from "./command-line.ts"
import { checkOrRefuse } from "./desk/settings-check.ts"
import { errorMessage } from "./error-message.ts"
import { buildFirmware } from "./firmware.ts"
import { Environment } from "./lab/environment.ts"
import { parseSimOptions, SIM_HELP } from "./options.ts"
import type { SimOptions } from "./options.ts"
import { DEFAULT_PORT } from "./page/defaults.ts"
import { Page } from "./page/page.ts"
import { untilStopped } from "./until-stopped.ts"
import { createView } from "./view/create-view.ts"
import { showDevice } from "./view/show-device.ts"
import type { View } from "./view/view.ts"
import { SimulatedDevice } from "./vm/device.ts"
import { watchedRedis } from "./watched-redis.ts"

const ROOT = fileURLToPath(new URL("..", import.meta.url))

/** Time limit for stopping everything; then the exit handlers do the rest. */
const CLOSE_TIMEOUT_MS = 8000
/** Between the end of the device's process and the signal that ended it too. */
const SIGNAL_GRACE_MS = 200

/** Starts everything. @throws Error for the user; UsageError; AbortError once told to stop */
async function start(
    options: SimOptions,
    view: View,
    stopped: AbortSignal,
    cleanup: Cleanup
) {
    if (options.settings && !existsSync(options.settings))
        throw new UsageError(`--settings ${options.settings}: no such file`)
    const page = options.page
        ? await cleanup.keep(Page.start(options))
        : undefined
    const onProgress = (text: string) => {
        view.progress(text)
        page?.progress(text)
    }
    if (page) {
        const why = page.isElsewhere
            ? ` (port ${DEFAULT_PORT} is in use by another program)`
            : ""
        view.progress(`page: ${page.url}${why}`)
    }

    stopped.throwIfAborted()
    onProgress(
        options.check
            ? "building the firmware, checking the settings"
            : "building the firmware"
    )
    const [firmware, redis] = await Promise.all([
        // the compiler is another process: it is to end before we do
        cleanup.waitFor(buildFirmware()),
        cleanup.keep(
            watchedRedis(ROOT, options.settings, {
                onProgress,
                signal: stopped,
            })
        ),
        options.check && cleanup.waitFor(checked(options.settings)),
    ])
    stopped.throwIfAborted()
    onProgress(`firmware: ${firmware.sizeBytes} bytes of bytecode`)
    const environment = await cleanup.keep(
        Environment.start({
            redis,
            publisher: page?.publisher,
            workload: options.traffic ? options.workload : undefined,
            say: onProgress,
        })
    )
    page?.show(environment.lab)

    stopped.throwIfAborted()
    onProgress("deploying to the simulated device")
    const device = await cleanup.keep(
        SimulatedDevice.start({
            bytecode: firmware.bytecode,
            settings: environment.settings,
            onCreated: device => environment.observe(device),
        })
    )
    stopped.throwIfAborted()
    environment.ready()
    showDevice(device, view, environment.source)
    return device
}

/** Checks the settings, since the light itself could only show "not configured". @throws DeskError with the lines */
function checked(localFile: string | undefined) {
    return checkOrRefuse(ROOT, { board: "simulator", localFile })
}

/** Resolves when the device ends, which it does not do by itself. */
async function endOf(device: SimulatedDevice) {
    return new Promise<string>(resolve =>
        device.on("exit", ({ reason, text }) => {
            const why = `the device ended (${reason}). ${text}`.trim()
            // Ctrl-C reaches the device's process too: our own signal may be on its way
            setTimeout(resolve, SIGNAL_GRACE_MS, why)
        })
    )
}

/** @returns the exit code @throws what `errorMessage` tells */
async function main(args: string[]) {
    const options = parseSimOptions(args)
    if (options.help) {
        console.log(SIM_HELP)
        return 0
    }
    const stopped = untilStopped()
    const view = createView(options)
    const cleanup = new Cleanup()
    const run = async () => {
        const device = await start(options, view, stopped, cleanup)
        throw new Error(await endOf(device))
    }
    try {
        await Promise.race([run(), once(stopped)])
        return 0
    } catch (error) {
        if (stopped.aborted) return 0
        throw error
    } finally {
        view.close()
        const code = stopped.aborted ? 0 : 1
        const giveUp = setTimeout(() => process.exit(code), CLOSE_TIMEOUT_MS)
        await cleanup.run()
        clearTimeout(giveUp)
    }
}

function once(stopped: AbortSignal) {
    return new Promise<void>(resolve =>
        stopped.addEventListener("abort", () => resolve())
    )
}

main(process.argv.slice(2)).then(
    code => process.exit(code),
    (error: unknown) => {
        console.error(errorMessage(error))
        process.exit(error instanceof UsageError ? 2 : 1)
    }
)
