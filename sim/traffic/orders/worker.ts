/** One worker: takes an order, works on it, counts it. Told to stop, it finishes the one in hand. */
import { setTimeout as sleep } from "node:timers/promises"
import { connectionName, Crew } from "../parts/crew.ts"
import type { Say } from "../parts/crew.ts"
import { ensureGroup, isNoGroup, readGroup } from "../parts/entries.ts"
import type { Entry } from "../parts/entries.ts"
import { OverdueEntries } from "../parts/overdue.ts"
import type { RedisClient } from "../redis-client.ts"
import type { Traffic } from "../workload.ts"
import { Desk } from "./desk.ts"
import { OrderError, orderFrom } from "./order.ts"
import type { OrdersPlan } from "./plan.ts"

/** A worker asks again after this long without an order. */
const BLOCK_MS = 1000
/** Looks for overdue orders within the time after which they are overdue. */
const LOOKS_PER_RETRY = 5
/** A stop waits for the order in hand, and this much longer. */
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
    const stopTimeoutMs = plan.workMs + STOP_SPARE_MS
    const options = { url, name: `orders: ${name}`, say, stopTimeoutMs }
    return Crew.start(options, async crew => {
        await ensureGroup(crew.client, plan.stream, plan.group)
        const client = await crew.connection(connectionName("orders", name))
        const worker = new Worker(crew, client, plan, name)
        crew.run(() => worker.run())
    })
}

class Worker {
    private readonly desk: Desk
    private readonly overdue: OverdueEntries
    private lookAtMs = 0

    constructor(
        private readonly crew: Crew,
        private readonly client: RedisClient,
        private readonly plan: OrdersPlan,
        private readonly name: string
    ) {
        this.desk = new Desk(client, plan, name)
        this.overdue = new OverdueEntries(client, {
            ...{ stream: plan.stream, group: plan.group, consumer: name },
            afterMs: plan.retryAfterMs,
        })
    }

    /** Until the crew stops. */
    async run() {
        while (!this.crew.isOver)
            try {
                const entry = await this.next()
                if (entry) await this.process(entry)
            } catch (error) {
                if (!isNoGroup(error)) throw error
                const { stream, group } = this.plan
                await ensureGroup(this.client, stream, group)
            }
        await this.desk.retire()
    }

    /** What others left, or what failed, comes before what is new. */
    private async next() {
        const { stream, group, retryAfterMs } = this.plan
        const now = performance.now()
        if (now >= this.lookAtMs) {
            const entry = await this.overdue.takeOne()
            if (entry) return entry
            this.lookAtMs = now + retryAfterMs / LOOKS_PER_RETRY
        }
        const untilLookMs = Math.ceil(this.lookAtMs - now)
        return readGroup(this.client, {
            ...{ stream, group, consumer: this.name, from: ">" },
            blockMs: Math.max(1, Math.min(BLOCK_MS, untilLookMs)),
        })
    }

    private async process({ id, fields }: Entry) {
        const attempt = await this.desk.begin(id)
        if (attempt === 0) return
        try {
            const order = orderFrom(fields ?? {})
            // not cut short by a stop
            await sleep(this.plan.workMs)
            await this.desk.finish(id, order)
        } catch (error) {
            if (!(error instanceof OrderError)) throw error
            const isLast = attempt >= this.plan.maxAttempts
            await this.desk.fail(id, error.message)
            if (isLast) this.crew.say(`${id} is given up: ${error.message}`)
        }
    }
}
