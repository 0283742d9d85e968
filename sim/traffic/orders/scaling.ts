/** How many workers there shall be, as a pure function of the lag. */
import type { TrueLag } from "./true-lag.ts"

export interface ScalingPolicy {
    minWorkers: number
    maxWorkers: number
    /** More workers if the lag is above this: half as many again, and one at least. */
    upAbove: number
    /** One worker less if the lag is below this. Between the two nothing changes: hysteresis. */
    downBelow: number
    /** After a change, in ms: what it does to the lag is waited for. */
    coolDownMs: number
}

export interface PoolState {
    /** At work, or about to be; not those that were stopped. */
    workers: number
    /** Undefined: unknown, which is no reason for a change. */
    lag: TrueLag | undefined
    sinceChangeMs: number
}

/** @returns how many workers more; -1: one less; 0: as it is */
export function scalingStep(
    policy: ScalingPolicy,
    { workers, lag, sinceChangeMs }: PoolState
): number {
    const { minWorkers, maxWorkers, upAbove, downBelow } = policy
    // whoever died is replaced at once
    if (workers < minWorkers) return minWorkers - workers
    if (workers > maxWorkers) return -1
    if (!lag || sinceChangeMs < policy.coolDownMs) return 0
    if (lag.low > upAbove && workers < maxWorkers)
        return Math.min(
            Math.max(1, Math.floor(workers / 2)),
            maxWorkers - workers
        )
    if (lag.high < downBelow && workers > minWorkers) return -1
    return 0
}
