/** Stream IDs: compared as Redis does, in full, where a double and the language's own comparison fail. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { millisecondsOf, StreamId } from "../../src/redis/stream-id"

function idOf(text: string): StreamId {
    const id = new StreamId()
    const bytes = Buffer.from(`<${text}>`)
    id.take(bytes, 1, bytes.length - 1)
    return id
}

/** Whether `a` precedes `b`, which lies in the middle of other bytes. */
function precedes(a: string, b: string): boolean {
    const bytes = Buffer.from(`9-9${b}9-9`)
    return idOf(a).precedes(bytes, 3, bytes.length - 3)
}

const LARGEST = "18446744073709551615-18446744073709551615"

/** In ascending order. */
const ORDER = [
    "0-0",
    "0-1",
    "0-9",
    "0-10",
    "1-0",
    "5-0",
    "9-18446744073709551615",
    "10-0",
    "1732171234567-0",
    "1732171234567-9",
    "1732171234567-10",
    "1732171234568-0",
    "9007199254740992-0",
    "9007199254740993-0",
    "9007199254740993-1",
    "18446744073709551614-18446744073709551615",
    "18446744073709551615-0",
    "18446744073709551615-18446744073709551614",
    LARGEST,
]

describe("StreamId", () => {
    test("precedes every greater one, and no other", async () => {
        for (let i = 0; i < ORDER.length; ++i) {
            await ds.sleep(1)
            for (let j = 0; j < ORDER.length; ++j)
                if (precedes(ORDER[i], ORDER[j]) !== i < j)
                    throw new Error(`${ORDER[i]} and ${ORDER[j]}`)
        }
    })
    test("is at most itself and every greater one, and nothing that is no ID", async () => {
        for (let i = 0; i < ORDER.length; ++i) {
            await ds.sleep(1)
            for (let j = 0; j < ORDER.length; ++j) {
                const bytes = Buffer.from(`9-9${ORDER[j]}9-9`)
                const end = bytes.length - 3
                if (idOf(ORDER[i]).isAtMost(bytes, 3, end) !== i <= j)
                    throw new Error(`${ORDER[i]} and ${ORDER[j]}`)
            }
            for (const other of ["", "-", "x", "999999999999999999", "9-x"]) {
                const bytes = Buffer.from(other)
                if (idOf(ORDER[i]).isAtMost(bytes, 0, bytes.length))
                    throw new Error(`${ORDER[i]} and ${other}`)
            }
        }
    })
    test("equals itself only", async () => {
        for (let i = 0; i < ORDER.length; ++i) {
            await ds.sleep(1)
            for (let j = 0; j < ORDER.length; ++j)
                if (idOf(ORDER[i]).equals(idOf(ORDER[j])) !== (i === j))
                    throw new Error(`${ORDER[i]} and ${ORDER[j]}`)
        }
    })
    test("equals when neither was set", () => {
        expect(new StreamId().equals(new StreamId())).toBe(true)
        expect(new StreamId().equals(idOf("0-0"))).toBe(false)
    })
    test("precedes everything when it was not set", () => {
        const zero = Buffer.from("0-0")
        expect(new StreamId().precedes(zero, 0, 3)).toBe(true)
    })
    test("take() copies", () => {
        const id = new StreamId()
        const bytes = Buffer.from("1-2")
        id.take(bytes, 0, 3)
        bytes.fillAt(0, 3, 0x39)
        expect(id.toBuffer().toString()).toBe("1-2")
        const copy = id.toBuffer()
        copy.fillAt(0, 3, 0x39)
        expect(id.toBuffer().toString()).toBe("1-2")
    })
    test("holds the largest there is", () => {
        expect(idOf(LARGEST).toBuffer().toString()).toBe(LARGEST)
        expect(idOf(LARGEST).length).toBe(41)
    })
    test("refuses what is longer", () => {
        const id = idOf("5-5")
        const long = Buffer.from(LARGEST + "0")
        expect(id.take(long, 0, long.length)).toBe(false)
        expect(id.toBuffer().toString()).toBe("5-5")
    })
})

describe("millisecondsOf", () => {
    /** A test that `text` begins with so many milliseconds. */
    function gives(text: string, ms: number) {
        test(text, () => {
            const bytes = Buffer.from(`77${text}77`)
            // printed numbers lose digits
            expect(millisecondsOf(bytes, 2, bytes.length - 2) === ms).toBe(true)
        })
    }
    gives("0-0", 0)
    gives("5-1", 5)
    gives("1732171234567-12", 1732171234567)
    gives("9007199254740991-0", 9007199254740991)
    gives("1732171234", 1732171234)
    gives("", 0)
    gives("-5", 0)
    test("of 20 digits is about right", () => {
        const bytes = Buffer.from("18446744073709551615-0")
        const ms = millisecondsOf(bytes, 0, bytes.length)
        expect(ms > 18446744073709000000 && ms < 18446744073710000000).toBe(
            true
        )
    })
})
