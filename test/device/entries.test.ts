/** Replies that hold entries, consumers and the clock: what is counted, whatever the payload and the pieces. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import {
    OldestPending,
    readIsEmpty,
    readLongestIdle,
    readOldestPending,
    readScript,
    readStreamFacts,
    readTime,
    readUnreadEntries,
    StreamFacts,
    UnreadEntries,
} from "../../src/redis/entries"
import { ReplyError } from "../../src/redis/refusal"
import { BadAnswer, nextCount, ReplySource } from "../../src/redis/reply"
import { StreamId } from "../../src/redis/stream-id"
import { FakeReplySource, longString, wire } from "./fakes"

const pause = async () => await ds.sleep(1)

/** Reads a reply. @returns what it says */
type Reading = (source: ReplySource) => Promise<string>

/** A test that a reply says `expected`: in one piece, byte by byte, and in between. */
function says(
    what: string,
    reply: () => Buffer,
    read: Reading,
    expected: string
) {
    test(what, async () => {
        const bytes = reply()
        await ds.sleep(1)
        for (const pieceBytes of [1460, 1, 7]) {
            const source = new FakeReplySource(bytes, pieceBytes)
            let said: string
            try {
                said = await read(source)
                if (!source.isUsedUp()) said += " and something is left"
            } catch (e: any) {
                const kind =
                    e instanceof ReplyError
                        ? "ReplyError"
                        : e instanceof BadAnswer
                          ? "BadAnswer"
                          : "Error"
                said = `${kind}: ${e.message}`
            }
            expect(said).toBe(expected)
        }
    })
}

const ERROR = () => Buffer.from("-NOPERM this user\r\n")
const REFUSED = "ReplyError: NOPERM this user"

/** One object for all tests: nothing of an earlier reply may stay. */
const unread = new UnreadEntries()

function streamId(text: string): StreamId {
    const id = new StreamId()
    id.take(Buffer.from(text), 0, text.length)
    return id
}

/** How many entries the tests ask for. */
const ASKED = 3

/** @returns a reading of XREAD's reply for a group whose last-delivered-id is `id` */
function unreadAfter(id: string): Reading {
    return async source => {
        const last = streamId(id)
        unread.returned = 99
        unread.counted = 99
        unread.firstMs = 99
        await readUnreadEntries(source, last, ASKED, undefined, unread)
        return `${unread.counted} of ${unread.returned} from ${unread.firstMs}`
    }
}

const ENTRIES =
    "*3 *2 $3 5-1 *2 $1 f $1 v *2 $3 5-2 *4 $1 f $1 v $1 g $0  *2 $3 6-0 *2 $1 f $1 v"
const XREAD = `*1 *2 $4 jobs ${ENTRIES}`

function refusesId(id: string): void {
    says(
        `an entry whose ID is ${id}`,
        () => wire(`*1 *2 $4 jobs *1 *2 ${id} *0`),
        unreadAfter("5-0"),
        "BadAnswer: an entry whose ID is none"
    )
}

describe("XREAD", () => {
    beforeEach(pause)
    says("all unread", () => wire(XREAD), unreadAfter("4-9"), "3 of 3 from 5")
    says(
        "some delivered meanwhile",
        () => wire(XREAD),
        unreadAfter("5-1"),
        "2 of 3 from 5"
    )
    says(
        "only the last unread",
        () => wire(XREAD),
        unreadAfter("5-2"),
        "1 of 3 from 6"
    )
    says(
        "all delivered meanwhile",
        () => wire(XREAD),
        unreadAfter("6-0"),
        "0 of 3 from undefined"
    )
    says("nil", () => wire("*-1"), unreadAfter("6-0"), "0 of 0 from undefined")
    says(
        "nil of RESP3",
        () => wire("_"),
        unreadAfter("6-0"),
        "0 of 0 from undefined"
    )
    says(
        "a map of RESP3",
        () => wire(`%1 $4 jobs ${ENTRIES}`),
        unreadAfter("5-1"),
        "2 of 3 from 5"
    )
    says(
        "entries that were deleted",
        () => wire("*1 *2 $4 jobs *2 *2 $3 5-1 *-1 *2 $3 5-2 *0"),
        unreadAfter("5-1"),
        "1 of 2 from 5"
    )
    says(
        "20 digits",
        () =>
            wire(
                "*1 *2 $4 jobs *2 *2 $41 18446744073709551615-18446744073709551614 *0 *2 $41 18446744073709551615-18446744073709551615 *0"
            ),
        unreadAfter("18446744073709551615-18446744073709551614"),
        // printed numbers lose digits
        "1 of 2 from 18446744073709600000"
    )
    says(
        "long payload and key",
        () =>
            Buffer.concat(
                Buffer.from("*1\r\n*2\r\n"),
                longString(600),
                wire("*2 *2 $3 5-1 *2 $1 f"),
                longString(2000),
                wire("*2 $3 5-2 *2"),
                longString(513),
                longString(3000)
            ),
        unreadAfter("5-0"),
        "2 of 2 from 5"
    )
    says(
        "payload that looks like entries",
        () => wire("*1 *2 $4 jobs *1 *2 $3 5-1 *2 $11 *1 $3 9-9 $9 *2 $2 9"),
        unreadAfter("5-0"),
        "1 of 1 from 5"
    )
    says("an error", ERROR, unreadAfter("5-0"), REFUSED)
    says(
        "another type",
        () => wire(":5"),
        unreadAfter("5-0"),
        "BadAnswer: unexpected reply of type 58"
    )

    says(
        "more than was asked for",
        () =>
            wire(
                "*1 *2 $4 jobs *4 *2 $3 5-1 *0 *2 $3 5-2 *0 *2 $3 5-3 *0 *2 $3 5-4 *0"
            ),
        unreadAfter("5-0"),
        "BadAnswer: 4 entries where 3 were asked for"
    )
    refusesId("*1 $3 5-1")
    refusesId(":5")
    refusesId("$-1")
    refusesId("$0 ")
    refusesId("$2 5-")
    refusesId("$2 -5")
    refusesId("$3 a-1")
    refusesId("$5 5-1-1")
    refusesId("$4 05-1")
    refusesId("$22 18446744073709551616-0")
    refusesId("$1 5")
    says(
        "an entry of three parts",
        () => wire("*1 *2 $4 jobs *1 *3 $3 5-1 *0 *0"),
        unreadAfter("5-0"),
        "BadAnswer: an entry that is none"
    )

    test("tells apart what is newer, and keeps the last ID", async () => {
        const found = new UnreadEntries()
        const newest = streamId("5-1")
        await readUnreadEntries(
            new FakeReplySource(wire(XREAD), 1460),
            streamId("5-0"),
            ASKED,
            newest,
            found
        )
        expect(`${found.counted} ${found.newer}`).toBe("3 2")
        expect(found.last.equals(streamId("6-0"))).toBe(true)
    })
    says(
        "entries of two streams",
        () => wire(`*2 *2 $4 jobs ${ENTRIES} *2 $4 mail ${ENTRIES}`),
        unreadAfter("5-0"),
        "BadAnswer: entries of no stream"
    )
    says(
        "a stream without entries",
        () => wire("*1 *1 $4 jobs"),
        unreadAfter("5-0"),
        "BadAnswer: entries of no stream"
    )

    test("tells how many bytes the reply has", async () => {
        const bytes = wire(XREAD)
        await unreadAfter("5-0")(new FakeReplySource(bytes, 10))
        // all but the outermost header
        expect(unread.bytes).toBe(bytes.length - 4)
    })
})

const isEmpty: Reading = async source => `${await readIsEmpty(source)}`

describe("XRANGE", () => {
    beforeEach(pause)
    says("nothing", () => wire("*0"), isEmpty, "true")
    says("an entry", () => wire("*1 *2 $3 1-1 *2 $1 f $1 v"), isEmpty, "false")
    says(
        "a long entry",
        () => Buffer.concat(wire("*1 *2 $3 1-1 *2 $1 f"), longString(700)),
        isEmpty,
        "false"
    )
    says(
        "nil",
        () => wire("*-1"),
        isEmpty,
        "BadAnswer: unexpected reply of type 95"
    )
    says("an error", ERROR, isEmpty, REFUSED)
    says(
        "more than was asked for",
        () => wire("*2 *2 $3 1-1 *0 *2 $3 1-2 *0"),
        isEmpty,
        "BadAnswer: 2 entries where 1 was asked for"
    )
})

const integer: Reading = async source => `${await nextCount(source)}`

describe("XLEN", () => {
    beforeEach(pause)
    says("a number", () => wire(":12345"), integer, "12345")
    says("nothing", () => wire(":0"), integer, "0")
    says("an error", ERROR, integer, REFUSED)
    says(
        "a string",
        () => wire("$1 5"),
        integer,
        "BadAnswer: unexpected reply of type 36"
    )
    says(
        "nil",
        () => wire("$-1"),
        integer,
        "BadAnswer: unexpected reply of type 95"
    )
})

const facts = new StreamFacts()
const streamFacts: Reading = async source => {
    facts.length = 99
    facts.groups = 99
    facts.newestMs = 99
    await readStreamFacts(source, facts)
    return `${facts.length} entries, ${facts.groups} groups, newest ${facts.newestMs}`
}

const ENTRY = "*2 $3 1-1 *2 $6 length :9"

describe("XINFO STREAM", () => {
    beforeEach(pause)
    says(
        "of Redis 7",
        () =>
            wire(
                `*20 $6 length :2 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $7 77-1234 $20 max-deleted-entry-id $3 0-0 $13 entries-added :2 $23 recorded-first-entry-id $3 1-1 $6 groups :1 $11 first-entry ${ENTRY} $10 last-entry ${ENTRY}`
            ),
        streamFacts,
        "2 entries, 1 groups, newest 77"
    )
    says(
        "of Redis 6, which does not count",
        () =>
            wire(
                `*14 $6 length :2 $15 radix-tree-keys :1 $16 radix-tree-nodes :2 $17 last-generated-id $3 2-1 $6 groups :1 $11 first-entry ${ENTRY} $10 last-entry ${ENTRY}`
            ),
        streamFacts,
        "2 entries, 1 groups, newest 2"
    )
    says(
        "empty",
        () =>
            wire(
                "*12 $6 length :0 $17 last-generated-id $3 0-0 $13 entries-added :0 $6 groups :0 $11 first-entry $-1 $10 last-entry $-1"
            ),
        streamFacts,
        "0 entries, 0 groups, newest 0"
    )
    says(
        "of RESP3, in another order",
        () =>
            wire(
                `%6 $6 groups :3 $13 entries-added :2 $11 first-entry ${ENTRY} $10 last-entry _ $17 last-generated-id $3 5-5 $6 length :2`
            ),
        streamFacts,
        "2 entries, 3 groups, newest 5"
    )
    says(
        "with long entries",
        () =>
            Buffer.concat(
                wire(
                    "*10 $6 length :1 $6 groups :1 $13 entries-added :1 $17 last-generated-id $3 5-5 $10 last-entry *2 $3 5-5 *2 $1 f"
                ),
                longString(1000)
            ),
        streamFacts,
        "1 entries, 1 groups, newest 5"
    )
    says("an error", ERROR, streamFacts, REFUSED)
    says(
        "without its length",
        () => wire("*4 $6 groups :1 $17 last-generated-id $3 5-5"),
        streamFacts,
        "BadAnswer: a stream without the fields that every Redis sends"
    )
    says(
        "with a length that is none",
        () => wire("*2 $6 length $1 5"),
        streamFacts,
        "BadAnswer: unexpected reply of type 36"
    )
    says(
        "with a newest ID that is none",
        () => wire("*2 $17 last-generated-id :5"),
        streamFacts,
        "BadAnswer: a last-generated-id that is no ID"
    )
})

const oldest = new OldestPending()
const oldestPending: Reading = async source => {
    await readOldestPending(source, oldest)
    return oldest.any
        ? `added ${oldest.addedMs}, idle ${oldest.idleMs}`
        : "none"
}

describe("XPENDING", () => {
    beforeEach(pause)
    says("nothing", () => wire("*0"), oldestPending, "none")
    says("nil", () => wire("*-1"), oldestPending, "none")
    says(
        "an entry",
        () => wire("*1 *4 $15 1732171234567-3 $5 alice :98765 :4"),
        oldestPending,
        "added 1732171234567, idle 98765"
    )
    says(
        "a consumer with a long name",
        () =>
            Buffer.concat(
                wire("*1 *4 $3 7-3"),
                longString(600),
                wire(":98765 :4")
            ),
        oldestPending,
        "added 7, idle 98765"
    )
    says(
        "more than was asked for",
        () => wire("*2 *4 $3 7-3 $5 alice :5 :4 *4 $3 8-3 $3 bob :6 :4"),
        oldestPending,
        "BadAnswer: 2 entries where 1 was asked for"
    )
    says(
        "more fields than today",
        () => wire("*1 *5 $3 7-3 $5 alice :5 :4 *1 :1"),
        oldestPending,
        "added 7, idle 5"
    )
    says(
        "an ID that is none",
        () => wire("*1 *4 :7 $5 alice :5 :4"),
        oldestPending,
        "BadAnswer: a pending entry whose ID is none"
    )
    says(
        "a time that is none",
        () => wire("*1 *4 $3 7-3 $5 alice $1 5 :4"),
        oldestPending,
        "BadAnswer: unexpected reply of type 36"
    )
    says("an error", ERROR, oldestPending, REFUSED)
})

const longestIdle: Reading = async source => `${await readLongestIdle(source)}`

function consumer(pending: number, idle: number): string {
    return `*8 $4 name $5 alice $7 pending :${pending} $4 idle :${idle} $8 inactive :-1`
}

describe("XINFO CONSUMERS", () => {
    beforeEach(pause)
    says("nobody", () => wire("*0"), longestIdle, "0")
    says(
        "one that holds entries",
        () => wire(`*1 ${consumer(3, 5000)}`),
        longestIdle,
        "5000"
    )
    says(
        "one that holds none",
        () => wire(`*1 ${consumer(0, 5000)}`),
        longestIdle,
        "0"
    )
    says(
        "the idlest of those that hold entries",
        () =>
            wire(
                `*4 ${consumer(1, 10)} ${consumer(0, 9999)} ${consumer(2, 700)} ${consumer(5, 20)}`
            ),
        longestIdle,
        "700"
    )
    says(
        "of Redis 6, fields in another order",
        () =>
            wire(
                "*2 *6 $4 idle :300 $4 name $3 bob $7 pending :1 *6 $7 pending :0 $4 idle :500 $4 name $3 eve"
            ),
        longestIdle,
        "300"
    )
    says(
        "of RESP3",
        () => wire("*1 %3 $4 name $3 bob $7 pending :1 $4 idle :44"),
        longestIdle,
        "44"
    )
    says(
        "one that is named like a field",
        () => wire("*1 *6 $4 name $4 idle $7 pending :1 $4 idle :7"),
        longestIdle,
        "7"
    )
    says(
        "one with a long name and unknown fields",
        () =>
            Buffer.concat(
                wire("*1 *10 $4 name"),
                longString(800),
                wire("$3 new *1 :1 $7 pending :1 $4 idle :7 $4 last"),
                longString(600)
            ),
        longestIdle,
        "7"
    )
    says("an error", ERROR, longestIdle, REFUSED)
    says(
        "one without idle",
        () => wire("*1 *4 $4 name $3 bob $7 pending :1"),
        longestIdle,
        "BadAnswer: a consumer without the fields that every Redis sends"
    )
    says(
        "a number in place of a consumer",
        () => wire("*1 :5"),
        longestIdle,
        "BadAnswer: unexpected reply of type 58"
    )
})

const time: Reading = async source => {
    const now = await readTime(source)
    return now === 1732171234567 ? "that moment" : `${now}`
}

function refusesTime(reply: string): void {
    says(
        `none: ${reply}`,
        () => wire(reply),
        time,
        "BadAnswer: a time that is none"
    )
}

describe("TIME", () => {
    beforeEach(pause)
    says(
        "seconds and microseconds",
        () => wire("*2 $10 1732171234 $6 567999"),
        time,
        "that moment"
    )
    says(
        "few microseconds",
        () => wire("*2 $10 1732171234 $3 567"),
        time,
        "1732171234000"
    )
    says("an error", ERROR, time, REFUSED)
    refusesTime("*1 $10 1732171234")
    refusesTime("*2 $3 abc $3 567")
    refusesTime("*2 :1732171234 $3 567")
    refusesTime("*2 $16 1732171234567890 $1 0")
    refusesTime("*2 $0  $1 0")
})

describe("a script's count", () => {
    beforeEach(pause)
    const script: Reading = async source => {
        facts.length = 99
        await readScript(source, 22, unread, facts)
        const newest = facts.newest.toBuffer().toString()
        const last = unread.last.toBuffer().toString()
        return `${unread.counted} of ${unread.returned} up to ${last} of ${newest}, ${facts.length} entries`
    }
    says(
        "entries",
        () => wire("*4 :22 $3 7-3 $3 9-0 :40"),
        script,
        "22 of 22 up to 7-3 of 9-0, 40 entries"
    )
    says(
        "more than was asked for",
        () => wire("*4 :23 $3 7-3 $3 9-0 :40"),
        script,
        "BadAnswer: 23 entries where 22 were asked for"
    )
    says(
        "an ID that is none",
        () => wire("*4 :2 $3 7-3 :9 :40"),
        script,
        "BadAnswer: a count whose IDs are none"
    )
    says(
        "a number alone",
        () => wire(":5"),
        script,
        "BadAnswer: unexpected reply of type 58"
    )
    says("an error", ERROR, script, REFUSED)
})
