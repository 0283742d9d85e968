/** Which consumer groups a pattern means, and which it passes over. */
import { describe, expect, test } from "@devicescript/test"
import { NamePattern } from "../../src/redis/name-pattern"

function means(pattern: string, name: string, fits = true) {
    test(`"${pattern}" ${fits ? "means" : "does not mean"} "${name}"`, () => {
        expect(new NamePattern(pattern, []).fits(Buffer.from(name))).toBe(fits)
    })
}

function doesNotMean(pattern: string, name: string) {
    means(pattern, name, false)
}

describe("a pattern", () => {
    means("*", "")
    means("*", "anything")
    means("orders-*", "orders-")
    means("orders-*", "orders-eu")
    doesNotMean("orders-*", "old-orders-eu")
    means("*-eu", "orders-eu")
    doesNotMean("*-eu", "orders-eu-2")
    means("a*b*c", "a-b-b-c")
    doesNotMean("a*b*c", "a-c-b")
    means("a*ab", "aaab")
    means("w?rker", "worker")
    doesNotMean("w?rker", "wrker")
    doesNotMean("?", "")
    means("staff", "staff")
    doesNotMean("staff", "staff2")
    means("**", "x")
    test("passes over what is to be skipped, itself a name or a pattern", () => {
        const pattern = new NamePattern("o*", ["old", " *-test"])
        expect(pattern.fits(Buffer.from("orders"))).toBe(true)
        expect(pattern.fits(Buffer.from("older"))).toBe(true)
        expect(pattern.fits(Buffer.from("old"))).toBe(false)
        expect(pattern.fits(Buffer.from("orders-test"))).toBe(false)
        expect(pattern.fits(Buffer.from("staff"))).toBe(false)
    })
})
