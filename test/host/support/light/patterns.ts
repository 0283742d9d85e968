/** docs/lights.md, LED1 first: what each status looks like, written down independently of the firmware. */
import assert from "node:assert/strict"

/** Frames and how long each is shown, ms. */
export type Shown = [leds: string, ms: number]
/** A pattern that repeats. */
export type Cycle = Shown[]

const ALL = "1111111111"
const NONE = "0000000000"

export function bar(level: number, leds = 10) {
    return "1".repeat(level).padEnd(leds, "0")
}

/** Fills 1 to 10, holds, empties; once, about 1.6 s. */
export const POWER_ON: Shown[] = [
    ...Array.from({ length: 9 }, (_, i): Shown => [bar(i + 1), 70]),
    [ALL, 270],
    ...Array.from({ length: 10 }, (_, i): Shown => [bar(9 - i), 70]),
]

export const NOT_CONFIGURED: Cycle = [
    ["1000000001", 600],
    [NONE, 600],
]

export const CONNECTING: Cycle = [
    ["1000000001", 160],
    ["0100000010", 160],
    ["0010000100", 160],
    ["0001001000", 160],
    ["0000110000", 160],
    [NONE, 400],
]

const ENDS = "1000000001"

export const REFUSED_WHO: Cycle = [
    ["1000110001", 400],
    [ENDS, 1000],
]

export const REFUSED_STREAM: Cycle = [
    ["1011001101", 300],
    [ENDS, 300],
    ["1011001101", 300],
    [ENDS, 1000],
]

export const REFUSED_GROUP: Cycle = [
    ["1010110101", 250],
    [ENDS, 250],
    ["1010110101", 250],
    [ENDS, 250],
    ["1010110101", 250],
    [ENDS, 1000],
]

export const UNKNOWN: Cycle = [
    ["1010101010", 700],
    ["0101010101", 700],
]

export const OFF_THE_SCALE: Cycle = [
    [ALL, 350],
    [NONE, 150],
]

/** Steady up to `low`, the LEDs up to `high` blink. */
export function range(low: number, high: number): Cycle {
    return [
        [bar(high), 500],
        [bar(low), 500],
    ]
}

/** Only the tip of the last bar; a bar of 0 lends LED1. */
export function stale(level: number): Cycle {
    const tip = Math.max(level, 1)
    return [
        ["1".padStart(tip, "0").padEnd(10, "0"), 1000],
        [NONE, 1000],
    ]
}

/** The bar, and its last LED inverted twice every 2 s. */
export function check(level: number, leds = 10): Cycle {
    const steady = bar(level, leds)
    const wink = steady.slice(0, -1) + (steady.at(-1) === "1" ? "0" : "1")
    return [
        [wink, 100],
        [steady, 150],
        [wink, 100],
        [steady, 1650],
    ]
}

/** What a share of the bar showed, cut out of what the bar did. */
export function share(shown: Shown[], first: number, leds: number): Shown[] {
    return merged(
        shown.map(([frame, ms]) => [frame.slice(first, first + leds), ms])
    )
}

function merged(shown: Shown[]): Shown[] {
    const merged: Shown[] = []
    for (const [leds, ms] of shown) {
        const last = merged.at(-1)
        if (last?.[0] === leds) last[1] += ms
        else merged.push([leds, ms])
    }
    return merged
}

/**
 * A refusal on a share of the bar, which has no room for blocks: the middle LED flashes between steady ends, as often as
 * the whole bar has blocks; of two LEDs both flash.
 */
export function refusalShare(leds: number, blocks: 1 | 2 | 3): Cycle {
    const [lit, unlit] =
        leds === 5
            ? ["10101", "10001"]
            : leds === 3
              ? ["111", "101"]
              : ["11", "00"]
    const ms = [400, 300, 250][blocks - 1]
    const cycle: Cycle = []
    for (let flash = 1; flash <= blocks; flash++)
        cycle.push([lit, ms], [unlit, flash < blocks ? ms : 1000])
    return cycle
}

/** A step may be late by as much, the device's clock being what it is. */
const TOLERANCE_MS = 25

/** Compares what was shown with a pattern that repeats: each frame for its time, in order, from any point on. */
export function assertCycle(
    shown: Shown[],
    cycle: Cycle,
    what = "the pattern"
) {
    const text = () =>
        `${what}: expected ${JSON.stringify(cycle)}, shown ${JSON.stringify(shown)}`
    assert.ok(shown.length > cycle.length, text())
    const follows = cycle.some((_, offset) =>
        shown.every(([leds, ms], i) => {
            const [wanted, wantedMs] = cycle[(offset + i) % cycle.length]
            const isCut = i === 0 || i === shown.length - 1
            return (
                leds === wanted &&
                ms <= wantedMs + TOLERANCE_MS &&
                (isCut || ms >= wantedMs - TOLERANCE_MS)
            )
        })
    )
    assert.ok(follows, text())
}

/** How long the sign of life inverts LED1, and how often at most. */
const BEAT_MS = 100
const BEAT_EVERY_MS = 2000

/** Compares what was shown in two heartbeats or more with a bar. */
export function assertBar(shown: Shown[], leds: string) {
    const beat = `${leds[0] === "1" ? "0" : "1"}${leds.slice(1)}`
    const text = `expected the bar ${leds}, shown ${JSON.stringify(shown)}`
    let beats = 0
    for (const [i, [frame, ms]] of shown.entries()) {
        const isCut = i === 0 || i === shown.length - 1
        assert.ok(frame === leds || frame === beat, text)
        if (frame === beat) {
            beats++
            assert.ok(ms <= BEAT_MS + TOLERANCE_MS, text)
            assert.ok(isCut || ms >= BEAT_MS - TOLERANCE_MS, text)
        } else if (!isCut)
            assert.ok(ms + BEAT_MS >= BEAT_EVERY_MS - TOLERANCE_MS, text)
    }
    assert.ok(beats >= 2, `no sign of life: ${text}`)
}

/** What was shown without the sign of life, LED1 being steadily lit, or dark. */
export function withoutBeat(shown: Shown[], led1: "0" | "1"): Shown[] {
    return merged(shown.map(([leds, ms]) => [led1 + leds.slice(1), ms]))
}

/** Checks that what is lit now is a moment of what a reading looks like, on the linear scale. */
export function assertShown(
    leds: string,
    {
        low,
        high,
        level,
    }: { low: number | null; high: number | null; level: number | null },
    lagPerLed: number,
    what: () => string
) {
    const levelOf = (lag: number | null) =>
        lag === null ? 11 : Math.min(11, Math.ceil(lag / lagPerLed))
    const from = levelOf(low)
    const to = levelOf(high)
    assert.equal(level, from, what())
    const beat = (frame: string) =>
        (frame[0] === "1" ? "0" : "1") + frame.slice(1)
    const frames =
        from > 10
            ? [ALL, NONE]
            : from === to
              ? [bar(from), beat(bar(from))]
              : // "possibly off the scale" makes the last LED blink
                [bar(Math.min(from, to > 10 ? 9 : 10)), bar(Math.min(to, 10))]
    assert.ok(
        frames.includes(leds),
        `${leds} is none of ${frames.join(", ")}: ${what()}`
    )
}
