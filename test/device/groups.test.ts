/** XINFO GROUPS' reply, as Redis 5 to 8 and RESP2 and 3 have it: by field name, byte for byte, whole and in pieces. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { ConsumerGroup, readGroups } from "../../src/redis/groups"
import { Refusal, ReplyError } from "../../src/redis/refusal"
import { BadAnswer } from "../../src/redis/reply"
import { FakeReplySource, longString, wire } from "./fakes"

const pause = async () => await ds.sleep(1)

/** A reader of groups that is used again and again, as in the firmware. */
class Groups {
    group = new ConsumerGroup()
    spare = new ConsumerGroup()

    /** @returns name or `-`, consumers, pending, last-delivered-id, lag; "none"; or what was thrown */
    async read(
        bytes: Buffer,
        wanted: Buffer,
        pieceBytes: number
    ): Promise<string> {
        const source = new FakeReplySource(bytes, pieceBytes)
        try {
            const group = await readGroups(
                source,
                wanted,
                this.group,
                this.spare
            )
            const all = source.isUsedUp() ? "" : " and something is left"
            if (group === undefined) return `none${all}`
            if (group !== this.group && group !== this.spare)
                return "another object"
            const name = wanted === undefined ? group.name.toString() : "-"
            return `${name} ${group.consumers} ${group.pending} ${group.lastDeliveredId.toBuffer().toString()} ${group.lag}${all}`
        } catch (e: any) {
            const kind =
                e instanceof ReplyError
                    ? "ReplyError"
                    : e instanceof BadAnswer
                      ? "BadAnswer"
                      : "Error"
            return `${kind}: ${e.message}`
        }
    }
}

/** A test that a reply says `expected` of the wanted group, in one piece, byte by byte, and in between. */
function finds(
    what: string,
    reply: () => Buffer,
    wanted: Buffer,
    expected: string
) {
    test(what, async () => {
        const groups = new Groups()
        const bytes = reply()
        const other = wire(OTHER)
        await ds.sleep(1)
        for (const pieceBytes of [bytes.length, 1, 16]) {
            expect(await groups.read(bytes, wanted, pieceBytes)).toBe(expected)
            // what the reader reads fields into is overwritten meanwhile
            await groups.read(other, STAFF, 100)
        }
    })
}

const STAFF = Buffer.from("staff")
const OTHER =
    "*1 *12 $4 name $5 staff $9 consumers :99 $7 pending :98 $17 last-delivered-id $4 97-9 $12 entries-read :96 $3 lag :95"

const ONE =
    "$4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $15 1732171234567-4 $12 entries-read :5 $3 lag :6"
const STAFF_FIELDS =
    "$9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $12 entries-read :5 $3 lag :6 $4 name $5 staff"

describe("the wanted group", () => {
    beforeEach(pause)
    finds(
        "of Redis 7",
        () => wire(`*1 *12 ${ONE}`),
        STAFF,
        "- 2 3 1732171234567-4 6"
    )
    finds(
        "of Redis 6, which has no lag",
        () =>
            wire(
                "*1 *8 $4 name $5 staff $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 0-0"
            ),
        STAFF,
        "- 0 0 0-0 undefined"
    )
    finds(
        "of RESP3",
        () => wire(`*1 %6 ${ONE}`),
        STAFF,
        "- 2 3 1732171234567-4 6"
    )
    finds(
        "of RESP3, behind others",
        () =>
            wire(
                `*3 %4 $4 name $1 a $9 consumers :7 $7 pending :8 $17 last-delivered-id $3 9-9 %4 $4 name $1 b $9 consumers :7 $7 pending :8 $17 last-delivered-id $3 9-9 %6 ${ONE}`
            ),
        STAFF,
        "- 2 3 1732171234567-4 6"
    )
    finds(
        "with fields in another order",
        () =>
            wire(
                "*1 *12 $3 lag :6 $17 last-delivered-id $3 1-4 $4 name $5 staff $12 entries-read :5 $7 pending :3 $9 consumers :2"
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with its name last",
        () => wire(`*1 *12 ${STAFF_FIELDS}`),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with its name last, after and before others",
        () =>
            wire(
                "*3 *8 $9 consumers :7 $7 pending :8 $17 last-delivered-id $3 9-9 $4 name $5 crews *12 " +
                    STAFF_FIELDS +
                    " *8 $9 consumers :7 $7 pending :8 $17 last-delivered-id $3 9-9 $4 name $5 stuff"
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with a nil lag",
        () =>
            wire(
                "*1 *10 $4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag $-1"
            ),
        STAFF,
        "- 2 3 1-4 undefined"
    )
    finds(
        "with a nil lag of RESP3",
        () =>
            wire(
                "*1 %5 $4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag _"
            ),
        STAFF,
        "- 2 3 1-4 undefined"
    )
    finds(
        "with a negative lag",
        () =>
            wire(
                "*1 *10 $4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag :-95"
            ),
        STAFF,
        "- 2 3 1-4 undefined"
    )
    finds(
        "with a lag of 0",
        () =>
            wire(
                "*1 *10 $4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag :0"
            ),
        STAFF,
        "- 2 3 1-4 0"
    )
    finds(
        "with simple strings for names",
        () =>
            wire(
                "*1 *10 +name +staff +consumers :2 +pending :3 +last-delivered-id +1-4 +lag :6"
            ),
        STAFF,
        "- 2 3 1-4 6"
    )

    finds(
        "with fields nobody knows yet",
        () =>
            wire(
                "*1 *22 $3 new $5 value $4 name $5 staff $3 now *2 $4 name $5 thing $9 consumers :2 $7 pending :3 $4 more %1 $3 lag :9 $17 last-delivered-id $3 1-4 $3 lag :6 $4 last *0 $5 nulls *-1 $3 end *1 *1 *1 :1"
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with an unknown field that is long",
        () =>
            Buffer.concat(
                wire(`*1 *12 $3 new`),
                longString(900),
                wire(
                    "$4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag :6"
                )
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with an unknown field that is long, and last",
        () =>
            Buffer.concat(
                wire(
                    "*1 *12 $4 name $5 staff $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag :6 $3 new"
                ),
                longString(900)
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
    finds(
        "with an unknown field whose name is long",
        () =>
            Buffer.concat(
                wire("*1 *12 $4 name $5 staff"),
                longString(600),
                wire(
                    ":1 $9 consumers :2 $7 pending :3 $17 last-delivered-id $3 1-4 $3 lag :6"
                )
            ),
        STAFF,
        "- 2 3 1-4 6"
    )
})

/** A group of Redis 7 with a name of bytes. */
function groupNamed(name: Buffer, id: string, lag: number): Buffer {
    return Buffer.concat(
        Buffer.from(`*12\r\n$4\r\nname\r\n$${name.length}\r\n`),
        name,
        wire(
            ` $9 consumers :1 $7 pending :2 $17 last-delivered-id $${id.byteLength} ${id} $12 entries-read $-1 $3 lag :${lag}`
        )
    )
}

const INVALID = hex`73 74 ff fe`
const REPLACED = Buffer.from("st\ufffd\ufffd")

describe("the name is compared byte for byte", () => {
    beforeEach(pause)
    const groups = () =>
        Buffer.concat(
            Buffer.from("*5\r\n"),
            groupNamed(INVALID, "1-1", 1),
            groupNamed(REPLACED, "2-2", 2),
            groupNamed(hex`73 74 fe ff`, "3-3", 3),
            groupNamed(Buffer.from("staff "), "4-4", 4),
            groupNamed(Buffer.from("Staff"), "5-5", 5)
        )
    finds("invalid UTF-8", groups, INVALID, "- 1 2 1-1 1")
    finds("what its text would be", groups, REPLACED, "- 1 2 2-2 2")
    finds("other invalid UTF-8", groups, hex`73 74 fe ff`, "- 1 2 3-3 3")
    finds("a blank at its end", groups, Buffer.from("staff "), "- 1 2 4-4 4")
    finds("upper case", groups, Buffer.from("Staff"), "- 1 2 5-5 5")
    finds("lower case", groups, STAFF, "none")
    finds("a beginning", groups, Buffer.from("staff  "), "none")
    finds("nothing", groups, Buffer.alloc(0), "none")
    finds(
        "a name with umlauts",
        () =>
            Buffer.concat(
                Buffer.from("*1\r\n"),
                groupNamed(Buffer.from("Ärger☃"), "1-1", 7)
            ),
        Buffer.from("Ärger☃"),
        "- 1 2 1-1 7"
    )
    finds(
        "a name that is a field's",
        () =>
            Buffer.concat(
                Buffer.from("*2\r\n"),
                groupNamed(Buffer.from("lag"), "1-1", 7),
                groupNamed(Buffer.from("name"), "2-1", 8)
            ),
        Buffer.from("name"),
        "- 1 2 2-1 8"
    )
})

/** Groups g0, g1 ... with these IDs, and as many entries behind. */
function groupsAt(ids: string[]): Buffer {
    let reply = Buffer.from(`*${ids.length}\r\n`)
    for (let i = 0; i < ids.length; ++i)
        reply = reply.concat(groupNamed(Buffer.from(`g${i}`), ids[i], i))
    return reply
}

describe("`*` is the group with the smallest last-delivered-id", () => {
    beforeEach(pause)
    finds("of one", () => groupsAt(["5-1"]), undefined, "g0 1 2 5-1 0")
    finds(
        "the first",
        () => groupsAt(["5-1", "5-2", "6-0"]),
        undefined,
        "g0 1 2 5-1 0"
    )
    finds(
        "in the middle",
        () => groupsAt(["10-0", "9-0", "11-0"]),
        undefined,
        "g1 1 2 9-0 1"
    )
    finds(
        "the last",
        () => groupsAt(["100-5", "100-4", "99-9", "99-8"]),
        undefined,
        "g3 1 2 99-8 3"
    )
    finds(
        "going up and down",
        () => groupsAt(["5-0", "4-0", "6-0", "3-0", "7-0", "2-0"]),
        undefined,
        "g5 1 2 2-0 5"
    )
    finds(
        "of equals the first",
        () => groupsAt(["5-0", "4-1", "4-1"]),
        undefined,
        "g1 1 2 4-1 1"
    )
    finds(
        "beyond 2^53",
        () =>
            groupsAt([
                "18446744073709551615-2",
                "18446744073709551615-1",
                "18446744073709551615-3",
            ]),
        undefined,
        "g1 1 2 18446744073709551615-1 1"
    )
    finds(
        "with names last",
        () =>
            wire(
                "*2 *8 $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 2-0 $4 name $1 b *8 $9 consumers :0 $7 pending :0 $17 last-delivered-id $3 1-0 $4 name $1 a"
            ),
        undefined,
        "a 0 0 1-0 undefined"
    )

    test("its name stays a copy when the next poll finds another", async () => {
        const groups = new Groups()
        const first = groupsAt(["5-0", "4-0"])
        const second = groupsAt(["3-0", "4-0"])
        for (let i = 0; i < 3; ++i) {
            expect(await groups.read(first, undefined, 9)).toBe("g1 1 2 4-0 1")
            expect(await groups.read(second, undefined, 9)).toBe("g0 1 2 3-0 0")
        }
    })
})

describe("several groups", () => {
    beforeEach(pause)
    finds(
        "the first",
        () => groupsAt(["5-0", "4-0", "3-0"]),
        Buffer.from("g0"),
        "- 1 2 5-0 0"
    )
    finds(
        "the middle one",
        () => groupsAt(["5-0", "4-0", "3-0"]),
        Buffer.from("g1"),
        "- 1 2 4-0 1"
    )
    finds(
        "the last",
        () => groupsAt(["5-0", "4-0", "3-0"]),
        Buffer.from("g2"),
        "- 1 2 3-0 2"
    )
    finds(
        "none",
        () => groupsAt(["5-0", "4-0", "3-0"]),
        Buffer.from("g3"),
        "none"
    )

    test("forty of them", async () => {
        const ids: string[] = []
        for (let i = 0; i < 40; ++i) ids.push(`${1000 - i}-0`)
        await ds.sleep(1)
        const bytes = groupsAt(ids)
        const groups = new Groups()
        for (const pieceBytes of [1460, 100]) {
            await ds.sleep(1)
            expect(await groups.read(bytes, undefined, pieceBytes)).toBe(
                "g39 1 2 961-0 39"
            )
            await ds.sleep(1)
            expect(
                await groups.read(bytes, Buffer.from("g20"), pieceBytes)
            ).toBe("- 1 2 980-0 20")
        }
    })
})

/** Longer than two digits can say. */
const LONG = Buffer.alloc(120).toString("hex")

/** Names that look like what a reader in a hurry may take for the next group, or for the end of this one. */
const MISLEADING = [
    "*",
    "a*b",
    "\r\n*12\r\n$4\r\nname\r\n$1\r\nx",
    "*12\r\n$4\r\nname\r\n$5\r\nstaff",
    "name\r\n$",
    "x",
    "",
    LONG,
    "staff",
    "stuff",
]

describe("groups that are like the one read before", () => {
    beforeEach(pause)

    function misleading(): Buffer {
        let reply = Buffer.from(`*${MISLEADING.length}\r\n`)
        for (let i = 0; i < MISLEADING.length; ++i)
            reply = reply.concat(
                groupNamed(Buffer.from(MISLEADING[i]), `${i + 1}-0`, i)
            )
        return reply
    }

    async function tellsApart(pieceBytes: number) {
        const groups = new Groups()
        const bytes = misleading()
        // the second time it is known what they are like
        for (let time = 0; time < 2; ++time)
            for (let i = 0; i < MISLEADING.length; ++i) {
                await ds.sleep(1)
                const wanted = Buffer.from(MISLEADING[i])
                expect(await groups.read(bytes, wanted, pieceBytes)).toBe(
                    `- 1 2 ${i + 1}-0 ${i}`
                )
            }
        expect(groups.group.beginning !== 0).toBe(true)
        expect(
            await groups.read(bytes, Buffer.from("nobody"), pieceBytes)
        ).toBe("none")
    }

    test("are told apart in one piece", async () => {
        await tellsApart(2000)
    })
    test("are told apart in large pieces", async () => {
        await tellsApart(333)
    })
    test("are told apart in small pieces", async () => {
        await tellsApart(50)
    })

    test("are told apart wherever they are cut, one among them that is read element by element", async () => {
        const odd = Buffer.concat(
            wire(
                "*12 $4 name $3 odd $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 5-0 $4 note"
            ),
            longString(500),
            wire("$5 notes"),
            longString(400)
        )
        const bytes = Buffer.concat(
            wire("*4"),
            groupNamed(Buffer.from("a"), "7-0", 3),
            odd,
            groupNamed(Buffer.from("b"), "6-0", 4),
            groupNamed(Buffer.from("c"), "8-0", 5)
        )
        const groups = new Groups()
        for (let pieceBytes = 3; pieceBytes < bytes.length; pieceBytes += 23) {
            await ds.sleep(1)
            expect(await groups.read(bytes, Buffer.from("c"), pieceBytes)).toBe(
                "- 1 2 8-0 5"
            )
            expect(
                await groups.read(bytes, Buffer.from("odd"), pieceBytes)
            ).toBe("- 1 2 5-0 undefined")
            expect(await groups.read(bytes, undefined, pieceBytes)).toBe(
                "odd 1 2 5-0 undefined"
            )
        }
    })

    test("give the one that lags most, wherever it is", async () => {
        const ids = ["10-5", "9-12", "9-9", "10-0", "9-9", "123-1"]
        for (let first = 0; first < ids.length; ++first) {
            await ds.sleep(1)
            let reply = Buffer.from(`*${ids.length}\r\n`)
            let smallest = -1
            for (let i = 0; i < ids.length; ++i) {
                const at = (first + i) % ids.length
                if (at === 2 || at === 4)
                    smallest = smallest < 0 ? at : smallest
                reply = reply.concat(
                    groupNamed(Buffer.from(`g${at}`), ids[at], at)
                )
            }
            for (const pieceBytes of [2000, 333, 50]) {
                const groups = new Groups()
                // the second and third time it is known what they are like
                for (let time = 0; time < 3; ++time) {
                    await ds.sleep(1)
                    expect(
                        await groups.read(reply, undefined, pieceBytes)
                    ).toBe(`g${smallest} 1 2 9-9 ${smallest}`)
                }
            }
        }
    })
    test("are read in full where a number or an ID is not as usual", async () => {
        const groups = new Groups()
        const rows = [
            [":1", ":2", "$3 1-0", ":4", ":5", "- 1 2 1-0 5"],
            [":12", ":345", "$4 12-0", "$-1", "$-1", "- 12 345 12-0 undefined"],
            [":0", ":0", "$3 0-0", ":1234567890123456", ":7", "- 0 0 0-0 7"],
            [":1", ":2", "$3 1-0", ":4", ":-5", "- 1 2 1-0 undefined"],
            [":1", ":2", "$3 1-0", ":4", ":5", "- 1 2 1-0 5"],
            [":1", ":-2", "$3 1-0", ":4", ":5", "BadAnswer"],
            [":1", ":2", "$3 abc", ":4", ":5", "BadAnswer"],
            ["$1 1", ":2", "$3 1-0", ":4", ":5", "BadAnswer"],
        ]
        for (const row of rows) {
            await ds.sleep(1)
            const reply = wire(
                `*1 *12 $4 name $5 staff $9 consumers ${row[0]} $7 pending ${row[1]} $17 last-delivered-id ${row[2]} $12 entries-read ${row[3]} $3 lag ${row[4]}`
            )
            const read = await groups.read(reply, STAFF, 1000)
            expect(read.startsWith(row[5])).toBe(true)
        }
    })
    test("but have a field whose value may hold anything: that is not skipped by looking for the next", async () => {
        const groups = new Groups()
        const like =
            " $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 1-0 $4 note $2 *4 "
        const bytes = wire(
            `*3 *10 $4 name $1 a${like}*10 $4 name $1 b${like}*10 $4 name $5 staff${like}`.slice(
                0,
                -1
            )
        )
        for (let time = 0; time < 3; ++time)
            expect(await groups.read(bytes, STAFF, 1000)).toBe(
                "- 1 2 1-0 undefined"
            )
        expect(groups.group.beginning).toBe(0)
    })
})

describe("what no Redis answers", () => {
    beforeEach(pause)
    refusesId("text", "$3 abc")
    refusesId("empty", "$0 ")
    refusesId("an integer", ":5")
    refusesId("nil", "$-1")
    refusesId("an array", "*1 $3 1-0")
    refusesId(
        "60 characters long",
        `$60 ${"1234567890-12345678901234567890123456789012345678901234567890".slice(0, 60)}`
    )
    refusesId("above 64 bits", "$22 18446744073709551616-0")
    refusesId("without a sequence", "$2 5-")
    test("a group without a last-delivered-id", async () => {
        await refused("*6 $4 name $5 staff $9 consumers :1 $7 pending :2")
    })
    test("a group without pending", async () => {
        await refused(
            "*6 $4 name $5 staff $9 consumers :1 $17 last-delivered-id $3 1-0"
        )
    })
    test("a group whose pending is text", async () => {
        await refused(
            "*8 $4 name $5 staff $9 consumers :1 $7 pending $1 2 $17 last-delivered-id $3 1-0"
        )
    })
    test("a group whose consumers are below 0", async () => {
        await refused(
            "*8 $4 name $5 staff $9 consumers :-1 $7 pending :2 $17 last-delivered-id $3 1-0"
        )
    })
    test("a lag that is text", async () => {
        await refused(
            "*10 $4 name $5 staff $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 1-0 $3 lag $1 5"
        )
    })
    test("a name that is a number", async () => {
        await refused(
            "*8 $4 name :5 $9 consumers :1 $7 pending :2 $17 last-delivered-id $3 1-0"
        )
    })
    test("a group of 100,000 fields", async () => {
        await refused("*200000 $4 name $5 staff")
    })
})

/** For a wanted group, and for any: refused, and nothing of what was read before stands in for it. */
async function refused(group: string): Promise<void> {
    const groups = new Groups()
    for (const wanted of [STAFF, undefined]) {
        await groups.read(wire(OTHER), wanted, 1000)
        const said = await groups.read(wire(`*1 ${group}`), wanted, 1000)
        expect(said.startsWith("BadAnswer: ")).toBe(true)
    }
}

function refusesId(what: string, id: string): void {
    test(`a last-delivered-id that is ${what}`, async () => {
        await refused(
            `*8 $4 name $5 staff $9 consumers :1 $7 pending :2 $17 last-delivered-id ${id}`
        )
    })
}

describe("no group", () => {
    beforeEach(pause)
    finds("in an empty array", () => Buffer.from("*0\r\n"), STAFF, "none")
    finds(
        "in an empty array, for `*`",
        () => Buffer.from("*0\r\n"),
        undefined,
        "none"
    )
    finds(
        "in an empty set of RESP3",
        () => Buffer.from("~0\r\n"),
        undefined,
        "none"
    )
    finds(
        "in nil, which is no list of groups",
        () => Buffer.from("*-1\r\n"),
        undefined,
        "BadAnswer: unexpected reply of type 95"
    )
})

describe("an error", () => {
    beforeEach(pause)
    finds(
        "is thrown as Redis said it",
        () => Buffer.from("-ERR no such key\r\n"),
        STAFF,
        "ReplyError: ERR no such key"
    )
    finds(
        "is thrown for `*` too",
        () => Buffer.from("-NOPERM User x has no permissions\r\n"),
        undefined,
        "ReplyError: NOPERM User x has no permissions"
    )
    finds(
        "of RESP3 likewise",
        () => wire("!21 SYNTAX_invalid_syntax"),
        STAFF,
        "ReplyError: SYNTAX_invalid_syntax"
    )
    finds(
        "of the protocol",
        () => Buffer.from("HTTP/1.1 400 Bad Request\r\n"),
        STAFF,
        "Error: protocol error at byte 0: not a RESP type; is this a Redis server?, got byte 72"
    )
    finds(
        "of type",
        () => Buffer.from(":5\r\n"),
        STAFF,
        "BadAnswer: unexpected reply of type 58"
    )
    finds(
        "of a group's type",
        () => Buffer.from("*1\r\n+staff\r\n"),
        STAFF,
        "BadAnswer: unexpected reply of type 43"
    )
    finds(
        "of the connection",
        () => Buffer.from("*1\r\n*12\r\n$4\r\nname\r\n"),
        STAFF,
        "Error: no more bytes"
    )

    test("says what it means", async () => {
        const source = new FakeReplySource(
            Buffer.from("-WRONGTYPE Operation\r\n"),
            3
        )
        let refusal: Refusal = undefined
        try {
            await readGroups(
                source,
                STAFF,
                new ConsumerGroup(),
                new ConsumerGroup()
            )
        } catch (e) {
            refusal = (e as ReplyError).refusal
        }
        expect(refusal).toBe(Refusal.Stream)
        expect(source.isUsedUp()).toBe(true)
    })
})
