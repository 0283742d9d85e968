/** The consumers of a workload: their common options, and how they are started. */
import { UsageError, wholeNumber } from "../../command-line.ts"
import type { CommandOptions, OptionValues } from "../../command-line.ts"
import type { RedisClient } from "../redis-client.ts"
import { consume } from "./consume.ts"
import type { Process } from "./consume.ts"
import { numberOption, switchOption } from "./options.ts"
import { connectionName } from "./runner.ts"
import type { Runner } from "./runner.ts"

/** What all consumers of a workload have in common. */
export interface ConsumerBehaviour {
    /** Multiple of the default speed. */
    pace: number
    /** How long to wait before a lost group is created again, in ms. */
    repairAfterMs: number
    /** Whether to print a line for each entry. */
    isVerbose: boolean
}

export const USUAL_BEHAVIOUR: ConsumerBehaviour = {
    pace: 1,
    repairAfterMs: 0,
    isVerbose: false,
}

export const CONSUMER_OPTIONS: CommandOptions = {
    pace: numberOption("N", 1, "multiple of the consumers' default speed"),
    repair: numberOption(
        "MS",
        0,
        "milliseconds before a lost group is created again"
    ),
    quiet: switchOption(
        "no line for each entry (only a consumer that runs alone prints them)"
    ),
}

/**
 * @param isAlone whether the process is only this one part of the workload
 * @throws UsageError
 */
export function behaviourFrom(
    { pace, repair, quiet }: OptionValues,
    isAlone: boolean
): ConsumerBehaviour {
    const isPace = /^\d+(\.\d+)?$/.test(String(pace))
    if (!isPace || Number(pace) < 0.01 || Number(pace) > 1000)
        throw new UsageError(
            `--pace ${pace}: a number from 0.01 to 1000 is needed`
        )
    return {
        pace: Number(pace),
        repairAfterMs: wholeNumber("repair", repair, 0, 3_600_000),
        isVerbose: isAlone && quiet !== true,
    }
}

export interface ConsumersPlan extends ConsumerBehaviour {
    stream: string
    group: string
    /** Their names; or how many, with names that no connected consumer has. */
    consumers: readonly string[] | number
    /** The beginning of generated names. Default: `consumer`. */
    prefix?: string
    /** Entries pending for longer than this, in ms, are claimed. */
    claimAfterMs: number
    /** How long one entry takes at the default speed, in ms. */
    workMs: number
}

export function countOf(consumers: ConsumersPlan["consumers"]) {
    return typeof consumers === "number" ? consumers : consumers.length
}

/** An entry that is claimed too early is processed twice. */
const WORK_UNTIL_OVERDUE = 3

/**
 * Starts consumers, each on a connection of its own. A stop cuts the simulated work short; the entry is still processed.
 * @param workload for CLIENT LIST
 * @param processOn makes the function that processes an entry, given the consumer's connection
 */
export async function startConsumers(
    runner: Runner,
    workload: string,
    plan: ConsumersPlan,
    processOn: (client: RedisClient) => Process
) {
    const { consumers, prefix = "consumer" } = plan
    const workMs = plan.workMs / plan.pace
    const claimAfterMs = Math.max(
        plan.claimAfterMs,
        WORK_UNTIL_OVERDUE * workMs
    )
    for (let i = 0; i < countOf(consumers); i++) {
        const { client, name } =
            typeof consumers === "number"
                ? await runner.connectionAs(prefix, i + 1)
                : await named(runner, workload, consumers[i])
        const process = processOn(client)
        const consumer = { ...plan, name, claimAfterMs }
        runner.run(() =>
            consume(runner, client, consumer, async entry => {
                await runner.pause(workMs)
                return process(entry)
            })
        )
    }
}

async function named(runner: Runner, workload: string, name: string) {
    return {
        client: await runner.connection(connectionName(workload, name)),
        name,
    }
}
