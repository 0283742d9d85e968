import * as ds from "@devicescript/core"
import { readTime } from "./entries"
import { Asker, Questions } from "./question"
import { ReplyError } from "./refusal"
import { ReplySource } from "./reply"
import { encodeCommand } from "./resp"

/** The clock is asked for again after so long, ms: the device's own drifts, and Redis's may be set. */
const ASK_AGAIN_MS = 60000

const TIME = encodeCommand(["TIME"])
/** What its reply weighs, bytes. */
const TIME_BYTES = 40

/** Redis's clock, asked now and then and carried forward by the device's. */
export class ServerClock implements Asker {
    /** The user may not ask. */
    forbidden = false
    /** Redis's clock minus the device's, ms. */
    private offset: number = undefined
    private askedAt = 0

    /** A new connection, possibly to another server. */
    connected(): void {
        this.offset = undefined
        this.forbidden = false
    }

    /** Adds the question when it is due. */
    ask(questions: Questions): void {
        const now = ds.millis()
        if (
            this.forbidden ||
            (this.offset !== undefined && now - this.askedAt < ASK_AGAIN_MS)
        )
            return
        this.askedAt = now
        questions.begin(TIME_BYTES)
        questions.add(this, 0, TIME)
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        try {
            this.offset = (await readTime(source)) - ds.millis()
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            this.forbidden = true
        }
    }

    /** ms since 1970 by Redis's clock; undefined when unknown. */
    now(): number {
        return this.offset === undefined ? undefined : ds.millis() + this.offset
    }
}
