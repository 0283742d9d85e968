import { conclude, Evidence, Lag, noEvidence } from "../signal/lag"
import {
    readInteger,
    readIsEmpty,
    readStreamFacts,
    readUnreadEntries,
    StreamFacts,
    UnreadEntries,
} from "../redis/entries"
import { ConsumerGroup, readGroups } from "../redis/groups"
import { Asker, Question, Questions } from "../redis/question"
import { Refusal, ReplyError } from "../redis/refusal"
import { ReplySource } from "../redis/reply"
import { encodeCommand } from "../redis/resp"
import { StreamId } from "../redis/stream-id"

/** What the entries that are counted in one poll may weigh on the wire, bytes. */
export const BYTE_BUDGET = 8192
/** The most entries that are asked for in one poll. */
const MAX_COUNT = 101
/** XINFO STREAM is asked where so many entries fit the budget. */
const STREAM_FROM = 5
/** Where no more groups than this can be read, their number is asked for first. */
const MAX_GROUPS_UNASKED = 1000
/** Between two checks of a reported 0, which a false claim of an operator's can have made, ms. */
export const CROSS_CHECK_MS = 10000

/** The questions. */
enum Ask {
    Groups,
    Length,
    Unread,
    Before,
    Stream,
}

/** How much is asked in one send; each depth includes those before it. */
enum Depth {
    /** XINFO GROUPS: enough while it reports 0. */
    Groups,
    /** XLEN and XREAD, which counts. */
    Count,
    /** XRANGE and XINFO STREAM, for what is too much to count. */
    Probe,
}

/**
 * Finds out one consumer group's lag with the fewest commands.
 *
 * All that a conclusion rests on comes from one send: Redis executes what arrives in one segment without another client's
 * command in between, so it was true at one moment. XREAD has to start from the last-delivered-id of the send before; the
 * entries that were delivered since are told by the fresh one, which precedes XREAD's reply.
 */
export class LagInquiry implements Asker {
    /** The group as of the last send; undefined when the stream has no such group. */
    group: ConsumerGroup = undefined
    /** Redis's error in place of the groups; undefined when there was none. */
    refusal: ReplyError = undefined
    /** The commands that the user may not use, found out on this connection: `xread`, `xlen` ... */
    readonly forbidden: string[] = []
    /** The newest ID is of use, even where the count is not in doubt. */
    wantsNewest = false
    readonly unread = new UnreadEntries()
    readonly stream = new StreamFacts()
    private evidence: Evidence = noEvidence()

    private wanted: Buffer
    private first = new ConsumerGroup()
    private second = new ConsumerGroup()
    private depth = Depth.Groups
    /** What XREAD and XRANGE start from. */
    private from = new StreamId()
    /** What `unreadQuestion` asks for. */
    private count = 0
    /** The most entries that ever came in one reply of this connection. */
    private weighed = 0
    /** What an entry weighs, bytes; rather too much than too little; 0 before the first was seen. */
    private entryBytes = 0
    private crossCheckedAt: number = undefined

    /** The last-delivered-id moved past all that XREAD returned. */
    private chasing = false
    /** How many groups the stream has, as far as known on this connection. */
    private groups: number = undefined
    /** This send asks for nothing but the number of groups. */
    private counting = false

    private groupsQuestion: Question
    private lengthQuestion: Question
    private streamQuestion: Question
    private unreadQuestion: Question
    private beforeQuestion: Question
    private askedUnread = false

    /**
     * @param key the stream's
     * @param group the group's name, or `*` for the one that lags most
     * @param top the lag, in entries, from which on nothing changes on the display
     * @param maxGroups more groups than this are not asked for: the reply would not fit the heap
     */
    constructor(
        private key: string,
        group: string,
        private top: number,
        private maxGroups: number
    ) {
        this.wanted = group === "*" ? undefined : Buffer.from(group)
        this.groupsQuestion = new Question(
            this,
            Ask.Groups,
            encodeCommand(["XINFO", "GROUPS", key])
        )
        this.lengthQuestion = new Question(
            this,
            Ask.Length,
            encodeCommand(["XLEN", key])
        )
        this.streamQuestion = new Question(
            this,
            Ask.Stream,
            encodeCommand(["XINFO", "STREAM", key])
        )
    }

    /** A new connection, possibly as another user or to another server: what was learnt no longer holds. */
    connected(): void {
        this.forbidden.insert(0, -this.forbidden.length)
        this.group = undefined
        this.depth = Depth.Groups
        this.crossCheckedAt = undefined
        this.groups = undefined
        this.chasing = false
        this.weighed = 0
        this.entryBytes = 0
        this.evidence.reportedFalse = false
    }

    /** Whether the stream has more groups than are asked for. */
    tooManyGroups(): boolean {
        return this.counting && this.exceeds()
    }

    private exceeds(): boolean {
        return this.groups !== undefined && this.groups > this.maxGroups
    }

    /** How many groups the stream has; undefined when unknown. */
    groupCount(): number {
        return this.groups
    }

    /** Undelivered entries seen in the last send; undefined when they were not asked for. */
    counted(): number {
        return this.evidence.counted
    }

    private may(command: string): boolean {
        return !this.forbidden.includes(command)
    }

    /** Adds the questions of one send. */
    ask(questions: Questions): void {
        const evidence = this.evidence
        evidence.counted = undefined
        evidence.countedAll = false
        evidence.length = undefined
        evidence.precedesAll = undefined
        evidence.neverLost = false
        this.refusal = undefined
        this.askedUnread = false
        // a small heap is not risked on a reply of unknown size
        this.counting =
            (this.groups === undefined
                ? this.maxGroups <= MAX_GROUPS_UNASKED
                : this.exceeds()) && this.may("xinfo|stream")
        if (this.counting) {
            questions.add(this.streamQuestion)
            return
        }
        questions.add(this.groupsQuestion)
        if (this.depth === Depth.Groups || this.group === undefined) return

        if (this.may("xlen")) questions.add(this.lengthQuestion)
        const last = this.group.lastDeliveredId
        if (this.from.set(last.bytes, 0, last.length)) {
            this.unreadQuestion = undefined
            this.beforeQuestion = undefined
        }
        if (this.may("xread")) {
            this.askedUnread = true
            questions.add(this.unreadOf(this.wantedCount()))
        }
        if (this.depth === Depth.Probe && this.mayProbe())
            questions.add(this.before())
        if (this.asksStream()) questions.add(this.streamQuestion)
    }

    /** How many entries the budget allows in one poll. */
    private affordable(): number {
        return Math.floor(BYTE_BUDGET / this.entryBytes)
    }

    /** Whether there is room for XRANGE's one entry beside one of XREAD's. */
    private mayProbe(): boolean {
        return this.may("xrange") && this.affordable() >= 2
    }

    /** Whether XINFO STREAM is asked: its reply holds the first and the last entry. */
    private asksStream(): boolean {
        return (
            (this.depth === Depth.Probe || this.wantsNewest) &&
            this.may("xinfo|stream") &&
            this.affordable() >= STREAM_FROM
        )
    }

    /** How many entries to ask for: one more than the display tells apart, within the budget. */
    private wantedCount(): number {
        // what an entry weighs is found out on one, and approached in steps: the next ones may weigh more
        if (this.weighed === 0) return 1
        let most = this.affordable()
        // what else is asked for in the same send has entries of its own
        if (this.depth === Depth.Probe && this.mayProbe()) most--
        if (this.asksStream()) most -= 2
        most = Math.min(most, MAX_COUNT, this.weighed * 4)
        if (this.chasing) return Math.max(1, most)
        let wanted = this.top + 1
        const reported = this.evidence.reported
        if (
            reported !== undefined &&
            !this.evidence.reportedFalse &&
            reported + 1 < wanted
        )
            wanted = reported + 1
        return Math.max(1, Math.min(wanted, most))
    }

    private unreadOf(count: number): Question {
        if (count !== this.count || this.unreadQuestion === undefined) {
            this.count = count
            this.unreadQuestion = new Question(
                this,
                Ask.Unread,
                encodeCommand([
                    "XREAD",
                    "COUNT",
                    `${count}`,
                    "STREAMS",
                    this.key,
                    this.from.toBuffer(),
                ])
            )
        }
        return this.unreadQuestion
    }

    private before(): Question {
        if (this.beforeQuestion === undefined)
            this.beforeQuestion = new Question(
                this,
                Ask.Before,
                encodeCommand([
                    "XRANGE",
                    this.key,
                    "-",
                    this.from.toBuffer(),
                    "COUNT",
                    "1",
                ])
            )
        return this.beforeQuestion
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        try {
            await this.readAnswer(ask, source)
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            if (
                ask === Ask.Groups ||
                (this.counting && e.refusal !== Refusal.Who)
            )
                this.refusal = e
            else if (e.refusal === Refusal.Who)
                this.forbidden.push(COMMANDS[ask])
            // else the stream has changed under the questions, and the next poll tells
        }
    }

    private async readAnswer(ask: number, source: ReplySource): Promise<void> {
        const evidence = this.evidence
        switch (ask) {
            case Ask.Groups:
                this.group = undefined
                this.group = await readGroups(
                    source,
                    this.wanted,
                    this.first,
                    this.second
                )
                this.groups = this.first.siblings
                evidence.reported =
                    this.group === undefined ? undefined : this.group.lag
                break
            case Ask.Length:
                evidence.length = await readInteger(source)
                break
            case Ask.Unread: {
                // without a group there is nothing to compare with; any ID passes the reply by
                const last =
                    this.group === undefined
                        ? this.from
                        : this.group.lastDeliveredId
                await readUnreadEntries(source, last, this.unread)
                this.weigh()
                evidence.counted = this.unread.counted
                break
            }
            case Ask.Before:
                evidence.precedesAll = await readIsEmpty(source)
                break
            case Ask.Stream:
                await readStreamFacts(source, this.stream)
                evidence.neverLost = this.stream.neverLost
                this.groups = this.stream.groups
                break
        }
    }

    private weigh(): void {
        const returned = this.unread.returned
        if (returned === 0) return
        const bytes = Math.ceil(this.unread.bytes / returned)
        if (returned > this.weighed) this.weighed = returned
        // light entries after heavy ones raise the count again, but slowly
        this.entryBytes = Math.max(bytes, Math.floor(this.entryBytes * 0.9))
    }

    /**
     * Draws the conclusion from the send whose replies have been read.
     * @param lag receives the lag in entries
     * @param now ms since the program's start
     * @returns whether another send would tell more
     */
    conclude(lag: Lag, now: number): boolean {
        const evidence = this.evidence
        const group = this.group
        if (this.counting) {
            this.group = undefined
            return !this.exceeds()
        }
        if (group === undefined) {
            this.depth = Depth.Groups
            return false
        }
        const moved = !group.lastDeliveredId.equals(this.from)
        if (evidence.counted !== undefined) {
            // a last-delivered-id that was set back: what lies between was not asked for
            const back =
                moved &&
                group.lastDeliveredId.precedes(
                    this.from.bytes,
                    0,
                    this.from.length
                )
            evidence.countedAll = !back && this.unread.returned < this.count
            if (back) {
                evidence.counted = undefined
                evidence.precedesAll = undefined
            } else if (
                evidence.reported !== undefined &&
                evidence.reported < evidence.counted
            )
                evidence.reportedFalse = true
        }
        if (moved && evidence.precedesAll) evidence.precedesAll = undefined
        conclude(evidence, lag)

        const asked = this.depth
        const checkDue =
            this.crossCheckedAt === undefined ||
            now - this.crossCheckedAt >= CROSS_CHECK_MS
        if (
            evidence.reported === 0 &&
            !evidence.reportedFalse &&
            !evidence.counted &&
            !(checkDue && this.may("xread"))
        ) {
            this.depth = Depth.Groups
            return false
        }
        if (asked === Depth.Groups) {
            this.depth = Depth.Count
            return this.may("xread") || this.may("xlen")
        }
        if (!this.askedUnread) return false
        if (evidence.counted === undefined) return this.may("xread")
        if (evidence.countedAll) {
            this.chasing = false
            this.crossCheckedAt = now
            this.depth =
                evidence.counted === 0 &&
                evidence.reported === 0 &&
                !evidence.reportedFalse
                    ? Depth.Groups
                    : Depth.Count
            return false
        }
        if (lag.low === lag.high || evidence.counted >= this.top) return false
        // a group that reads fast is chased with all that the budget allows, and with the probe that needs no start
        this.chasing = moved
        if (!moved && this.wantedCount() > this.count) return true
        if (asked === Depth.Probe && !moved) return false
        this.depth = Depth.Probe
        // entries too heavy for anything beside XREAD: another send would tell nothing new
        return moved || this.mayProbe() || this.asksStream()
    }
}

/** For each question the command as ACL rules name it. */
const COMMANDS = ["xinfo|groups", "xlen", "xread", "xrange", "xinfo|stream"]
