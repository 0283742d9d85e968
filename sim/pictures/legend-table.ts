/** What the lights mean, as the legend shows it: docs/lights.md. The dots are the firmware's own patterns. */
import { Condition, LEDS, LinkStatus } from "../../src/display/display.ts"
import {
    linkPattern,
    powerOn,
    targetPattern,
} from "../../src/display/patterns.ts"
import type { Shown } from "../../src/display/patterns.ts"
import { dotsOf, dotsOfFrame } from "./dots.ts"
import type { Dots } from "./dots.ts"

export interface LegendRow {
    /** As the log and the LED test program call it. */
    name: string
    dots: Dots
    /** How the dots move: arrows from LED to LED, below them. */
    arrows?: { from: number; to: number; both?: boolean }[]
    rhythm: string
    meaning: string
}

function lag(low: number, high = low, complaint?: string): Shown {
    return { condition: Condition.Lag, low, high, complaint }
}

function other(condition: Condition, level = 0): Shown {
    return { ...lag(level), condition }
}

function target(shown: Shown, leds = LEDS): Dots {
    return dotsOf(targetPattern(shown, leds), leds)
}

/** Of a pattern in two pictures the first. */
function unknown(leds = LEDS): Dots {
    const [first] = targetPattern(other(Condition.Unknown), leds).steps
    return dotsOfFrame(first, leds)
}

function link(status: LinkStatus): Dots {
    return dotsOf(linkPattern(status)!)
}

/** Of what moves, where it begins. */
function beginOf(status: LinkStatus): Dots {
    return dotsOfFrame(linkPattern(status)!.steps[0])
}

export const LEGEND: LegendRow[] = [
    {
        name: "normal, level 5",
        dots: target(lag(5)),
        rhythm: "steady; LED1 winks 0.1 s after a fresh reading, at most every 2 s",
        meaning:
            "The lag, and it is fresh. With no LED lit, only the wink shows.",
    },
    {
        name: "lag between two levels, 3 to 6",
        dots: target(lag(3, 6)),
        rhythm: "0.5 s on, 0.5 s off above the steady bar",
        meaning:
            "The lag is at least the steady bar, at most the blinking one.",
    },
    {
        name: "off the scale",
        dots: target(lag(LEDS + 1)),
        rhythm: "0.35 s on, 0.15 s off",
        meaning: "More lag than the scale shows. Act now.",
    },
    {
        name: "consumers need a look, level 4",
        dots: target(lag(4, 4, "pending")),
        rhythm: "LED10 winks twice, every 2 s",
        meaning:
            "The lag is true; a health limit is passed. The log says which.",
    },
    {
        name: "lag unknown",
        dots: unknown(),
        rhythm: "these and the others in turn, 0.7 s each",
        meaning: "Redis answers, but the lag does not follow from its answers.",
    },
    {
        name: "stale reading, last 6",
        dots: target(other(Condition.Stale, 6)),
        rhythm: "1 s on, 1 s off",
        meaning: "Only the tip of the last bar: the reading is too old.",
    },
    {
        name: "refused: who",
        dots: target(other(Condition.RefusedWho)),
        rhythm: "ends steady, 1 block flashes once",
        meaning: "Credentials or rights: NOAUTH, WRONGPASS, NOPERM.",
    },
    {
        name: "refused: which stream",
        dots: target(other(Condition.RefusedStream)),
        rhythm: "ends steady, 2 blocks flash twice",
        meaning: "No such stream, or the key is not a stream.",
    },
    {
        name: "refused: which group",
        dots: target(other(Condition.RefusedGroup)),
        rhythm: "ends steady, 3 blocks flash three times",
        meaning: "The stream has no such consumer group.",
    },
    {
        name: "connecting to Redis",
        dots: beginOf(LinkStatus.Connecting),
        arrows: [
            { from: 1, to: 5 },
            { from: 10, to: 6 },
        ],
        rhythm: "two dots meet, 0.16 s a step, then 0.4 s dark",
        meaning: "No reply from Redis yet, or none for 30 s.",
    },
    {
        name: "joining Wi-Fi",
        dots: beginOf(LinkStatus.JoiningWifi),
        arrows: [{ from: 1, to: 10, both: true }],
        rhythm: "one dot to and fro, 0.1 s a step",
        meaning: "No network yet.",
    },
    {
        name: "not configured",
        dots: link(LinkStatus.NotConfigured),
        rhythm: "0.6 s on, 0.6 s off",
        meaning: "A setting is wrong or missing. The log says which.",
    },
    {
        name: "power-on",
        dots: dotsOfFrame(Math.max(...powerOn())),
        arrows: [{ from: 1, to: 10, both: true }],
        rhythm: "fills, holds, empties; once, 1.6 s",
        meaning: "The program starts. It is the lamp test too.",
    },
]

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
            target(lag(3), 5),
            target(other(Condition.RefusedStream), 5),
        ].join("|"),
        note: "target 1 at level 3; target 2 refused",
    },
    {
        targets: "3 targets",
        leds: "3 + 3 + 3",
        example: [
            target(lag(1), 3),
            target(lag(4), 3),
            target(other(Condition.RefusedStream), 3),
            dotsOfFrame(0, 1),
        ].join("|"),
        note: "level 1; off the scale; refused; LED10 stays dark",
    },
    {
        targets: "4 or 5 targets",
        leds: "2 each",
        example: [
            target(lag(1), 2),
            target(lag(2), 2),
            target(lag(1, 2), 2),
            target(lag(3), 2),
            unknown(2),
        ].join("|"),
        note: "levels 1, 2, 1 to 2; a refusal or off the scale; unknown",
    },
]
