/** One target (a stream and a consumer group): from the answers to what its LEDs show, and why. */
import { Condition } from "./display/display"
import { Address } from "./link/address"
import { Answers } from "./ask/answers"
import { ConsumersQuery } from "./ask/consumers-query"
import { LagQuery } from "./ask/lag-query"
import { LengthQuery } from "./ask/length-query"
import { Standstill } from "./ask/standstill"
import { StoredPosition } from "./ask/stored-position"
import { NamePattern } from "./redis/name-pattern"
import { Questions } from "./redis/question"
import { Refusal, remedyOf, ReplyError } from "./redis/refusal"
import { GOOD_ROUND_TRIP_MS, ServerClock } from "./redis/server-clock"
import { isPattern, Show, TargetSettings, Unit } from "./settings"
import { concludeAge } from "./signal/age"
import { complaint, Limits, ConsumerHealth } from "./signal/health"
import { exactly, Known, Lag, unknownLag } from "./signal/lag"
import { levelOf, topOf } from "./signal/level"

/** A unit of seconds shows whether anything is unread and since when: a few entries tell. */
const ENTRIES_FOR_SECONDS = 2

/** A time that does not come, ms. */
const NEVER = 1e15

/** Watches one consumer group. */
export class Target {
    /** What the last answer says, however old it is. */
    condition = Condition.Unknown
    /** The lag's bounds as levels, where `condition` is Lag. */
    low = 0
    high = 0
    /** The lag in the scale's unit, likewise. */
    readonly lag: Lag = unknownLag()
    /** Why there is no lag, a sentence; undefined when there is one. */
    reason: string | undefined = undefined
    /** What is wrong with the consumers, a sentence; undefined when nothing is. */
    complaint: string | undefined = undefined
    /** Rights that would make the lag exact: `+xread +xlen`; undefined when none is missing. */
    missing: string | undefined = undefined
    /** There has been an answer since the status keeper looked last. */
    isNews = false
    /** When what the last answer says was asked for, ms since the program's start; undefined when nothing is known. */
    answeredAt: number | undefined = undefined
    /** A Cluster node's `MOVED ...` or `ASK ...`: the answer is to be had elsewhere. */
    redirect: string | undefined = undefined
    /** Whether it is asked on the present connection. */
    here = false
    /** Whether it is asked with ASKING. */
    asking = false
    /** When its next poll is due, ms since the program's start. */
    due = 0
    /** The server that rights and figures were learnt of. */
    metAt: Address | undefined = undefined
    /** The answer to the last send, where it asked one thing: the same again tells nothing new. Undefined where it did not. */
    lastAnswer: string | undefined = undefined
    /** Redis's answer that concerns the whole server, not this target: it cannot answer now. */
    notNow: ReplyError | undefined = undefined

    /** The name that a pattern found, byte for byte; undefined where it stands in the settings, or none was found. */
    foundName: Buffer | undefined = undefined
    /** The same as text. */
    private label: string | undefined = undefined
    /** How many commands `missing` names. */
    private forbidden = 0
    private lagQuery: LagQuery
    /** Asked in its place where the stream's length is shown. */
    private lengthQuery: LengthQuery | undefined = undefined
    private consumersQuery: ConsumersQuery | undefined = undefined
    /** How long none of the entries that wait was delivered. */
    private stall: Standstill | undefined = undefined
    /** How long none of the pending entries was acknowledged, and no other delivered. */
    private stuck: Standstill | undefined = undefined
    /** From when on that is too long, ms since the program's start. */
    private stuckFrom = NEVER
    /** How the group's consumers are. */
    readonly health: ConsumerHealth = {
        pending: undefined,
        consumers: undefined,
        longestIdleMs: undefined,
        oldestPendingMs: undefined,
        stalledMs: undefined,
        deadEntries: undefined,
        deadError: undefined,
        lagging: false,
    }

    /**
     * @param limits undefined where none is set
     * @param stuckS pending entries that nothing has happened to for so long are stuck, s; 0 is off
     * @param watchesDead whether the dead-letter stream is watched here: one target does
     * @param answers receives the answers; all targets' are the same
     */
    constructor(
        public settings: TargetSettings,
        public unit: Unit,
        private limits: Limits | undefined,
        private stuckS: number,
        watchesDead: boolean,
        private clock: ServerClock,
        private answers: Answers
    ) {
        const top =
            unit === Unit.Seconds ? ENTRIES_FOR_SECONDS : topOf(settings.scale)
        this.lagQuery = new LagQuery(
            settings.stream,
            settings.positionKey
                ? new StoredPosition(
                      settings.positionKey,
                      settings.positionField
                  )
                : isPattern(settings.group)
                  ? new NamePattern(settings.group, settings.skipped)
                  : settings.group,
            top,
            answers
        )
        if (settings.show === Show.Length)
            this.lengthQuery = new LengthQuery(settings.stream)
        this.lagQuery.wantsOldest = unit === Unit.Seconds
        if (limits?.stallS !== undefined) this.stall = new Standstill()
        // there are no consumers to be asked for, and nothing is pending
        if (!settings.group) return
        if (stuckS > 0) this.stuck = new Standstill()
        if (limits !== undefined)
            this.consumersQuery = new ConsumersQuery(
                settings.stream,
                limits,
                watchesDead,
                this.health,
                clock,
                answers
            )
    }

    /** The consumer group's name; where that is a pattern, the name of the one that lagged most in the last poll. */
    groupName(): string {
        if (this.label === undefined) return this.settings.group
        return this.label
    }

    /** A new connection: rights and figures are to be found out again. */
    connected(): void {
        this.lastAnswer = undefined
        this.lagQuery.connected()
        this.stall?.forget()
        this.stuck?.forget()
        this.consumersQuery?.connected()
    }

    /**
     * Adds the questions of one send.
     * @param first whether it is the first of this poll
     * @param now ms since the program's start
     */
    ask(questions: Questions, first: boolean, now: number): void {
        questions.asking = this.asking
        if (this.lengthQuery !== undefined)
            return this.lengthQuery.ask(questions)
        questions.begin(this.lagQuery.weight())
        // without the server's clock the newest ID stands in
        this.lagQuery.wantsNewest =
            this.unit === Unit.Seconds && this.clock.isForbidden()
        this.lagQuery.ask(questions, now)
        const group = this.lagQuery.group
        if (first)
            if (this.consumersQuery)
                if (group !== undefined)
                    this.consumersQuery.ask(
                        questions,
                        group.name || this.settings.group,
                        group.consumers as number
                    )
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
        this.findMissing()
        const length = this.lengthQuery
        const refusal =
            length === undefined ? this.lagQuery.refusal : length.refusal
        if (refusal !== undefined) {
            // the same error again has to be read again: `ask` forgets it
            this.lastAnswer = undefined
            this.refused(refusal, askedAt)
            return false
        }
        if (length !== undefined) {
            exactly(this.lag, length.entries, Known.Reported)
            this.show(askedAt)
            return false
        }
        const entries = this.answers.entries
        const more = this.lagQuery.conclude(entries, askedAt)
        if (more) if (!last) return true
        const group = this.lagQuery.group
        if (this.lagQuery.tooManyGroups()) {
            this.refuse(
                Condition.Unknown,
                `lag unknown: the stream has ${this.lagQuery.groups} consumer groups, and this device can read ${this.lagQuery.maxGroups()}`,
                askedAt
            )
            return false
        }
        if (group === undefined) {
            this.refuse(Condition.RefusedGroup, this.nobody(), askedAt)
            return false
        }
        if (this.settings.positionKey)
            // a group would tell whether there is a stream
            if (this.lagQuery.evidence.length === 0) {
                this.refuse(
                    Condition.RefusedStream,
                    "the stream has no entries, or does not exist; check STREAM",
                    askedAt
                )
                return false
            }
        if (group.name !== this.foundName) {
            this.foundName = group.name
            this.label = group.name?.toString()
        }
        const health = this.health
        health.pending = group.pending
        health.consumers = group.consumers
        health.lagging = entries.low > 0
        if (this.stall !== undefined)
            health.stalledMs = this.stall.look(
                group.lastDeliveredId,
                entries.low > 0 ? 1 : 0,
                askedAt
            )
        if (this.stuck !== undefined)
            this.stuckFrom =
                askedAt +
                this.stuckS * 1000 -
                this.stuck.look(
                    group.lastDeliveredId,
                    group.pending as number,
                    askedAt
                )
        const lag = this.lag
        const reason =
            this.unit === Unit.Seconds
                ? this.concludeSeconds()
                : this.concludeEntries()
        if (lag.known === Known.Not) {
            this.refuse(Condition.Unknown, reason, askedAt)
            return false
        }
        this.complaint =
            this.limits === undefined
                ? undefined
                : complaint(health, this.limits)
        if (this.complaint === undefined && askedAt >= this.stuckFrom)
            this.complaint = `${group.pending} entries pending, and for ${this.stuckS} s none was delivered or acknowledged`
        this.show(askedAt)
        return false
    }

    /** `lag` is known, and what the LEDs show. @param askedAt when it was asked for, ms since the program's start */
    private show(askedAt: number): void {
        this.condition = Condition.Lag
        this.reason = undefined
        this.answeredAt = askedAt
        this.isNews = true
        const lag = this.lag
        const scale = this.settings.scale
        this.low = levelOf(scale, lag.low)
        this.high =
            lag.high === undefined ? scale.leds + 1 : levelOf(scale, lag.high)
        // both bounds tell the level; in the log so short a time is one number
        if (this.unit === Unit.Seconds)
            if ((lag.high as number) - lag.low <= GOOD_ROUND_TRIP_MS / 1000)
                lag.high = lag.low
    }

    /**
     * The answer is the last one's again, and what was concluded from that is still true.
     * @param askedAt when it was asked for, ms since the program's start
     * @returns false where more than the answer counts, so that it has to be concluded again: time, or rights to be tried again
     */
    repeats(askedAt: number): boolean {
        if (this.stall !== undefined) return false
        if (this.missing !== undefined) return false
        if (askedAt >= this.stuckFrom)
            if (this.complaint === undefined) return false
        this.answeredAt = askedAt
        return true
    }

    /** Finds out which commands would make the answers exact, and are forbidden. */
    private findMissing(): void {
        const refused = this.lagQuery.rights.refused
        const more = this.consumersQuery?.rights.refused
        const count = refused.length + (more === undefined ? 0 : more.length)
        if (count === this.forbidden) return
        this.forbidden = count
        const all = refused.slice()
        if (more !== undefined) all.pushRange(more)
        this.missing = count === 0 ? undefined : `+${all.join(" +")}`
    }

    /**
     * There is no lag to be had: rights or credentials, no such stream or group, a server out of reach, or no proof.
     * @param at when that was so, ms since the program's start
     */
    refuse(condition: Condition, reason: string | undefined, at: number): void {
        // the last answer no longer stands for what is shown
        this.lastAnswer = undefined
        this.condition = condition
        this.reason = reason
        this.answeredAt = at
        this.isNews = true
    }

    /** Where the reader's position is stored, for messages. */
    private positionText(): string {
        const { positionKey, positionField } = this.settings
        return positionField
            ? `field ${positionField} of ${positionKey}`
            : positionKey
    }

    /** Why nobody's lag is known. */
    private nobody(): string {
        if (!this.settings.positionKey)
            return "the stream has no such consumer group; check GROUP"
        return this.lagQuery.isNoId
            ? `${this.positionText()} holds no entry's ID; check POS_KEY`
            : `${this.positionText()} is not there: its reader has not begun; check POS_KEY`
    }

    private refused(error: ReplyError, askedAt: number): void {
        let condition = Condition.Unknown
        switch (error.refusal) {
            case Refusal.Who:
                condition = Condition.RefusedWho
                break
            case Refusal.Stream:
                condition = Condition.RefusedStream
                if (this.settings.positionKey)
                    if (this.lagQuery.group === undefined)
                        return this.refuse(
                            Condition.RefusedGroup,
                            `${this.positionText()}: ${error.message}; check POS_KEY`,
                            askedAt
                        )
                break
            case Refusal.NotNow:
                this.notNow = error
                return
            case Refusal.Elsewhere:
                if (this.settings.positionKey)
                    if (this.lagQuery.group !== undefined)
                        return this.refuse(
                            Condition.RefusedStream,
                            `the stream and ${this.positionText()} are on different nodes of the Cluster: give both the same hash tag`,
                            askedAt
                        )
                this.redirect = error.message
                return
        }
        this.refuse(
            condition,
            `${error.message}; ${remedyOf(error.message)}`,
            askedAt
        )
    }

    /** @returns why what is shown is not known; undefined when it is */
    private concludeEntries(): string | undefined {
        const lag = this.lag
        this.setLag(this.answers.entries)
        switch (this.settings.show) {
            case Show.Pending:
                exactly(lag, this.health.pending as number, Known.Reported)
                break
            case Show.Consumers:
                exactly(lag, this.health.consumers as number, Known.Reported)
                break
            case Show.Work:
                lag.low += this.health.pending as number
                if (lag.high !== undefined)
                    lag.high += this.health.pending as number
                break
        }
        if (lag.known === Known.Not)
            return "lag unknown: Redis reports none, and counting is not among the user's rights"
        return undefined
    }

    private setLag(lag: Lag): void {
        this.lag.low = lag.low
        this.lag.high = lag.high
        this.lag.known = lag.known
    }

    /** Turns the count into the age of the oldest entry that waits. @returns why it is not known; undefined when it is */
    private concludeSeconds(): string | undefined {
        const entries = this.answers.entries
        const firstMs = this.lagQuery.unread.firstMs
        if (entries.high === 0) return this.concludeEntries()
        this.lag.known = Known.Not
        if (!((this.lagQuery.evidence.counted as number) > 0))
            return "age unknown: reading IDs (XREAD) is not among the user's rights"
        if (firstMs === undefined)
            return "age unknown: reading IDs (XREAD) is not among the user's rights"
        if (
            concludeAge(
                firstMs,
                this.clock.earliest(),
                this.clock.latest(),
                this.lagQuery.stream.newestMs,
                this.lag
            )
        )
            return undefined
        return `age unknown: the oldest waiting ID, ${firstMs}-..., is not a time by Redis's clock`
    }
}
