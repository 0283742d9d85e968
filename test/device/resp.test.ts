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
        expect(readIn(bytes, bytes.length)).toBe(expected)
        expect(readIn(bytes, 1)).toBe(expected)
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

        const whole = readIn(bytes, bytes.length)
        for (const pieceBytes of [100, 511, 512, 513, 530]) {
            await ds.sleep(1)
            expect(readIn(bytes, pieceBytes)).toBe(whole)
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
        const reader = readerOf(wire("*2 $15 \r\n\0$1 *9 +OK\r\n:1 :2"))
        reader.next()
        reader.next()
        expect(reader.end - reader.start).toBe(15)
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

describe("is()", () => {
    beforeEach(pause)
    test("compares by bytes and in full", () => {
        const reader = readerOf(
            wire("$4 name +name $4 nbme $3 nam $5 names $0 :4")
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
                ds.hex`ff fe`,
                Buffer.from("\r\n")
            )
        )
        reader.next()
        expect(reader.text()).toBe("\ufffd\ufffd")
        expect(reader.is(ds.hex`ff fe`)).toBe(true)
        expect(reader.is(ds.hex`fe ff`)).toBe(false)
    })
})
