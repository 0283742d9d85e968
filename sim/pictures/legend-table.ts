/** What the lights mean, as the pictures show it: docs/lights.md. test/host/docs.test.ts compares it with the firmware. */
import type { Dots } from "./dots.ts"

export interface LegendRow {
    /** As the log and the LED test program call it. */
    name: string
    dots: Dots
    /** How the dots move: arrows from LED to LED, below them. */
    arrows?: { from: number; to: number; both?: boolean }[]
    rhythm: string
    meaning: string
    /** The meaning in a few words, for the label strip. */
    brief: string
}

export const LEGEND: LegendRow[] = [
    {
        name: "normal, level 5",
        dots: "W####.....",
        rhythm: "steady; LED1 winks 0.1 s after a fresh reading, at most every 2 s",
        meaning:
            "The lag, and it is fresh. With no LED lit, only the wink shows.",
        brief: "lag, fresh",
    },
    {
        name: "lag between two levels, 3 to 6",
        dots: "###ooo....",
        rhythm: "0.5 s on, 0.5 s off above the steady bar",
        meaning:
            "The lag is at least the steady bar, at most the blinking one.",
        brief: "between the two",
    },
    {
        name: "off the scale",
        dots: "oooooooooo",
        rhythm: "0.35 s on, 0.15 s off",
        meaning: "More lag than the scale shows. Act now.",
        brief: "off the scale",
    },
    {
        name: "consumers need a look, level 4",
        dots: "####.....w",
        rhythm: "LED10 winks twice, every 2 s",
        meaning:
            "The lag is true; a health limit is passed. The log says which.",
        brief: "check consumers",
    },
    {
        name: "lag unknown",
        dots: "#.#.#.#.#.",
        rhythm: "these and the others in turn, 0.7 s each",
        meaning: "Redis answers, but the lag does not follow from its answers.",
        brief: "unknown",
    },
    {
        name: "stale reading, last 6",
        dots: ".....o....",
        rhythm: "1 s on, 1 s off",
        meaning: "Only the tip of the last bar: the reading is too old.",
        brief: "stale",
    },
    {
        name: "refused: who",
        dots: "#...oo...#",
        rhythm: "ends steady, 1 block flashes once",
        meaning: "Credentials or rights: NOAUTH, WRONGPASS, NOPERM.",
        brief: "refused: who",
    },
    {
        name: "refused: which stream",
        dots: "#.oo..oo.#",
        rhythm: "ends steady, 2 blocks flash twice",
        meaning: "No such stream, or the key is not a stream.",
        brief: "refused: stream",
    },
    {
        name: "refused: which group",
        dots: "#.o.oo.o.#",
        rhythm: "ends steady, 3 blocks flash three times",
        meaning: "The stream has no such consumer group.",
        brief: "refused: group",
    },
    {
        name: "connecting to Redis",
        dots: "#........#",
        arrows: [
            { from: 1, to: 5 },
            { from: 10, to: 6 },
        ],
        rhythm: "two dots meet, 0.16 s a step, then 0.4 s dark",
        meaning: "On the way to Redis: no answer yet, or none for 30 s.",
        brief: "connecting",
    },
    {
        name: "joining Wi-Fi",
        dots: "#.........",
        arrows: [{ from: 1, to: 10, both: true }],
        rhythm: "one dot to and fro, 0.1 s a step",
        meaning: "No network yet.",
        brief: "joining Wi-Fi",
    },
    {
        name: "not configured",
        dots: "o........o",
        rhythm: "0.6 s on, 0.6 s off",
        meaning: "A setting is wrong or missing. The log says which.",
        brief: "settings wrong",
    },
    {
        name: "power-on",
        dots: "##########",
        arrows: [{ from: 1, to: 10, both: true }],
        rhythm: "fills, holds, empties; once, 1.6 s",
        meaning: "The program starts. It is the lamp test too.",
        brief: "power-on",
    },
]

/** The grammar, a sentence each. */
export const GRAMMAR = [
    "Steady from LED1: certain. Blinking above a steady bar: possibly. Moving: working on it.",
    "Both ends lit: no. Ends steady: Redis refused. Ends blinking alone: the settings are wrong.",
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
        example: "W##..|#.o.#",
        note: "target 1 at level 3; target 2 refused",
    },
    {
        targets: "3 targets",
        leds: "3 + 3 + 3",
        example: "W..|ooo|#o#|.",
        note: "level 1; off the scale; refused; LED10 stays dark",
    },
    {
        targets: "4 or 5 targets",
        leds: "2 each",
        example: "W.|W#|#o|oo|#.",
        note: "levels 1, 2, 1 to 2; a refusal or off the scale; unknown",
    },
]
