/** What a person reads off the light, and when it is false: what the tests on the fake Pico W judge by (sim/light/claims.ts). */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { claimsOf, falseClaims } from "../../../sim/light/claims.ts"

describe("what a person reads off the light", () => {
    const bar = (level: number) => "1".repeat(level).padEnd(10, "0")
    const frames = (...list: [number, number | string][]) =>
        list.map(([t, shown]) => ({
            t,
            leds: typeof shown === "string" ? shown : bar(shown),
        }))

    test("a bar that stands still is a claim, its winks included", () => {
        const winking = frames(
            [0, 3],
            [2000, "0110000000"],
            [2100, 3],
            [4000, 5]
        )
        assert.deepEqual(claimsOf(winking, 6000), [
            { level: 3, fromMs: 0, toMs: 4000 },
            { level: 5, fromMs: 4000, toMs: 6000 },
        ])
        const level0 = frames([0, 0], [2000, 1], [2100, 0])
        assert.deepEqual(claimsOf(level0, 4000), [
            { level: 0, fromMs: 0, toMs: 4000 },
        ])
    })
    test("what blinks or moves claims nothing, and neither does a board without power", () => {
        const stale = frames([0, 1], [1000, 0], [2000, 1], [3000, 0])
        assert.deepEqual(claimsOf(stale, 4000), [])
        assert.deepEqual(claimsOf(frames([0, "off"]), 4000), [])
    })
    test("what has just come has no winks yet", () => {
        const toLevel0 = frames([0, 1], [2000, 0], [2100, 1], [2200, 0])
        assert.deepEqual(claimsOf(toLevel0, 6000), [
            { level: 1, fromMs: 0, toMs: 2200 },
            { level: 0, fromMs: 2200, toMs: 6000 },
        ])
        const fromStale = frames(
            [0, "0000001000"],
            [1000, 0],
            [1096, 1],
            [1192, 0]
        )
        assert.deepEqual(claimsOf(fromStale, 4000), [
            { level: 0, fromMs: 1192, toMs: 4000 },
        ])
    })
    test("what stands still and is no bar is false", () => {
        const claims = claimsOf(frames([0, "1000000001"]), 4000)
        assert.equal(falseClaims(claims, [], 5000).length, 1)
        // the tip of a stale bar, late on a busy computer, tells no lag
        assert.deepEqual(claimsOf(frames([0, "0000001000"]), 1700), [])
    })
    test("a claim is false from the moment when its truth is too old", () => {
        const truths = [
            { level: 3, fromMs: 0, toMs: 1000 },
            { level: 4, fromMs: 1000, toMs: Infinity },
        ]
        const claim = (level: number, fromMs: number, toMs: number) =>
            falseClaims([{ level, fromMs, toMs }], truths, 5000)
        assert.deepEqual(claim(3, 0, 6000), [])
        assert.match(claim(3, 0, 6001)[0], /false from 6000 ms/)
        assert.match(claim(4, -401, 2000)[0], /false from -401 ms/)
        // a second of it was a dark moment of another pattern
        assert.deepEqual(claim(4, -400, 2000), [])
        assert.deepEqual(claim(4, 1000, 1e9), [])
    })
})
