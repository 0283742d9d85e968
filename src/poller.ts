/** The loop: ask, understand, show. It owns time: the interval, and how old a reading may be. */
import * as ds from "@devicescript/core"
import {
    Condition,
    Display,
    LinkStatus,
    Status,
    TargetStatus,
} from "./display/display"
import { Report } from "./report"
import { Address, addressText } from "./link/connection"
import { Fault, LinkError } from "./link/fault"
import { Link } from "./link/link"
import { Questions } from "./redis/question"
import { ReplyError } from "./redis/refusal"
import { ServerClock } from "./redis/server-clock"
import { Session } from "./redis/session"
import { Settings, Unit } from "./settings"
import { Target } from "./target"

/** After so long without the link, ms, the light tells of the link instead of the last reading. */
export const DOWN_MS = 30000
/** Between two tries to log in where it was refused, ms: the password may be changed on the server. */
export const LOGIN_AGAIN_MS = 10000
/** At least so often the displays are brought up to date, ms. */
const WATCH_MS = 500
/** Sends in one poll at the most, for what one cannot tell. */
const MAX_ROUNDS = 6

/** Polls Redis for ever and keeps the displays true. */
export class Poller {
    private targets: Target[] = []
    private questions = new Questions()
    private status: Status = { link: LinkStatus.Connecting, targets: [] }
    private report: Report
    /** Since when there has been no answer, ms; undefined while there are answers. */
    private downSince: number = undefined
    private noNetwork = false
    /** Redis refused the login: what the targets say stands until it does not. */
    private refusedWho = false
    /** Whether anything needs Redis's clock. */
    private asksClock: boolean
    private shown = false

    constructor(
        private settings: Settings,
        private clock: ServerClock,
        private link: Link,
        private displays: Display[]
    ) {
        for (const target of settings.targets) {
            this.targets.push(
                new Target(target, settings.unit, settings.health, clock)
            )
            this.status.targets.push({
                condition: Condition.Unknown,
                low: 0,
                high: 0,
                lagLow: 0,
                lagHigh: 0,
                check: false,
            })
        }
        this.asksClock =
            settings.unit === Unit.Seconds ||
            settings.health?.pendingAgeS !== undefined
        this.report = new Report(settings, this.targets)
    }

    /** Never returns. */
    async run(): Promise<void> {
        this.downSince = ds.millis()
        this.watch.start()
        await this.link.start()
        const address: Address = {
            host: this.settings.host,
            port: this.settings.port,
            tls: this.settings.tls,
        }
        this.report.connecting(addressText(address))
        this.show()
        for (;;) {
            let session: Session = undefined
            try {
                const connection = await this.link.connect(address)
                session = new Session(connection)
                this.noNetwork = false
                await this.serve(session)
            } catch (e: any) {
                // anything but a fault of the link is an answer that makes no sense
                const error =
                    e instanceof LinkError
                        ? e
                        : new LinkError(Fault.BadReply, e.message)
                this.down(error, session !== undefined)
                await this.link.failed(error, session)
            }
        }
    }

    private down(error: LinkError, connected: boolean): void {
        if (this.downSince === undefined) this.downSince = ds.millis()
        this.noNetwork =
            error.fault === Fault.NoNetwork ||
            error.fault === Fault.WifiJoinFinal
        // a server that refuses may also hang up; any other end of the link makes the refusal old news
        if (!(connected && this.refusedWho)) this.refusedWho = false
        this.report.linkFailed(error)
        this.show()
    }

    /** Logs in and polls until the link fails. @throws LinkError */
    private async serve(session: Session): Promise<void> {
        this.clock.connected()
        for (const target of this.targets) target.connected()
        while (!(await this.login(session))) await ds.sleep(LOGIN_AGAIN_MS)
        let due = ds.millis()
        for (;;) {
            await this.poll(session)
            due += this.settings.pollMs
            const now = ds.millis()
            // a poll that took longer than the interval is followed by the next at once, not by all it has missed
            if (due <= now) due = now + 1
            await ds.sleep(due - now)
            while (this.loginLost() && !(await this.login(session)))
                await ds.sleep(LOGIN_AGAIN_MS)
        }
    }

    /** Whether the server has forgotten who we are (NOAUTH), and a password is there to remind it. */
    private loginLost(): boolean {
        if (this.settings.password.length === 0) return false
        for (const target of this.targets)
            if (target.reason?.startsWith("NOAUTH")) return true
        return false
    }

    private async login(session: Session): Promise<boolean> {
        try {
            await session.open(this.settings)
            return true
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            this.refusedWho = true
            for (const target of this.targets) target.refusedWho(e, ds.millis())
            this.show()
            return false
        }
    }

    /** One poll: all targets' questions in one send, and again for those of which more can be known. */
    private async poll(session: Session): Promise<void> {
        for (const target of this.targets) target.unsettled = true
        for (let round = 0; round < MAX_ROUNDS; ++round) {
            const questions = this.questions
            questions.count = 0
            if (round === 0 && this.asksClock) this.clock.ask(questions)
            for (const target of this.targets)
                if (target.unsettled) target.ask(questions, round === 0)
            const askedAt = await this.exchange(session)
            let unsettled = false
            for (const target of this.targets) {
                if (target.unsettled)
                    target.unsettled = target.conclude(askedAt)
                if (target.unsettled) unsettled = true
            }
            if (!unsettled) break
        }
        this.read()
    }

    /** Sends the questions and reads the replies. @returns when they were sent, ms */
    private async exchange(session: Session): Promise<number> {
        const questions = this.questions
        let askedAt: number = undefined
        let sent = 0
        while (sent < questions.count) {
            const first = sent
            while (
                sent < questions.count &&
                session.queue(questions.list[sent].command)
            )
                sent++
            await session.flush()
            if (askedAt === undefined) askedAt = session.askedAt
            for (let i = first; i < sent; ++i) {
                const question = questions.list[i]
                await question.asker.readReply(question.ask, session)
            }
        }
        return askedAt
    }

    /** What the poll's answers mean for the link and the displays. */
    private read(): void {
        let answered = false
        let fresh = false
        for (const target of this.targets) {
            if (target.notNow === undefined) answered = true
            else this.report.notNow(target.notNow)
            if (target.status.condition === Condition.Lag) fresh = true
        }
        if (answered) {
            this.downSince = undefined
            this.refusedWho = false
            this.link.succeeded()
            this.report.answered()
        } else if (this.downSince === undefined) this.downSince = ds.millis()
        this.show()
        for (let i = 0; i < this.targets.length; ++i)
            this.report.reading(this.targets[i], this.status.targets[i])
        if (answered && fresh)
            for (const display of this.displays) display.beat()
    }

    /** Makes the displays tell what is known now. */
    private show(): void {
        const now = ds.millis()
        let changed = false
        let known = this.refusedWho
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
        let link = LinkStatus.Up
        const down = this.downSince === undefined ? 0 : now - this.downSince
        if (!known || (down >= DOWN_MS && !this.refusedWho))
            link = this.noNetwork
                ? LinkStatus.JoiningWifi
                : LinkStatus.Connecting
        if (link !== this.status.link) {
            this.status.link = link
            changed = true
        }
        if (changed || !this.shown) {
            this.shown = true
            for (const display of this.displays) display.show(this.status)
        }
        this.report.status(this.status)
    }

    /**
     * Copies what a target knows into what is shown of it, as far as its age allows.
     * @returns whether anything is known
     */
    private freshen(target: Target, shown: TargetStatus, now: number): boolean {
        const status = target.status
        shown.condition = Condition.Unknown
        shown.check = false
        if (target.answeredAt === undefined) return false
        const old =
            now - target.answeredAt > this.settings.staleMs && !this.refusedWho
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

    /** The fiber that lets readings grow old, whatever the poll is waiting for. */
    private async watch(): Promise<void> {
        for (;;) {
            this.show()
            const now = ds.millis()
            let next = now + WATCH_MS
            for (const target of this.targets) {
                const old =
                    target.answeredAt === undefined
                        ? 0
                        : target.answeredAt + this.settings.staleMs + 1
                if (old > now && old < next) next = old
            }
            await ds.sleep(next - now)
        }
    }
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
