/**
 * Orders: added to `events:orders`, processed by the group `order-processors`, a pool of worker processes that
 * grows and shrinks with the lag. Orders of a dead worker, and orders that failed, are retried;
 * those that cannot be processed end in `events:orders:dead`. Its parts are in orders/.
 */
import { UsageError, wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { ORDERS_DEFAULTS } from "./orders/plan.ts"
import type { OrdersPlan } from "./orders/plan.ts"
import { Pool, poolStopMs } from "./orders/pool.ts"
import { produceOrders } from "./orders/producer.ts"
import type { ScalingPolicy } from "./orders/scaling.ts"
import { startWorker } from "./orders/worker.ts"
import { CONSUMER_OPTIONS, behaviourFrom } from "./parts/consumers.ts"
import { Runner } from "./parts/runner.ts"
import type { Say } from "./parts/runner.ts"
import { ensureGroup } from "./parts/entries.ts"
import {
    numberOption,
    switchOption,
    textOption,
    loadCycleFrom,
    workMsFrom,
} from "./parts/options.ts"
import type { Traffic, Workload } from "./workload.ts"

export { ORDERS_DEFAULTS } from "./orders/plan.ts"

const DEFAULTS = ORDERS_DEFAULTS
const { cycle, scaling } = DEFAULTS

/** As options; with bursts that are large enough for them. */
const AS_ORIGINAL = {
    ...{ up: "1000", down: "100", min: "1", max: "10", cooldown: "10000" },
    ...{ batch: "10", work: "100", attempts: "3", "retry-after": "60000" },
    ...{ rate: "40", peak: "2000", period: "120" },
}

const AS_ORIGINAL_TEXT = Object.entries(AS_ORIGINAL)
    .map(([name, value]) => `--${name} ${value}`)
    .join(" ")

export const orders: Workload = {
    name: "orders",
    summary: "orders, and a pool of workers that grows with the lag",
    options: {
        stream: textOption("KEY", DEFAULTS.stream, "the stream"),
        group: textOption("NAME", DEFAULTS.group, "the consumer group"),
        producer: switchOption("only add orders"),
        pool: switchOption("only be the pool and its worker processes"),
        worker: textOption(
            "NAME",
            undefined,
            "only be this worker, outside of any pool"
        ),
        rate: numberOption("N", cycle.ratePerS, "orders per second on average"),
        peak: numberOption(
            "N",
            cycle.peak,
            "how far orders get ahead of that rate"
        ),
        period: numberOption(
            "S",
            cycle.periodS,
            "seconds from one peak to the next"
        ),
        poison: numberOption(
            "N",
            DEFAULTS.poisonEvery,
            "every Nth order cannot be processed; 0 is none"
        ),
        work: numberOption(
            "MS",
            DEFAULTS.workMs,
            "milliseconds that a worker takes for an order"
        ),
        batch: numberOption(
            "N",
            DEFAULTS.batch,
            "orders that a worker takes at a time"
        ),
        "retry-after": numberOption(
            "MS",
            DEFAULTS.retryAfterMs,
            "milliseconds after which a pending order is tried again"
        ),
        attempts: numberOption(
            "N",
            DEFAULTS.maxAttempts,
            "attempts before an order goes to the dead letters"
        ),
        min: numberOption("N", scaling.minWorkers, "workers at least"),
        max: numberOption("N", scaling.maxWorkers, "workers at most"),
        up: numberOption(
            "N",
            scaling.upAbove,
            "if the lag is above this, the pool grows by half, and by one at least"
        ),
        down: numberOption(
            "N",
            scaling.downBelow,
            "if the lag is below this, the pool shrinks by one"
        ),
        cooldown: numberOption(
            "MS",
            scaling.coolDownMs,
            "milliseconds without a change after a change"
        ),
        "as-original": switchOption(
            `the limits of the program that this one is modelled on: ${AS_ORIGINAL_TEXT}`
        ),
        ...CONSUMER_OPTIONS,
        maxlen: numberOption(
            "N",
            DEFAULTS.maxLength,
            "processed entries to keep in the stream, about"
        ),
    },
    start: (url, values, say) => startOrders(url, ordersPlanFrom(values), say),
}

/** Options given beside --as-original keep their values; those at their defaults get the original's. */
function withOriginal(values: OptionValues): OptionValues {
    if (!values["as-original"]) return values
    const changed = Object.entries(AS_ORIGINAL).filter(
        ([name]) => values[name] === orders.options[name].default
    )
    return { ...values, ...Object.fromEntries(changed) }
}

/** @throws UsageError */
export function ordersPlanFrom(given: OptionValues): OrdersPlan {
    const values = withOriginal(given)
    const worker = values.worker as string | undefined
    if (worker !== undefined && (values.producer || values.pool))
        throw new UsageError("--worker: goes without --producer and --pool")
    const all = !values.producer && !values.pool
    const behaviour = behaviourFrom(values, worker !== undefined)
    const workMs = Math.round(workMsFrom(values) / behaviour.pace)
    const retryAfterMs = wholeNumber(
        "retry-after",
        values["retry-after"],
        100,
        86_400_000
    )
    const batch = wholeNumber("batch", values.batch, 1, 1000)
    if (retryAfterMs < 3 * workMs * batch)
        throw new UsageError(
            `--retry-after ${retryAfterMs}: at least three times the work of one batch (${3 * workMs * batch}) is needed, or workers claim each other's orders`
        )
    return {
        stream: String(values.stream),
        group: String(values.group),
        producer: all || values.producer === true,
        pool: all || values.pool === true,
        worker,
        ...behaviour,
        cycle: loadCycleFrom(values, wholeNumber("rate", values.rate, 1, 1000)),
        poisonEvery: wholeNumber("poison", values.poison, 0, 1_000_000),
        workMs,
        batch,
        retryAfterMs,
        maxAttempts: wholeNumber("attempts", values.attempts, 1, 1000),
        scaling: policyFrom(values),
        maxLength: wholeNumber("maxlen", values.maxlen, 100, 10_000_000),
    }
}

/** @throws UsageError */
function policyFrom(values: OptionValues): ScalingPolicy {
    const upAbove = wholeNumber("up", values.up, 1, 10_000)
    const minWorkers = wholeNumber("min", values.min, 1, 100)
    return {
        minWorkers,
        maxWorkers: wholeNumber("max", values.max, minWorkers, 100),
        upAbove,
        // lower than the one above, or the pool would oscillate
        downBelow: wholeNumber("down", values.down, 1, upAbove),
        coolDownMs: wholeNumber("cooldown", values.cooldown, 0, 3_600_000),
    }
}

/**
 * Resolves when producer and pool run.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startOrders(
    url: string,
    changes: Partial<OrdersPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...ORDERS_DEFAULTS, ...changes }
    const { worker } = plan
    return worker === undefined
        ? startParts(url, plan, say)
        : startWorker(url, plan, worker, say)
}

async function startParts(
    url: string,
    plan: OrdersPlan,
    say: Say
): Promise<Traffic> {
    const stopTimeoutMs = poolStopMs(plan)
    const options = { url, name: "orders", say, stopTimeoutMs }
    let pool: Pool | undefined
    const runner = await Runner.start(options, async runner => {
        await ensureGroup(runner.client, plan.stream, plan.group)
        if (plan.producer) produceOrders(runner, plan)
        if (!plan.pool) return
        const started = (pool = new Pool(runner, url, plan))
        runner.run(() => started.run())
    })
    return {
        async stop() {
            // the workers end even if the runner cannot reach the server any more
            await Promise.all([runner.stop(), pool?.close()])
        },
    }
}
