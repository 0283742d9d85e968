/** Consumers of a workload, as far as the page can control them. */
import type { ConsumersState } from "./state.ts"

export interface ConsumerControl {
    readonly state: ConsumersState
    /** Consumers take no more entries; those being processed are finished. */
    pause(): unknown
    resume(): unknown
    /** @param pace multiple of the default speed; limited to the possible range */
    setPace(pace: number): unknown
    /** @returns the new consumer's name @throws NotNow if there is no room */
    add(): string | Promise<string>
    /** Removes the last one. @returns its name @throws NotNow if there is none */
    remove(): Promise<string>
    stop(): Promise<void>
}

export const PACE_MIN = 1 / 8
export const PACE_MAX = 64
export const CONSUMERS_MAX = 50

export function withinPace(pace: number) {
    return Math.min(PACE_MAX, Math.max(PACE_MIN, pace))
}
