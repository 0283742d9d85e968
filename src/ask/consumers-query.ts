import * as ds from "@devicescript/core"
import { isTime } from "../signal/age"
import { Limits, ConsumerHealth } from "../signal/health"
import { readLongestIdle, readOldestPending } from "../redis/entries"
import { ReplyReader, Questions } from "../redis/question"
import { Refusal, ReplyError } from "../redis/refusal"
import { nextCount, ReplySource } from "../redis/reply"
import { encodeCommand } from "../redis/resp"
import { Rights } from "../redis/rights"
import { ServerClock } from "../redis/server-clock"
import { Answers } from "./answers"

/** Between two looks at the consumers, ms: what they show changes slowly, and asking costs more than the lag. */
export const LOOK_EVERY_MS = 10000

/** What a consumer weighs in XINFO CONSUMERS' reply, bytes, with a name of 36. */
const CONSUMER_BYTES = 130
/** What the replies to XPENDING and XLEN weigh, bytes. */
const SMALL_BYTES = 300

/** The questions. */
enum Ask {
    OldestPending,
    Consumers,
    DeadLetters,
}

/**
 * Finds out how a group's consumers are, in the cheap forms: XPENDING with COUNT 1 (its IDLE option scans), XINFO CONSUMERS.
 */
export class ConsumersQuery implements ReplyReader {
    /** What the user may do. */
    readonly rights = new Rights()
    private lookedAt: number | undefined = undefined
    private toldTooMany = false

    /**
     * @param watchesDead whether the dead-letter stream is asked for
     * @param health receives what is found out
     * @param answers overwritten
     */
    constructor(
        private key: string,
        private limits: Limits,
        private watchesDead: boolean,
        private health: ConsumerHealth,
        private clock: ServerClock,
        private answers: Answers
    ) {}

    connected(): void {
        this.rights.forget()
        this.lookedAt = undefined
    }

    /**
     * Adds the questions when they are due.
     * @param group the consumer group's name
     * @param consumers how many it has
     */
    ask(questions: Questions, group: string | Buffer, consumers: number): void {
        const now = ds.millis()
        if (this.lookedAt !== undefined)
            if (now - this.lookedAt < LOOK_EVERY_MS) return
        this.lookedAt = now
        const weight = consumers * CONSUMER_BYTES
        const tooMany = weight > this.answers.replyBytes
        questions.begin(SMALL_BYTES + (tooMany ? 0 : weight))
        const key = this.key
        const dead = this.limits.deadStream
        if (this.watchesDead)
            if (dead)
                if (this.rights.may(this.commandOf(Ask.DeadLetters), now))
                    questions.add(
                        this,
                        Ask.DeadLetters,
                        encodeCommand(["XLEN", dead])
                    )
        if (this.limits.pendingAgeS !== undefined)
            if (this.rights.may("xpending", now))
                questions.add(
                    this,
                    Ask.OldestPending,
                    encodeCommand(["XPENDING", key, group, "-", "+", "1"])
                )
        if (this.limits.idleMaxS === undefined) return
        if (tooMany) {
            this.health.longestIdleMs = undefined
            if (!this.toldTooMany)
                console.log(
                    `${key}: IDLE_MAX_S is not watched: the group has ${consumers} consumers, and this device can read ${Math.idiv(this.answers.replyBytes, CONSUMER_BYTES)}`
                )
            this.toldTooMany = true
        } else if (this.rights.may("xinfo|consumers", now))
            questions.add(
                this,
                Ask.Consumers,
                encodeCommand(["XINFO", "CONSUMERS", key, group])
            )
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        const health = this.health
        const command = this.commandOf(ask)
        try {
            switch (ask) {
                case Ask.Consumers:
                    health.longestIdleMs = undefined
                    health.longestIdleMs = await readLongestIdle(source)
                    break
                case Ask.OldestPending:
                    health.oldestPendingMs = undefined
                    await readOldestPending(source, this.answers.oldest)
                    health.oldestPendingMs = this.oldestMs()
                    break
                default:
                    health.deadEntries = undefined
                    health.deadError = undefined
                    health.deadEntries = await nextCount(source)
            }
            this.rights.grant(command)
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            if (e.refusal === Refusal.Who)
                this.rights.refuse(command, ds.millis())
            else if (ask === Ask.DeadLetters) health.deadError = e.message
        }
    }

    /** A question's command as ACL rules name it; with the key, where that is another one. */
    private commandOf(ask: number): string {
        return ask === Ask.Consumers
            ? "xinfo|consumers"
            : ask === Ask.OldestPending
              ? "xpending"
              : `xlen ~${this.limits.deadStream}`
    }

    /** The least that the oldest pending entry's age can be, ms. Retries reset the time since its delivery, not its ID. */
    private oldestMs(): number {
        const oldest = this.answers.oldest
        if (!oldest.any) return 0
        const now = this.clock.earliest()
        if (now === undefined || !isTime(oldest.addedMs, now))
            return oldest.idleMs
        return Math.max(oldest.idleMs, now - oldest.addedMs)
    }
}
