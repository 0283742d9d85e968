/** What is known of the link and of each target, and how old it may be: the status that the displays show. */
import * as ds from "@devicescript/core"
import {
    Condition,
    Display,
    LinkStatus,
    Status,
    TargetStatus,
    unknownTarget,
} from "./display/display"
import { Fault, LinkError } from "./link/fault"
import { Report } from "./report"
import { Target } from "./target"

/** After so long without the link, ms, the light tells of the link instead of the last reading. */
export const DOWN_MS = 30000

/** Keeps the displays true. */
export class StatusKeeper {
    private status: Status = {
        link: LinkStatus.Connecting,
        problem: undefined,
        targets: [],
    }
    /** Since when there has been no answer, ms; undefined while there are answers. */
    private downSince: number | undefined = 0
    private noNetwork = false
    /** A setting turned out wrong only now: a master's name that no sentinel knows. */
    private misconfigured = false
    /** Redis refused the login: what the targets say stands until it does not. */
    private loginRefused = false
    private shown = false

    /** @param staleMs age past which a reading is no longer shown as a bar, ms */
    constructor(
        private targets: Target[],
        private staleMs: number,
        private displays: Display[],
        private report: Report
    ) {
        for (const target of targets) {
            const settings = target.settings
            const status = unknownTarget(
                settings.stream,
                settings.group,
                target.unit,
                settings.scale.leds
            )
            status.show = settings.show
            this.status.targets.push(status)
        }
    }

    /** Readings come less often than the settings ask for: older ones are fresh. */
    allowAge(ms: number): void {
        if (ms > this.staleMs) this.staleMs = ms
    }

    /** The network is there: a connection has been made. */
    connected(): void {
        this.noNetwork = false
    }

    /**
     * The link failed.
     * @param connected whether there was a connection
     */
    down(error: LinkError, connected: boolean): void {
        if (this.downSince === undefined) this.downSince = ds.millis()
        this.noNetwork =
            error.fault === Fault.NoNetwork ||
            error.fault === Fault.WifiJoinFinal
        // a server that refuses may also hang up; any other end of the link ends the refusal
        if (!(connected && this.loginRefused)) this.loginRefused = false
        this.misconfigured = false
        this.show()
    }

    /** Redis, or a sentinel, refused the login. @param condition which refusal @param reason a sentence */
    refused(condition: Condition, reason: string): void {
        this.loginRefused = true
        for (const target of this.targets)
            target.refuse(condition, reason, ds.millis())
        this.show()
    }

    /** Something in the settings is wrong that only a server could tell. */
    wrongSettings(): void {
        this.misconfigured = true
        this.show()
    }

    /** A poll has ended: the targets hold what it found. */
    polled(): void {
        let answered = false
        let fresh = false
        for (const target of this.targets) {
            if (!target.here) continue
            if (target.notNow !== undefined) continue
            if (target.redirect !== undefined) continue
            answered = true
            if (target.condition === Condition.Lag) fresh = true
        }
        if (answered) {
            this.downSince = undefined
            this.loginRefused = false
            this.misconfigured = false
        } else if (this.downSince === undefined) this.downSince = ds.millis()
        this.show()
        if (fresh) for (const display of this.displays) display.beat()
    }

    /** Makes the displays tell what is known now. */
    show(): void {
        const now = ds.millis()
        let changed = !this.shown
        let known = this.loginRefused
        for (let i = 0; i < this.targets.length; ++i) {
            const target = this.targets[i]
            if (target.answeredAt === undefined) continue
            const shown = this.status.targets[i]
            let condition = this.conditionOf(target, shown, now)
            if (condition === undefined) condition = Condition.Unknown
            else known = true
            // mostly nothing is news
            if (condition === shown.condition) if (!target.isNews) continue
            if (this.take(target, shown, condition)) changed = true
        }
        const link = this.linkStatus(known, now)
        const problem = this.report.lastProblem
        if (link !== this.status.link || problem !== this.status.problem) {
            this.status.link = link
            this.status.problem = problem
            changed = true
        }
        if (!changed) return
        this.shown = true
        for (const display of this.displays) display.show(this.status)
    }

    private linkStatus(known: boolean, now: number): LinkStatus {
        if (this.misconfigured) return LinkStatus.NotConfigured
        const down = this.downSince === undefined ? 0 : now - this.downSince
        if (known) {
            if (down < DOWN_MS) return LinkStatus.Up
            if (this.loginRefused) return LinkStatus.Up
        }
        if (this.noNetwork) return LinkStatus.JoiningWifi
        return LinkStatus.Connecting
    }

    /** What a target's last answer is worth at its age. @returns undefined when nothing of it is known any more */
    private conditionOf(
        target: Target,
        shown: TargetStatus,
        now: number
    ): Condition | undefined {
        const condition = target.condition
        // where each answer takes nearly as long as a reading may be old, the bar would flicker between two stale moments:
        // it comes back with an answer that leaves it time
        const limit =
            shown.condition === Condition.Stale
                ? this.staleMs / 2
                : this.staleMs
        if (now - (target.answeredAt as number) <= limit) return condition
        if (this.loginRefused) return condition
        // an old bar says so; an old refusal, or an old "unknown", is not known any more
        if (condition === Condition.Lag) return Condition.Stale
        return undefined
    }

    /**
     * The one place that fills what displays see, and tells whether it is something else than before.
     * @param condition what the target's last answer is worth now
     */
    private take(
        target: Target,
        shown: TargetStatus,
        condition: Condition
    ): boolean {
        target.isNews = false
        const isFresh = condition === Condition.Lag
        const isStale = condition === Condition.Stale
        const hasBar = isFresh || isStale
        const low = hasBar ? target.low : 0
        const high = hasBar ? target.high : 0
        const lagLow = hasBar ? target.lag.low : 0
        const lagHigh = hasBar ? target.lag.high : 0
        const known = isFresh ? target.lag.known : undefined
        const complaint = isFresh ? target.complaint : undefined
        const pending = isFresh ? target.health.pending : undefined
        const consumers = isFresh ? target.health.consumers : undefined
        const reason = isStale
            ? `no answer for ${Math.floor(this.staleMs / 1000)} s`
            : target.reason
        const group = target.groupName()
        // no loop: it is left where something differs
        for (;;) {
            if (condition !== shown.condition) break
            if (lagLow !== shown.lagLow) break
            if (lagHigh !== shown.lagHigh) break
            if (low !== shown.low) break
            if (high !== shown.high) break
            if (known !== shown.known) break
            if (pending !== shown.pending) break
            if (consumers !== shown.consumers) break
            if (complaint !== shown.complaint) break
            if (reason !== shown.reason) break
            if (group !== shown.group) break
            if (target.missing !== shown.missing) break
            return false
        }
        shown.condition = condition
        shown.low = low
        shown.high = high
        shown.lagLow = lagLow
        shown.lagHigh = lagHigh
        shown.known = known
        shown.complaint = complaint
        shown.pending = pending
        shown.consumers = consumers
        shown.reason = reason
        shown.group = group
        shown.groupBytes = target.foundName
        shown.missing = target.missing
        shown.revision++
        return true
    }

    /** The fiber that lets readings grow old, whatever the poll is waiting for. Never returns. */
    async watch(): Promise<void> {
        for (;;) {
            this.show()
            const now = ds.millis()
            // what is learnt meanwhile grows old no earlier than this
            let next = now + Math.min(this.staleMs, DOWN_MS)
            if (this.downSince !== undefined)
                next = earlier(next, this.downSince + DOWN_MS, now)
            for (const target of this.targets)
                if (target.answeredAt !== undefined)
                    next = earlier(
                        next,
                        target.answeredAt + this.staleMs + 1,
                        now
                    )
            await ds.sleep(next - now)
        }
    }
}

/** The earlier one of `next` and a moment, unless that has passed. */
function earlier(next: number, moment: number, now: number): number {
    if (moment > now) if (moment < next) return moment
    return next
}
