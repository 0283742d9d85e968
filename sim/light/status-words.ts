/** The light in words, with the shape that docs/lights.md gives each status. Pure. */
import type { Scale } from "../../src/signal/level.ts"
import { levelOf } from "./scale.ts"
import type {
    LightState,
    LinkWord,
    StatusWords,
    TargetLight,
    TargetSetup,
} from "./state.ts"

const STEADY = "●"
const BLINKING = "◐"
const DARK = "○"

/** What is said of the device as a whole, on all ten LEDs. */
const LINKS: Record<Exclude<LinkWord, "up">, StatusWords> = {
    off: {
        title: "The device is off",
        detail: "Its program has ended. Start the simulator again.",
        shape: "○○○○○○○○○○",
        rhythm: "dark",
        tone: "alert",
    },
    starting: {
        title: "Starting",
        detail: "The LEDs fill one by one and empty again: the lamp test.",
        shape: "◐◐◐◐◐◐◐◐◐◐",
        rhythm: "fills and empties, once",
        tone: "busy",
    },
    "not configured": {
        title: "Not configured",
        detail: "A setting is missing or wrong; the log names it.",
        shape: "◐○○○○○○○○◐",
        rhythm: "both ends blink",
        tone: "alert",
    },
    "joining Wi-Fi": {
        title: "Joining Wi-Fi",
        detail: "One dot bounces until the network is there.",
        shape: "○○◐○○○○○○○",
        rhythm: "one dot bounces end to end",
        tone: "busy",
    },
    connecting: {
        title: "Connecting to Redis",
        detail: "Nobody answers at the moment; the device keeps trying.",
        shape: "◐○○○○○○○○◐",
        rhythm: "two dots meet in the middle",
        tone: "busy",
    },
}

const KNOWN: Record<string, string> = {
    reported: "Redis's own figure, where it cannot be wrong",
    counted: "the unread entries were counted, all of them",
    "whole stream": "every entry of the stream is unread",
    bounds: "only these bounds are proven",
}

/** The words for each target; one for all of them when the link tells. */
export function statusWords(
    light: LightState,
    setup: TargetSetup[],
    unit: "entries" | "seconds"
): StatusWords[] {
    const { link } = light
    if (link !== "up") return light.targets.map(() => LINKS[link])
    return light.targets.map((target, i) =>
        targetWords(target, setup[i].scale, unit)
    )
}

function targetWords(
    target: TargetLight,
    scale: Scale,
    unit: "entries" | "seconds"
): StatusWords {
    const { leds } = scale
    switch (target.condition) {
        case "lag":
            return lagWords(target, scale, unit)
        case "stale": {
            const tip = Math.min(Math.max(levelOf(scale, target.high), 1), leds)
            return {
                title: `Stale: was ${behind(target, unit).replace(/^N/, "n")}`,
                detail: "No fresh answer from Redis; only the tip of the last bar blinks.",
                shape:
                    DARK.repeat(tip - 1) + BLINKING + DARK.repeat(leds - tip),
                rhythm: "the tip blinks, 1 s on, 1 s off",
                tone: "notice",
            }
        }
        case "refused: who":
            return refusal(1, leds, "who", target)
        case "refused: which stream":
            return refusal(2, leds, "which stream", target)
        case "refused: which group":
            return refusal(3, leds, "which group", target)
        case "unknown":
            return {
                title: "Lag unknown",
                detail: sentence(target.text),
                shape: BLINKING.repeat(leds),
                rhythm: "every other LED, then the others",
                tone: "notice",
            }
        default:
            return LINKS.connecting
    }
}

function lagWords(
    target: TargetLight,
    scale: Scale,
    unit: "entries" | "seconds"
): StatusWords {
    const { leds } = scale
    const low = levelOf(scale, target.low ?? 0)
    const high = Math.max(low, levelOf(scale, target.high))
    const known = KNOWN[target.known ?? ""] ?? target.known ?? "not known"
    const how = `Known: ${known}.`
    const title = behind(target, unit)
    if (low > leds)
        return {
            title: `Off the scale: ${title}`,
            detail: `Act now: the consumers do not keep up. ${how}`,
            shape: BLINKING.repeat(leds),
            rhythm: "all flash",
            tone: "alert",
        }
    const lit =
        low === high
            ? `${low} of ${leds} LEDs lit.`
            : high > leds
              ? `${low} of ${leds} LEDs, or more.`
              : `${low} to ${high} of ${leds} LEDs.`
    const steady = high > leds ? Math.min(low, leds - 1) : low
    const shape =
        STEADY.repeat(steady) +
        BLINKING.repeat(Math.min(high, leds) - steady) +
        DARK.repeat(leds - Math.min(high, leds))
    if (target.complaint)
        return {
            title: `${title}; consumers need a look`,
            detail: `${sentence(target.complaint)} ${lit} ${how}`,
            shape: shape.slice(0, leds - 1) + BLINKING,
            rhythm: "the last LED winks twice",
            tone: "notice",
        }
    return {
        title,
        detail: `${lit} ${how}`,
        shape,
        rhythm:
            low === high
                ? "steady; LED1 winks when fresh"
                : "blinks where it is only possible",
        tone: low === high ? "calm" : "notice",
    }
}

/** The blocks between steady ends, flashing as often as there are blocks. */
function refusal(
    blocks: 1 | 2 | 3,
    leds: number,
    what: string,
    { text }: TargetLight
): StatusWords {
    const whole = ["●○○○◐◐○○○●", "●○◐◐○○◐◐○●", "●○◐○◐◐○◐○●"][blocks - 1]
    const middle = leds >> 1
    const share =
        leds > 2
            ? STEADY +
              DARK.repeat(leds - middle - 2) +
              BLINKING +
              DARK.repeat(middle - 1) +
              STEADY
            : BLINKING.repeat(leds)
    const flashes = ["flash once", "flash twice", "flash three times"]
    return {
        title: `Redis refused: ${what}`,
        detail: sentence(text),
        shape: leds === 10 ? whole : share,
        rhythm: `steady ends, ${flashes[blocks - 1]}`,
        tone: "alert",
    }
}

/** `14 entries behind`, `12 to 40 entries behind`, `at least 100 entries behind` */
function behind({ low, high }: TargetLight, unit: "entries" | "seconds") {
    if (low === null) return "not known"
    const one = unit === "entries" ? "entry" : "second"
    const unitText = low === 1 && high === 1 ? one : unit
    if (low === 0 && high === 0) return "Nothing behind"
    const number =
        low === high
            ? count(low)
            : high === null
              ? `at least ${count(low)}`
              : `${count(low)} to ${count(high)}`
    return `${number} ${unitText} behind`
}

function count(value: number) {
    return String(Math.round(value * 10) / 10)
}

function sentence(text: string) {
    if (!text) return ""
    return /[.!?]$/.test(text) ? text : `${text}.`
}
