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
    /** The dead-letter stream's key. */
    deadStream: string
    /** More entries than this in it. */
    deadMax: number
}

/** What was asked; undefined where nothing was, or no answer came. */
export interface ConsumerHealth {
    /** Length of the pending entries list. */
    pending: number | undefined
    consumers: number | undefined
    /** The longest idle time among consumers that hold pending entries, ms. */
    longestIdleMs: number | undefined
    /** The least that the oldest pending entry's age can be, ms. */
    oldestPendingMs: number | undefined
    /** How long none of the entries that wait has been delivered, ms. */
    stalledMs: number | undefined
    /** How many entries the dead-letter stream has. */
    deadEntries: number | undefined
    /** Redis's error in place of that. */
    deadError: string | undefined
    /** The lag is certainly above 0. */
    lagging: boolean
}

/** @returns what is wrong, a sentence; undefined when no limit is passed */
export function complaint(
    health: ConsumerHealth,
    limits: Limits
): string | undefined {
    // what is undefined is above nothing, and nothing is above it
    if (health.lagging)
        if (health.consumers === 0)
            return "entries are waiting and the group has no consumers"
    if ((health.stalledMs as number) > (limits.stallS as number) * 1000)
        return `stalled for ${Math.floor((health.stalledMs as number) / 1000)} s: entries wait and none is delivered, limit ${limits.stallS} s`
    if ((health.deadEntries as number) > limits.deadMax)
        return `${health.deadEntries} entries in ${limits.deadStream}, limit ${limits.deadMax}`
    if (health.deadError !== undefined)
        return `${limits.deadStream}: ${health.deadError}; check DEAD_STREAM`
    if ((health.pending as number) > (limits.pendingMax as number))
        return `${health.pending} entries pending, limit ${limits.pendingMax}`
    if (
        (health.oldestPendingMs as number) >
        (limits.pendingAgeS as number) * 1000
    )
        return `the oldest pending entry is ${Math.floor((health.oldestPendingMs as number) / 1000)} s old, limit ${limits.pendingAgeS} s`
    if ((health.longestIdleMs as number) > (limits.idleMaxS as number) * 1000)
        return `a consumer with pending entries has been idle for ${Math.floor((health.longestIdleMs as number) / 1000)} s, limit ${
            limits.idleMaxS
        } s`
    return undefined
}
