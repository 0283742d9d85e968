/** How many workers there shall be, as a pure function of the lag. */
import type { TrueLag } from "./true-lag.ts"

export interface ScalingPolicy {
    minWorkers: number
    maxWorkers: number
    /** One worker more if the lag is above this. */
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

/** @returns 1: one worker more; -1: one less; 0: as it is */
export function scalingStep(
    policy: ScalingPolicy,
    { workers, lag, sinceChangeMs }: PoolState
): -1 | 0 | 1 {
    const { minWorkers, maxWorkers, upAbove, downBelow } = policy
    // whoever died is replaced at once
    if (workers < minWorkers) return 1
    if (workers > maxWorkers) return -1
    if (!lag || sinceChangeMs < policy.coolDownMs) return 0
    if (lag.low > upAbove && workers < maxWorkers) return 1
    if (lag.high < downBelow && workers > minWorkers) return -1
    return 0
}
