/** What the lights mean, as the legend shows it: docs/lights.md. The dots are the firmware's own patterns. */
import { Condition, LEDS } from "../../src/display/display.ts"
import { LINK_PATTERNS, TARGET_PATTERNS } from "../../src/display/legend.ts"
import {
    linkPattern,
    powerOn,
    targetPattern,
} from "../../src/display/patterns.ts"
import { PATTERNS } from "../light/legend.ts"
import type { PatternName, PatternTexts } from "../light/legend.ts"
import { dotsOf, dotsOfFrame } from "./dots.ts"
import type { Dots } from "./dots.ts"

export interface LegendRow extends PatternTexts {
    /** As the LED test program calls it. */
    name: string
    dots: Dots
}

function target(
    condition: Condition,
    low = 0,
    high = low,
    leds = LEDS,
    complaint?: string
): Dots {
    const shown = targetPattern({ condition, low, high, complaint }, leds)
    // of a pattern in two pictures the first
    return condition === Condition.Unknown
        ? dotsOfFrame(shown.steps[0], leds)
        : dotsOf(shown, leds)
}

/** The name with its example, and what is drawn. */
function drawn(pattern: PatternName): [name: string, dots: Dots] {
    if (pattern === "power-on")
        return [pattern, dotsOfFrame(Math.max(...powerOn()))]
    for (const [name, link] of LINK_PATTERNS)
        if (name === pattern) {
            const shown = linkPattern(link)!
            // of what moves, where it begins
            return PATTERNS[name].arrows
                ? [name, dotsOfFrame(shown.steps[0])]
                : [name, dotsOf(shown)]
        }
    for (const [name, condition, low, high, check, example] of TARGET_PATTERNS)
        if (name === pattern)
            return [
                example ? `${name}, ${example}` : name,
                target(condition, low, high, LEDS, check ? name : undefined),
            ]
    throw new Error(`no such pattern: ${pattern}`)
}

export const LEGEND: LegendRow[] = Object.entries(PATTERNS).map(
    ([pattern, texts]) => {
        const [name, dots] = drawn(pattern as PatternName)
        return { ...texts, name, dots }
    }
)

/** The grammar, a sentence each. */
export const GRAMMAR = [
    "Steady from LED1: certain. Blinking above a steady bar: possible. Moving: in progress.",
    "Both ends lit: an error. Ends steady: Redis refused. Ends blinking alone: the settings are wrong.",
    "Everything flashing: act now. No meaning depends on colour.",
]

export interface ShareRow {
    targets: string
    leds: string
    example: Dots
    note: string
}

/** How several targets share the bar. */
export const SHARES: ShareRow[] = [
    {
        targets: "2 targets",
        leds: "5 + 5",
        example: [
            target(Condition.Lag, 3, 3, 5),
            target(Condition.RefusedStream, 0, 0, 5),
        ].join("|"),
        note: "target 1 at level 3; target 2 refused",
    },
    {
        targets: "3 targets",
        leds: "3 + 3 + 3",
        example: [
            target(Condition.Lag, 1, 1, 3),
            target(Condition.Lag, 4, 4, 3),
            target(Condition.RefusedStream, 0, 0, 3),
            dotsOfFrame(0, 1),
        ].join("|"),
        note: "level 1; off the scale; refused; LED10 stays dark",
    },
    {
        targets: "4 or 5 targets",
        leds: "2 each",
        example: [
            target(Condition.Lag, 1, 1, 2),
            target(Condition.Lag, 2, 2, 2),
            target(Condition.Lag, 1, 2, 2),
            target(Condition.Lag, 3, 3, 2),
            target(Condition.Unknown, 0, 0, 2),
        ].join("|"),
        note: "levels 1, 2, 1 to 2; a refusal or off the scale; unknown",
    },
]
