/** The age of the oldest undelivered entry, from its ID and the server's clock. Pure. */
import { Known, Lag } from "./lag"

/** 2018-01-01, ms since 1970: streams are younger, so a smaller ID is not a time. */
export const FIRST_STREAM_MS = 1514764800000
/** After its clock stepped back, Redis counts on from the last ID: IDs may lie so far in the future, ms. */
export const FUTURE_MS = 60000

/** Whether an ID's first part can be a time. @param nowMs the server's clock, undefined when unknown */
export function isTime(idMs: number, nowMs: number | undefined): boolean {
    if (idMs < FIRST_STREAM_MS) return false
    if (nowMs === undefined) return true
    return idMs <= nowMs + FUTURE_MS
}

/**
 * Concludes the age in seconds.
 * @param firstMs the milliseconds part of the first ID that the group has not been given
 * @param earliestMs the least that the server's clock can show; undefined when it may not be asked
 * @param latestMs the most that it can show
 * @param newestMs the milliseconds part of the newest ID, which stands in for the clock: the age is that or more
 * @param age receives the conclusion
 * @returns false when the ID is not a time
 */
export function concludeAge(
    firstMs: number,
    earliestMs: number | undefined,
    latestMs: number | undefined,
    newestMs: number,
    age: Lag
): boolean {
    if (!isTime(firstMs, latestMs)) return false
    if (earliestMs !== undefined) {
        age.low = secondsBetween(firstMs, earliestMs)
        age.high = secondsBetween(firstMs, latestMs as number)
        age.known = Known.Counted
        return true
    }
    age.low = secondsBetween(firstMs, newestMs)
    age.high = undefined
    age.known = Known.Bounded
    return true
}

/** An entry that waits is behind, however young: never 0. */
function secondsBetween(firstMs: number, nowMs: number): number {
    if (nowMs > firstMs) return (nowMs - firstMs) / 1000
    return 0.001
}
