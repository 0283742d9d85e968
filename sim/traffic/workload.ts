/** A kind of traffic for Redis: one file that exports a `Workload`, one line in workloads.ts. */
import type { CommandOptions, OptionValues } from "../command-line.ts"

export interface Traffic {
    /** Resolves when all of it has ended. May be called again. */
    stop(): Promise<void>
}

export interface Workload {
    /** Its name on the command line. */
    name: string
    /** One line for the list of workloads. */
    summary: string
    options: CommandOptions
    /**
     * Resolves when the traffic runs.
     * @param url of the Redis server, with credentials and database if needed
     * @param values of `options`
     * @param say prints a line for the user
     * @throws UsageError if a value is invalid; Error if Redis cannot be reached or refuses
     */
    start(
        url: string,
        values: OptionValues,
        say: (line: string) => void
    ): Promise<Traffic>
}
