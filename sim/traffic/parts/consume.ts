/**
 * The loop of one named consumer of a group, which every workload's consumers run in: takes entries, what others have
 * left before what is new, and has each one processed.
 */
import type { RedisClient } from "../redis-client.ts"
import { retireGone, signIn } from "./consumer-list.ts"
import { ensureGroup, isNoGroup, readEntries } from "./entries.ts"
import type { Entry } from "./entries.ts"
import { wasDone } from "./once.ts"
import { OverdueEntries } from "./overdue.ts"
import type { Runner } from "./runner.ts"

export interface Consumer {
    stream: string
    group: string
    name: string
    /** Entries that have been pending for longer than this, in ms, are taken over. Must exceed what one takes. */
    adoptAfterMs: number
    /** How long a group that is gone stays so before it is made again, in ms. */
    repairAfterMs: number
    /** Whether a line tells of each entry. */
    isTalkative: boolean
    /** Entries read at a time. Default: 1. */
    batch?: number
    /**
     * Whether it begins with what an earlier consumer of its name left, rather than take that over in its time. Not
     * where an entry that failed stays pending: it would be tried again and again at once. Default: true.
     */
    isOwnFirst?: boolean
}

export type PresentEntry = Entry & { fields: Record<string, string> }

/**
 * Has an entry's effect and acknowledges it. May be called again for an entry that it did not acknowledge.
 * @returns what became of it, if "acknowledged" is not the word
 */
export type Process = (entry: PresentEntry) => Promise<string | void>

/** A consumer asks again after this long without an entry. */
const BLOCK_MS = 1000
/** Between two looks for entries that another one has left: this, or less if they are taken over sooner. */
const ADOPT_EVERY_MS = 2000
const LOOKS_UNTIL_OVERDUE = 5
/** A consumer that has not asked for so long, at least, is gone. */
const GONE_MIN_MS = 5 * BLOCK_MS

/**
 * Runs until the runner stops; what is in hand then is processed.
 * @param client a connection of its own: it waits
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
    /** "0": what its name was given before and has not acknowledged; ">": what is new. */
    private from: "0" | ">"
    private adoptAtMs = 0
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
            afterMs: consumer.adoptAfterMs,
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
        if (this.from === ">" && now >= this.adoptAtMs) {
            const adopted = await this.overdue.takeOne()
            if (adopted) return [adopted]
            await signIn(this.client, this.consumer)
            await retireGone(this.client, this.consumer, this.goneAfterMs)
            this.adoptAtMs = now + this.adoptEveryMs
        }
        const untilAdoptMs = Math.ceil(this.adoptAtMs - now)
        return readEntries(this.client, {
            ...{ stream, group, consumer: name, count: batch },
            from: this.from,
            blockMs: Math.max(1, Math.min(BLOCK_MS, untilAdoptMs)),
        })
    }

    private get adoptEveryMs() {
        return Math.min(
            ADOPT_EVERY_MS,
            this.consumer.adoptAfterMs / LOOKS_UNTIL_OVERDUE
        )
    }

    private get goneAfterMs() {
        return Math.max(this.consumer.adoptAfterMs, GONE_MIN_MS)
    }

    private nothingCame() {
        if (this.from === ">" && !this.isWaiting) this.tell("waiting")
        this.isWaiting = this.from === ">"
        this.from = ">"
    }

    private async handle({ id, fields }: Entry) {
        const { stream, group } = this.consumer
        this.isWaiting = false
        // a group that was made anew is given everything again: without the work
        if (!fields || (await wasDone(this.client, stream, id))) {
            await this.client.xAck(stream, group, id)
            return
        }
        const content = Object.entries(fields).map(field => field.join("="))
        this.tell(`processing ${id}: ${content.join(" ")}`)
        const outcome = await this.process({ id, fields })
        this.tell(`${outcome ?? "acknowledged"} ${id}`)
    }

    /** The group, or its stream, is gone. */
    private async repair() {
        const { stream, group, repairAfterMs } = this.consumer
        await this.runner.pause(repairAfterMs)
        if (this.runner.isOver) return
        await ensureGroup(this.client, stream, group)
        this.from = this.start
    }

    private tell(what: string) {
        const { isTalkative, name } = this.consumer
        if (isTalkative) this.runner.say(`${name}: ${what}`)
    }
}
