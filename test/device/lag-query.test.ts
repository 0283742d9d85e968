/** LagQuery against a fake stream that changes between any two sends: what it concludes is true of the send. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { LagQuery } from "../../src/ask/lag-query"
import { Answers } from "../../src/ask/answers"
import { Questions } from "../../src/redis/question"
import { RespReader } from "../../src/redis/resp"
import { Known, unknownLag } from "../../src/signal/lag"
import { FakeReplySource, wire } from "./fakes"
import { newSeed, Random } from "./random"

const pause = async () => await ds.sleep(1)

/** The scale's top in these tests: what counts more need not be counted. */
const TOP = 21
/** More sends than a poll takes. */
const MAX_SENDS = 8
/** More than the replies weigh. */
const REPLY_BYTES = 1000000

function bulk(text: string): string {
    return `$${text.length} ${text}`
}

function longText(bytes: number): string {
    const text = Buffer.alloc(bytes)
    text.fillAt(0, bytes, 0x76)
    return text.toString()
}

/** Stands in for Redis with one stream and one group. IDs are `n-0`. */
class FakeRedis {
    entries: number[] = []
    lastDelivered = 0
    /** What XINFO GROUPS says: a number, or undefined for nil. */
    reported: number = undefined
    /** Commands that are refused, by their first words. */
    forbidden: string[] = []
    hasGroup = true
    /** Redis 7 has EVAL_RO. */
    hasScripts = false
    entriesRead = 0
    /** What a field's value weighs, bytes. */
    valueBytes = 1
    /** Names of the commands that came. */
    heard: string[] = []
    private newest = 0
    private added = 0

    add(count: number): void {
        for (let i = 0; i < count; ++i) {
            this.newest++
            this.added++
            this.entries.push(this.newest)
        }
    }

    /** The group reads. */
    deliver(count: number): void {
        for (const id of this.entries) {
            if (count === 0) return
            if (id <= this.lastDelivered) continue
            this.lastDelivered = id
            this.entriesRead++
            count--
        }
    }

    trim(count: number): void {
        this.entries = this.entries.slice(count)
    }

    delete(index: number): void {
        if (index < this.entries.length) this.entries.insert(index, -1)
    }

    truth(): number {
        return this.after(this.lastDelivered)
    }

    private after(last: number): number {
        let count = 0
        for (const id of this.entries) if (id > last) count++
        return count
    }

    /** What Redis would say at its best, or its worst: right, too much, nil; never too little. */
    report(random: Random): void {
        const truth = this.truth()
        if (this.added === this.entries.length)
            this.reported = random.chance(80) ? truth : undefined
        else if (random.chance(30)) this.reported = undefined
        else this.reported = truth + (random.chance(50) ? 0 : random.below(30))
    }

    answer(command: Buffer): string {
        const words: string[] = []
        const reader = new RespReader()
        reader.feed(command)
        reader.next()
        while (reader.next()) words.push(reader.text())
        const name = words[0] === "XINFO" ? `${words[0]} ${words[1]}` : words[0]
        this.heard.push(name)
        if (this.forbidden.includes(name)) return "-NOPERM"
        switch (name) {
            case "XINFO GROUPS":
                return this.hasGroup ? this.groups() : "*0"
            case "XLEN":
                return `:${this.entries.length}`
            case "XREAD":
                return this.read(parseInt(words[2]), parseInt(words[5]))
            case "XRANGE":
                return this.entries.length > 0 &&
                    this.entries[0] <= parseInt(words[3])
                    ? `*1 ${this.entry(this.entries[0])}`
                    : "*0"
            case "EVAL_RO":
                return this.hasScripts
                    ? this.script(parseInt(words[4]), words[5], words[6])
                    : "-ERR"
            case "XINFO STREAM":
                return `*8 $6 length :${this.entries.length} $17 last-generated-id ${bulk(`${this.newest}-0`)} $13 entries-added :${this.added} $6 groups :1`
            default:
                return "-ERR"
        }
    }

    private script(after: number, to: string, most: string): string {
        const end = to === "+" ? this.newest : parseInt(to)
        let count = 0
        let last = after
        for (const id of this.entries) {
            if (id <= after || id > end || count >= parseInt(most)) continue
            count++
            last = id
        }
        const length = this.entries.length
        const newest = length > 0 ? this.entries[length - 1] : 0
        return `*4 :${count} ${bulk(`${last}-0`)} ${bulk(`${newest}-0`)} :${length}`
    }

    private groups(): string {
        const id = bulk(`${this.lastDelivered}-0`)
        const lag = this.reported === undefined ? "$-1" : `:${this.reported}`
        return `*1 *12 $4 name $5 staff $9 consumers :1 $7 pending :0 $17 last-delivered-id ${id} $12 entries-read :${this.entriesRead} $3 lag ${lag}`
    }

    private entry(id: number): string {
        return `*2 ${bulk(`${id}-0`)} *2 $1 f ${bulk(longText(this.valueBytes))}`
    }

    private read(count: number, after: number): string {
        const found: string[] = []
        for (const id of this.entries)
            if (id > after && found.length < count) found.push(this.entry(id))
        return found.length === 0
            ? "*-1"
            : `*1 *2 $4 jobs *${found.length} ${found.join(" ")}`
    }
}

/** A query and the fake it asks. */
class Scene {
    redis = new FakeRedis()
    query: LagQuery
    lag = unknownLag()
    private questions = new Questions()

    constructor(top: number) {
        this.query = new LagQuery(
            "jobs",
            "staff",
            top,
            new Answers(REPLY_BYTES)
        )
    }

    /** One send. All its answers are of one moment. @returns whether another would tell more */
    async send(): Promise<boolean> {
        const questions = this.questions
        questions.clear()
        this.query.ask(questions, ds.millis())
        // all answers are of one moment: the query's questions are put together before the first is read
        for (let i = 0; i < questions.count; ++i) {
            const question = questions.list[i]
            const source = new FakeReplySource(
                wire(this.redis.answer(question.command)),
                200
            )
            await question.replyReader.readReply(question.ask, source)
            expect(source.isUsedUp()).toBe(true)
            await ds.sleep(1)
        }
        return this.query.conclude(this.lag, ds.millis())
    }

    /** One poll without changes in between. @returns the conclusion and the commands: `3 counted: XINFO GROUPS, XLEN` */
    async poll(): Promise<string> {
        this.redis.heard = []
        for (let i = 0; i < MAX_SENDS; ++i)
            if (!(await this.send()))
                return `${this.text()}: ${this.redis.heard.join(", ")}`
        return `no end: ${this.redis.heard.join(", ")}`
    }

    text(): string {
        const lag = this.lag
        if (lag.known === Known.Not) return "unknown"
        return lag.low === lag.high
            ? `${lag.low} ${lag.known}`
            : `${lag.low}..${lag.high === undefined ? "" : lag.high} ${lag.known}`
    }

    /** @throws unless the conclusion holds */
    check(what: string): void {
        const truth = this.redis.truth()
        const lag = this.lag
        if (
            lag.known === Known.Not
                ? lag.high !== undefined
                : lag.low > truth || lag.high < truth
        )
            throw new Error(`${what}: ${this.text()} for ${truth}`)
    }
}

describe("the fewest commands", () => {
    beforeEach(pause)
    test("a reported 0 needs no other, but for a check now and then", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(5)
        scene.redis.deliver(5)
        scene.redis.reported = 0
        expect(await scene.poll()).toBe(
            "0 reported: XINFO GROUPS, XINFO GROUPS, XLEN, XREAD"
        )
        for (let i = 0; i < 3; ++i)
            expect(await scene.poll()).toBe("0 reported: XINFO GROUPS")
        await ds.sleep(10000)
        expect(await scene.poll()).toBe("0 reported: XINFO GROUPS, XLEN, XREAD")
        expect(await scene.poll()).toBe("0 reported: XINFO GROUPS")
    })
    test("a small lag is counted, later in one send", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(9)
        scene.redis.deliver(6)
        await scene.poll()
        scene.redis.add(1)
        await scene.poll()
        expect(await scene.poll()).toBe("4 counted: XINFO GROUPS, XLEN, XREAD")
    })
    test("a small lag that is reported is checked in one send", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(9)
        scene.redis.deliver(6)
        scene.redis.reported = 3
        await scene.poll()
        expect(await scene.poll()).toBe("3 counted: XINFO GROUPS, XLEN, XREAD")
    })
    test("what is certainly off the scale is not counted to its end", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(60)
        scene.redis.reported = 60
        await scene.poll()
        expect(await scene.poll()).toBe(
            "22..60 bounds: XINFO GROUPS, XLEN, XREAD"
        )
    })
    test("what is too much to count is probed for", async () => {
        const scene = new Scene(1000)
        scene.redis.add(130)
        scene.redis.deliver(3)
        scene.redis.trim(10)
        scene.redis.reported = 127
        await scene.poll()
        expect(await scene.poll()).toBe(
            "120 whole stream: XINFO GROUPS, XLEN, XREAD, XRANGE, XINFO STREAM"
        )
        // the group is no longer before the first entry
        scene.redis.deliver(1)
        await scene.poll()
        await scene.poll()
        expect(scene.text()).toBe("101..119 bounds")
    })
    test("without rights it makes do", async () => {
        const scene = new Scene(TOP)
        scene.redis.forbidden = ["XREAD", "XRANGE", "XINFO STREAM"]
        scene.redis.add(9)
        scene.redis.deliver(6)
        scene.redis.reported = 5
        await scene.poll()
        expect(scene.text()).toBe("0..5 bounds")
        expect(scene.query.rights.refused.join(" ")).toBe("xread")
        scene.redis.forbidden = ["XREAD", "XRANGE", "XINFO STREAM", "XLEN"]
        scene.query.connected()
        scene.redis.reported = undefined
        await scene.poll()
        expect(scene.text()).toBe("unknown")
        // they may be granted again
        scene.redis.forbidden = []
        scene.query.connected()
        await scene.poll()
        expect(scene.text()).toBe("3 counted")
    })
    test("a group that is not there is not made up", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(3)
        await scene.poll()
        scene.redis.hasGroup = false
        expect(
            (await scene.poll()).endsWith(": XINFO GROUPS, XLEN, XREAD")
        ).toBe(true)
        expect(scene.query.group).toBe(undefined)
        scene.redis.hasGroup = true
        await scene.poll()
        expect(scene.text()).toBe("3 counted")
    })
})

describe("an operator's false claim", () => {
    beforeEach(pause)
    test("of too little is found out, and not believed again", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(9)
        scene.redis.deliver(4)
        scene.redis.reported = 1
        // the first poll of a connection finds out what an entry weighs, on one
        await scene.poll()
        await scene.poll()
        expect(scene.text()).toBe("5 counted")
        scene.redis.deliver(5)
        scene.redis.reported = 0
        for (let i = 0; i < 2; ++i) {
            const said = await scene.poll()
            expect(scene.text()).toBe("0 counted")
            expect(said.includes("XREAD")).toBe(true)
        }
        // another server may be honest
        scene.query.connected()
        await scene.poll()
        expect(await scene.poll()).toBe("0 reported: XINFO GROUPS")
    })
    test("of 0 is found out within 10 s", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(5)
        scene.redis.deliver(5)
        scene.redis.reported = 0
        await scene.poll()
        scene.redis.add(3)
        expect(await scene.poll()).toBe("0 reported: XINFO GROUPS")
        await ds.sleep(10000)
        await scene.poll()
        expect(scene.text()).toBe("3 counted")
    })
})

describe("what is too heavy for one send", () => {
    beforeEach(pause)
    async function heavy(lag: number): Promise<Scene> {
        const scene = new Scene(TOP)
        scene.redis.valueBytes = 1000
        scene.redis.add(lag + 3)
        scene.redis.deliver(3)
        return scene
    }

    test("is counted by the server where it has scripts", async () => {
        const scene = await heavy(18)
        scene.redis.hasScripts = true
        // false, as after a restart of Redis 7.0
        scene.redis.reported = 36
        await scene.poll()
        expect(scene.text()).toBe("18 counted")
        expect(await scene.poll()).toBe(
            "18 counted: XINFO GROUPS, XLEN, EVAL_RO"
        )
        scene.redis.deliver(4)
        scene.redis.reported = 32
        await scene.poll()
        expect(scene.text()).toBe("14 counted")
        scene.redis.add(50)
        scene.redis.reported = 82
        await scene.poll()
        expect(scene.text()).toBe("22..71 bounds")
    })
    test("by the server in steps, where the scale goes far", async () => {
        const scene = new Scene(3000)
        scene.redis.hasScripts = true
        scene.redis.add(1300)
        scene.redis.deliver(100)
        for (let poll = 0; poll < 3; ++poll) {
            await scene.poll()
            scene.check(`poll ${poll}`)
        }
        expect(scene.text()).toBe("1200 counted")
        // what is added is counted on, and what is removed makes it begin anew
        scene.redis.add(7)
        await scene.poll()
        expect(scene.text()).toBe("1207 counted")
        scene.redis.delete(900)
        scene.redis.add(1)
        for (let poll = 0; poll < 3; ++poll) {
            await scene.poll()
            scene.check(`poll ${poll}, one less`)
        }
        expect(scene.text()).toBe("1207 counted")
    })
    test("is counted from send to send where it has none", async () => {
        for (let lag = 8; lag <= TOP; ++lag) {
            const scene = await heavy(lag)
            scene.redis.reported = 2 * lag
            for (let poll = 0; poll < 3; ++poll) await scene.poll()
            expect(scene.text()).toBe(`${lag} counted`)
            // what is added is counted on
            scene.redis.add(1)
            await scene.poll()
            expect(scene.text()).toBe(`${lag + 1} counted`)
        }
    })
    test("is not believed where an entry was removed meanwhile", async () => {
        const scene = await heavy(18)
        scene.redis.reported = 36
        for (let poll = 0; poll < 3; ++poll) await scene.poll()
        scene.redis.delete(5)
        scene.redis.add(1)
        for (let poll = 0; poll < 3; ++poll) {
            await scene.poll()
            scene.check(`poll ${poll}`)
        }
        expect(scene.text()).toBe("18 counted")
    })
    test("is counted anew when the group moves", async () => {
        const scene = await heavy(18)
        scene.redis.reported = 36
        await scene.send()
        await scene.send()
        for (let i = 0; i < 30; ++i) {
            if (i % 7 === 0) scene.redis.deliver(1)
            await scene.send()
            scene.check(`send ${i}`)
        }
        for (let poll = 0; poll < 3; ++poll) await scene.poll()
        expect(scene.text()).toBe(`${scene.redis.truth()} counted`)
    })
})

describe("a claim that changes nothing else", () => {
    beforeEach(pause)
    test("of 0 is found out in the same poll, by what it moves", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(12)
        scene.redis.deliver(12)
        scene.redis.reported = 0
        await scene.poll()
        expect(await scene.poll()).toBe("0 reported: XINFO GROUPS")
        // XGROUP SETID jobs staff 5-0 ENTRIESREAD 12
        scene.redis.lastDelivered = 5
        await scene.poll()
        expect(scene.text()).toBe("7 counted")
    })
    test("of 0 by ENTRIESREAD alone, too", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(12)
        scene.redis.deliver(5)
        scene.redis.reported = 7
        await scene.poll()
        await scene.poll()
        scene.redis.entriesRead = 12
        scene.redis.reported = 0
        await scene.poll()
        expect(scene.text()).toBe("7 counted")
    })
})

describe("a right that was missing for a moment", () => {
    beforeEach(pause)
    test("is asked for again within a minute", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(9)
        scene.redis.deliver(6)
        scene.redis.reported = 5
        scene.redis.forbidden = ["XREAD"]
        await scene.poll()
        expect(scene.text()).toBe("0..5 bounds")
        scene.redis.forbidden = []
        await scene.poll()
        expect(scene.text()).toBe("0..5 bounds")
        await ds.sleep(50000)
        await scene.poll()
        expect(scene.text()).toBe("3 counted")
        expect(scene.query.rights.refused.length).toBe(0)
    })
})

describe("a last-delivered-id that moves while it is asked about", () => {
    beforeEach(pause)
    test("does not precede the whole stream because the one before did", async () => {
        const scene = new Scene(1000)
        scene.redis.add(300)
        await scene.send()
        scene.redis.deliver(1)
        await scene.send()
        scene.redis.trim(5)
        scene.redis.deliver(2)
        await scene.send()
        expect(scene.redis.heard.includes("XRANGE")).toBe(true)
        scene.check("moved")
        await scene.send()
        scene.check("at rest")
    })
    test("and is set back leaves nothing proven that was not asked for", async () => {
        const scene = new Scene(TOP)
        scene.redis.add(12)
        scene.redis.deliver(10)
        await scene.poll()
        expect(scene.text()).toBe("2 counted")
        scene.redis.lastDelivered = 4
        await scene.send()
        expect(scene.text()).toBe("0..12 bounds")
        await scene.poll()
        expect(scene.text()).toBe("8 counted")
    })
})

describe("whatever happens between two sends", () => {
    beforeEach(pause)
    test("the conclusion is true of the send", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        const scene = new Scene(TOP)
        const redis = scene.redis
        for (let step = 0; step < 150; ++step) {
            const what = random.below(12)
            if (what < 3) redis.add(random.below(20))
            else if (what < 6) redis.deliver(random.below(20))
            else if (what === 6) redis.trim(random.below(10))
            else if (what === 7) redis.delete(random.below(30))
            else if (what === 8)
                redis.lastDelivered = Math.max(
                    0,
                    redis.lastDelivered - random.below(15)
                )
            else if (what === 9 && random.chance(20)) {
                scene.query.connected()
                redis.forbidden = random.chance(50)
                    ? []
                    : [
                          ["XREAD"],
                          ["XLEN"],
                          ["XRANGE"],
                          ["XINFO STREAM"],
                          ["XREAD", "XLEN"],
                      ][random.below(5)]
            }
            redis.hasScripts = seed % 2 === 0
            if (redis.entries.length > 60) redis.trim(30)
            redis.report(random)
            await scene.send()
            scene.check(`seed ${seed}, step ${step}`)
        }
    })
    test("a poll comes to its end, and is exact up to the scale's top", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < 12; ++i) {
            const scene = new Scene(TOP)
            const redis = scene.redis
            redis.add(random.below(50))
            redis.deliver(random.below(50))
            redis.trim(random.below(5))
            redis.report(random)
            await scene.poll()
            const said = await scene.poll()
            scene.check(`seed ${seed}, ${i}`)
            const lag = scene.lag
            if (
                said.startsWith("no end") ||
                (redis.truth() < TOP && lag.low !== lag.high) ||
                (redis.truth() >= TOP && lag.low < TOP)
            )
                throw new Error(
                    `seed ${seed}, ${i}: ${said} for ${redis.truth()}`
                )
        }
    })
})
