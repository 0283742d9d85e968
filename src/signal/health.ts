/** Whether a group's consumers need a look. Pure. */

/** Limits; undefined is off. */
export interface Limits {
    /** More pending entries than this. */
    pendingMax: number
    /** A consumer that holds pending entries and has been idle for longer, s. */
    idleMaxS: number
    /** A pending entry older than this, s. */
    pendingAgeS: number
    /** Entries wait, and for longer than this none was delivered, s. */
    stallS: number
}

/** What was asked; undefined where nothing was, or no answer came. */
export interface Signs {
    /** Length of the pending entries list. */
    pending: number
    consumers: number
    /** The longest idle time among consumers that hold pending entries, ms. */
    longestIdleMs: number
    /** The least that the oldest pending entry's age can be, ms. */
    oldestPendingMs: number
    /** How long none of the entries that wait has been delivered, ms. */
    stalledMs: number
    /** The lag is certainly above 0. */
    lagging: boolean
}

/** @returns what is wrong, in words; undefined when all is well */
export function complaint(signs: Signs, limits: Limits): string {
    if (signs.lagging && signs.consumers === 0)
        return "entries are waiting and the group has no consumers"
    if (signs.stalledMs > limits.stallS * 1000)
        return `stalled for ${Math.floor(signs.stalledMs / 1000)} s: entries wait and none is delivered, limit ${limits.stallS} s`
    if (signs.pending > limits.pendingMax)
        return `${signs.pending} entries pending, limit ${limits.pendingMax}`
    if (signs.oldestPendingMs > limits.pendingAgeS * 1000)
        return `the oldest pending entry is ${Math.floor(signs.oldestPendingMs / 1000)} s old, limit ${limits.pendingAgeS} s`
    if (signs.longestIdleMs > limits.idleMaxS * 1000)
        return `a consumer with pending entries has been idle for ${Math.floor(signs.longestIdleMs / 1000)} s, limit ${
            limits.idleMaxS
        } s`
    return undefined
}
