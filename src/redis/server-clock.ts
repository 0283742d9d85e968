import * as ds from "@devicescript/core"
import { readTime } from "./entries"
import { ReplyReader, Questions } from "./question"
import { Refusal, ReplyError } from "./refusal"
import { ReplySource } from "./reply"
import { encodeCommand } from "./resp"
import { Rights } from "./rights"

/** The clock is asked for again after so long, ms: the device's own drifts, and where Redis's is set, ages are wrong until then. */
const ASK_AGAIN_MS = 10000
/** An answer that took longer says too little, ms: it is asked for again in the next poll. */
export const GOOD_ROUND_TRIP_MS = 200

const TIME = encodeCommand(["TIME"])
/** What its reply weighs, bytes. */
const TIME_BYTES = 40

/**
 * Redis's clock, asked now and then and carried forward by the device's. The answer was made at some moment between question
 * and answer, so what is known are two bounds.
 */
export class ServerClock implements ReplyReader {
    private rights = new Rights()
    /** The least and the most that Redis's clock can be ahead of the device's, ms; undefined when unknown, both or none. */
    private low: number | undefined = undefined
    private high: number | undefined = undefined
    private askedAt = 0
    private answeredAt = 0

    /** A new connection, possibly to another server. */
    connected(): void {
        this.low = undefined
        this.high = undefined
        this.rights.forget()
    }

    /** The user may not ask. */
    isForbidden(): boolean {
        return this.rights.refused.length > 0
    }

    /** Adds the question when it is due. */
    ask(questions: Questions): void {
        const now = ds.millis()
        if (!this.rights.may("time", now)) return
        if (this.low !== undefined)
            if ((this.high as number) - this.low <= GOOD_ROUND_TRIP_MS)
                if (now - this.answeredAt < ASK_AGAIN_MS) return
        this.askedAt = now
        questions.begin(TIME_BYTES)
        questions.add(this, 0, TIME)
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        try {
            const time = await readTime(source)
            const now = ds.millis()
            this.rights.grant("time")
            this.learn(time - now, time + 1 - this.askedAt, now)
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            if (e.refusal === Refusal.Who)
                this.rights.refuse("time", ds.millis())
        }
    }

    /** A late answer does not take the place of a better one, unless that is old, or says something else. */
    private learn(low: number, high: number, now: number): void {
        if (this.low !== undefined)
            if (high - low > (this.high as number) - this.low)
                if (now - this.answeredAt < ASK_AGAIN_MS)
                    if (low <= (this.high as number))
                        if (high >= this.low) return
        this.low = low
        this.high = high
        this.answeredAt = now
    }

    /** The least that Redis's clock can show, ms since 1970; undefined when unknown. */
    earliest(): number | undefined {
        if (this.low === undefined) return undefined
        return ds.millis() + this.low
    }

    /** The most that Redis's clock can show, ms since 1970; undefined when unknown. */
    latest(): number | undefined {
        if (this.high === undefined) return undefined
        return ds.millis() + this.high
    }
}
