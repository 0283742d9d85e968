/**
 * The loop of one named consumer of a group, which the consumers of all workloads run: takes entries, those that others
 * left pending before new ones, and has each one processed.
 */
import type { RedisClient } from "../redis-client.ts"
import { deleteDeadConsumers, resetIdleTime } from "./consumer-list.ts"
import { ensureGroup, isNoGroup, readEntries } from "./entries.ts"
import type { Entry } from "./entries.ts"
import { wasDone } from "./once.ts"
import { OverdueEntries } from "./overdue.ts"
import type { Runner } from "./runner.ts"

export interface Consumer {
    stream: string
    group: string
    name: string
    /** Entries that have been pending for longer than this, in ms, are claimed. Must exceed the time that one takes. */
    claimAfterMs: number
    /** How long to wait before a lost group is created again, in ms. */
    repairAfterMs: number
    /** Whether to print a line for each entry. */
    isVerbose: boolean
    /** Entries read at a time. Default: 1. */
    batch?: number
    /**
     * Whether it begins with the pending entries of an earlier consumer of its name, rather than claim them after
     * `claimAfterMs`. Not where a failed entry stays pending: it would be retried again and again at once. Default: true.
     */
    isOwnFirst?: boolean
}

export type PresentEntry = Entry & { fields: Record<string, string> }

/**
 * Applies an entry's effect and acknowledges it. May be called again for an entry that it did not acknowledge.
 * @returns the result to print, if it is not "acknowledged"
 */
export type Process = (entry: PresentEntry) => Promise<string | void>

/** A consumer reads again after this long without an entry. */
const BLOCK_MS = 1000
/** Between two checks for entries to claim: this, or less if `claimAfterMs` is short. */
const CLAIM_EVERY_MS = 2000
const LOOKS_UNTIL_OVERDUE = 5
/** A consumer that has not read for at least this long is dead. */
const DEAD_MIN_MS = 5 * BLOCK_MS

/**
 * Runs until the runner stops; the current entries are processed first.
 * @param client a connection of its own: it blocks
 */
export async function consume(
    runner: Runner,
    client: RedisClient,
    consumer: Consumer,
    process: Process
) {
    await new ConsumerLoop(runner, client, consumer, process).run()
}

class ConsumerLoop {
    private readonly overdue: OverdueEntries
    /** "0": entries pending for its name; ">": new ones. */
    private from: "0" | ">"
    private claimAtMs = 0
    private isWaiting = false

    constructor(
        private readonly runner: Runner,
        private readonly client: RedisClient,
        private readonly consumer: Consumer,
        private readonly process: Process
    ) {
        this.from = this.start
        this.overdue = new OverdueEntries(client, {
            ...consumer,
            consumer: consumer.name,
            afterMs: consumer.claimAfterMs,
        })
    }

    async run() {
        while (!this.runner.isOver)
            try {
                const entries = await this.next()
                if (entries.length === 0) this.nothingCame()
                for (const entry of entries) await this.handle(entry)
            } catch (error) {
                if (!isNoGroup(error)) throw error
                await this.repair()
            }
    }

    private get start() {
        return this.consumer.isOwnFirst === false ? ">" : "0"
    }

    private async next(): Promise<Entry[]> {
        const { stream, group, name, batch } = this.consumer
        const now = performance.now()
        if (this.from === ">" && now >= this.claimAtMs) {
            const claimed = await this.overdue.claimOne()
            if (claimed) return [claimed]
            await resetIdleTime(this.client, this.consumer)
            await deleteDeadConsumers(
                this.client,
                this.consumer,
                this.deadAfterMs
            )
            this.claimAtMs = now + this.claimEveryMs
        }
        const untilClaimMs = Math.ceil(this.claimAtMs - now)
        return readEntries(this.client, {
            ...{ stream, group, consumer: name, count: batch },
            from: this.from,
            blockMs: Math.max(1, Math.min(BLOCK_MS, untilClaimMs)),
        })
    }

    private get claimEveryMs() {
        return Math.min(
            CLAIM_EVERY_MS,
            this.consumer.claimAfterMs / LOOKS_UNTIL_OVERDUE
        )
    }

    private get deadAfterMs() {
        return Math.max(this.consumer.claimAfterMs, DEAD_MIN_MS)
    }

    private nothingCame() {
        if (this.from === ">" && !this.isWaiting) this.tell("waiting")
        this.isWaiting = this.from === ">"
        this.from = ">"
    }

    private async handle({ id, fields }: Entry) {
        const { stream, group } = this.consumer
        this.isWaiting = false
        // a group that was created again gets all entries again: those done are only acknowledged
        if (!fields || (await wasDone(this.client, stream, id))) {
            await this.client.xAck(stream, group, id)
            return
        }
        const content = Object.entries(fields).map(field => field.join("="))
        this.tell(`processing ${id}: ${content.join(" ")}`)
        const outcome = await this.process({ id, fields })
        this.tell(`${outcome ?? "acknowledged"} ${id}`)
    }

    /** The group or its stream is lost. */
    private async repair() {
        const { stream, group, repairAfterMs } = this.consumer
        await this.runner.pause(repairAfterMs)
        if (this.runner.isOver) return
        await ensureGroup(this.client, stream, group)
        this.from = this.start
    }

    private tell(what: string) {
        const { isVerbose, name } = this.consumer
        if (isVerbose) this.runner.say(`${name}: ${what}`)
    }
}
