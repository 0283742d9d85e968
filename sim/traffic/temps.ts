/**
 * Temperatures, partitioned by day: senders add to `temps:YYYYMMDD`, an aggregator turns readings into hourly
 * averages in `temps:averages`, and a group of consumers sums up the averages of each day. Time passes faster
 * than in reality unless told otherwise: a day in minutes. All times are UTC.
 */
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { consume } from "./parts/consume.ts"
import { connectionName, Crew } from "./parts/crew.ts"
import type { Say } from "./parts/crew.ts"
import { ensureGroup } from "./parts/entries.ts"
import {
    adoptAfterMsFrom,
    adoptOption,
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
import { enterAverage } from "./temps/summary-script.ts"
import type { Traffic, Workload } from "./workload.ts"

export interface TempsPlan extends SenderPlan, AggregatorPlan {
    /** What every key begins with. */
    prefix: string
    /** Of the averages' consumers. */
    group: string
    /** Whether readings are sent. */
    producer: boolean
    /** Whether averages are computed. */
    aggregator: boolean
    /** The averages' consumer; undefined: they are not consumed. */
    consumer: string | undefined
    /** What the consumer takes for one average. */
    workMs: number
    /** What a consumer has held for longer than this, in ms, another one takes over. */
    adoptAfterMs: number
}

/** An hour passes in 10 s; its averages come all at once and are worked off one by one. */
export const TEMPS_DEFAULTS: TempsPlan = {
    prefix: "temps",
    group: "averages-readers",
    producer: true,
    aggregator: true,
    consumer: "consumer-1",
    sensors: 16,
    intervalMs: 1000,
    dayS: 240,
    maxAverages: 2000,
    keepDays: 3,
    workMs: 500,
    adoptAfterMs: 30_000,
}

const DEFAULTS = TEMPS_DEFAULTS

export const temps: Workload = {
    name: "temps",
    summary: "temperatures by day, their hourly averages, and who reads those",
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
        adopt: adoptOption(DEFAULTS.adoptAfterMs),
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
    const { producer, consumer, all } = partsFrom(values, ["aggregator"])
    return {
        prefix: String(values.prefix),
        group: String(values.group),
        producer,
        aggregator: all || values.aggregator === true,
        consumer: all ? DEFAULTS.consumer : consumer,
        ...sensingFrom(values),
        dayS: wholeNumber("day", values.day, 1, 86_400),
        maxAverages: wholeNumber("maxlen", values.maxlen, 1, 10_000_000),
        keepDays: wholeNumber("keep-days", values["keep-days"], 0, 10_000),
        workMs: workMsFrom(values),
        adoptAfterMs: adoptAfterMsFrom(values),
    }
}

/**
 * Resolves when readings come, averages are computed and read.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startTemps(
    url: string,
    changes: Partial<TempsPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...TEMPS_DEFAULTS, ...changes }
    const keys = new TempsKeys(plan.prefix)
    return Crew.start({ url, name: "temps", say }, async crew => {
        await ensureGroup(crew.client, keys.averages, plan.group)
        if (plan.producer) crew.run(() => sendReadings(crew, keys, plan))
        if (plan.aggregator) {
            const client = await crew.connection(
                connectionName("temps", "aggregator")
            )
            const aggregator = new Aggregator(crew, client, keys, plan)
            crew.run(() => aggregator.run())
        }
        const { consumer } = plan
        if (consumer !== undefined)
            await addConsumer(crew, keys, plan, consumer)
    })
}

async function addConsumer(
    crew: Crew,
    keys: TempsKeys,
    { group, workMs, adoptAfterMs }: TempsPlan,
    name: string
) {
    const client = await crew.connection(connectionName("temps", name))
    const stream = keys.averages
    crew.run(() =>
        consume(
            crew,
            client,
            { stream, group, name, adoptAfterMs },
            async ({ id, fields }) => {
                await crew.pause(workMs)
                if (!(await enterAverage(client, keys, group, id, fields)))
                    crew.say(`${id} is no average: left out`)
            }
        )
    )
}
