import { conclude, Evidence, Lag } from "../signal/lag"
import { NamePattern } from "../redis/name-pattern"
import { Answers } from "./answers"
import {
    readIsEmpty,
    readScript,
    readStreamFacts,
    readUnreadEntries,
    StreamFacts,
    UnreadEntries,
} from "../redis/entries"
import { ConsumerGroup, readGroups } from "../redis/groups"
import { ReplyReader, Questions } from "../redis/question"
import { Refusal, ReplyError } from "../redis/refusal"
import { nextCount, nextElement, ReplySource, unexpected } from "../redis/reply"
import { encodeCommand, RespType } from "../redis/resp"
import { Rights } from "../redis/rights"
import { StreamId } from "../redis/stream-id"
import { StoredPosition } from "./stored-position"
import { Tally } from "./tally"

/** What the entries that are counted in one poll may weigh on the wire, bytes. */
export const ENTRY_BYTES = 8192
/** The most entries that are asked for in one poll. */
const MAX_COUNT = 101
/** XINFO STREAM, whose reply holds two entries, is asked where so many fit the budget. */
const STREAM_FROM = 4
/** The most entries that the server is asked to count in one send, and what they may weigh, bytes: meanwhile it does nothing else. */
const SCRIPT_COUNT = 1000
const SCRIPT_BYTES = 1048576
const EVAL_RO = "eval_ro"
/**
 * Counts on the server the entries behind one ID up to another, COUNT at the most; tells how many, the last one's ID, the
 * newest ID in the stream, and its length. It only reads.
 */
const SCRIPT =
    "local r=redis.call('XRANGE',KEYS[1],'('..ARGV[1],ARGV[2],'COUNT',ARGV[3])local e=redis.call('XREVRANGE',KEYS[1],'+','-','COUNT',1)return{#r,#r>0 and r[#r][1]or ARGV[1],#e>0 and e[1][1]or'0-0',redis.call('XLEN',KEYS[1])}"
/** What a group weighs in XINFO GROUPS' reply, bytes, with a name of 20; the first list tells more of it. */
export const GROUP_BYTES = 161
/** Where no more groups than this can be read, their number is asked for first. */
const MAX_GROUPS_UNASKED = 1000
/** Between two checks of a reported 0 that nothing has moved since the last one, ms. */
export const CROSS_CHECK_MS = 10000

/** The questions. */
enum Ask {
    Groups,
    Length,
    Unread,
    Before,
    Stream,
    Script,
}

/** How much is asked in one send; each depth includes those before it. */
enum Depth {
    /** XINFO GROUPS, enough while it reports 0; or the position that a reader stored. */
    Groups,
    /** XLEN and XREAD, which counts. */
    Count,
    /** For what is too much for one send: a script that counts on the server, or XRANGE, XINFO STREAM and a tally. */
    Probe,
}

/**
 * Finds out one consumer group's lag with the fewest commands.
 *
 * All that a conclusion rests on comes from one send: Redis executes what arrives in one segment without another client's
 * command in between, so it was true at one moment. XREAD has to start from the last-delivered-id of the send before; the
 * entries that were delivered since are told by the fresh one, which precedes XREAD's reply.
 */
export class LagQuery implements ReplyReader {
    /** The group as of the last send; undefined when the stream has no such group. */
    group: ConsumerGroup | undefined = undefined
    /** Redis's error in place of the groups; undefined when there was none. */
    refusal: ReplyError | undefined = undefined
    /** What the user may do: `xread`, `xlen` ... */
    readonly rights = new Rights()
    /** The same for what is done without where it is missing; undefined while nothing is. */
    private options: Rights | undefined = undefined
    /** The first unread entry is of use, and how many there are is not. */
    wantsOldest = false
    /** The newest ID is of use, even where the count is not in doubt. */
    wantsNewest = false
    readonly unread: UnreadEntries
    readonly stream: StreamFacts
    readonly evidence: Evidence
    /** The reported lag was seen below a count on this connection. */
    private reportedFalse = false

    /** The name; undefined for the group that lags most, of those that `pattern` fits. */
    private wanted: Buffer | undefined = undefined
    private pattern: NamePattern | undefined = undefined
    /** There is no group: `groupsCommand` asks for a stored position, and `own` holds it. */
    private hasPosition = false
    private own = new ConsumerGroup()
    private depth = Depth.Groups
    /** What XREAD and XRANGE start from. */
    private from = new StreamId()
    /** What `unreadQuestion` asks for. */
    private count = 0
    /** The most entries that ever came in one reply of this connection. */
    private mostReturned = 0
    /** What an entry weighs, bytes; rather too much than too little; 0 before the first was seen. */
    private entryBytes = 0
    /** When a reported 0 of a group that stood at `from` was last found true; undefined where it was not. */
    private crossCheckedAt: number | undefined = undefined
    private checkedEntriesRead: number | undefined = undefined
    /** A count that goes on from send to send; undefined while there is none. */
    private tally: Tally | undefined = undefined
    /** When the questions of this send were put together, ms since the program's start. */
    private askedAt = 0

    /** The last-delivered-id moved past all that XREAD returned. */
    private movedPast = false
    /** How many groups the stream has, as far as known on this connection; 0 where they are not asked for. */
    groups: number | undefined = undefined
    /** There is a stored position, and it is no entry's ID. */
    isNoId = false
    /** What one of them weighs in the list, bytes. */
    private groupBytes = GROUP_BYTES
    /** This send asks for nothing but the number of groups. */
    private counting = false

    private groupsCommand: Buffer
    private lengthCommand: Buffer
    /** Undefined where `from` is another one by now. */
    private unreadCommand: Buffer | undefined = undefined
    private beforeCommand: Buffer | undefined = undefined
    private askedUnread = false
    private askedScript = false
    private readStream = false
    /** The group moved while the last script counted. */
    private scriptMissed = false
    /** Whether `unreadCommand` starts where the tally stopped. */
    private tallying = false

    /**
     * @param key the stream's
     * @param group the group's name; or which names are looked at, for the one of them that lags most; or where its position
     * is stored
     * @param top the lag, in entries, from which on nothing changes on the display
     * @param answers receives what is read, and may be another target's again after `conclude`
     */
    constructor(
        private key: string,
        group: string | NamePattern | StoredPosition,
        private top: number,
        private answers: Answers
    ) {
        this.unread = answers.unread
        this.stream = answers.stream
        this.evidence = answers.evidence
        if (group instanceof StoredPosition) {
            this.hasPosition = true
            this.groupsCommand = group.command()
        } else {
            if (group instanceof NamePattern) this.pattern = group
            else this.wanted = Buffer.from(group)
            this.groupsCommand = encodeCommand(["XINFO", "GROUPS", key])
        }
        this.lengthCommand = encodeCommand(["XLEN", key])
    }

    /** A new connection, possibly as another user or to another server: results of the last connection are discarded. */
    connected(): void {
        this.rights.forget()
        this.options = undefined
        this.group = undefined
        this.depth = Depth.Groups
        this.crossCheckedAt = undefined
        this.groups = this.hasPosition ? 0 : undefined
        this.movedPast = false
        this.mostReturned = 0
        this.entryBytes = 0
        this.reportedFalse = false
        this.tally = undefined
    }

    /** Whether the stream has more groups than are asked for. */
    tooManyGroups(): boolean {
        if (!this.counting) return false
        return this.exceeds()
    }

    private exceeds(): boolean {
        if (this.groups === undefined) return false
        return this.groups > this.maxGroups()
    }

    /** The most groups whose list fits. */
    maxGroups(): number {
        return Math.floor(this.answers.replyBytes / this.groupBytes)
    }

    /** What the replies to the next send may weigh, bytes. */
    weight(): number {
        if (this.groups === undefined) return this.answers.replyBytes
        const list = this.groups * this.groupBytes
        if (this.depth === Depth.Groups) return list
        return list + ENTRY_BYTES
    }

    private may(command: string): boolean {
        return this.rights.may(command, this.askedAt)
    }

    /** Adds the questions of one send. @param now ms since the program's start */
    ask(questions: Questions, now: number): void {
        this.askedAt = now
        const evidence = this.evidence
        // it was another target's meanwhile
        evidence.reported =
            this.group === undefined ? undefined : this.group.lag
        evidence.reportedFalse = this.reportedFalse
        evidence.counted = undefined
        evidence.countedAll = false
        evidence.length = undefined
        evidence.precedesAll = undefined
        // another target's, if this send does not ask for it
        this.stream.newestMs = 0
        this.refusal = undefined
        this.askedUnread = false
        this.askedScript = false
        this.readStream = false
        // a small heap is not risked on a reply of unknown size
        this.counting =
            (this.groups === undefined
                ? this.maxGroups() <= MAX_GROUPS_UNASKED
                : this.exceeds()) && this.may("xinfo|stream")
        if (this.counting) {
            this.addStream(questions)
            return
        }
        questions.add(this, Ask.Groups, this.groupsCommand)
        if (this.group === undefined) return
        if (this.depth === Depth.Groups) {
            // a check that is due goes with it
            if (!this.isCheckDue(now)) return
            if (!this.may("xread")) return
            this.depth = Depth.Count
        }

        if (this.may("xlen"))
            questions.add(this, Ask.Length, this.lengthCommand)
        const last = this.group.lastDeliveredId
        if (this.tally !== undefined)
            if (!this.tally.goesOn(last, now)) this.tally = undefined
        const tallying = this.tally !== undefined
        if (this.moveTo(last)) this.crossCheckedAt = undefined
        if (tallying || this.tallying) {
            this.unreadCommand = undefined
            this.beforeCommand = undefined
        }
        this.tallying = tallying
        if (this.depth === Depth.Probe)
            if (this.mayScript()) {
                this.askedScript = true
                questions.add(this, Ask.Script, this.script())
                return
            }
        if (this.may("xread")) {
            this.askedUnread = true
            questions.add(this, Ask.Unread, this.unreadOf(this.wantedCount()))
        }
        if (this.depth === Depth.Probe)
            if (!tallying)
                if (this.mayProbe())
                    questions.add(this, Ask.Before, this.before())
        if (this.asksStream()) this.addStream(questions)
    }

    /** @returns whether the questions start from another ID now */
    private moveTo(id: StreamId): boolean {
        if (this.from.equals(id)) return false
        this.from.copy(id)
        this.unreadCommand = undefined
        this.beforeCommand = undefined
        return true
    }

    /** Asked so seldom that the command is not kept. */
    private addStream(questions: Questions): void {
        const command = encodeCommand(["XINFO", "STREAM", this.key])
        questions.add(this, Ask.Stream, command)
    }

    /** Whether the server may be asked to count. Redis has EVAL_RO from 7.0; the script needs the right to XRANGE. */
    private mayScript(): boolean {
        return (
            !this.wantsOldest &&
            !this.movedPast &&
            (this.options === undefined ||
                this.options.may(EVAL_RO, this.askedAt)) &&
            this.may("xrange")
        )
    }

    /** How many entries the budget allows in one poll, or what the list of groups leaves of the memory. */
    private affordableEntries(): number {
        const left =
            this.answers.replyBytes - (this.groups as number) * this.groupBytes
        return Math.floor(Math.min(ENTRY_BYTES, left) / this.entryBytes)
    }

    /** Whether there is room for XRANGE's one entry beside one of XREAD's. */
    private mayProbe(): boolean {
        if (!this.may("xrange")) return false
        return this.affordableEntries() >= 2
    }

    /** Whether XINFO STREAM is asked: its reply holds the first and the last entry. */
    private asksStream(): boolean {
        return (
            ((this.depth === Depth.Probe && !this.tallying) ||
                this.wantsNewest) &&
            this.may("xinfo|stream") &&
            this.affordableEntries() >= STREAM_FROM
        )
    }

    /** Whether what there is to count does not fit one send, as far as is known. */
    private isTooMuch(): boolean {
        const reported = this.evidence.reported
        return (
            Math.min(this.top, reported === undefined ? this.top : reported) >=
            Math.min(this.affordableEntries(), MAX_COUNT)
        )
    }

    /** How many entries to ask for: one more than the display tells apart, within the budget. */
    private wantedCount(): number {
        // what an entry weighs is found out on one, and approached in steps: the next ones may weigh more
        if (this.mostReturned === 0) return 1
        let most = this.affordableEntries()
        // what else is asked for in the same send has entries of its own
        if (this.depth === Depth.Probe)
            if (!this.tallying) if (this.mayProbe()) most--
        if (this.asksStream()) most -= 2
        most = Math.min(most, MAX_COUNT, this.mostReturned * 4)
        if (this.movedPast || this.tallying) return Math.max(1, most)
        let wanted = this.top + 1
        const reported = this.evidence.reported
        if (reported !== undefined)
            if (!this.evidence.reportedFalse)
                if (reported + 1 < wanted) wanted = reported + 1
        return Math.max(1, Math.min(wanted, most))
    }

    private unreadOf(count: number): Buffer {
        if (count !== this.count || this.unreadCommand === undefined) {
            this.count = count
            this.unreadCommand = encodeCommand([
                "XREAD",
                "COUNT",
                `${count}`,
                "STREAMS",
                this.key,
                (this.tallying
                    ? (this.tally as Tally).upTo
                    : this.from
                ).toBuffer(),
            ])
        }
        return this.unreadCommand
    }

    private before(): Buffer {
        if (this.beforeCommand === undefined)
            this.beforeCommand = encodeCommand([
                "XRANGE",
                this.key,
                "-",
                this.from.toBuffer(),
                "COUNT",
                "1",
            ])
        return this.beforeCommand
    }

    private script(): Buffer {
        this.count = Math.min(
            this.top + 1,
            SCRIPT_COUNT,
            Math.max(1, Math.floor(SCRIPT_BYTES / this.entryBytes))
        )
        const tally = this.tally as Tally
        const from = this.tallying ? tally.upTo : this.from
        // what is there already first, then what was added: each is told apart from the other
        const to =
            this.tallying && !tally.caughtUp
                ? tally.newest.toBuffer()
                : Buffer.from("+")
        return encodeCommand([
            "EVAL_RO",
            SCRIPT,
            "1",
            this.key,
            from.toBuffer(),
            to,
            `${this.count}`,
        ])
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        try {
            await this.readAnswer(ask, source)
            if (this.rights.refused.length > 0) this.rights.grant(COMMANDS[ask])
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            // whatever is wrong with scripts there, the light can do without
            if (ask === Ask.Script) {
                if (this.options === undefined) this.options = new Rights()
                this.options.refuse(EVAL_RO, this.askedAt)
                this.tally = undefined
            } else if (
                ask === Ask.Groups ||
                // no list of groups has told that there is such a stream
                ((this.counting || this.hasPosition) &&
                    e.refusal !== Refusal.Who)
            )
                this.refusal = e
            else if (e.refusal === Refusal.Who)
                this.rights.refuse(COMMANDS[ask], this.askedAt)
            // else the stream has changed under the questions, and the next poll tells
        }
    }

    private async readAnswer(ask: number, source: ReplySource): Promise<void> {
        const evidence = this.evidence
        switch (ask) {
            case Ask.Groups:
                this.group = undefined
                if (this.hasPosition) await this.readPosition(source)
                else evidence.reported = (await this.readList(source))?.lag
                break
            case Ask.Length:
                evidence.length = await nextCount(source)
                break
            case Ask.Unread: {
                // without a group there is nothing to compare with; any ID passes the reply by
                const last =
                    this.group === undefined
                        ? this.from
                        : this.group.lastDeliveredId
                await readUnreadEntries(
                    source,
                    last,
                    this.count,
                    this.tallying ? (this.tally as Tally).newest : undefined,
                    this.unread
                )
                this.weigh()
                evidence.counted = this.unread.counted
                break
            }
            case Ask.Before:
                evidence.precedesAll = await readIsEmpty(source)
                break
            case Ask.Stream:
                await readStreamFacts(source, this.stream)
                this.groups = this.stream.groups
                this.readStream = true
                break
            case Ask.Script:
                await readScript(source, this.count, this.unread, this.stream)
                evidence.counted = this.unread.counted
                break
        }
    }

    private async readPosition(source: ReplySource): Promise<void> {
        const reader = source.reader
        await nextElement(source)
        this.isNoId = false
        if (reader.type === RespType.Null) return
        if (reader.type !== RespType.BulkString) throw unexpected(source)
        const own = this.own
        if (own.lastDeliveredId.take(reader.bytes, reader.start, reader.end))
            this.group = own
        else this.isNoId = true
    }

    private async readList(
        source: ReplySource
    ): Promise<ConsumerGroup | undefined> {
        const answers = this.answers
        const start = source.reader.position()
        const group = await readGroups(
            source,
            this.wanted,
            this.own,
            answers.spare,
            this.pattern
        )
        this.groups = this.own.siblings
        if (group === answers.spare) {
            answers.spare = this.own
            this.own = group
        }
        this.group = group
        if (this.groups > 0)
            this.groupBytes = Math.max(
                GROUP_BYTES,
                (source.reader.position() - start) / this.groups
            )
        return group
    }

    private weigh(): void {
        const returned = this.unread.returned
        if (returned === 0) return
        const bytes = Math.ceil(this.unread.bytes / returned)
        if (returned > this.mostReturned) this.mostReturned = returned
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
        if (evidence.counted !== undefined) this.judgeCount(group, moved, now)
        if (moved) if (evidence.precedesAll) evidence.precedesAll = undefined
        conclude(evidence, lag)

        const asked = this.depth
        if (evidence.reported === 0)
            if (!evidence.reportedFalse)
                if (!evidence.counted) {
                    this.depth = Depth.Groups
                    // a group that moves on while it is asked about is asked again in the next poll
                    if (this.isProven(group, now)) return false
                    if (!this.may("xread")) return false
                    if (asked !== Depth.Groups) if (moved) return false
                    this.depth = Depth.Count
                    if (asked === Depth.Groups) return true
                    return evidence.counted === undefined
                }
        if (asked === Depth.Groups) {
            this.depth = Depth.Count
            if (this.may("xread")) return true
            return this.may("xlen")
        }
        if (evidence.countedAll) {
            this.movedPast = false
            this.depth =
                this.askedScript || this.tally !== undefined
                    ? Depth.Probe
                    : Depth.Count
            return false
        }
        if (this.askedScript) {
            if (evidence.counted !== undefined)
                if (!moved)
                    // on to what is left, or again from the start where something was removed
                    return (
                        this.tally === undefined ||
                        this.tally.counted <= this.top
                    )
            // a group that moves each time is chased
            this.movedPast = moved && this.scriptMissed
            this.scriptMissed = moved
            // it moved, or there are no scripts
            return evidence.counted === undefined
        }
        if (!this.askedUnread) return false
        if (evidence.counted === undefined) return this.may("xread")
        if (lag.low === lag.high) return false
        if (evidence.counted >= this.top) return false
        // a group that reads fast is chased with all that the budget allows, and with the probe that needs no start
        this.movedPast = moved
        if (!moved) {
            if (this.tallying)
                return (
                    this.tally === undefined || this.tally.counted <= this.top
                )
            if (this.isTooMuch())
                if (this.mayScript()) {
                    this.depth = Depth.Probe
                    return true
                }
            if (this.wantedCount() > this.count) return true
            if (asked === Depth.Probe) return this.tally !== undefined
        }
        this.depth = Depth.Probe
        // entries too heavy for anything beside XREAD: another send would tell nothing new
        if (moved) return true
        if (this.mayScript()) return true
        if (this.mayProbe()) return true
        return this.asksStream()
    }

    /** Whether it is long ago that a reported 0 was found true. */
    private isCheckDue(now: number): boolean {
        if (this.crossCheckedAt === undefined) return false
        return now - this.crossCheckedAt >= CROSS_CHECK_MS
    }

    /** Whether the reported 0 is one that was checked, and nothing has moved since. */
    private isProven(group: ConsumerGroup, now: number): boolean {
        if (this.crossCheckedAt === undefined) return false
        if (this.isCheckDue(now)) return false
        if (group.entriesRead !== this.checkedEntriesRead) return false
        return group.lastDeliveredId.equals(this.from)
    }

    /** What the entries that were counted in this send say, by themselves and with those of the sends before. */
    private judgeCount(
        group: ConsumerGroup,
        moved: boolean,
        now: number
    ): void {
        const evidence = this.evidence
        const last = group.lastDeliveredId
        const toTheEnd = this.unread.returned < this.count
        // where the group has gone back, or on from what a script counted: what lies between was not asked for
        const start = this.tallying ? (this.tally as Tally).upTo : this.from
        const before =
            (moved || this.tallying) &&
            last.precedes(start.bytes, 0, start.length)
        evidence.countedAll = toTheEnd && !before
        if (moved && (this.askedScript || (before && !this.tallying))) {
            evidence.counted = undefined
            evidence.countedAll = false
            evidence.precedesAll = undefined
            this.tally = undefined
        } else if (this.tallying) this.tallyOn(moved, toTheEnd)
        else if (!moved)
            if (!toTheEnd)
                if (this.askedScript || (this.readStream && this.mayTally()))
                    this.tally = new Tally(
                        last,
                        this.unread,
                        this.stream.length,
                        this.stream.newest,
                        now
                    )
        if (evidence.counted === undefined) return
        if (evidence.reported !== undefined)
            if (evidence.reported < evidence.counted) {
                evidence.reportedFalse = true
                this.reportedFalse = true
            }
        if (!evidence.countedAll) return
        if (evidence.counted > 0) {
            if (this.crossCheckedAt !== undefined) this.crossCheckedAt = now
            return
        }
        this.crossCheckedAt = now
        if (moved) this.moveTo(last)
        this.checkedEntriesRead = group.entriesRead
    }

    /** Whether entries are counted from send to send by reading them: a display that counts far would have it do little else. */
    private mayTally(): boolean {
        if (this.wantsOldest) return false
        return this.top < MAX_COUNT
    }

    private tallyOn(moved: boolean, toTheEnd: boolean): void {
        const tally = this.tally as Tally
        const evidence = this.evidence
        evidence.countedAll = false
        if (moved) {
            this.tally = undefined
            return
        }
        if (this.askedScript)
            if (tally.caughtUp) this.unread.newer = this.unread.counted
        tally.add(this.unread)
        if (!toTheEnd) return
        if (this.askedScript)
            if (!tally.caughtUp) {
                tally.catchUp()
                return
            }
        if (evidence.length === undefined || !tally.isWhole(evidence.length)) {
            this.tally = undefined
            return
        }
        evidence.counted = tally.counted
        evidence.countedAll = true
    }
}

/** For each question the command as ACL rules name it. */
const COMMANDS = ["xinfo|groups", "xlen", "xread", "xrange", "xinfo|stream"]
