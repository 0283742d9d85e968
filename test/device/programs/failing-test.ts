/** A device test that does not pass, between two that do: the suite that runs device tests must tell. */
import { describe, expect, test } from "@devicescript/test"

describe("failing", () => {
    test("passes", () => {
        expect(1 + 1).toBe(2)
    })
    test("fails", () => {
        expect("one".length).toBe(4)
    })
    test("passes too", () => {
        expect(2 + 2).toBe(4)
    })
})
