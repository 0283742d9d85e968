/** Whether a group's consumers need a look. Pure. */

/** Limits; undefined is off. */
export interface Limits {
    /** More pending entries than this. */
    pendingMax: number | undefined
    /** A consumer that holds pending entries and has been idle for longer, s. */
    idleMaxS: number | undefined
    /** A pending entry older than this, s. */
    pendingAgeS: number | undefined
    /** Entries wait, and for longer than this none was delivered, s. */
    stallS: number | undefined
}

/** What was asked; undefined where nothing was, or no answer came. */
export interface Signs {
    /** Length of the pending entries list. */
    pending: number | undefined
    consumers: number | undefined
    /** The longest idle time among consumers that hold pending entries, ms. */
    longestIdleMs: number | undefined
    /** The least that the oldest pending entry's age can be, ms. */
    oldestPendingMs: number | undefined
    /** How long none of the entries that wait has been delivered, ms. */
    stalledMs: number | undefined
    /** The lag is certainly above 0. */
    lagging: boolean
}

/** @returns what is wrong, in words; undefined when all is well */
export function complaint(signs: Signs, limits: Limits): string | undefined {
    // what is undefined is above nothing, and nothing is above it
    if (signs.lagging && signs.consumers === 0)
        return "entries are waiting and the group has no consumers"
    if ((signs.stalledMs as number) > (limits.stallS as number) * 1000)
        return `stalled for ${Math.floor((signs.stalledMs as number) / 1000)} s: entries wait and none is delivered, limit ${limits.stallS} s`
    if ((signs.pending as number) > (limits.pendingMax as number))
        return `${signs.pending} entries pending, limit ${limits.pendingMax}`
    if (
        (signs.oldestPendingMs as number) >
        (limits.pendingAgeS as number) * 1000
    )
        return `the oldest pending entry is ${Math.floor((signs.oldestPendingMs as number) / 1000)} s old, limit ${limits.pendingAgeS} s`
    if ((signs.longestIdleMs as number) > (limits.idleMaxS as number) * 1000)
        return `a consumer with pending entries has been idle for ${Math.floor((signs.longestIdleMs as number) / 1000)} s, limit ${
            limits.idleMaxS
        } s`
    return undefined
}
