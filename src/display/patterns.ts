/**
 * docs/lights.md as data: what each status looks like, and its rhythm.
 *
 * The grammar: steady from LED1 is certain; blinking above a steady bar is possible; moving is in progress; both ends
 * lit is an error; everything flashing asks to act. No LED flashes more than three times a second.
 *
 * The host imports this file and display.ts too (sim/light/), with a stricter compiler: types are imported as types.
 */
import { Condition, LEDS, LinkStatus } from "./display"
import type { Frame, TargetStatus } from "./display"

/** Frames and how long each is shown: frame, milliseconds, frame, milliseconds ... */
export type Steps = number[]

/** One pattern. It repeats; a single step stands still. */
export interface Pattern {
    steps: Steps
    /** LED1 may wink over it as the sign of a fresh reading. */
    beats: boolean
}

/** What of a target's status makes its pattern. */
export type Shown = Pick<
    TargetStatus,
    "condition" | "low" | "high" | "complaint"
>

/** A single step's duration, ms: nothing changes until another status comes. */
const STILL = 60000

/** The wink that says "this reading is fresh": LED1 inverted for so long, ms. */
export const BEAT_MS = 100
/** Winks are at least this far apart, ms. */
export const BEAT_EVERY_MS = 2000

/*
 * Patterns of a device that is busy with itself are made where they are shown, as the heap has better uses for them while
 * it is not.
 */

/** Power-on: fills, holds, empties, once; also the lamp test. */
export function powerOn(): Steps {
    return [
        0b1000000000, 70, 0b1100000000, 70, 0b1110000000, 70, 0b1111000000, 70,
        0b1111100000, 70, 0b1111110000, 70, 0b1111111000, 70, 0b1111111100, 70,
        0b1111111110, 70, 0b1111111111, 270, 0b1111111110, 70, 0b1111111100, 70,
        0b1111111000, 70, 0b1111110000, 70, 0b1111100000, 70, 0b1111000000, 70,
        0b1110000000, 70, 0b1100000000, 70, 0b1000000000, 70, 0b0000000000, 70,
    ]
}

/** Both ends blink alone: the settings are wrong. */
function notConfigured(): Steps {
    return [0b1000000001, 600, 0b0000000000, 600]
}

/** One dot bounces from end to end: joining the Wi-Fi network. */
function joiningWifi(): Steps {
    return [
        0b1000000000, 100, 0b0100000000, 100, 0b0010000000, 100, 0b0001000000,
        100, 0b0000100000, 100, 0b0000010000, 100, 0b0000001000, 100,
        0b0000000100, 100, 0b0000000010, 100, 0b0000000001, 100, 0b0000000010,
        100, 0b0000000100, 100, 0b0000001000, 100, 0b0000010000, 100,
        0b0000100000, 100, 0b0001000000, 100, 0b0010000000, 100, 0b0100000000,
        100,
    ]
}

/** Two dots meet in the middle: connecting to Redis. */
function connecting(): Steps {
    return [
        0b1000000001, 160, 0b0100000010, 160, 0b0010000100, 160, 0b0001001000,
        160, 0b0000110000, 160, 0b0000000000, 400,
    ]
}

/** The blocks between the steady ends that tell a refusal, on the whole bar: 1 who, 2 which stream, 3 which group. */
const REFUSAL_BLOCKS: Frame[] = [0b0000110000, 0b0011001100, 0b0010110100]
/** How long one flash of a refusal and the gap after it last, ms; it flashes as often as it has blocks. */
const REFUSAL_FLASH_MS = [400, 300, 250]
/** The pause after a refusal's flashes, ms. */
const REFUSAL_PAUSE_MS = 1000

/** The lowest `level` LEDs of a bar of `leds`. */
function bar(leds: number, level: number): Frame {
    if (level > leds) level = leds
    return ((1 << level) - 1) << (leds - level)
}

/** What the whole bar shows while the device is busy with itself; undefined when the targets tell. */
export function linkPattern(link: LinkStatus): Pattern | undefined {
    switch (link) {
        case LinkStatus.NotConfigured:
            return { steps: notConfigured(), beats: false }
        case LinkStatus.JoiningWifi:
            return { steps: joiningWifi(), beats: false }
        case LinkStatus.Connecting:
            return { steps: connecting(), beats: false }
        default:
            return undefined
    }
}

/**
 * What one target's LEDs show, on a bar of `leds`: all ten, or a share of 5, 3 or 2.
 * A share has no room for blocks: its middle LED flashes once, twice or three times between steady ends; of two LEDs both
 * flash so often, and stay dark in between.
 */
export function targetPattern(status: Shown, leds: number): Pattern {
    switch (status.condition) {
        case Condition.RefusedWho:
            return refusalPattern(leds, 1)
        case Condition.RefusedStream:
            return refusalPattern(leds, 2)
        case Condition.RefusedGroup:
            return refusalPattern(leds, 3)
        case Condition.Unknown: {
            // every other LED, then the others
            const odd = 0b1010101010 >> (LEDS - leds)
            return {
                steps: [odd, 700, bar(leds, leds) ^ odd, 700],
                beats: false,
            }
        }
        case Condition.Stale: {
            // only the tip of the last bar; a bar of 0 has none and lends LED1. The player begins with what is not lit already
            const tip = Math.min(Math.max(status.high, 1), leds)
            return {
                steps: [bar(leds, tip) ^ bar(leds, tip - 1), 1000, 0, 1000],
                beats: false,
            }
        }
        default:
            return lagPattern(status, leds)
    }
}

function refusalPattern(leds: number, blocks: number): Pattern {
    const ends = bar(leds, 1) | 1
    const middle = 1 << (leds >> 1)
    const lit =
        leds === LEDS
            ? ends | REFUSAL_BLOCKS[blocks - 1]
            : leds > 2
              ? ends | middle
              : ends
    const unlit = leds > 2 ? ends : 0
    const ms = REFUSAL_FLASH_MS[blocks - 1]
    const steps: Steps = []
    for (let flash = 1; flash <= blocks; ++flash)
        steps.push(lit, ms, unlit, flash === blocks ? REFUSAL_PAUSE_MS : ms)
    return { steps, beats: false }
}

function lagPattern(status: Shown, leds: number): Pattern {
    if (status.low > leds)
        return { steps: [bar(leds, leds), 350, 0, 150], beats: false }
    // "possibly off the scale" has no LED of its own: the last one stands for "this or more"
    const low = bar(
        leds,
        status.high > leds ? Math.min(status.low, leds - 1) : status.low
    )
    const high = bar(leds, status.high)
    const certain = low === high
    if (status.complaint === undefined)
        return {
            steps: certain ? [low, STILL] : [high, 500, low, 500],
            beats: certain,
        }
    // the last LED winks twice: the consumers need a look
    const winks: Steps = [high ^ 1, 100, high, 150, high ^ 1, 100, high]
    if (certain) winks.push(1650)
    else winks.push(150, low, 500, high, 500, low, 500)
    return { steps: winks, beats: certain }
}
