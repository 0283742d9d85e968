/** Entries that were delivered to a consumer and never acknowledged: it died, or failed to process them. */
import type { RedisClient } from "../redis-client.ts"
import { entryFrom } from "./entries.ts"
import type { Entry, RawEntry } from "./entries.ts"
import { BEFORE_ALL } from "./stream-id.ts"

export interface OverdueOptions {
    stream: string
    group: string
    /** The consumer that claims them. */
    consumer: string
    /** Pending for longer than this, in ms, is overdue. Must exceed the time that an entry takes. */
    afterMs: number
}

/** Pending entries that one check considers on servers without XAUTOCLAIM, oldest first. */
const LOOK_COUNT = 100

type RawPending = [id: string, consumer: string, idleMs: number, times: number]

export class OverdueEntries {
    /** Where XAUTOCLAIM continues. */
    private cursor = BEFORE_ALL
    /** XAUTOCLAIM came with Redis 6.2; a server may also have it renamed. */
    private hasAutoClaim = true

    constructor(
        private readonly client: RedisClient,
        private readonly options: OverdueOptions
    ) {}

    /**
     * Claims one entry; its delivery counter grows. Entries that were deleted from the stream meanwhile
     * are acknowledged: they cannot be processed.
     */
    async claimOne(): Promise<Entry | undefined> {
        if (this.hasAutoClaim)
            try {
                return await this.autoClaim()
            } catch (error) {
                if (!/unknown command/i.test((error as Error).message))
                    throw error
                this.hasAutoClaim = false
            }
        return this.claimByXclaim()
    }

    private async autoClaim() {
        const { stream, group, consumer, afterMs } = this.options
        do {
            const [next, entries] = await this.client.sendCommand<
                [string, (RawEntry | null)[]]
            >([
                ...["XAUTOCLAIM", stream, group, consumer, String(afterMs)],
                ...[this.cursor, "COUNT", "1"],
            ])
            this.cursor = next
            const [entry] = entries
            if (entry) return entryFrom(entry)
            // Redis 6.2 gives a deleted entry as nil, without its ID, and keeps it pending
            if (entry === null) await this.acknowledgeDeleted()
        } while (this.cursor !== BEFORE_ALL)
        return undefined
    }

    private async claimByXclaim() {
        const { stream, group, consumer, afterMs } = this.options
        for (const [id, , idleMs] of await this.pending()) {
            if (idleMs < afterMs) continue
            // the reply is empty if another consumer was faster
            const [entry] = await this.client.sendCommand<(RawEntry | null)[]>([
                ...["XCLAIM", stream, group, consumer, String(afterMs), id],
            ])
            if (entry) return entryFrom(entry)
            await this.acknowledgeIfDeleted(id)
        }
        return undefined
    }

    private async acknowledgeDeleted() {
        for (const [id] of await this.pending(this.options.consumer))
            await this.acknowledgeIfDeleted(id)
    }

    private async acknowledgeIfDeleted(id: string) {
        const { stream, group } = this.options
        const found = await this.client.xRange(stream, id, id)
        if (!found?.length) await this.client.xAck(stream, group, id)
    }

    private pending(...consumer: string[]) {
        const { stream, group } = this.options
        return this.client.sendCommand<RawPending[]>([
            ...["XPENDING", stream, group, "-", "+", String(LOOK_COUNT)],
            ...consumer,
        ])
    }
}
