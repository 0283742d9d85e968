/** How long nothing has happened to a group's entries. Pure. */
import { StreamId } from "../redis/stream-id"

/** Watches the last-delivered-id and a count: while there are any, and neither changes, nothing happens to them. */
export class Standstill {
    private at = new StreamId()
    private count = 0
    private since = 0

    /** Nobody looked for a while: what happened meanwhile is not known. */
    forget(): void {
        this.at.length = 0
    }

    /**
     * @param count how many there are, entries; where it does not matter, 1
     * @param now ms since the program's start
     * @returns for how long nothing happened, ms, as far as was looked; 0 where there are none
     */
    look(lastDeliveredId: StreamId, count: number, now: number): number {
        if (
            count === 0 ||
            count !== this.count ||
            !lastDeliveredId.equals(this.at)
        ) {
            this.at.copy(lastDeliveredId)
            this.count = count
            this.since = now
        }
        return now - this.since
    }
}
