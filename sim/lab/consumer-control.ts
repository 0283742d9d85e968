/** Consumers of a workload, as far as a visitor may order them about. */
import type { ConsumersState } from "./state.ts"

export interface ConsumerControl {
    readonly state: ConsumersState
    /** Nobody takes entries any more; what is in hand is finished. */
    pause(): unknown
    resume(): unknown
    /** @param pace times the ordinary speed; kept within what is possible */
    setPace(pace: number): unknown
    /** @returns the new consumer's name @throws NotNow if there is no room */
    add(): string | Promise<string>
    /** Lets the last one go. @returns its name @throws NotNow if there is none to let go */
    remove(): Promise<string>
    stop(): Promise<void>
}

export const PACE_MIN = 1 / 8
export const PACE_MAX = 64
export const CONSUMERS_MAX = 50

export function withinPace(pace: number) {
    return Math.min(PACE_MAX, Math.max(PACE_MIN, pace))
}
