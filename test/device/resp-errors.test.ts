/** RespReader on bytes that are not RESP: one error, exact, for good. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import {
    MAX_BULK,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_LINE,
    RespReader,
} from "../../src/redis/resp"
import { readCutAt, readIn } from "./fakes"

const pause = async () => await ds.sleep(1)

/** A line of `length` bytes without its terminator, type included. */
function lineOf(type: string, length: number): Buffer {
    const line = Buffer.alloc(length)
    line.fillAt(0, length, 0x78)
    line.blitAt(0, type, 0, 1)
    return line
}

function errorOf(read: string): string {
    const at = read.indexOf("!")
    return at < 0 ? `none: ${read}` : read.slice(at + 1)
}

/**
 * A test that `bytes` violate the protocol at byte `at`, in these words, whatever the pieces and whatever came before.
 * @param words what the error says
 */
function violates(what: string, bytes: Buffer, at: number, words: string) {
    test(`${what}: byte ${at}, ${words}`, async () => {
        const error = errorOf(await readIn(bytes, bytes.length))
        const expected = `protocol error at byte ${at}: ${words}`
        expect(error.slice(0, expected.length)).toBe(expected)
        // a long line's middle is all the same
        const shortest = bytes.length > 100 ? 50 : 1
        expect(errorOf(await readIn(bytes, shortest))).toBe(error)
        // around the places where something ends
        for (let cut = 1; cut < bytes.length; ++cut) {
            if (cut > 12 && cut < bytes.length - 12) continue
            expect(errorOf(readCutAt(bytes, cut))).toBe(error)
            await ds.sleep(1)
        }
        const later = Buffer.concat(Buffer.from("*1\r\n+OK\r\n"), bytes)
        expect(errorOf(await readIn(later, 7))).toBe(
            `protocol error at byte ${9 + at}: ${error.slice(
                `protocol error at byte ${at}: `.length
            )}`
        )
    })
}

function text(content: string): Buffer {
    return Buffer.from(content)
}

describe("a violation", () => {
    beforeEach(pause)
    violates(
        "an HTTP server",
        text("HTTP/1.1 400 Bad Request\r\n\r\n"),
        0,
        "not a RESP type; is this a Redis server?, got byte 72"
    )
    violates(
        "a TLS server",
        hex`15 03 01 00 02 02 46`,
        0,
        "not a RESP type; is this a Redis server?, got byte 21"
    )
    violates("a zero", hex`00 00 00`, 0, "not a RESP type")
    violates(
        "a type nobody knows",
        text("*2\r\n:1\r\n^1\r\n"),
        8,
        "not a RESP type"
    )
    violates("an empty line", text("\r\n+OK\r\n"), 0, "not a RESP type")

    violates(
        "a longer string",
        text("$3\r\nabcd\r\n"),
        7,
        "a string longer or shorter than it declared, got byte 100"
    )
    violates(
        "a shorter string",
        text("$3\r\nab\r\n+OK\r\n"),
        7,
        "a string longer or shorter than it declared, got byte 10"
    )
    violates(
        "a string that ends in CR alone",
        text("$3\r\nabc\rx"),
        7,
        "a string longer or shorter"
    )
    violates(
        "a string that ends in LF alone",
        text("$3\r\nabc\n+x"),
        7,
        "a string longer or shorter"
    )

    violates(
        "a letter for a digit",
        text(":12a\r\n"),
        3,
        "a number was expected, got byte 97"
    )
    violates(
        "a letter in a length",
        text("$1x\r\na\r\n"),
        2,
        "a number was expected"
    )
    violates(
        "no number",
        text(":\r\n"),
        1,
        "a number was expected, got byte 13"
    )
    violates("a sign alone", text(":-\r\n"), 2, "a number was expected")
    violates("a sign too many", text(":--1\r\n"), 2, "a number was expected")
    violates(
        "a length with a plus",
        text("$+1\r\na\r\n"),
        1,
        "a number was expected"
    )
    violates("a fraction", text(":1.5\r\n"), 2, "a number was expected")
    violates(
        "a streamed string of RESP3",
        text("$?\r\n;4\r\n"),
        1,
        "a number was expected"
    )
    violates(
        "22 digits",
        text(":1234567890123456789012\r\n"),
        0,
        "a number of more than"
    )
    violates(
        "22 digits of a length",
        text("*0000000000000000000001\r\n"),
        0,
        "a number of more than"
    )

    violates(
        "CR without LF after a number",
        text(":12\rx"),
        4,
        "CR without LF, got byte 120"
    )
    violates(
        "CR without LF after a length",
        text("$1\r\r\n"),
        3,
        "CR without LF"
    )
    violates("CR without LF in a line", text("+O\rK\r\n"), 3, "CR without LF")
    violates(
        "LF without CR after a number",
        text(":1\n:2\r\n"),
        2,
        "a number was expected, got byte 10"
    )

    violates("a string of -2", text("$-2\r\n"), 0, "a string of -2 bytes")
    violates(
        "a verbatim string of -7",
        text("=-7\r\n"),
        0,
        "a string of -7 bytes"
    )
    violates(
        "an array of -2",
        text("*-2\r\n"),
        0,
        "an aggregate of -2 elements"
    )
    violates(
        "a map of -1",
        text("*1\r\n%-1\r\n"),
        4,
        "an aggregate of -1 elements"
    )
    violates("a set of -1", text("~-1\r\n"), 0, "an aggregate of -1 elements")
    violates(
        "too large a string",
        text(`$${MAX_BULK + 1}\r\n`),
        0,
        `a string of ${MAX_BULK + 1} bytes`
    )
    violates(
        "too many elements",
        text(`*${MAX_ELEMENTS + 1}\r\n`),
        0,
        `an aggregate of ${MAX_ELEMENTS + 1} elements`
    )
    violates(
        "too many pairs",
        text(`%${MAX_ELEMENTS + 1}\r\n`),
        0,
        `an aggregate of ${MAX_ELEMENTS + 1} elements`
    )
    violates(
        "a negative array that looks like a large one",
        text("*-99999999999999999999\r\n"),
        0,
        "a"
    )

    let deep = ""
    for (let i = 0; i <= MAX_DEPTH; ++i) deep += "*1\r\n"
    violates(
        "too deep",
        text(deep + ":1\r\n"),
        MAX_DEPTH * 4,
        `arrays nested more than ${MAX_DEPTH} deep`
    )
    violates(
        "too deep with an attribute",
        text(deep.slice(4) + "|1\r\n+a\r\n"),
        MAX_DEPTH * 4,
        `arrays nested more than ${MAX_DEPTH} deep`
    )

    const tooLong = Buffer.concat(lineOf("+", MAX_LINE + 1), text("\r\n"))
    violates(
        "too long a line",
        tooLong,
        0,
        `a line of more than ${MAX_LINE} bytes`
    )
    violates(
        "a line without an end",
        lineOf("-", MAX_LINE + 50),
        0,
        `a line of more than ${MAX_LINE} bytes`
    )
})

describe("the limits themselves are taken", () => {
    beforeEach(pause)
    test("the longest line", async () => {
        const bytes = Buffer.concat(lineOf("+", MAX_LINE), text("\r\n"))
        for (const pieceBytes of [1000, 100, 513, 514]) {
            const read = await readIn(bytes, pieceBytes)
            expect(read.length).toBe(MAX_LINE + 1)
        }
    })
    test("the largest string", async () => {
        expect(await readIn(text(`$${MAX_BULK}\r\nabc`), 100)).toBe(
            `0$${MAX_BULK} ?`
        )
    })
    test("the largest array", async () => {
        expect(await readIn(text(`*${MAX_ELEMENTS}\r\n:1\r\n`), 100)).toBe(
            `0*${MAX_ELEMENTS} 1:1 <1`
        )
    })
    test("the deepest nesting", async () => {
        let deep = ""
        for (let i = 0; i < MAX_DEPTH; ++i) deep += "*1\r\n"
        expect(await readIn(text(deep + "*0\r\n:1\r\n"), 100)).toBe(
            "0*1 1*1 2*1 3*1 4*1 5*1 6*1 7*1 8*0 0:1"
        )
    })
    test("20 digits", async () => {
        const negative = await readIn(text(":-1234567890123456789\r\n"), 100)
        expect(negative.slice(0, 4)).toBe("0:-1")
        expect(await readIn(text("$00000000000000000001\r\na\r\n"), 100)).toBe(
            "0$1=a"
        )
    })
})

describe("after a violation", () => {
    beforeEach(pause)
    test("nothing is read, and the first error stays", () => {
        const reader = new RespReader()
        reader.feed(text("*3\r\n:1\r\n$x\r\n+OK\r\n"))
        reader.next()
        reader.next()
        expect(reader.next()).toBe(false)
        const error = reader.error
        expect(error).toBe(
            "protocol error at byte 9: a number was expected, got byte 120"
        )
        reader.feed(text("+OK\r\n"))
        expect(reader.next()).toBe(false)
        expect(reader.skipTo(0)).toBe(false)
        reader.feed(text("?"))
        expect(reader.next()).toBe(false)
        expect(reader.error).toBe(error)
        // what was read last still stands
        expect(reader.value).toBe(1)
        expect(reader.level).toBe(1)
    })
    test("in a string that is passed over, too", () => {
        const reader = new RespReader()
        reader.feed(text("*2\r\n$5\r\nabcdefg\r\n+OK\r\n"))
        reader.next()
        expect(reader.skipTo(0)).toBe(false)
        expect(reader.error).toBe(
            "protocol error at byte 13: a string longer or shorter than it declared, got byte 102"
        )
        expect(reader.skipTo(0)).toBe(false)
        expect(reader.next()).toBe(false)
    })
})
