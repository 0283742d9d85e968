/**
 * A stream kept short without losing an entry. XADD's MAXLEN drops the oldest entries whether they have been
 * read or not; this drops those that every group has acknowledged. Where that is not enough, producers wait.
 */
import type { Runner } from "./runner.ts"
import { compareIds } from "./stream-id.ts"

/** Between two checks of the stream. */
const LOOK_MS = 1000
/** Entries deleted by one command. */
const BATCH = 1000

export class BoundedStream {
    private lookAtMs = 0
    private isFull = false

    /**
     * @param maxLength entries, about
     * @param positionKey where a reader without a group keeps the last ID that it has processed, if there is one
     */
    constructor(
        private readonly runner: Runner,
        private readonly stream: string,
        private readonly maxLength: number,
        private readonly reader: { positionKey?: string } = {}
    ) {}

    /** Whether another entry may be added. Checks the stream from time to time. */
    async hasRoom() {
        const now = performance.now()
        if (now < this.lookAtMs) return !this.isFull
        this.lookAtMs = now + LOOK_MS
        const wasFull = this.isFull
        this.isFull = (await this.shorten()) >= 2 * this.maxLength
        if (this.isFull && !wasFull)
            this.runner.say(
                `${this.stream} is full of entries that are yet to be processed: waiting`
            )
        return !this.isFull
    }

    /** @returns the entries that are left */
    private async shorten() {
        const { client } = this.runner
        let length = await client.xLen(this.stream)
        if (length <= this.maxLength) return length
        const isDone = await this.doneBy()
        for (;;) {
            const COUNT = Math.min(length - this.maxLength, BATCH)
            if (COUNT <= 0) return length
            const oldest = await client.xRange(this.stream, "-", "+", { COUNT })
            const done = (oldest ?? []).map(({ id }) => id).filter(isDone)
            if (done.length === 0) return length
            length -= await client.xDel(this.stream, done)
        }
    }

    /** @returns a function that tells by an entry's ID whether every group has acknowledged it, and the reader has processed it */
    private async doneBy() {
        const { client } = this.runner
        const limits: ((id: string) => boolean)[] = []
        for (const group of await client.xInfoGroups(this.stream)) {
            const delivered = String(group["last-delivered-id"])
            limits.push(id => compareIds(id, delivered) <= 0)
            const { firstId } = await client.xPending(
                this.stream,
                String(group.name)
            )
            if (firstId) limits.push(id => compareIds(id, String(firstId)) < 0)
        }
        const { positionKey } = this.reader
        const position = positionKey && (await client.get(positionKey))
        if (position) limits.push(id => compareIds(id, position) <= 0)
        // without a group or reader nothing was processed
        return (id: string) =>
            limits.length > 0 && limits.every(limit => limit(id))
    }
}
