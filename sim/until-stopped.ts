/** When this process has to end from outside. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** The end of a parent is no event: how often to look. */
const PARENT_CHECK_MS = 500

/**
 * A signal that is aborted on
 * - SIGINT, SIGTERM, SIGHUP (the terminal was closed);
 * - the end of the process that reads stdout;
 * - the end of npm or tsx, which started this process and would have passed the signals on: SIGKILL cannot be passed on.
 *
 * A second SIGINT or SIGTERM ends the process at once, with code 0: exit handlers then see to the children.
 */
export function untilStopped(): AbortSignal {
    const stopped = new AbortController()
    const stop = () => stopped.abort()
    for (const signal of SIGNALS)
        process.on(signal, () => {
            if (stopped.signal.aborted && signal !== "SIGHUP") process.exit(0)
            stop()
        })
    process.stdout.on("error", stop)
    // nobody to tell
    process.stderr.on("error", () => {})
    if (startedByTsx() || startedByNpm()) {
        const parent = process.ppid
        const timer = setInterval(() => {
            if (process.ppid !== parent) stop()
        }, PARENT_CHECK_MS)
        timer.unref()
    }
    return stopped.signal
}

function startedByNpm() {
    return process.env.npm_lifecycle_event !== undefined
}

/** tsx's command runs the program in a child with this file required; `node --import tsx` does not. */
function startedByTsx() {
    return process.execArgv.some(arg => /tsx.*preflight/.test(arg))
}
