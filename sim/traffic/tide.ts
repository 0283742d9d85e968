/** How many jobs come and how fast, as a pure function of time: a tide that rises and falls. */

export interface Tide {
    /** Jobs per second that the consumers can work off. */
    ratePerS: number
    /** Lag at high water, in jobs. */
    peak: number
    /** From low water to low water, in seconds. */
    periodS: number
}

/** At low water the consumers have this part of a period to catch up completely, whatever went wrong. */
const SLACK = 0.1

/**
 * Jobs that shall have come by a moment. Up to high water they come faster than the consumers work, then
 * slower, and at last, for a tenth of the period, so much slower that the lag reaches 0.
 * Deterministic, so that the balance does not drift over hours.
 * @param seconds since the start
 * @returns jobs since the start, with fraction
 */
export function jobsDue({ ratePerS, peak, periodS }: Tide, seconds: number) {
    const rise = (periodS * (1 - SLACK)) / 2
    const perPeriod = ratePerS * periodS * (1 - SLACK)
    const periods = Math.floor(seconds / periodS)
    const t = seconds - periods * periodS
    const surplus =
        t < rise ? (peak * t) / rise : Math.max(0, peak * (2 - t / rise))
    const steady = ratePerS * Math.min(t, periodS * (1 - SLACK))
    return periods * perPeriod + steady + surplus
}
