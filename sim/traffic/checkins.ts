/**
 * Check-ins of users at locations: added to `ncc:checkins`, processed by the group `checkinConsumers`. Any
 * number of named consumers may start and stop, each in a process of its own; one that starts again begins with
 * its pending entries, and the pending entries of one that does not are claimed by the others.
 */
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { processWithoutGroup } from "./checkins-processor.ts"
import { CheckinStore, positionKey } from "./checkins-script.ts"
import type { Checkin } from "./checkins-script.ts"
import { BoundedStream } from "./parts/bounded-stream.ts"
import {
    countOf,
    CONSUMER_OPTIONS,
    behaviourFrom,
    startConsumers,
    USUAL_BEHAVIOUR,
} from "./parts/consumers.ts"
import type { ConsumersPlan } from "./parts/consumers.ts"
import { connectionName, Runner } from "./parts/runner.ts"
import type { Say } from "./parts/runner.ts"
import { ensureGroup } from "./parts/entries.ts"
import { runProducer } from "./parts/run-producer.ts"
import {
    claimAfterMsFrom,
    claimOption,
    numberOption,
    partsFrom,
    switchOption,
    textOption,
    loadCycleFrom,
} from "./parts/options.ts"
import type { LoadCycle } from "./load-cycle.ts"
import type { Traffic, Workload } from "./workload.ts"

export interface CheckinsPlan extends Omit<ConsumersPlan, "workMs"> {
    /** Whether check-ins are added. */
    producer: boolean
    /** Whether check-ins are processed without a group. */
    processor: boolean
    /** Check-ins per second that one consumer manages. */
    ratePerS: number
    /** The producer's rate. */
    cycle: LoadCycle
    users: number
    locations: number
    /** Entries kept in the stream, about. */
    maxLength: number
}

const CONSUMERS = 2
const RATE_PER_S = 4

export const CHECKINS_DEFAULTS: CheckinsPlan = {
    stream: "ncc:checkins",
    group: "checkinConsumers",
    producer: true,
    processor: false,
    consumers: CONSUMERS,
    ...USUAL_BEHAVIOUR,
    ratePerS: RATE_PER_S,
    cycle: { ratePerS: CONSUMERS * RATE_PER_S, peak: 24, periodS: 60 },
    users: 50,
    locations: 20,
    claimAfterMs: 30_000,
    maxLength: 10_000,
}

const { stream, group, cycle, users, locations, claimAfterMs, maxLength } =
    CHECKINS_DEFAULTS

export const checkins: Workload = {
    name: "checkins",
    summary: "users' check-ins at locations, and consumers that count them",
    options: {
        stream: textOption("KEY", stream, "the stream"),
        group: textOption("NAME", group, "the consumer group"),
        producer: switchOption("only add check-ins"),
        consumer: textOption(
            "NAME",
            undefined,
            "only be this consumer; each has a name of its own"
        ),
        processor: switchOption(
            "only be the processor that reads without a group"
        ),
        consumers: numberOption(
            "N",
            CONSUMERS,
            "consumers, if no part is named"
        ),
        rate: numberOption(
            "N",
            RATE_PER_S,
            "check-ins per second that one consumer manages"
        ),
        peak: numberOption("N", cycle.peak, "the highest lag, in check-ins"),
        period: numberOption(
            "S",
            cycle.periodS,
            "seconds from one peak to the next"
        ),
        users: numberOption("N", users, "users"),
        locations: numberOption("N", locations, "locations"),
        adopt: claimOption(claimAfterMs),
        ...CONSUMER_OPTIONS,
        maxlen: numberOption(
            "N",
            maxLength,
            "processed entries to keep in the stream, about"
        ),
    },
    start: (url, values, say) => startCheckins(url, planFrom(values), say),
}

/** @throws UsageError */
function planFrom(values: OptionValues): CheckinsPlan {
    const count = wholeNumber("consumers", values.consumers, 1, 100)
    const { producer, consumers, isOneConsumer } = partsFrom(values, count, {
        others: ["processor"],
    })
    const processor = values.processor === true
    const ratePerS = wholeNumber("rate", values.rate, 1, 1000)
    return {
        stream: String(values.stream),
        group: String(values.group),
        producer,
        processor,
        consumers,
        ...behaviourFrom(values, isOneConsumer || (processor && !producer)),
        ratePerS,
        cycle: loadCycleFrom(values, ratePerS * count),
        users: wholeNumber("users", values.users, 1, 1_000_000),
        locations: wholeNumber("locations", values.locations, 1, 1_000_000),
        claimAfterMs: claimAfterMsFrom(values),
        maxLength: wholeNumber("maxlen", values.maxlen, 100, 10_000_000),
    }
}

/**
 * Resolves when producer and consumers run.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startCheckins(
    url: string,
    changes: Partial<CheckinsPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...CHECKINS_DEFAULTS, ...changes }
    return Runner.start({ url, name: "checkins", say }, async runner => {
        const { client } = runner
        const workMs = 1000 / plan.ratePerS
        // a group without consumers would make the producer wait, beside a processor without a group
        if (countOf(plan.consumers) > 0)
            await ensureGroup(client, plan.stream, plan.group)
        // throws if it is no stream
        else await client.xLen(plan.stream)
        if (plan.producer) produce(runner, plan)
        if (plan.processor) await startProcessor(runner, plan, workMs)
        await startConsumers(
            runner,
            "checkins",
            { ...plan, workMs },
            client => {
                const store = new CheckinStore(client, plan.stream, plan.group)
                return async ({ id, fields }) => {
                    if ((await store.record(id, fields)) === "malformed")
                        runner.say(`${id} is not a check-in: skipped`)
                }
            }
        )
    })
}

async function startProcessor(
    runner: Runner,
    plan: CheckinsPlan,
    workMs: number
) {
    const client = await runner.connection(
        connectionName("checkins", "processor")
    )
    const store = new CheckinStore(client, plan.stream, plan.group)
    const paced = { ...plan, workMs: workMs / plan.pace }
    runner.run(() => processWithoutGroup(runner, client, store, paced))
}

function produce(runner: Runner, plan: CheckinsPlan) {
    const { stream, maxLength } = plan
    const bounded = new BoundedStream(runner, stream, maxLength, {
        positionKey: positionKey(stream),
    })
    runner.run(() =>
        runProducer(runner, plan.cycle, bounded, () =>
            runner.client.xAdd(stream, "*", { ...randomCheckin(plan) })
        )
    )
}

/** @param plan how many users and locations there are */
export function randomCheckin(
    plan: Pick<CheckinsPlan, "users" | "locations"> = CHECKINS_DEFAULTS
): Checkin {
    return {
        userId: String(1 + pick(plan.users)),
        locationId: String(1 + pick(plan.locations)),
        starRating: String(pick(6)),
    }
}

function pick(count: number) {
    return Math.floor(Math.random() * count)
}
