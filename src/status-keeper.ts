/** What is known of the link and of each target, and how old it may be: the status that the displays show. */
import * as ds from "@devicescript/core"
import {
    Condition,
    Display,
    LinkStatus,
    Status,
    TargetStatus,
} from "./display/display"
import { Fault, LinkError } from "./link/fault"
import { Report } from "./report"
import { Target } from "./target"

/** After so long without the link, ms, the light tells of the link instead of the last reading. */
export const DOWN_MS = 30000

/** Keeps the displays true. */
export class StatusKeeper {
    private status: Status = { link: LinkStatus.Connecting, targets: [] }
    /** Since when there has been no answer, ms; undefined while there are answers. */
    private downSince = 0
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
        for (const _ of targets)
            this.status.targets.push({
                condition: Condition.Unknown,
                low: 0,
                high: 0,
                lagLow: 0,
                lagHigh: 0,
                check: false,
            })
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
        // a server that refuses may also hang up; any other end of the link makes the refusal old news
        if (!(connected && this.loginRefused)) this.loginRefused = false
        this.misconfigured = false
        this.show()
    }

    /** Redis, or a sentinel, refused the login. @param condition which refusal @param reason in words */
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
            if (
                !target.here ||
                target.notNow !== undefined ||
                target.redirect !== undefined
            )
                continue
            answered = true
            if (target.status.condition === Condition.Lag) fresh = true
        }
        if (answered) {
            this.downSince = undefined
            this.loginRefused = false
            this.misconfigured = false
        } else if (this.downSince === undefined) this.downSince = ds.millis()
        this.show()
        for (let i = 0; i < this.targets.length; ++i)
            if (this.targets[i].here) this.report.rights(i)
        if (fresh) for (const display of this.displays) display.beat()
    }

    /** Makes the displays tell what is known now. */
    show(): void {
        const now = ds.millis()
        let changed = !this.shown
        let known = this.loginRefused
        for (let i = 0; i < this.targets.length; ++i) {
            const target = this.targets[i]
            const shown = this.status.targets[i]
            const key = keyOf(shown)
            const low = shown.lagLow
            const high = shown.lagHigh
            if (this.freshen(target, shown, now)) known = true
            if (
                keyOf(shown) !== key ||
                shown.lagLow !== low ||
                shown.lagHigh !== high
            )
                changed = true
        }
        const link = this.linkStatus(known, now)
        if (link !== this.status.link) {
            this.status.link = link
            changed = true
        }
        if (changed) {
            this.shown = true
            for (const display of this.displays) display.show(this.status)
        }
        this.report.status(this.status)
    }

    private linkStatus(known: boolean, now: number): LinkStatus {
        if (this.misconfigured) return LinkStatus.NotConfigured
        const down = this.downSince === undefined ? 0 : now - this.downSince
        if (known && (down < DOWN_MS || this.loginRefused)) return LinkStatus.Up
        return this.noNetwork ? LinkStatus.JoiningWifi : LinkStatus.Connecting
    }

    /**
     * Copies what a target knows into what is shown of it, as far as its age allows.
     * @returns whether anything is known
     */
    private freshen(target: Target, shown: TargetStatus, now: number): boolean {
        const status = target.status
        // where each answer takes nearly as long as a reading may be old, the bar would flicker between two stale moments:
        // it comes back with an answer that leaves it time
        const limit =
            shown.condition === Condition.Stale
                ? this.staleMs / 2
                : this.staleMs
        shown.condition = Condition.Unknown
        shown.check = false
        if (target.answeredAt === undefined) return false
        const old = now - target.answeredAt > limit && !this.loginRefused
        const lag = status.condition === Condition.Lag
        // an old bar says so; an old refusal, or an old "unknown", is not known any more
        if (old && !lag) return false
        shown.condition = old ? Condition.Stale : status.condition
        shown.check = !old && lag && status.check
        shown.low = lag ? status.low : 0
        shown.high = lag ? status.high : 0
        shown.lagLow = lag ? target.lag.low : 0
        shown.lagHigh = lag ? target.lag.high : 0
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
    return moment > now && moment < next ? moment : next
}

/** What is shown of a target as one number, to tell whether it changed. */
function keyOf(status: TargetStatus): number {
    return (
        status.condition |
        (status.low << 4) |
        (status.high << 8) |
        (status.check ? 1 << 12 : 0)
    )
}
