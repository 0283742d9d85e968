/** The consumers of a workload: what they have in common as options, and how they are started. */
import { UsageError, wholeNumber } from "../../command-line.ts"
import type { CommandOptions, OptionValues } from "../../command-line.ts"
import type { RedisClient } from "../redis-client.ts"
import { consume } from "./consume.ts"
import type { Process } from "./consume.ts"
import { numberOption, switchOption } from "./options.ts"
import { connectionName } from "./runner.ts"
import type { Runner } from "./runner.ts"

/** How every consumer of a workload goes about it. */
export interface ConsumerHabits {
    /** Times the ordinary speed. */
    pace: number
    /** How long a group that is gone stays so before it is made again, in ms. */
    repairAfterMs: number
    /** Whether a line tells of each entry. */
    isTalkative: boolean
}

export const USUAL_HABITS: ConsumerHabits = {
    pace: 1,
    repairAfterMs: 0,
    isTalkative: false,
}

export const HABIT_OPTIONS: CommandOptions = {
    pace: numberOption("N", 1, "times the ordinary speed of consumers"),
    repair: numberOption(
        "MS",
        0,
        "milliseconds that a group that is gone stays gone"
    ),
    quiet: switchOption(
        "no line for each entry, which a consumer that runs alone prints"
    ),
}

/**
 * @param isAlone whether the process is but this one part of the workload
 * @throws UsageError
 */
export function habitsFrom(
    { pace, repair, quiet }: OptionValues,
    isAlone: boolean
): ConsumerHabits {
    const isPace = /^\d+(\.\d+)?$/.test(String(pace))
    if (!isPace || Number(pace) < 0.01 || Number(pace) > 1000)
        throw new UsageError(
            `--pace ${pace}: a number from 0.01 to 1000 is needed`
        )
    return {
        pace: Number(pace),
        repairAfterMs: wholeNumber("repair", repair, 0, 3_600_000),
        isTalkative: isAlone && quiet !== true,
    }
}

export interface ConsumersPlan extends ConsumerHabits {
    stream: string
    group: string
    /** Their names; or how many, with names that no living consumer has. */
    consumers: readonly string[] | number
    /** What names that are given to them begin with. Default: `consumer`. */
    prefix?: string
    /** What has been pending for longer than this, in ms, is taken over. */
    adoptAfterMs: number
    /** What one entry takes at the ordinary pace, in ms. */
    workMs: number
}

export function countOf(consumers: ConsumersPlan["consumers"]) {
    return typeof consumers === "number" ? consumers : consumers.length
}

/** Taking over too early is work done twice. */
const WORK_UNTIL_OVERDUE = 3

/**
 * Starts consumers, each on a connection of its own. A stop cuts the work on an entry short, and it is processed.
 * @param workload for CLIENT LIST
 * @param processOn makes what has an entry's effect, with the consumer's connection
 */
export async function startConsumers(
    runner: Runner,
    workload: string,
    plan: ConsumersPlan,
    processOn: (client: RedisClient) => Process
) {
    const { consumers, prefix = "consumer" } = plan
    const workMs = plan.workMs / plan.pace
    const adoptAfterMs = Math.max(
        plan.adoptAfterMs,
        WORK_UNTIL_OVERDUE * workMs
    )
    for (let i = 0; i < countOf(consumers); i++) {
        const { client, name } =
            typeof consumers === "number"
                ? await runner.connectionAs(prefix, i + 1)
                : await named(runner, workload, consumers[i])
        const process = processOn(client)
        const consumer = { ...plan, name, adoptAfterMs }
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
