/** A count of unread entries that goes on from send to send. Pure. */
import { UnreadEntries } from "../redis/entries"
import { StreamId } from "../redis/stream-id"

/** A tally starts again after so long, ms: what lies behind it may have become another stream's. */
export const TALLY_MS = 60000

/**
 * Counts more entries than fit one send: each goes on where the one before stopped. The sum is the lag only if none of the
 * entries counted before has been removed since. That follows from the stream's length: it must have grown by exactly the
 * entries that were added, which are those with an ID above the newest one of the beginning, and so among those counted.
 */
export class Tally {
    /** The last entry counted: the next send starts behind it. */
    readonly upTo = new StreamId()
    /** The newest ID of the stream when the count began. */
    readonly newest = new StreamId()
    /** Entries counted in the sends before. */
    counted: number
    /** All that were there when it began are counted: what is counted now was added since. */
    caughtUp = false
    /** The last-delivered-id that the count began at. */
    private from = new StreamId()
    /** Entries counted that were added since then. */
    private newer = 0

    /**
     * Begins with the first send's entries.
     * @param from the group's last-delivered-id
     * @param length the stream's, at the same moment
     * @param newest its newest ID, at the same moment
     * @param begunAt ms since the program's start
     */
    constructor(
        from: StreamId,
        unread: UnreadEntries,
        private length: number,
        newest: StreamId,
        private begunAt: number
    ) {
        this.from.copy(from)
        this.upTo.copy(unread.last)
        this.newest.copy(newest)
        this.counted = unread.counted
    }

    /** Whether the count is still of use to a group that has read up to `lastDeliveredId`. */
    goesOn(lastDeliveredId: StreamId, now: number): boolean {
        if (now - this.begunAt >= TALLY_MS) return false
        return lastDeliveredId.equals(this.from)
    }

    /** All entries up to `newest` are counted. */
    catchUp(): void {
        this.caughtUp = true
        this.upTo.copy(this.newest)
    }

    /** Another send's entries, which lie behind `upTo`. */
    add(unread: UnreadEntries): void {
        this.counted += unread.counted
        this.newer += unread.newer
        if (unread.returned > 0) this.upTo.copy(unread.last)
    }

    /** Whether nothing was removed since the count began. @param length the stream's, at the moment of the last send */
    isWhole(length: number): boolean {
        return length === this.length + this.newer
    }
}
