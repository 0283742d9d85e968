/** The settings of all parts of the `orders` workload. Plain data: a pool sends it to its worker processes. */
import { USUAL_BEHAVIOUR } from "../parts/consumers.ts"
import type { ConsumerBehaviour } from "../parts/consumers.ts"
import type { LoadCycle } from "../load-cycle.ts"
import type { ScalingPolicy } from "./scaling.ts"

export interface OrdersPlan extends ConsumerBehaviour {
    stream: string
    group: string
    /** Whether orders are added. */
    producer: boolean
    /** Whether a pool of worker processes works on them. */
    pool: boolean
    /** The name of one worker, in this process; undefined: none. */
    worker: string | undefined
    /** The producer's rate. */
    cycle: LoadCycle
    /** Every how many orders one cannot be processed; 0 is never. */
    poisonEvery: number
    /** What a worker takes for one order. */
    workMs: number
    /** How many a worker takes at a time. */
    batch: number
    /** What has been pending for longer than this, in ms, is tried again. */
    retryAfterMs: number
    /** How often an order is tried before it goes to the dead letters. */
    maxAttempts: number
    scaling: ScalingPolicy
    /** Entries kept in the stream, about. */
    maxLength: number
}

export const ORDERS_DEFAULTS: OrdersPlan = {
    stream: "events:orders",
    group: "order-processors",
    producer: true,
    pool: true,
    worker: undefined,
    ...USUAL_BEHAVIOUR,
    // six a second while the lag rises, two while it falls, none at the end
    cycle: { ratePerS: 4, peak: 54, periodS: 60 },
    poisonEvery: 50,
    workMs: 500,
    batch: 1,
    retryAfterMs: 5000,
    maxAttempts: 3,
    scaling: {
        minWorkers: 1,
        maxWorkers: 5,
        upAbove: 15,
        downBelow: 5,
        coolDownMs: 5000,
    },
    maxLength: 10_000,
}

/** The keys beside the stream. */
export function orderKeys(stream: string) {
    return {
        stream,
        /** The stream of orders that were given up. */
        dead: `${stream}:dead`,
        /** The stream of events: an attempt was begun, done or failed, an order given up. */
        journal: `${stream}:journal`,
        /** Sums over the orders that are done. */
        totals: `${stream}:totals`,
        /** The number of the last order. */
        lastNumber: `${stream}:last-number`,
        /** Which pool is working. */
        lease: `${stream}:pool`,
    }
}

/** How long the entries that a worker is processing may take when it has to stop, in ms. */
export function inFlightMs({ workMs, batch }: OrdersPlan) {
    return workMs * batch
}
