/** The loop: connect to the right server, ask, conclude. It owns the interval. */
import * as ds from "@devicescript/core"
import { Condition } from "./display/display"
import { Address, addressText, isIpAddress, sameAddress } from "./link/address"
import { Fault, LinkError } from "./link/fault"
import { Link } from "./link/link"
import { REPLY_LIMIT_MS } from "./link/recovery"
import { Runtime } from "./link/runtime"
import { Questions } from "./redis/question"
import { Freshness } from "./redis/freshness"
import {
    refusedLogin,
    Refusal,
    remedyOf,
    ReplyError,
    turnsAway,
} from "./redis/refusal"
import { BadAnswer, nextElement, skipElement, skipTo } from "./redis/reply"
import { encodeCommand, RespType } from "./redis/resp"
import { isMaster, lookUpMaster } from "./redis/sentinel"
import { ServerClock } from "./redis/server-clock"
import { Session } from "./redis/session"
import { parseRedirect, Topology } from "./redis/topology"
import { Report } from "./report"
import { nameText } from "./say"
import { Settings, Unit } from "./settings"
import { StatusKeeper } from "./status-keeper"
import { Target } from "./target"

/** Between two tries to log in where it was refused, ms: the password may be changed on the server. */
export const LOGIN_AGAIN_MS = 10000
/** The most sends about one target in one poll: another one follows while it would make the lag more exact. */
const MAX_ROUNDS = 6
/** How long a reply may take where another server may have taken over, ms. */
const SHORT_REPLY_LIMIT_MS = 2000
const READONLY = encodeCommand(["READONLY"])
/** What one of several servers may add to the time between two readings, ms: leaving, connecting, logging in. */
const VISIT_MS = 1000

/** Polls Redis for ever. */
export class Poller {
    private questions = new Questions()
    private freshness = new Freshness()
    private topology: Topology
    /** Whether anything needs Redis's clock. */
    private asksClock: boolean
    private replyLimitMs = REPLY_LIMIT_MS

    constructor(
        private settings: Settings,
        private targets: Target[],
        private clock: ServerClock,
        private link: Link,
        private keeper: StatusKeeper,
        private report: Report,
        private replyBytes: number
    ) {
        const seed = {
            host: settings.host,
            port: settings.port,
            tls: settings.tls,
        }
        this.topology = new Topology(seed, settings.sentinels, targets.length)
        this.asksClock =
            settings.unit === Unit.Seconds ||
            settings.health?.pendingAgeS !== undefined
        if (this.topology.usesSentinel()) {
            this.replyLimitMs = SHORT_REPLY_LIMIT_MS
            this.keeper.allowAge(2 * settings.pollMs + VISIT_MS)
        }
    }

    /** Never returns. */
    async run(): Promise<void> {
        await this.link.start()
        this.report.starting(
            this.topology.usesSentinel()
                ? this.topology.sentinelAddress()
                : this.topology.addressOf(0)
        )
        this.keeper.show()
        for (;;) {
            if (this.topology.lookUpDue(ds.millis()))
                await this.visit(this.topology.sentinelAddress(), true)
            else await this.visit(this.topology.addressOf(this.next()), false)
        }
    }

    /** The target whose poll is due first. */
    private next(): number {
        let next = 0
        for (let i = 1; i < this.targets.length; ++i)
            if (this.targets[i].due < this.targets[next].due) next = i
        return next
    }

    /** One connection, from the connect to whatever ends it. */
    private async visit(address: Address, isSentinel: boolean): Promise<void> {
        let session: Session | undefined = undefined
        try {
            const connection = await this.link.connect(address)
            session = new Session(connection, this.replyLimitMs)
            session.isSentinel = isSentinel
            this.keeper.connected()
            if (isSentinel) await this.lookUp(session)
            else await this.serve(session, address)
            await this.link.leave(session)
        } catch (e: any) {
            const error = this.ended(e)
            this.report.linkFailed(error, address)
            for (const target of this.targets) target.metAt = undefined
            if (isSentinel) this.topology.skipSentinel(ds.millis())
            else this.topology.failed(address)
            this.keeper.down(error, session !== undefined)
            await this.link.failed(error, session)
        }
    }

    /** What the end of a connection was. */
    private ended(e: any): LinkError {
        if (e instanceof LinkError) return e
        // refused at once, unasked: protected mode, too many clients
        if (e instanceof ReplyError) {
            const reason = `${e.message}; ${remedyOf(e.message)}`
            if (e.refusal !== Refusal.Who)
                return new LinkError(Fault.PeerClosed, e.message, reason)
            this.keeper.refused(Condition.RefusedWho, reason)
            return new LinkError(Fault.PeerClosed, e.message)
        }
        if (e instanceof BadAnswer)
            return new LinkError(Fault.BadReply, e.message)
        return new LinkError(Fault.Own, e.message)
    }

    /** Asks a sentinel for the master. @throws LinkError */
    private async lookUp(session: Session): Promise<void> {
        const sentinel = addressText(this.topology.sentinelAddress())
        let problem: string | undefined = undefined
        try {
            await session.open(
                this.settings.sentinelUser,
                this.settings.sentinelPassword,
                0
            )
            const master = await lookUpMaster(
                session,
                this.settings.master,
                this.settings.tls
            )
            if (master !== undefined)
                if (!this.outOfReach(master)) {
                    this.link.succeeded()
                    if (this.topology.found(master, ds.millis()))
                        this.report.master(master)
                    return
                }
            if (master === undefined) {
                this.report.problem(
                    `settings: MASTER is "${this.settings.master}": sentinel ${sentinel} knows no such master`
                )
                this.keeper.wrongSettings()
            } else
                problem = `sentinel ${sentinel} names ${master.host}, an IP address, which a Pico W cannot connect to; set resolve-hostnames and announce-hostnames to yes on the sentinels`
        } catch (e) {
            if (!(e instanceof ReplyError) || turnsAway(e)) throw e
            problem = `sentinel ${sentinel}: ${e.message}; check SENTINELS, SENT_USER and SENT_PASS`
        }
        if (problem !== undefined)
            this.keeper.refused(Condition.RefusedWho, problem)
        this.topology.skipSentinel(ds.millis())
        await session.pause(LOGIN_AGAIN_MS)
    }

    /** Whether a server is named in a way that this runtime cannot follow (docs/pico-w-runtime.md row 1). */
    private outOfReach(address: Address): boolean {
        if (this.link.runtime !== Runtime.PicoW) return false
        return isIpAddress(address.host)
    }

    /**
     * Logs in and polls the targets that live here, until another server's turn comes.
     * @throws LinkError
     */
    private async serve(session: Session, address: Address): Promise<void> {
        this.clock.connected()
        this.freshness.connected()
        while (!(await this.login(session))) await session.pause(LOGIN_AGAIN_MS)
        await this.introduce(session)
        if (this.topology.usesSentinel())
            if (!(await isMaster(session)))
                throw new LinkError(
                    Fault.Abandoned,
                    "the server is a replica now"
                )
        for (;;) {
            this.gather(address)
            await this.poll(session, address)
            const now = ds.millis()
            if (this.topology.lookUpDue(now)) return
            const target = this.targets[this.next()]
            // what is due at once and lives elsewhere is asked for without waiting for this server's next turn
            if (target.due > now) await session.pause(target.due - now)
            while (this.loginLost() && !(await this.login(session)))
                await session.pause(LOGIN_AGAIN_MS)
            if (!sameAddress(this.topology.addressOf(this.next()), address))
                return
        }
    }

    /** Finds out which targets live here. */
    private gather(address: Address): void {
        for (let i = 0; i < this.targets.length; ++i) {
            const target = this.targets[i]
            target.here = sameAddress(this.topology.addressOf(i), address)
            if (!target.here) continue
            target.asking = this.topology.isAsking(i)
            // what was learnt of a server holds for it alone
            if (target.metAt !== undefined)
                if (sameAddress(target.metAt, address)) continue
            target.metAt = address
            target.connected()
        }
    }

    /** Whether the server has forgotten who we are (NOAUTH), and a password is there to remind it. */
    private loginLost(): boolean {
        if (this.settings.password.length === 0) return false
        for (const target of this.targets)
            if (target.here)
                if (target.reason?.startsWith("NOAUTH")) return true
        return false
    }

    private async login(session: Session): Promise<boolean> {
        const settings = this.settings
        try {
            await session.open(
                settings.user,
                settings.password,
                settings.database
            )
            return true
        } catch (e) {
            if (!(e instanceof ReplyError) || turnsAway(e)) throw e
            if (e.refusal === Refusal.NotNow) this.report.notNow(e)
            else
                this.keeper.refused(
                    e.refusal === Refusal.Stream
                        ? Condition.RefusedStream
                        : Condition.RefusedWho,
                    `${e.message}; ${remedyOf(e.message)}`
                )
            return false
        }
    }

    /** Tells the operators who is connected, and a Cluster's replica that it may answer; neither has to succeed. */
    private async introduce(session: Session): Promise<void> {
        session.queue(
            encodeCommand([
                "CLIENT",
                "SETNAME",
                `laglight-${ds.deviceIdentifier("self").slice(-6)}`,
            ])
        )
        if (this.settings.replicaOk) session.queue(READONLY)
        await session.flush()
        await nextElement(session)
        const reader = session.reader
        if (reader.type === RespType.Error) {
            const error = refusedLogin(reader.text())
            if (turnsAway(error)) throw error
        }
        await skipTo(session, reader.level)
        if (this.settings.replicaOk) await skipElement(session)
    }

    /**
     * One poll: the targets here, one after the other, so that the heap holds the replies about one of them at most; each is
     * asked in one send, and again while more can be known.
     */
    private async poll(session: Session, address: Address): Promise<void> {
        const started = ds.millis()
        const questions = this.questions
        for (const target of this.targets) {
            if (!target.here) continue
            for (let round = 1; round <= MAX_ROUNDS; ++round) {
                session.holdRoom()
                questions.clear()
                if (round === 1) if (this.asksClock) this.clock.ask(questions)
                target.ask(questions, round === 1, ds.millis())
                const askedAt = await this.exchange(session, target)
                if (askedAt === undefined) break
                if (!target.conclude(askedAt, round === MAX_ROUNDS)) break
            }
        }
        session.holdRoom()
        for (let i = 0; i < this.targets.length; ++i)
            if (this.targets[i].here) this.settle(i, address, started)
        this.keeper.polled()
    }

    /** Sends the questions, as many at once as fit a segment and their replies the heap, and reads the replies. @returns when they were sent, ms; undefined where they tell nothing new */
    private async exchange(
        session: Session,
        target: Target
    ): Promise<number | undefined> {
        const questions = this.questions
        const single = questions.count === 1
        let askedAt: number | undefined = undefined
        let group = 0
        while (group < questions.groups) {
            const first = questions.startOf(group)
            let sent = first
            this.freshness.ask(session)
            let replyBytes = 0
            while (group < questions.groups) {
                const end = questions.startOf(group + 1)
                let bytes = 0
                for (let i = sent; i < end; ++i)
                    bytes += questions.list[i].command.length
                replyBytes += questions.weights[group]
                // the first go in any case
                if (sent > first) {
                    if (!session.fits(bytes)) break
                    if (replyBytes > this.replyBytes) break
                }
                while (sent < end) session.queue(questions.list[sent++].command)
                group++
            }
            await session.flush()
            if (askedAt === undefined) askedAt = session.askedAt
            if (single) {
                await session.more()
                if (this.freshness.repeats(session, target.lastAnswer))
                    return target.repeats(askedAt) ? undefined : askedAt
            }
            target.lastAnswer = undefined
            await this.freshness.check(session)
            for (let i = first; i < sent; ++i) {
                const question = questions.list[i]
                await question.replyReader.readReply(question.ask, session)
            }
            if (single) target.lastAnswer = this.freshness.answer(session)
        }
        return askedAt
    }

    /** What one target's answer means for where and when it is asked next. @param started when this poll began, ms */
    private settle(index: number, address: Address, started: number): void {
        const target = this.targets[index]
        // from when the last was due; one that took longer is followed by the next at once, not by all it missed
        target.due += this.settings.pollMs
        if (target.due <= started) target.due = started + this.settings.pollMs
        if (target.redirect !== undefined) this.follow(index, address, started)
        else if (target.notNow !== undefined) {
            this.report.notNow(target.notNow)
            if (this.topology.usesSentinel()) this.topology.lookUpSoon(started)
        } else {
            this.topology.answered(index)
            this.link.succeeded()
            this.report.answered(address)
        }
    }

    /** A Cluster node sent us elsewhere. */
    private follow(index: number, from: Address, now: number): void {
        const target = this.targets[index]
        const redirect = parseRedirect(
            target.redirect as string,
            from,
            this.topology.seed
        )
        if (redirect === undefined) {
            this.topology.forget(index)
            target.refuse(
                Condition.Unknown,
                `${target.redirect}: a redirect without a host or a port from 1 to 65535; asking ${addressText(this.topology.seed)} again`,
                now
            )
            // as below
            target.redirect = undefined
            return
        }
        // a node that knows where to go is a sound server
        this.link.succeeded()
        // where one server can take over from another, waiting for a hung one costs too much
        this.replyLimitMs = SHORT_REPLY_LIMIT_MS
        let problem: string | undefined = undefined
        if (sameAddress(redirect.address, from) && redirect.unnamed)
            problem =
                "the node does not know the other's name; set cluster-announce-hostname on the nodes"
        else if (this.outOfReach(redirect.address))
            problem =
                "an IP address, which a Pico W cannot connect to; set cluster-announce-hostname and cluster-preferred-endpoint-type hostname on the nodes"
        if (problem !== undefined) {
            target.refuse(
                Condition.RefusedWho,
                `${target.redirect}: ${problem}`,
                now
            )
            // that is an answer, and it is asked for again in the next poll
            target.redirect = undefined
            return
        }
        if (!redirect.once)
            this.report.moved(
                index,
                nameText(target.settings.stream, target.groupName()),
                redirect.address
            )
        if (this.topology.redirected(index, redirect)) target.due = now
        const servers = this.topology.servers()
        if (servers > 1)
            this.keeper.allowAge(
                2 * (this.settings.pollMs + servers * VISIT_MS)
            )
    }
}
