/**
 * Temperatures, partitioned by day: senders add to `temps:YYYYMMDD`, an aggregator turns readings into hourly
 * averages in `temps:averages`, and a group of consumers summarizes the averages of each day. By default simulated
 * time is faster than real time: a day takes minutes. All times are UTC.
 */
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import {
    CONSUMER_OPTIONS,
    behaviourFrom,
    startConsumers,
    USUAL_BEHAVIOUR,
} from "./parts/consumers.ts"
import type { ConsumersPlan } from "./parts/consumers.ts"
import { connectionName, Runner } from "./parts/runner.ts"
import type { Say } from "./parts/runner.ts"
import { ensureGroup } from "./parts/entries.ts"
import {
    claimAfterMsFrom,
    claimOption,
    numberOption,
    partsFrom,
    sensingFrom,
    sensingOptions,
    switchOption,
    textOption,
    workMsFrom,
} from "./parts/options.ts"
import { Aggregator } from "./temps/aggregator.ts"
import type { AggregatorPlan } from "./temps/aggregator.ts"
import { TempsKeys } from "./temps/days.ts"
import { sendReadings } from "./temps/sender.ts"
import type { SenderPlan } from "./temps/sender.ts"
import { recordAverage } from "./temps/summary-script.ts"
import type { Traffic, Workload } from "./workload.ts"

/** Includes the plan of the consumers of the averages. */
export interface TempsPlan
    extends
        SenderPlan,
        AggregatorPlan,
        Omit<ConsumersPlan, "stream" | "prefix"> {
    /** What every key begins with. */
    prefix: string
    /** Whether readings are sent. */
    producer: boolean
    /** Whether averages are computed. */
    aggregator: boolean
}

/** An hour takes 10 s; its averages come all at once and are processed one by one. */
export const TEMPS_DEFAULTS: TempsPlan = {
    prefix: "temps",
    group: "averages-readers",
    producer: true,
    aggregator: true,
    consumers: 1,
    ...USUAL_BEHAVIOUR,
    sensors: 16,
    intervalMs: 1000,
    dayS: 240,
    maxAverages: 2000,
    keepDays: 3,
    workMs: 500,
    claimAfterMs: 30_000,
}

const DEFAULTS = TEMPS_DEFAULTS

export const temps: Workload = {
    name: "temps",
    summary:
        "temperatures by day, their hourly averages, and consumers of those",
    options: {
        prefix: textOption(
            "KEY",
            DEFAULTS.prefix,
            "what all keys begin with: the light watches PREFIX:averages"
        ),
        group: textOption(
            "NAME",
            DEFAULTS.group,
            "the consumer group of the averages"
        ),
        producer: switchOption("only send readings"),
        aggregator: switchOption("only compute averages"),
        consumer: textOption(
            "NAME",
            undefined,
            "only be this consumer of the averages"
        ),
        day: numberOption(
            "S",
            DEFAULTS.dayS,
            "seconds that a day takes; 86400 is real time"
        ),
        ...sensingOptions(DEFAULTS),
        work: numberOption(
            "MS",
            DEFAULTS.workMs,
            "milliseconds that the consumer takes for an average"
        ),
        adopt: claimOption(DEFAULTS.claimAfterMs),
        ...CONSUMER_OPTIONS,
        maxlen: numberOption("N", DEFAULTS.maxAverages, "averages to keep"),
        "keep-days": numberOption(
            "N",
            DEFAULTS.keepDays,
            "earlier days whose readings are kept"
        ),
    },
    start: (url, values, say) => startTemps(url, planFrom(values), say),
}

/** @throws UsageError */
function planFrom(values: OptionValues): TempsPlan {
    const { producer, consumers, all, isOneConsumer } = partsFrom(values, 1, {
        others: ["aggregator"],
    })
    const isOnlyAggregator = values.aggregator === true && !producer
    return {
        prefix: String(values.prefix),
        group: String(values.group),
        producer,
        aggregator: all || values.aggregator === true,
        consumers,
        ...behaviourFrom(values, isOneConsumer || isOnlyAggregator),
        ...sensingFrom(values),
        dayS: wholeNumber("day", values.day, 1, 86_400),
        maxAverages: wholeNumber("maxlen", values.maxlen, 1, 10_000_000),
        keepDays: wholeNumber("keep-days", values["keep-days"], 0, 10_000),
        workMs: workMsFrom(values),
        claimAfterMs: claimAfterMsFrom(values),
    }
}

/**
 * Resolves when senders, aggregator and consumers run.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startTemps(
    url: string,
    changes: Partial<TempsPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...TEMPS_DEFAULTS, ...changes }
    const keys = new TempsKeys(plan.prefix)
    return Runner.start({ url, name: "temps", say }, async runner => {
        await ensureGroup(runner.client, keys.averages, plan.group)
        if (plan.producer) runner.run(() => sendReadings(runner, keys, plan))
        if (plan.aggregator) {
            const client = await runner.connection(
                connectionName("temps", "aggregator")
            )
            const aggregator = new Aggregator(runner, client, keys, plan)
            runner.run(() => aggregator.run())
        }
        const consumers = { ...plan, stream: keys.averages, prefix: undefined }
        await startConsumers(runner, "temps", consumers, client => {
            return async ({ id, fields }) => {
                if (
                    !(await recordAverage(client, keys, plan.group, id, fields))
                )
                    runner.say(`${id} is not an average: skipped`)
            }
        })
    })
}
