/**
 * Reads one day's stream after the other and writes hourly averages. Its position, the sums of the open hour
 * and the averages of the hours that are over change in one transaction: killed at any moment, it continues
 * exactly where it was. Of two aggregators at once only one completes a step: the other's transaction fails,
 * and it starts again from what the first has written.
 */
import { WatchError } from "redis"
import type { Runner } from "../parts/runner.ts"
import { entryFrom } from "../parts/entries.ts"
import type { Entry, RawEntry } from "../parts/entries.ts"
import { BEFORE_ALL } from "../parts/stream-id.ts"
import type { RedisClient } from "../redis-client.ts"
import { advance, startOf } from "./aggregate.ts"
import type { Average, Progress } from "./aggregate.ts"
import { dayAfter } from "./days.ts"
import type { TempsKeys } from "./days.ts"

export interface AggregatorPlan {
    /** Averages kept. */
    maxAverages: number
    /** Days whose readings are kept, before the one that is being read. */
    keepDays: number
    /** Whether to print a line for each average. */
    isVerbose: boolean
}

/** Entries read, and summed up, at a time. */
const BATCH = 200
const BLOCK_MS = 1000

export class Aggregator {
    /** The next day that has a stream, if it is not the day after: nothing was sent for days. */
    private laterDay: string | undefined
    private isWaiting = false

    /** @param client a connection of its own: it blocks, and watches keys */
    constructor(
        private readonly runner: Runner,
        private readonly client: RedisClient,
        private readonly keys: TempsKeys,
        private readonly plan: AggregatorPlan
    ) {}

    /** Runs until the runner stops. */
    async run() {
        while (!this.runner.isOver)
            try {
                await this.step()
            } catch (error) {
                // another aggregator was faster, or the connection is a new one
                if (!(error instanceof WatchError)) throw error
            }
    }

    private async step() {
        // the transaction fails if another aggregator has made progress meanwhile
        await this.client.watch(this.keys.aggregator)
        const progress = await this.progress()
        if (!progress) {
            await this.client.unwatch()
            return this.runner.pause(BLOCK_MS)
        }
        const later = this.dayToAwait(progress.day)
        const { current, next } = await this.read(progress, later)
        if (current.length > 0)
            return this.commit(progress, progress.day, current)
        // readings are added in the order of time: an entry of the later day proves that this one is complete
        if (next.length > 0) return this.commit(progress, later, next)
        await this.client.unwatch()
        if (!this.isWaiting) this.tell("waiting")
        this.isWaiting = true
        await this.lookForGap(progress.day)
    }

    private dayToAwait(day: string) {
        const { laterDay } = this
        return laterDay && laterDay > day ? laterDay : dayAfter(day)
    }

    /** @returns undefined if there are no readings at all */
    private async progress(): Promise<Progress | undefined> {
        const text = await this.client.get(this.keys.aggregator)
        if (text) return JSON.parse(text)
        const [first] = await this.keys.days(this.client)
        return first ? startOf(first) : undefined
    }

    /** New entries of two days' streams, both read at one moment. */
    private async read({ day, id }: Progress, later: string) {
        const streams = [this.keys.readings(day), this.keys.readings(later)]
        const reply = await this.client.sendCommand<
            [string, RawEntry[]][] | null
        >([
            ...["XREAD", "COUNT", String(BATCH), "BLOCK", String(BLOCK_MS)],
            ...["STREAMS", ...streams, id, BEFORE_ALL],
        ])
        const [current, next] = streams.map(stream =>
            (reply ?? [])
                .filter(([name]) => name === stream)
                .flatMap(([, entries]) => entries.map(entryFrom))
        )
        return { current, next }
    }

    private async commit(before: Progress, day: string, entries: Entry[]) {
        const { after, averages } = advance(before, day, entries)
        const isMove = day !== before.day
        const outdated = isMove ? await this.outdatedDays(day) : []
        const transaction = this.client.multi()
        for (const average of averages)
            transaction.xAdd(this.keys.averages, "*", asFields(average), {
                TRIM: {
                    strategy: "MAXLEN",
                    strategyModifier: "=",
                    threshold: this.plan.maxAverages,
                },
            })
        transaction.set(this.keys.aggregator, JSON.stringify(after))
        for (const day of outdated) transaction.unlink(this.keys.readings(day))
        await transaction.exec()
        this.isWaiting = false
        for (const { sensor, hour, average, readings } of averages)
            this.tell(`${sensor} ${hour}: ${average} °C, ${readings} readings`)
        if (isMove) this.runner.say(`${this.keys.readings(day)} has begun`)
    }

    private tell(what: string) {
        if (this.plan.isVerbose) this.runner.say(what)
    }

    private async outdatedDays(day: string) {
        const days = await this.keys.days(this.client)
        return days
            .filter(other => other < day)
            .reverse()
            .slice(this.plan.keepDays)
    }

    private async lookForGap(day: string) {
        const days = await this.keys.days(this.client)
        this.laterDay = days.find(other => other > day)
    }
}

function asFields({ sensor, hour, average, readings }: Average) {
    return { sensor, hour, average, readings: String(readings) }
}
