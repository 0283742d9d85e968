/** How long a group has been given none of the entries that wait for it. Pure. */
import { StreamId } from "../redis/stream-id"

/** Watches the last-delivered-id: where entries wait and it stands still, nothing is consumed. How many wait does not matter. */
export class Stall {
    private at = new StreamId()
    private since = 0

    /** Nobody looked for a while: what happened meanwhile is not known. */
    forget(): void {
        this.at.length = 0
    }

    /**
     * @param waits whether entries certainly wait
     * @param now ms since the program's start
     * @returns for how long nothing was consumed, ms, as far as was looked; 0 where nothing waits
     */
    look(lastDeliveredId: StreamId, waits: boolean, now: number): number {
        if (!waits || !lastDeliveredId.equals(this.at)) {
            this.at.copy(lastDeliveredId)
            this.since = now
        }
        return now - this.since
    }
}
