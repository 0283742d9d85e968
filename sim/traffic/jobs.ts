/**
 * Jobs for a group of workers: entries added to one stream and processed by one group, at a rate that makes the
 * group's lag rise and fall (load-cycle.ts). Jobs done are counted by kind in `jobs:totals`.
 */
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { BoundedStream } from "./parts/bounded-stream.ts"
import {
    countOf,
    CONSUMER_OPTIONS,
    behaviourFrom,
    startConsumers,
    USUAL_BEHAVIOUR,
} from "./parts/consumers.ts"
import type { ConsumersPlan } from "./parts/consumers.ts"
import { ensureGroup } from "./parts/entries.ts"
import { runProducer } from "./parts/run-producer.ts"
import { doneKey, ONCE_LUA } from "./parts/once.ts"
import {
    claimAfterMsFrom,
    claimOption,
    numberOption,
    partsFrom,
    switchOption,
    textOption,
    loadCycleFrom,
} from "./parts/options.ts"
import { Runner } from "./parts/runner.ts"
import type { Say } from "./parts/runner.ts"
import type { RedisClient } from "./redis-client.ts"
import type { LoadCycle } from "./load-cycle.ts"
import type { Traffic, Workload } from "./workload.ts"

export interface JobsPlan
    extends LoadCycle, Omit<ConsumersPlan, "consumers" | "prefix" | "workMs"> {
    /** Whether jobs are added. */
    producer: boolean
    /** Their names; or how many, with names that no connected worker has. */
    workers: readonly string[] | number
    /** How many share the work, each at its part of the rate. Default: these workers. */
    staff?: number
    /** Entries kept in the stream, about. */
    maxLength: number
}

const WORKERS = 2

/** Lag from 0 to beyond the tenth LED (LAG_PER_LED is 2) and back, once a minute. */
export const JOBS_DEFAULTS: JobsPlan = {
    stream: "jobs",
    group: "staff",
    producer: true,
    workers: WORKERS,
    ...USUAL_BEHAVIOUR,
    ratePerS: 4,
    peak: 24,
    periodS: 60,
    claimAfterMs: 30_000,
    maxLength: 1000,
}

const TASKS = ["resize image", "send mail", "index page", "make invoice"]

const DEFAULTS = JOBS_DEFAULTS

export const jobs: Workload = {
    name: "jobs",
    summary: "a stream of jobs and its workers, whose lag rises and falls",
    options: {
        stream: textOption("KEY", DEFAULTS.stream, "the stream"),
        group: textOption("NAME", DEFAULTS.group, "the consumer group"),
        producer: switchOption("only add jobs"),
        worker: textOption(
            "NAME",
            undefined,
            "only be this worker; each has a name of its own"
        ),
        workers: numberOption(
            "N",
            WORKERS,
            "workers, if neither --producer nor --worker is given"
        ),
        rate: numberOption(
            "N",
            DEFAULTS.ratePerS,
            "jobs per second that --workers manage together"
        ),
        peak: numberOption("N", DEFAULTS.peak, "the highest lag, in jobs"),
        period: numberOption(
            "S",
            DEFAULTS.periodS,
            "seconds from one peak to the next"
        ),
        adopt: claimOption(DEFAULTS.claimAfterMs),
        ...CONSUMER_OPTIONS,
        maxlen: numberOption(
            "N",
            DEFAULTS.maxLength,
            "processed entries to keep in the stream, about"
        ),
    },
    start: (url, values, say) => startJobs(url, planFrom(values), say),
}

/** @throws UsageError */
function planFrom(values: OptionValues): JobsPlan {
    const staff = wholeNumber("workers", values.workers, 1, 100)
    const { producer, consumers, isOneConsumer } = partsFrom(values, staff, {
        option: "worker",
    })
    return {
        stream: String(values.stream),
        group: String(values.group),
        producer,
        workers: consumers,
        staff,
        ...loadCycleFrom(values, wholeNumber("rate", values.rate, 1, 1000)),
        claimAfterMs: claimAfterMsFrom(values),
        ...behaviourFrom(values, isOneConsumer),
        maxLength: wholeNumber("maxlen", values.maxlen, 100, 10_000_000),
    }
}

/**
 * Resolves when producer and workers run.
 * @throws Error if Redis cannot be reached, or refuses (WRONGPASS, WRONGTYPE, NOPERM)
 */
export function startJobs(
    url: string,
    changes: Partial<JobsPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...DEFAULTS, ...changes }
    const { stream, group, workers, ratePerS } = plan
    const workMs = (1000 * (plan.staff ?? countOf(workers))) / ratePerS
    return Runner.start({ url, name: "jobs", say }, async runner => {
        await ensureGroup(runner.client, stream, group)
        if (plan.producer) produce(runner, plan)
        const consumers = {
            ...{ ...plan, workMs },
            ...{ consumers: workers, prefix: "worker" },
        }
        await startConsumers(runner, "jobs", consumers, client => {
            return ({ id, fields }) => finish(client, plan, id, fields)
        })
    })
}

function produce(runner: Runner, plan: JobsPlan) {
    const { stream, maxLength } = plan
    const bounded = new BoundedStream(runner, stream, maxLength)
    let number = 0
    runner.run(() =>
        runProducer(runner, plan, bounded, () => {
            number++
            const task = TASKS[number % TASKS.length]
            return runner.client.xAdd(stream, "*", {
                ...{ task, number: String(number) },
            })
        })
    )
}

const SCRIPT = `
${ONCE_LUA}
local stream, done, totals = unpack(KEYS)
local group, id, task = unpack(ARGV)
if once(stream, done, group, id) then redis.call('HINCRBY', totals, task, 1) end
`

/** Counts a job and acknowledges it. */
async function finish(
    client: RedisClient,
    { stream, group }: JobsPlan,
    id: string,
    { task = "" }: Record<string, string>
) {
    await client.eval(SCRIPT, {
        keys: [stream, doneKey(stream), `${stream}:totals`],
        arguments: [group, id, task],
    })
}
