/** One target (a stream and a consumer group): from the answers to what its LEDs show, and why. */
import { Condition, TargetStatus } from "./display/display"
import { Address } from "./link/address"
import { Answers } from "./ask/answers"
import { ConsumersInquiry } from "./ask/consumers-inquiry"
import { LagInquiry } from "./ask/lag-inquiry"
import { Stall } from "./ask/stall"
import { Questions } from "./redis/question"
import { Refusal, remedyOf, ReplyError } from "./redis/refusal"
import { GOOD_ROUND_TRIP_MS, ServerClock } from "./redis/server-clock"
import { TargetSettings, Unit } from "./settings"
import { concludeAge } from "./signal/age"
import { complaint, Limits, Signs } from "./signal/health"
import { Known, Lag, unknownLag } from "./signal/lag"
import { levelOf, topOf } from "./signal/level"

/** A unit of seconds shows whether anything is unread and since when: a few entries tell. */
const ENTRIES_FOR_SECONDS = 2

/** Watches one consumer group. */
export class Target {
    readonly status: TargetStatus = {
        condition: Condition.Unknown,
        low: 0,
        high: 0,
        lagLow: 0,
        lagHigh: 0,
        check: false,
    }
    /** The lag in the scale's unit. */
    readonly lag: Lag = unknownLag()
    /** When what the last answer says was asked for, ms since the program's start; undefined when nothing is known. */
    answeredAt: number = undefined
    /** Why there is no bar, in words; undefined when there is one. */
    reason: string = undefined
    /** What is wrong with the consumers, in words; undefined when nothing is. */
    complaint: string = undefined
    /** A Cluster node's `MOVED ...` or `ASK ...`: the answer is to be had elsewhere. */
    redirect: string = undefined
    /** Whether it is asked on the present connection. */
    here = false
    /** Whether it is asked with ASKING. */
    asking = false
    /** When its next poll is due, ms since the program's start. */
    due = 0
    /** The server that rights and figures were learnt of. */
    metAt: Address = undefined
    /** The answer to the last send, where it asked one thing: the same again tells nothing new. Undefined where it did not. */
    lastAnswer: string = undefined
    /** Redis's answer that concerns the whole server, not this target: it cannot answer now. */
    notNow: ReplyError = undefined

    /** The name that GROUP=* found, as bytes and as text. */
    private labelled: Buffer = undefined
    private label: string = undefined
    private lagInquiry: LagInquiry
    private consumersInquiry: ConsumersInquiry = undefined
    private stall: Stall = undefined
    private signs: Signs = {
        pending: undefined,
        consumers: undefined,
        longestIdleMs: undefined,
        oldestPendingMs: undefined,
        stalledMs: undefined,
        lagging: false,
    }

    /**
     * @param answers receives the answers; all targets' are the same
     */
    constructor(
        public settings: TargetSettings,
        private unit: Unit,
        private limits: Limits,
        private clock: ServerClock,
        private answers: Answers
    ) {
        const top =
            unit === Unit.Seconds ? ENTRIES_FOR_SECONDS : topOf(settings.scale)
        this.lagInquiry = new LagInquiry(
            settings.stream,
            settings.group,
            top,
            answers
        )
        this.lagInquiry.wantsOldest = unit === Unit.Seconds
        if (limits?.stallS !== undefined) this.stall = new Stall()
        if (limits !== undefined)
            this.consumersInquiry = new ConsumersInquiry(
                settings.stream,
                limits,
                this.signs,
                clock,
                answers
            )
    }

    /** `stream/group` for people; with GROUP=* the group that lags most now. */
    name(): string {
        return `${this.settings.stream}/${this.groupName()}`
    }

    /** The consumer group's name; with GROUP=* the name of the one that lagged most in the last poll. */
    groupName(): string {
        return this.label === undefined ? this.settings.group : this.label
    }

    /** The name that GROUP=* found, to the byte; undefined where it stands in the settings, or none was found. */
    foundName(): Buffer {
        return this.labelled
    }

    /** Length of the pending entries list; undefined when unknown. */
    pending(): number {
        return this.signs.pending
    }

    /** Number of the group's consumers; undefined when unknown. */
    consumers(): number {
        return this.signs.consumers
    }

    /** How many commands `forbidden` holds. */
    forbiddenCount(): number {
        const more =
            this.consumersInquiry === undefined
                ? 0
                : this.consumersInquiry.rights.refused.length
        return this.lagInquiry.rights.refused.length + more
    }

    /** Commands that would make the answers exact, and that the user may not use. */
    forbidden(): string[] {
        const forbidden = this.lagInquiry.rights.refused.slice()
        if (this.consumersInquiry)
            forbidden.pushRange(this.consumersInquiry.rights.refused)
        return forbidden
    }

    /** A new connection: rights and figures are to be found out again. */
    connected(): void {
        this.lastAnswer = undefined
        this.lagInquiry.connected()
        this.stall?.forget()
        this.consumersInquiry?.connected()
    }

    /**
     * Adds the questions of one send.
     * @param first whether it is the first of this poll
     * @param now ms since the program's start
     */
    ask(questions: Questions, first: boolean, now: number): void {
        questions.begin(this.lagInquiry.weight())
        questions.asking = this.asking
        // without the server's clock the newest ID stands in
        this.lagInquiry.wantsNewest =
            this.unit === Unit.Seconds && this.clock.isForbidden()
        this.lagInquiry.ask(questions, now)
        const group = this.lagInquiry.group
        if (first && this.consumersInquiry && group !== undefined)
            this.consumersInquiry.ask(
                questions,
                group.name || this.settings.group,
                group.consumers
            )
    }

    /**
     * For an answer that is the last one once more: whether what was concluded from it holds, and all of it.
     * @param askedAt when it was sent, ms since the program's start
     */
    holds(askedAt: number): boolean {
        if (
            this.limits !== undefined ||
            this.unit === Unit.Seconds ||
            !this.lagInquiry.saysTheSame(askedAt)
        )
            return false
        this.answeredAt = askedAt
        return true
    }

    /**
     * Concludes from the replies to one send.
     * @param askedAt when it was sent, ms since the program's start
     * @param last whether there will be no other: until then nothing that another send may correct is shown
     * @returns whether another send would tell more
     */
    conclude(askedAt: number, last: boolean): boolean {
        this.notNow = undefined
        this.redirect = undefined
        const refusal = this.lagInquiry.refusal
        if (refusal !== undefined) {
            this.lastAnswer = undefined
            this.refused(refusal)
            if (this.notNow === undefined && this.redirect === undefined)
                this.answeredAt = askedAt
            return false
        }
        const entries = this.answers.entries
        const more = this.lagInquiry.conclude(entries, askedAt)
        if (more && !last) return true
        const group = this.lagInquiry.group
        this.answeredAt = askedAt
        if (this.lagInquiry.tooManyGroups()) {
            this.status.condition = Condition.Unknown
            this.reason = `lag unknown: the stream has ${this.lagInquiry.groupCount()} consumer groups, and this device can read ${this.lagInquiry.maxGroups()}`
            return false
        }
        if (group === undefined) {
            this.status.condition = Condition.RefusedGroup
            this.reason = `the stream has no such consumer group; check GROUP`
            return false
        }
        if (group.name !== this.labelled) {
            this.labelled = group.name
            this.label = group.name?.toString()
        }
        this.signs.pending = group.pending
        this.signs.consumers = group.consumers
        this.signs.lagging = entries.low > 0
        if (this.stall !== undefined)
            this.signs.stalledMs = this.stall.look(
                group.lastDeliveredId,
                entries.low > 0,
                askedAt
            )
        this.complaint =
            this.limits === undefined
                ? undefined
                : complaint(this.signs, this.limits)
        this.status.check = this.complaint !== undefined
        if (this.unit === Unit.Seconds) this.concludeSeconds()
        else this.setLag(entries)
        if (this.lag.known === Known.Not) {
            this.status.condition = Condition.Unknown
            return false
        }
        this.reason = undefined
        this.status.condition = Condition.Lag
        const scale = this.settings.scale
        this.status.low = levelOf(scale, this.lag.low)
        this.status.high =
            this.lag.high === undefined
                ? scale.leds + 1
                : levelOf(scale, this.lag.high)
        // levels are told by both bounds; in words so short a time is one
        if (
            this.unit === Unit.Seconds &&
            this.lag.high - this.lag.low <= GOOD_ROUND_TRIP_MS / 1000
        )
            this.lag.high = this.lag.low
        return false
    }

    /** It cannot be asked at all: credentials, rights, the database, or a server out of reach. @param now ms */
    refuse(condition: Condition, reason: string, now: number): void {
        this.lastAnswer = undefined
        this.status.condition = condition
        this.status.check = false
        this.reason = reason
        this.answeredAt = now
    }

    private refused(error: ReplyError): void {
        switch (error.refusal) {
            case Refusal.Who:
                this.status.condition = Condition.RefusedWho
                break
            case Refusal.Stream:
                this.status.condition = Condition.RefusedStream
                break
            case Refusal.NotNow:
                this.notNow = error
                return
            case Refusal.Elsewhere:
                this.redirect = error.message
                return
            default:
                this.status.condition = Condition.Unknown
        }
        this.status.check = false
        this.reason = `${error.message}; ${remedyOf(error.message)}`
    }

    private setLag(lag: Lag): void {
        this.lag.low = lag.low
        this.lag.high = lag.high
        this.lag.known = lag.known
        if (lag.known === Known.Not)
            this.reason =
                "lag unknown: Redis reports none, and counting is not among the user's rights"
    }

    /** Turns the count into the age of the oldest entry that waits. */
    private concludeSeconds(): void {
        const entries = this.answers.entries
        const firstMs = this.lagInquiry.unread.firstMs
        const counted = this.lagInquiry.counted() > 0
        if (entries.high === 0) this.setLag(entries)
        else if (!counted || firstMs === undefined) {
            this.lag.low = 0
            this.lag.high = undefined
            this.lag.known = Known.Not
            this.reason =
                "age unknown: reading IDs (XREAD) is not among the user's rights"
        } else if (
            !concludeAge(
                firstMs,
                this.clock.earliest(),
                this.clock.latest(),
                this.lagInquiry.stream.newestMs,
                this.lag
            )
        ) {
            this.lag.known = Known.Not
            this.reason = `age unknown: the oldest waiting ID, ${firstMs}-..., is not a time by Redis's clock`
        }
    }
}
