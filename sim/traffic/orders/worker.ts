/** One worker: takes an order, works on it, counts it. Told to stop, it finishes the current entries. */
import { setTimeout as sleep } from "node:timers/promises"
import { connectionName, Runner } from "../parts/runner.ts"
import type { Say } from "../parts/runner.ts"
import { consume } from "../parts/consume.ts"
import type { PresentEntry } from "../parts/consume.ts"
import { deleteConsumer } from "../parts/consumer-list.ts"
import { ensureGroup } from "../parts/entries.ts"
import type { Traffic } from "../workload.ts"
import { OrderAttempts } from "./attempts.ts"
import { OrderError, orderFrom } from "./order.ts"
import { inFlightMs } from "./plan.ts"
import type { OrdersPlan } from "./plan.ts"

/** A stop waits for the current entries, and this much longer. */
const STOP_SPARE_MS = 1500

/**
 * Resolves when the worker runs, in this process.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startWorker(
    url: string,
    plan: OrdersPlan,
    name: string,
    say: Say
): Promise<Traffic> {
    const stopTimeoutMs = inFlightMs(plan) + STOP_SPARE_MS
    const options = { url, name: `orders: ${name}`, say, stopTimeoutMs }
    return Runner.start(options, async runner => {
        await ensureGroup(runner.client, plan.stream, plan.group)
        const client = await runner.connection(connectionName("orders", name))
        const attempts = new OrderAttempts(client, plan, name)
        const { stream, group, retryAfterMs } = plan
        const consumer = {
            ...{ ...plan, name, claimAfterMs: retryAfterMs },
            // a failed order is retried only after retryAfterMs
            isOwnFirst: false,
        }
        runner.run(async () => {
            await consume(runner, client, consumer, entry =>
                workOn(entry, attempts, runner, plan)
            )
            await deleteConsumer(client, stream, group, name)
        })
    })
}

async function workOn(
    { id, fields }: PresentEntry,
    attempts: OrderAttempts,
    runner: Runner,
    { workMs, maxAttempts }: OrdersPlan
) {
    const attempt = await attempts.begin(id)
    if (attempt === 0) return "skipped"
    try {
        const order = orderFrom(fields)
        // not cut short by a stop
        await sleep(workMs)
        const counts = await attempts.finish(id, order)
        return counts ? undefined : "claimed by another, not counted,"
    } catch (error) {
        if (!(error instanceof OrderError)) throw error
        await attempts.fail(id, error.message)
        if (attempt >= maxAttempts)
            runner.say(`${id} is given up: ${error.message}`)
        return `attempt ${attempt} failed`
    }
}
