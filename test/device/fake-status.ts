/** Statuses for tests of displays, as no answer of a server made them. Not a test itself. */
import {
    Condition,
    LEDS,
    TargetStatus,
    unknownTarget,
} from "../../src/display/display"

/** What is wrong with the consumers of a fake target, where anything is. */
export const COMPLAINT = "9 entries pending, limit 5"

/** A target whose lag is its level: one entry a LED. */
export function fakeTarget(
    condition: Condition,
    low: number,
    high: number,
    check: boolean
): TargetStatus {
    const target = unknownTarget("jobs", "staff", "entries", LEDS)
    target.condition = condition
    target.low = target.lagLow = low
    target.high = target.lagHigh = high
    target.complaint = check ? COMPLAINT : undefined
    return target
}
