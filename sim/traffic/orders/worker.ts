/** One worker: takes an order, works on it, counts it. Told to stop, it finishes what is in hand. */
import { setTimeout as sleep } from "node:timers/promises"
import { connectionName, Runner } from "../parts/runner.ts"
import type { Say } from "../parts/runner.ts"
import { consume } from "../parts/consume.ts"
import type { PresentEntry } from "../parts/consume.ts"
import { retire } from "../parts/consumer-list.ts"
import { ensureGroup } from "../parts/entries.ts"
import type { Traffic } from "../workload.ts"
import { Desk } from "./desk.ts"
import { OrderError, orderFrom } from "./order.ts"
import { inHandMs } from "./plan.ts"
import type { OrdersPlan } from "./plan.ts"

/** A stop waits for the orders in hand, and this much longer. */
const STOP_SPARE_MS = 1500

/**
 * Resolves when the worker is at work, in this process.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startWorker(
    url: string,
    plan: OrdersPlan,
    name: string,
    say: Say
): Promise<Traffic> {
    const stopTimeoutMs = inHandMs(plan) + STOP_SPARE_MS
    const options = { url, name: `orders: ${name}`, say, stopTimeoutMs }
    return Runner.start(options, async runner => {
        await ensureGroup(runner.client, plan.stream, plan.group)
        const client = await runner.connection(connectionName("orders", name))
        const desk = new Desk(client, plan, name)
        const { stream, group, retryAfterMs } = plan
        const consumer = {
            ...{ ...plan, name, adoptAfterMs: retryAfterMs },
            // what failed is tried again in its time
            isOwnFirst: false,
        }
        runner.run(async () => {
            await consume(runner, client, consumer, entry =>
                workOn(entry, desk, runner, plan)
            )
            await retire(client, stream, group, name)
        })
    })
}

async function workOn(
    { id, fields }: PresentEntry,
    desk: Desk,
    runner: Runner,
    { workMs, maxAttempts }: OrdersPlan
) {
    const attempt = await desk.begin(id)
    if (attempt === 0) return "left alone"
    try {
        const order = orderFrom(fields)
        // not cut short by a stop
        await sleep(workMs)
        const counts = await desk.finish(id, order)
        return counts ? undefined : "taken over by another, not counted,"
    } catch (error) {
        if (!(error instanceof OrderError)) throw error
        await desk.fail(id, error.message)
        if (attempt >= maxAttempts)
            runner.say(`${id} is given up: ${error.message}`)
        return `attempt ${attempt} failed`
    }
}
