/**
 * How far a consumer group lags, and how that is known. Pure: no socket, no pin, no timer.
 *
 * The true lag is the number of entries in the stream whose ID is greater than the group's last-delivered-id. What Redis
 * reports is that number, nothing, or too much (docs/lag.md says when and why), and no sign tells which: a restart, a
 * replication or a claim (XCLAIM LASTID, XGROUP SETID) leaves all else as it was. So only what was counted is exact; what is
 * reported bounds it from above.
 */

/** How a lag is known. */
export enum Known {
    /** Not at all. */
    Not = "unknown",
    /** Redis's own figure, where it cannot be wrong: a 0, since it is never too low. */
    Reported = "reported",
    /** The unread entries were counted, all of them. */
    Counted = "counted",
    /** last-delivered-id precedes the whole stream, so every entry is unread. */
    Whole = "whole stream",
    /** Only bounds are proven. */
    Bounded = "bounds",
}

/** A lag in a unit of the scale (entries or seconds). */
export interface Lag {
    /** The truth is at least this. */
    low: number
    /** The truth is at most this; undefined when nothing bounds it. */
    high: number | undefined
    known: Known
}

/** What was asked of Redis at one moment. Undefined fields were not asked, or not answered. */
export interface Evidence {
    /** XINFO GROUPS' `lag`; undefined when nil, absent or negative. */
    reported: number | undefined
    /** Entries with a greater ID that XREAD returned. */
    counted: number | undefined
    /** XREAD returned fewer entries than it was allowed to: `counted` is all there are. */
    countedAll: boolean
    /** XLEN. */
    length: number | undefined
    /** Whether XRANGE from the start to last-delivered-id is empty: it precedes the whole stream. Undefined: not asked. */
    precedesAll: boolean | undefined
    /** `reported` was once seen below a count: somebody's claim (ENTRIESREAD, XSETID) has made it worthless. */
    reportedFalse: boolean
}

/** An evidence that holds nothing yet. */
export function noEvidence(): Evidence {
    return {
        reported: undefined,
        counted: undefined,
        countedAll: false,
        length: undefined,
        precedesAll: undefined,
        reportedFalse: false,
    }
}

/** A lag of which nothing is known. */
export function unknownLag(): Lag {
    return { low: 0, high: undefined, known: Known.Not }
}

/**
 * Concludes the lag, in entries, from the evidence.
 * @param lag receives the conclusion
 */
export function conclude(evidence: Evidence, lag: Lag): void {
    const counted = evidence.counted
    const length = evidence.length
    let reported = evidence.reportedFalse ? undefined : evidence.reported
    if (counted !== undefined) {
        // also one that was counted after: a check changes nothing
        if (reported === 0)
            if (counted === 0) return exactly(lag, 0, Known.Reported)
        if (evidence.countedAll) return exactly(lag, counted, Known.Counted)
        if (length !== undefined)
            if (counted >= length || evidence.precedesAll)
                return exactly(lag, length, Known.Whole)
        // never too low unless somebody made a false claim: an upper bound, but not what makes a count of a part exact
        if (reported !== undefined)
            if (reported <= counted) reported = undefined
    } else if (reported === 0) return exactly(lag, 0, Known.Reported)
    let high = reported
    if (length !== undefined) {
        const most = evidence.precedesAll === false ? length - 1 : length
        if (high === undefined || most < high) high = most
    }
    lag.low = counted === undefined ? 0 : counted
    lag.high = high
    lag.known = high === undefined && lag.low === 0 ? Known.Not : Known.Bounded
}

/** A lag that is one number. @param lag receives it */
export function exactly(lag: Lag, entries: number, known: Known): void {
    lag.low = entries
    lag.high = entries
    lag.known = known
}
