/** How many entries a producer adds, as a pure function of time: at a rate that makes the lag rise and fall periodically. */

export interface LoadCycle {
    /** Entries per second that the consumers can process. */
    ratePerS: number
    /** The highest lag, in entries. */
    peak: number
    /** In seconds. */
    periodS: number
}

/** The last part of each period, in which the consumers can catch up completely, whatever went wrong. */
const SLACK = 0.1

/**
 * Entries due by a moment. Up to the peak they come faster than the consumers work, then slower, and for the last
 * tenth of the period so slowly that the lag reaches 0.
 * Deterministic, so that the balance does not drift over hours.
 * @param seconds since the start
 * @returns entries since the start, with fraction
 */
export function entriesDue(
    { ratePerS, peak, periodS }: LoadCycle,
    seconds: number
) {
    const rise = (periodS * (1 - SLACK)) / 2
    const perPeriod = ratePerS * periodS * (1 - SLACK)
    const periods = Math.floor(seconds / periodS)
    const t = seconds - periods * periodS
    const surplus =
        t < rise ? (peak * t) / rise : Math.max(0, peak * (2 - t / rise))
    const steady = ratePerS * Math.min(t, periodS * (1 - SLACK))
    return periods * perPeriod + steady + surplus
}
