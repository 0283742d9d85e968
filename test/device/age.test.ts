/** The age of the oldest undelivered entry: what an ID proves, and what it does not. */
import { describe, expect, test } from "@devicescript/test"
import {
    concludeAge,
    FIRST_STREAM_MS,
    FUTURE_MS,
    isTime,
} from "../../src/signal/age"
import { Known, unknownLag } from "../../src/signal/lag"

const NOW = 1732171234567

/** What is concluded: `5..5 counted`. */
function age(firstMs: number, nowMs: number, newestMs: number): string {
    const age = unknownLag()
    age.low = 77
    age.high = 88
    if (!concludeAge(firstMs, nowMs, nowMs, newestMs, age)) return "not a time"
    return `${age.low}..${age.high} ${age.known}`
}

describe("by the server's clock", () => {
    test("the age is exact", () => {
        expect(age(NOW - 5000, NOW, 0)).toBe("5..5 counted")
        expect(age(NOW - 1500, NOW, NOW)).toBe("1.5..1.5 counted")
        expect(age(NOW - 86400000, NOW, NOW)).toBe("86400..86400 counted")
    })
    test("the age lies between the least and the most that the clock can show", () => {
        const lag = unknownLag()
        concludeAge(NOW - 5000, NOW - 3000, NOW, NOW, lag)
        expect(`${lag.low}..${lag.high}`).toBe("2..5")
        concludeAge(NOW - 5000, NOW - 6000, NOW, NOW, lag)
        expect(`${lag.low}..${lag.high}`).toBe("0.001..5")
    })
    test("an entry that waits is never of age 0", () => {
        expect(age(NOW - 1, NOW, 0)).toBe("0.001..0.001 counted")
        expect(age(NOW, NOW, 0)).toBe("0.001..0.001 counted")
    })
    test("an ID may lie a little in the future", () => {
        expect(age(NOW + 1, NOW, 0)).toBe("0.001..0.001 counted")
        expect(age(NOW + FUTURE_MS, NOW, 0)).toBe("0.001..0.001 counted")
        expect(age(NOW + FUTURE_MS + 1, NOW, 0)).toBe("not a time")
    })
    test("an ID of one's own is not a time", () => {
        expect(age(5, NOW, 0)).toBe("not a time")
        expect(age(0, NOW, 0)).toBe("not a time")
        expect(age(FIRST_STREAM_MS - 1, NOW, 0)).toBe("not a time")
        expect(age(18446744073709551615, NOW, 0)).toBe("not a time")
        expect(age(FIRST_STREAM_MS, FIRST_STREAM_MS + 1000, 0)).toBe(
            "1..1 counted"
        )
    })
})

describe("without the server's clock", () => {
    test("the newest ID is a lower bound", () => {
        expect(age(NOW - 5000, undefined, NOW)).toBe("5..undefined bounds")
    })
    test("an entry that waits is never of age 0", () => {
        expect(age(NOW, undefined, NOW)).toBe("0.001..undefined bounds")
        expect(age(NOW, undefined, 0)).toBe("0.001..undefined bounds")
        expect(age(NOW, undefined, NOW - 1)).toBe("0.001..undefined bounds")
    })
    test("an ID of one's own is not a time", () => {
        expect(age(5, undefined, NOW)).toBe("not a time")
    })
    test("it is a bound by name", () => {
        const lag = unknownLag()
        concludeAge(NOW, undefined, undefined, NOW, lag)
        expect(lag.known).toBe(Known.Bounded)
    })
})

describe("isTime", () => {
    test("wants a year since there are streams", () => {
        expect(isTime(FIRST_STREAM_MS, undefined)).toBe(true)
        expect(isTime(FIRST_STREAM_MS - 1, undefined)).toBe(false)
        expect(isTime(1526919030474, NOW)).toBe(true)
        expect(isTime(1526919030, NOW)).toBe(false)
    })
})
