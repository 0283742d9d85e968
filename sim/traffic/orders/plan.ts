/** What the parts of the `orders` workload agree on. Plain data: a pool sends it to its worker processes. */
import { USUAL_HABITS } from "../parts/consumers.ts"
import type { ConsumerHabits } from "../parts/consumers.ts"
import type { Tide } from "../tide.ts"
import type { ScalingPolicy } from "./scaling.ts"

export interface OrdersPlan extends ConsumerHabits {
    stream: string
    group: string
    /** Whether orders are added. */
    producer: boolean
    /** Whether a pool of worker processes works on them. */
    pool: boolean
    /** The name of one worker, in this process; undefined: none. */
    worker: string | undefined
    /** How orders come. */
    tide: Tide
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
    ...USUAL_HABITS,
    // six a second on the flood, two on the ebb, none at low water
    tide: { ratePerS: 4, peak: 54, periodS: 60 },
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
        /** The stream of what was begun, done, failed, given up: one entry for each. */
        journal: `${stream}:journal`,
        /** Sums over the orders that are done. */
        totals: `${stream}:totals`,
        /** The number of the last order. */
        lastNumber: `${stream}:last-number`,
        /** Which pool is in charge. */
        lease: `${stream}:pool`,
    }
}

/** What a worker may have in hand when it is to stop, in ms. */
export function inHandMs({ workMs, batch }: OrdersPlan) {
    return workMs * batch
}
