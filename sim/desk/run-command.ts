/** Runs the commands of this folder: one line for an error, exit codes, cleanup. */
import { Cleanup } from "../cleanup.ts"
import { UsageError } from "../command-line.ts"
import { errorMessage } from "../error-message.ts"
import { untilStopped } from "../until-stopped.ts"

/** An error that the user can fix; the message says how. Exit code 1. */
export class DeskError extends Error {
    override name = "DeskError"
}

export interface CommandContext {
    /** Aborted by Ctrl-C and the like. */
    stopped: AbortSignal
    /** What has to be stopped at the end. */
    cleanup: Cleanup
}

/** Runs a command and ends the process with its exit code: 0, 1 for a failure, 2 for a wrong command line. */
export function runCommand(
    main: (args: string[], context: CommandContext) => Promise<number>
) {
    const context = { stopped: untilStopped(), cleanup: new Cleanup() }
    const { stopped, cleanup } = context
    const interrupted = new Promise<number>(resolve =>
        stopped.addEventListener("abort", () => resolve(0))
    )
    // all errors are caught below: it ends with the exit code
    void Promise.race([main(process.argv.slice(2), context), interrupted])
        .catch((error: unknown) => {
            if (stopped.aborted) return 0
            console.error(errorMessage(error))
            return error instanceof UsageError ? 2 : 1
        })
        .then(async code => {
            await cleanup.run()
            process.exit(code)
        })
}
