/**
 * What each pattern of the firmware means, for people: the printed legend, the label strip, the page. A pattern that is added
 * to src/display/legend.ts needs its texts here, or this does not compile; docs/lights.md has a row for each.
 */
import { LINK_PATTERNS, TARGET_PATTERNS } from "../../src/display/legend.ts"
import type { Tone } from "./state.ts"

export type PatternName =
    | (typeof LINK_PATTERNS)[number][0]
    | (typeof TARGET_PATTERNS)[number][0]
    | "power-on"

export interface PatternTexts {
    meaning: string
    /** With durations; shown beside the shape. */
    rhythm: string
    /** What the LEDs do, in short. */
    brief: string
    tone: Tone
    /** For a moving pattern: from LED to LED. */
    arrows?: { from: number; to: number; both?: boolean }[]
}

const TO_AND_FRO = [{ from: 1, to: 10, both: true }]

/** In the legend's order. */
export const PATTERNS: Record<PatternName, PatternTexts> = {
    normal: {
        meaning:
            "The lag, and it is fresh. With no LED lit, only the wink shows.",
        rhythm: "steady; LED1 winks 0.1 s after a fresh reading, at most every 2 s",
        brief: "steady; LED1 winks at each new reading",
        tone: "calm",
    },
    "lag between two levels": {
        meaning:
            "The lag is at least the steady bar, at most the blinking one.",
        rhythm: "0.5 s on, 0.5 s off above the steady bar",
        brief: "steady: certain; blinking: possible",
        tone: "notice",
    },
    "off the scale": {
        meaning: "More lag than the scale shows. Act now.",
        rhythm: "0.35 s on, 0.15 s off",
        brief: "all flash",
        tone: "alert",
    },
    "consumers need a look": {
        meaning:
            "The lag is true; a health limit is passed. The log says which.",
        rhythm: "LED10 winks twice, every 2 s",
        brief: "the last LED winks twice",
        tone: "notice",
    },
    "lag unknown": {
        meaning: "Redis replies, but the lag does not follow from its replies.",
        rhythm: "these and the others in turn, 0.7 s each",
        brief: "every other LED, alternating",
        tone: "notice",
    },
    "stale reading": {
        meaning: "Only the tip of the last bar: the reading is too old.",
        rhythm: "1 s on, 1 s off",
        brief: "the tip blinks, 1 s on, 1 s off",
        tone: "notice",
    },
    "refused: who": {
        meaning: "Credentials or rights: NOAUTH, WRONGPASS, NOPERM.",
        rhythm: "ends steady, 1 block flashes once",
        brief: "steady ends, flash once",
        tone: "alert",
    },
    "refused: which stream": {
        meaning: "No such stream, or the key is not a stream.",
        rhythm: "ends steady, 2 blocks flash twice",
        brief: "steady ends, flash twice",
        tone: "alert",
    },
    "refused: which group": {
        meaning: "The stream has no such consumer group.",
        rhythm: "ends steady, 3 blocks flash three times",
        brief: "steady ends, flash three times",
        tone: "alert",
    },
    "connecting to Redis": {
        meaning: "No reply from Redis yet, or none for 30 s.",
        rhythm: "two dots meet, 0.16 s a step, then 0.4 s dark",
        brief: "two dots meet in the middle",
        tone: "busy",
        arrows: [
            { from: 1, to: 5 },
            { from: 10, to: 6 },
        ],
    },
    "joining Wi-Fi": {
        meaning: "No network yet.",
        rhythm: "one dot to and fro, 0.1 s a step",
        brief: "one dot bounces end to end",
        tone: "busy",
        arrows: TO_AND_FRO,
    },
    "not configured": {
        meaning: "A setting is wrong or missing. The log says which.",
        rhythm: "0.6 s on, 0.6 s off",
        brief: "both ends blink",
        tone: "alert",
    },
    "power-on": {
        meaning: "The program starts. It is the lamp test too.",
        rhythm: "fills, holds, empties; once, 1.6 s",
        brief: "fills and empties, once",
        tone: "busy",
        arrows: TO_AND_FRO,
    },
}
