/** RespReader: types, nesting, long strings, passing over, pieces. The bytes are the RESP specification's. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { MAX_DEPTH, MAX_HELD, RespReader, RespType } from "../../src/redis/resp"
import { drain, elementText, endText } from "./fakes"
import { longString, readCutAt, readIn, wire } from "./fakes"

/** A test that a reply reads as `expected`: whole, byte by byte, and in two pieces cut anywhere. */
function reads(reply: string, expected: string) {
    test(`${reply} is ${expected}`, async () => {
        const bytes = wire(reply)
        expect(await readIn(bytes, bytes.length)).toBe(expected)
        expect(await readIn(bytes, 1)).toBe(expected)
        for (let cut = 1; cut < bytes.length; ++cut) {
            expect(readCutAt(bytes, cut)).toBe(expected)
            await ds.sleep(1)
        }
    })
}

/** A reader that has been fed one piece. */
function readerOf(bytes: Buffer): RespReader {
    const reader = new RespReader()
    reader.feed(bytes)
    return reader
}

const pause = async () => await ds.sleep(1)

describe("RESP2", () => {
    beforeEach(pause)
    reads("+OK", "0+OK")
    reads("+", "0+")
    reads("+ÄÖ:1$", "0+ÄÖ:1$")
    reads("-WRONGTYPE", "0-WRONGTYPE")
    reads(":0", "0:0")
    reads(":42", "0:42")
    reads(":-1", "0:-1")
    reads(":+7", "0:7")
    reads("$3 abc", "0$3=abc")
    reads("$0 ", "0$0=")
    reads("$8 jöbs☃", "0$8=jöbs☃")
    reads("*0", "0*0")
    reads("*2 $1 a :5", "0*2 1$1=a 1:5")
    reads("$-1", "0_")
    reads("*-1", "0_")
    reads("*3 $-1 *-1 :1", "0*3 1_ 1_ 1:1")
    reads("*3 *1 +x *0 *2 :1 *1 :2", "0*3 1*1 2+x 1*0 1*2 2:1 2*1 3:2")
    reads("+a :1 *1 $1 b", "0+a 0:1 0*1 1$1=b")
})

describe("RESP3", () => {
    beforeEach(pause)
    reads("_", "0_")
    reads("#t", "0#t")
    reads("#f", "0#f")
    reads(",3.25", "0,3.25")
    reads(",-inf", "0,-inf")
    reads(
        "(3492890328409238509324850943850943825",
        "0(3492890328409238509324850943850943825"
    )
    reads("!10 SYNTAX_bad", "0!10=SYNTAX_bad")
    reads("=8 txt:some", "0=8=txt:some")
    reads("%2 +a :1 +b *1 :2", "0%4 1+a 1:1 1+b 1*1 2:2")
    reads("%0", "0%0")
    reads("~2 :1 :2", "0~2 1:1 1:2")
    reads(">2 +message $2 hi", "0>2 1+message 1$2=hi")
    reads("|1 +ttl :3 $1 v", "0|2 1+ttl 1:3 0$1=v")
    // an attribute inside an aggregate is none of its elements
    reads(
        "*2 |1 +ttl *1 :3 $1 v :4 +next",
        "0*2 1|2 2+ttl 2*1 3:3 1$1=v 1:4 0+next"
    )
    reads("*1 |0 :4 +next", "0*1 1|0 1:4 0+next")
    reads("%1 |1 +x :0 +k |1 +y :1 _", "0%2 1|2 2+x 2:0 1+k 1|2 2+y 2:1 1_")
})

describe("numbers", () => {
    beforeEach(pause)
    test("are exact up to 2^53", () => {
        const reader = readerOf(
            wire(":9007199254740991 :-9007199254740991 :1732171234567")
        )
        reader.next()
        expect(reader.value === 9007199254740991).toBe(true)
        reader.next()
        expect(reader.value === -9007199254740991).toBe(true)
        reader.next()
        expect(reader.value === 1732171234567).toBe(true)
    })
    test("of 64 bits are taken", () => {
        const reader = readerOf(
            wire(":9223372036854775807 :-9223372036854775808 :1")
        )
        reader.next()
        expect(reader.value > 9223372036854774000).toBe(true)
        reader.next()
        expect(reader.value < -9223372036854774000).toBe(true)
        reader.next()
        expect(reader.value).toBe(1)
    })
    test("leave no text", () => {
        const reader = readerOf(wire("+text :1 *0 _"))
        reader.next()
        expect(reader.text()).toBe("text")
        reader.next()
        expect(reader.start).toBe(-1)
        expect(reader.text()).toBe("")
        reader.next()
        expect(reader.text()).toBe("")
        reader.next()
        expect(reader.type).toBe(RespType.Null)
        expect(reader.text()).toBe("")
    })
})

/** A test of a string of `length` bytes between two others. */
function longStringReads(length: number, held: boolean) {
    test(`of ${length} bytes ${held ? "are held" : "pass by"}`, async () => {
        const bytes = Buffer.concat(
            wire("*3 +before"),
            longString(length),
            wire("$5 after")
        )
        const reader = readerOf(bytes)
        reader.next()
        reader.next()
        expect(reader.next()).toBe(true)
        expect(reader.type).toBe(RespType.BulkString)
        expect(reader.value).toBe(length)
        expect(reader.start >= 0).toBe(held)
        expect(reader.text().length).toBe(held ? length : 0)
        expect(reader.next()).toBe(true)
        expect(elementText(reader)).toBe("1$5=after")
        expect(endText(reader)).toBe("")

        const whole = await readIn(bytes, bytes.length)
        for (const pieceBytes of [100, 511, 512, 513, 530]) {
            await ds.sleep(1)
            expect(await readIn(bytes, pieceBytes)).toBe(whole)
        }
        // cuts around its header and its terminator
        const end = bytes.length - 11
        for (let i = -8; i <= 6; ++i) {
            await ds.sleep(1)
            expect(readCutAt(bytes, 20 + i)).toBe(whole)
            expect(readCutAt(bytes, end + i)).toBe(whole)
        }
    })
}

describe("strings", () => {
    beforeEach(pause)
    longStringReads(511, true)
    longStringReads(MAX_HELD, true)
    longStringReads(513, false)
    longStringReads(514, false)
    longStringReads(3000, false)

    test("of MAX_HELD bytes are held byte by byte", async () => {
        const bytes = Buffer.concat(longString(MAX_HELD), wire(":1"))
        const reader = new RespReader()
        for (let i = 0; i < bytes.length - 4; ++i) {
            expect(reader.next()).toBe(false)
            reader.feed(bytes, i, i + 1)
            if (i % 50 === 0) await ds.sleep(1)
        }
        expect(reader.next()).toBe(true)
        expect(reader.text().length).toBe(MAX_HELD)
        expect(reader.next()).toBe(false)
    })
    test("may hold CR, LF, zeros and what looks like RESP", () => {
        const reader = readerOf(wire("*2 $14 \r\n\0$1 *9 +OK :2"))
        reader.next()
        reader.next()
        expect(reader.end - reader.start).toBe(14)
        expect(reader.bytes[reader.start + 2]).toBe(0)
        reader.next()
        expect(reader.value).toBe(2)
        expect(endText(reader)).toBe("")
    })
    test("a header of leading zeros still fits", () => {
        const bytes = Buffer.concat(
            Buffer.from("$00000000000000000"),
            longString(512).slice(1)
        )
        expect(bytes.length).toBe(537)
        const reader = new RespReader()
        reader.feed(bytes, 0, 536)
        expect(reader.next()).toBe(false)
        reader.feed(bytes, 536)
        expect(reader.next()).toBe(true)
        expect(reader.text().length).toBe(512)
    })
})

describe("long errors", () => {
    beforeEach(pause)
    test("as long as Redis's longest, of protected mode, are read as errors", async () => {
        // Redis 7.0: 1,065 bytes in one line, sent to whoever connects from outside
        const text = Buffer.alloc(1065)
        text.fillAt(0, text.length, 0x78)
        text.blitAt(0, "-DENIED Redis is running in protected mode", 0, 42)
        const bytes = Buffer.concat(text, wire("").concat(wire("+next")))
        for (const pieceBytes of [1460, 536, 100]) {
            const reader = new RespReader()
            for (let at = 0; at < bytes.length; at += pieceBytes) {
                reader.feed(bytes, at, Math.min(at + pieceBytes, bytes.length))
                if (reader.next()) break
            }
            expect(reader.error).toBe(undefined)
            expect(reader.type).toBe(RespType.Error)
            expect(reader.text().startsWith("DENIED Redis is")).toBe(true)
            await ds.sleep(1)
        }
    })
})

describe("is()", () => {
    beforeEach(pause)
    test("compares by bytes and in full", () => {
        const reader = readerOf(
            wire("$4 name +name $4 nbme $3 nam $5 names $0  :4")
        )
        const name = Buffer.from("name")
        const nothing = Buffer.alloc(0)
        const found: boolean[] = []
        const empty: boolean[] = []
        while (reader.next()) {
            found.push(reader.is(name))
            empty.push(reader.is(nothing))
        }
        expect(found.join(" ")).toBe("true true false false false false false")
        expect(empty.join(" ")).toBe("false false false false false true false")
    })
    test("is false for what is not held", () => {
        const reader = readerOf(longString(600))
        reader.next()
        expect(reader.is(Buffer.alloc(600))).toBe(false)
        expect(reader.is(Buffer.alloc(1))).toBe(false)
        expect(reader.is(Buffer.alloc(0))).toBe(false)
    })
    test("tells apart what text() cannot", () => {
        const reader = readerOf(
            Buffer.concat(
                Buffer.from("$2\r\n"),
                hex`ff fe`,
                Buffer.from("\r\n")
            )
        )
        reader.next()
        expect(reader.text()).toBe("\ufffd\ufffd")
        expect(reader.is(hex`ff fe`)).toBe(true)
        expect(reader.is(hex`fe ff`)).toBe(false)
    })
})

/** Steps `steps` elements into a reply, then passes over to `level`. @returns what the rest reads as */
async function skipped(
    bytes: Buffer,
    steps: number,
    level: number,
    pieceBytes: number
): Promise<string> {
    const reader = new RespReader()
    const texts: string[] = []
    let passed = false
    for (let at = 0; at < bytes.length; at += pieceBytes) {
        reader.feed(bytes, at, Math.min(at + pieceBytes, bytes.length))
        while (steps > 0 && reader.next()) steps--
        if (steps > 0) continue
        if (!passed) passed = reader.skipTo(level)
        if (passed) drain(reader, texts)
        if (at % 50 === 0) await ds.sleep(1)
    }
    texts.push(endText(reader))
    return texts.join(" ").trim()
}

/** A test that after `steps` elements `skipTo(level)` leaves `rest`, whatever the pieces. */
function skips(bytes: Buffer, steps: number, level: number, rest: string) {
    test(`to level ${level} after ${steps} elements leaves ${rest}`, async () => {
        for (const pieceBytes of [bytes.length, 1, 2, 3, 7, 100]) {
            expect(await skipped(bytes, steps, level, pieceBytes)).toBe(rest)
        }
    })
}

describe("skipTo passes over", () => {
    beforeEach(pause)
    const nested = wire("*2 *2 *2 :1 :2 :3 $1 a +end")
    skips(nested, 1, 0, "0+end")
    skips(nested, 2, 1, "1$1=a 0+end")
    skips(nested, 2, 0, "0+end")
    skips(nested, 3, 2, "2:3 1$1=a 0+end")
    skips(nested, 3, 1, "1$1=a 0+end")
    skips(nested, 4, 2, "2:3 1$1=a 0+end")
    skips(nested, 4, 3, "3:2 2:3 1$1=a 0+end")
    // nothing is open any more
    skips(nested, 7, 0, "0+end")
    skips(wire("+a :1"), 1, 0, "0:1")
    skips(wire("*0 :1"), 1, 0, "0:1")
    // the payload of long strings, and of short ones that nobody asked for
    const long = Buffer.concat(
        wire("*3 :1 *2"),
        longString(700),
        longString(5),
        longString(900),
        wire("+end")
    )
    skips(long, 1, 0, "0+end")
    skips(long, 3, 1, "1$900 0+end")
    skips(long, 4, 1, "1$900 0+end")
    skips(long, 4, 2, "2$5=xxxxx 1$900 0+end")
    // what an attribute, a map or a set holds
    skips(wire("*2 |1 +a *1 :1 %1 +k ~1 :2 :3 +end"), 1, 0, "0+end")
    skips(
        wire("*2 |1 +a *1 :1 %1 +k ~1 :2 :3 +end"),
        2,
        1,
        "1%2 2+k 2~1 3:2 1:3 0+end"
    )

    test("a long string that ends the reply, with its payload", () => {
        const bytes = longString(600)
        const reader = readerOf(bytes)
        reader.next()
        expect(reader.skipTo(reader.level)).toBe(true)
        expect(reader.hasUnread()).toBe(false)
        expect(reader.position()).toBe(bytes.length)
    })
    test("a short string that ends the reply in the next piece", () => {
        const bytes = wire("*1 *1 $5 after +end")
        for (let cut = 12; cut < 19; ++cut) {
            const reader = new RespReader()
            reader.feed(bytes, 0, cut)
            reader.next()
            expect(reader.skipTo(0)).toBe(false)
            reader.feed(bytes, cut, 19)
            expect(reader.skipTo(0)).toBe(true)
            expect(reader.hasUnread()).toBe(false)
            expect(reader.position()).toBe(19)
        }
    })
    test("as many levels as there are", () => {
        const words: string[] = []
        for (let i = 0; i < MAX_DEPTH; ++i) words.push("*2")
        for (let i = 0; i < MAX_DEPTH; ++i) words.push(i === 0 ? ":0 :0" : ":0")
        const bytes = wire(words.join(" ") + " +end")
        for (let depth = 1; depth <= MAX_DEPTH; ++depth) {
            const reader = readerOf(bytes)
            for (let i = 0; i < depth; ++i) reader.next()
            expect(reader.depth).toBe(depth)
            expect(reader.skipTo(depth - 1)).toBe(true)
            expect(reader.depth).toBe(depth - 1)
            expect(reader.skipTo(0)).toBe(true)
            expect(reader.next()).toBe(true)
            expect(elementText(reader)).toBe("0+end")
        }
    })
    test("waits for what is still to come", () => {
        const reader = readerOf(wire("*2 :1"))
        reader.next()
        expect(reader.skipTo(0)).toBe(false)
        expect(reader.depth).toBe(1)
        reader.feed(Buffer.from(":2\r"))
        expect(reader.skipTo(0)).toBe(false)
        reader.feed(Buffer.from("\n:3\r\n"))
        expect(reader.skipTo(0)).toBe(true)
        expect(reader.next()).toBe(true)
        expect(reader.value).toBe(3)
    })
})

describe("pieces", () => {
    beforeEach(pause)
    test("CR and LF apart", () => {
        const reader = readerOf(Buffer.from("$2\r"))
        expect(reader.next()).toBe(false)
        reader.feed(Buffer.from("\nab\r"))
        expect(reader.next()).toBe(false)
        reader.feed(Buffer.from("\n+x\r"))
        expect(reader.next()).toBe(true)
        expect(reader.text()).toBe("ab")
        expect(reader.next()).toBe(false)
        reader.feed(Buffer.from("\n"))
        expect(reader.next()).toBe(true)
        expect(reader.text()).toBe("x")
        expect(endText(reader)).toBe("")
    })
    test("ten replies in one", async () => {
        expect(
            await readIn(wire("+a :1 $1 b *1 :2 _ -E *0 #t $-1 :3"), 1000)
        ).toBe("0+a 0:1 0$1=b 0*1 1:2 0_ 0-E 0*0 0#t 0_ 0:3")
    })
    test("empty ones change nothing", () => {
        const reader = new RespReader()
        const nothing = Buffer.alloc(0)
        reader.feed(nothing)
        expect(reader.next()).toBe(false)
        reader.feed(Buffer.from("*1\r\n$3\r\na"))
        expect(reader.next()).toBe(true)
        expect(reader.next()).toBe(false)
        reader.feed(nothing)
        expect(reader.next()).toBe(false)
        reader.feed(Buffer.from("bc\r\n"))
        expect(reader.next()).toBe(true)
        expect(elementText(reader)).toBe("1$3=abc")
        expect(reader.position()).toBe(13)
    })
    test("windows of one buffer", () => {
        const bytes = Buffer.from("????*2\r\n$3\r\nabc\r\n:7\r\n????")
        for (let cut = 5; cut < 21; ++cut) {
            const reader = new RespReader()
            const texts: string[] = []
            reader.feed(bytes, 4, cut)
            drain(reader, texts)
            reader.feed(bytes, cut, 21)
            drain(reader, texts)
            expect(texts.join(" ")).toBe("0*2 1$3=abc 1:7")
            expect(reader.position()).toBe(17)
            expect(endText(reader)).toBe("")
        }
    })
    test("a view lies in the piece, or in a copy of what was cut", () => {
        const piece = Buffer.from("$2\r\nab\r\n$2\r\ncd")
        const reader = readerOf(piece)
        reader.next()
        expect(reader.bytes === piece).toBe(true)
        expect(reader.start).toBe(4)
        expect(reader.end).toBe(6)
        reader.next()
        reader.feed(Buffer.from("\r\n"))
        reader.next()
        expect(reader.bytes === piece).toBe(false)
        expect(reader.text()).toBe("cd")
    })
    test("position() counts the bytes of all elements so far", async () => {
        const bytes = wire("*2 $3 abc :7 +end")
        for (const pieceBytes of [1, 3, 100]) {
            const reader = new RespReader()
            const positions: number[] = []
            for (let at = 0; at < bytes.length; at += pieceBytes) {
                reader.feed(bytes, at, Math.min(at + pieceBytes, bytes.length))
                while (reader.next()) positions.push(reader.position())
            }
            expect(positions.join(" ")).toBe("4 13 17 23")
            await ds.sleep(1)
        }
    })
    test("hasUnread() tells of bytes that belong to no element yet", () => {
        const reader = new RespReader()
        expect(reader.hasUnread()).toBe(false)
        reader.feed(Buffer.from(":1\r\n:2\r"))
        expect(reader.hasUnread()).toBe(true)
        reader.next()
        expect(reader.hasUnread()).toBe(true)
        reader.next()
        expect(reader.hasUnread()).toBe(true)
        reader.feed(Buffer.from("\n"))
        reader.next()
        expect(reader.hasUnread()).toBe(false)
        reader.feed(Buffer.from("$600\r\nabc"))
        reader.next()
        expect(reader.hasUnread()).toBe(true)
        reader.next()
        expect(reader.hasUnread()).toBe(true)
    })
    test("depth counts the open aggregates", () => {
        const reader = readerOf(wire("*2 *1 :1 *0 :2"))
        const depths: number[] = []
        while (reader.next()) depths.push(reader.depth)
        expect(depths.join(" ")).toBe("1 2 1 0 0")
    })
})
