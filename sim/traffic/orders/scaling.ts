/** How many workers there should be, as a pure function of the lag. */
import type { TrueLag } from "./true-lag.ts"

export interface ScalingPolicy {
    minWorkers: number
    maxWorkers: number
    /** More workers if the lag is above this: half as many again, and one at least. */
    upAbove: number
    /** One worker less if the lag is below this. Between the two nothing changes: hysteresis. */
    downBelow: number
    /** No change for so long after a change, in ms, so that its effect on the lag shows. */
    coolDownMs: number
}

export interface PoolState {
    /** Working or starting; not those that were told to stop. */
    workers: number
    /** Undefined: unknown, which is no reason for a change. */
    lag: TrueLag | undefined
    sinceChangeMs: number
}

/** @returns how many workers to add; -1: one less; 0: no change */
export function scalingStep(
    policy: ScalingPolicy,
    { workers, lag, sinceChangeMs }: PoolState
): number {
    const { minWorkers, maxWorkers, upAbove, downBelow } = policy
    // a dead worker is replaced at once
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
