import * as ds from "@devicescript/core"
import { isTime } from "../signal/age"
import { Limits, Signs } from "../signal/health"
import {
    OldestPending,
    readLongestIdle,
    readOldestPending,
} from "../redis/entries"
import { Asker, Question, Questions } from "../redis/question"
import { Refusal, ReplyError } from "../redis/refusal"
import { ReplySource } from "../redis/reply"
import { encodeCommand } from "../redis/resp"
import { ServerClock } from "../redis/server-clock"

/** Between two looks at the consumers, ms: what they show changes slowly, and asking costs more than the lag. */
export const LOOK_EVERY_MS = 10000

/** The questions. */
enum Ask {
    OldestPending,
    Consumers,
}

/**
 * Finds out how a group's consumers are, in the cheap forms: XPENDING with COUNT 1 (its IDLE option scans), XINFO CONSUMERS.
 */
export class ConsumersInquiry implements Asker {
    /** The commands that the user may not use, found out on this connection. */
    readonly forbidden: string[] = []
    private oldest = new OldestPending()
    private lookedAt: number = undefined

    /** @param signs receives what is found out */
    constructor(
        private key: string,
        private limits: Limits,
        private signs: Signs,
        private clock: ServerClock
    ) {}

    connected(): void {
        this.forbidden.insert(0, -this.forbidden.length)
        this.lookedAt = undefined
    }

    /** Adds the questions when they are due. @param group the consumer group's name */
    ask(questions: Questions, group: string | Buffer): void {
        const now = ds.millis()
        if (this.lookedAt !== undefined && now - this.lookedAt < LOOK_EVERY_MS)
            return
        this.lookedAt = now
        questions.begin()
        const key = this.key
        if (
            this.limits.pendingAgeS !== undefined &&
            !this.forbidden.includes("xpending")
        )
            questions.add(
                new Question(
                    this,
                    Ask.OldestPending,
                    encodeCommand(["XPENDING", key, group, "-", "+", "1"])
                )
            )
        if (
            this.limits.idleMaxS !== undefined &&
            !this.forbidden.includes("xinfo|consumers")
        )
            questions.add(
                new Question(
                    this,
                    Ask.Consumers,
                    encodeCommand(["XINFO", "CONSUMERS", key, group])
                )
            )
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        const signs = this.signs
        try {
            if (ask === Ask.Consumers)
                signs.longestIdleMs = await readLongestIdle(source)
            else {
                await readOldestPending(source, this.oldest)
                signs.oldestPendingMs = this.oldestMs()
            }
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            if (ask === Ask.Consumers) signs.longestIdleMs = undefined
            else signs.oldestPendingMs = undefined
            if (e.refusal === Refusal.Who)
                this.forbidden.push(
                    ask === Ask.Consumers ? "xinfo|consumers" : "xpending"
                )
        }
    }

    /** The least that the oldest pending entry's age can be, ms. Retries reset the time since its delivery, not its ID. */
    private oldestMs(): number {
        const oldest = this.oldest
        if (!oldest.any) return 0
        const now = this.clock.now()
        if (now === undefined || !isTime(oldest.addedMs, now))
            return oldest.idleMs
        return Math.max(oldest.idleMs, now - oldest.addedMs)
    }
}
