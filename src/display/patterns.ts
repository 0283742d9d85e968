/**
 * DESIGN.md section 5 as data: what each status looks like, and its rhythm.
 *
 * The grammar: steady from LED1 is certain; blinking above a steady bar is possible; moving is working on it; both ends
 * lit is a no; everything flashing asks to act. No LED flashes more than three times a second.
 */
import { Condition, Frame, LEDS, LinkStatus, TargetStatus } from "./display"

/** Frames and how long each is shown: frame, milliseconds, frame, milliseconds ... */
export type Steps = number[]

/** One pattern. It repeats; a single step stands still. */
export interface Pattern {
    steps: Steps
    /** LED1 may wink over it as the sign of a fresh reading. */
    beats: boolean
}

/** A single step's duration, ms: nothing changes until another status comes. */
const STILL = 60000

/** The wink that says "this reading is fresh": LED1 inverted for so long, ms. */
export const BEAT_MS = 100
/** Winks are at least this far apart, ms. */
export const BEAT_EVERY_MS = 2000

/** Power-on: fills, holds, empties, once; also the lamp test. */
export const POWER_ON: Steps = [
    0b1000000000, 70, 0b1100000000, 70, 0b1110000000, 70, 0b1111000000, 70,
    0b1111100000, 70, 0b1111110000, 70, 0b1111111000, 70, 0b1111111100, 70,
    0b1111111110, 70, 0b1111111111, 270, 0b1111111110, 70, 0b1111111100, 70,
    0b1111111000, 70, 0b1111110000, 70, 0b1111100000, 70, 0b1111000000, 70,
    0b1110000000, 70, 0b1100000000, 70, 0b1000000000, 70, 0b0000000000, 70,
]

/** Both ends blink alone: the settings are wrong. */
const NOT_CONFIGURED: Steps = [0b1000000001, 600, 0b0000000000, 600]

/** One dot bounces from end to end: joining the Wi-Fi network. */
const JOINING_WIFI: Steps = [
    0b1000000000, 100, 0b0100000000, 100, 0b0010000000, 100, 0b0001000000, 100,
    0b0000100000, 100, 0b0000010000, 100, 0b0000001000, 100, 0b0000000100, 100,
    0b0000000010, 100, 0b0000000001, 100, 0b0000000010, 100, 0b0000000100, 100,
    0b0000001000, 100, 0b0000010000, 100, 0b0000100000, 100, 0b0001000000, 100,
    0b0010000000, 100, 0b0100000000, 100,
]

/** Two dots meet in the middle: connecting to Redis. */
const CONNECTING: Steps = [
    0b1000000001, 160, 0b0100000010, 160, 0b0010000100, 160, 0b0001001000, 160,
    0b0000110000, 160, 0b0000000000, 400,
]

/** Ends steady, one block flashes once: who (credentials, rights). */
const REFUSED_WHO: Steps = [0b1000110001, 400, 0b1000000001, 1000]

/** Ends steady, two blocks flash twice: which stream. */
const REFUSED_STREAM: Steps = [
    0b1011001101, 300, 0b1000000001, 300, 0b1011001101, 300, 0b1000000001, 1000,
]

/** Ends steady, three blocks flash three times: which group. */
const REFUSED_GROUP: Steps = [
    0b1010110101, 250, 0b1000000001, 250, 0b1010110101, 250, 0b1000000001, 250,
    0b1010110101, 250, 0b1000000001, 1000,
]

/** Every other LED, then the others: Redis answers, the lag is unknown. */
const UNKNOWN: Steps = [0b1010101010, 700, 0b0101010101, 700]

/** The lowest `level` LEDs of a bar of `leds`. */
function bar(leds: number, level: number): Frame {
    if (level > leds) level = leds
    return ((1 << level) - 1) << (leds - level)
}

/** What the whole bar shows while the device is busy with itself; undefined when the targets tell. */
export function linkPattern(link: LinkStatus): Pattern {
    switch (link) {
        case LinkStatus.NotConfigured:
            return { steps: NOT_CONFIGURED, beats: false }
        case LinkStatus.JoiningWifi:
            return { steps: JOINING_WIFI, beats: false }
        case LinkStatus.Connecting:
            return { steps: CONNECTING, beats: false }
        default:
            return undefined
    }
}

/** What one target's LEDs show. */
export function targetPattern(status: TargetStatus, leds: number): Pattern {
    switch (status.condition) {
        case Condition.RefusedWho:
            return { steps: REFUSED_WHO, beats: false }
        case Condition.RefusedStream:
            return { steps: REFUSED_STREAM, beats: false }
        case Condition.RefusedGroup:
            return { steps: REFUSED_GROUP, beats: false }
        case Condition.Unknown:
            return { steps: UNKNOWN, beats: false }
        case Condition.Stale: {
            // only the tip of the last bar; a bar of 0 has none and lends LED1
            const tip = status.high < 1 ? 1 : status.high
            return {
                steps: [
                    bar(leds, tip) ^ bar(leds, Math.min(tip, leds) - 1),
                    1000,
                    0,
                    1000,
                ],
                beats: false,
            }
        }
        default:
            return lagPattern(status, leds)
    }
}

function lagPattern(status: TargetStatus, leds: number): Pattern {
    if (status.low > leds)
        return { steps: [bar(leds, leds), 350, 0, 150], beats: false }
    const steady = bar(leds, status.low)
    return { steps: [steady, STILL], beats: true }
}
