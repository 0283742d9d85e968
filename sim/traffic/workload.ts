/** A kind of traffic for Redis: one file that exports a `Workload`, one line in workloads.ts. */
import type { CommandOptions, OptionValues } from "../command-line.ts"

export interface Traffic {
    /** Resolves when nothing of it is under way any more. May be called again. */
    stop(): Promise<void>
}

export interface Workload {
    /** How it is called on the command line. */
    name: string
    /** One line for the list of workloads. */
    summary: string
    options: CommandOptions
    /**
     * Resolves when the traffic runs.
     * @param url of the Redis server, with credentials and database if needed
     * @param values of `options`
     * @param say takes lines for the user about what happens
     * @throws UsageError if a value will not do; Error if Redis cannot be reached or refuses
     */
    start(
        url: string,
        values: OptionValues,
        say: (line: string) => void
    ): Promise<Traffic>
}
