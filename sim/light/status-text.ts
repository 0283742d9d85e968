/** The state of the light as text, with the shape of its pattern. Pure. */
import { LinkStatus } from "../../src/display/display.ts"
import type { Condition } from "../../src/display/display.ts"
import {
    linkPattern,
    powerOn,
    targetPattern,
} from "../../src/display/patterns.ts"
import type { Steps } from "../../src/display/patterns.ts"
import { CONDITIONS } from "../../src/display/words.ts"
import { Show } from "../../src/settings-table.ts"
import { PATTERNS } from "./legend.ts"
import type { PatternName } from "./legend.ts"
import { levelOf } from "./scale.ts"
import { shapeOf } from "./shape.ts"
import type {
    LightState,
    LinkName,
    StatusText,
    TargetLight,
    TargetSetup,
} from "./state.ts"

/** For the device as a whole, on all ten LEDs. */
const DEVICE: Record<Exclude<LinkName, "up">, StatusText> = {
    off: {
        title: "The device is off",
        detail: "Its program has ended. Start the simulator again.",
        shape: shapeOf([0, 0]),
        rhythm: "dark",
        tone: "alert",
    },
    starting: deviceText("Starting", "power-on", powerOn()),
    "not configured": deviceText(
        "Not configured",
        "not configured",
        linkPattern(LinkStatus.NotConfigured)!.steps
    ),
    "joining Wi-Fi": deviceText(
        "Joining Wi-Fi",
        "joining Wi-Fi",
        linkPattern(LinkStatus.JoiningWifi)!.steps
    ),
    connecting: deviceText(
        "Connecting to Redis",
        "connecting to Redis",
        linkPattern(LinkStatus.Connecting)!.steps
    ),
}

function deviceText(
    title: string,
    pattern: PatternName,
    steps: Steps
): StatusText {
    return {
        title,
        detail: PATTERNS[pattern].meaning,
        shape: shapeOf(steps),
        ...look(pattern),
    }
}

const KNOWN: Record<string, string> = {
    reported: "Redis reports it, and a count confirmed it",
    counted: "all undelivered entries were counted",
    "whole stream": "no entry of the stream has been delivered",
    bounds: "only these bounds are proven",
}

/** The text for each target; the same for all of them unless the link is up. */
export function statusTexts(
    light: LightState,
    setup: TargetSetup[],
    unit: "entries" | "seconds"
): StatusText[] {
    const { link } = light
    if (link !== "up") return light.targets.map(() => DEVICE[link])
    return light.targets.map((target, i) => targetText(target, setup[i], unit))
}

function targetText(
    target: TargetLight,
    { scale, show }: TargetSetup,
    unit: "entries" | "seconds"
): StatusText {
    if (target.condition === "waiting") return DEVICE.connecting
    const { leds } = scale
    const low = levelOf(scale, target.low ?? 0)
    const high = Math.max(low, levelOf(scale, target.high))
    const { steps } = targetPattern(
        {
            condition: CONDITIONS.indexOf(target.condition) as Condition,
            low,
            high,
            complaint: target.complaint ?? undefined,
        },
        leds
    )
    const shape = shapeOf(steps, leds)
    switch (target.condition) {
        case "lag":
            return {
                ...lagText(target, { leds, low, high }, unit, show),
                shape,
            }
        case "stale":
            return {
                title: `Stale: was ${behind(target, unit, show).replace(/^N/, "n")}`,
                detail: "No new reply from Redis; only the tip of the last bar blinks.",
                shape,
                ...look("stale reading"),
            }
        case "unknown":
            return {
                title: "Lag unknown",
                detail: sentence(target.reason),
                shape,
                ...look("lag unknown"),
            }
        default: {
            const [, what] = target.condition.split(": ")
            return {
                title: `Redis refused: ${what}`,
                detail: sentence(target.reason),
                shape,
                ...look(target.condition),
            }
        }
    }
}

/** What a pattern looks like, and how urgent that is. */
function look(pattern: PatternName) {
    const { brief, tone } = PATTERNS[pattern]
    return { rhythm: brief, tone }
}

/** @param levels `low` LEDs are certain, up to `high` are possible */
function lagText(
    target: TargetLight,
    { leds, low, high }: { leds: number; low: number; high: number },
    unit: "entries" | "seconds",
    show: Show
): Omit<StatusText, "shape"> {
    const known = KNOWN[target.known ?? ""] ?? target.known ?? "not known"
    const how = `Known: ${known}.`
    const title = behind(target, unit, show)
    if (low > leds)
        return {
            title: `Off the scale: ${title}`,
            detail: `Act now: ${show === Show.Lag ? "the consumers do not keep up" : "more than the scale shows"}. ${how}`,
            ...look("off the scale"),
        }
    const lit =
        low === high
            ? `${low} of ${leds} LEDs lit.`
            : high > leds
              ? `${low} of ${leds} LEDs, or more.`
              : `${low} to ${high} of ${leds} LEDs.`
    if (target.complaint)
        return {
            title: `${title}; consumers need a look`,
            detail: `${sentence(target.complaint)} ${lit} ${how}`,
            ...look("consumers need a look"),
        }
    return {
        title,
        detail: `${lit} ${how}`,
        ...look(low === high ? "normal" : "lag between two levels"),
    }
}

/** What is said of a number, and of 0. */
const COUNTED: Record<Show, { zero: string; after: string }> = {
    lag: { zero: "Nothing behind", after: " behind" },
    pending: { zero: "Nothing pending", after: " pending" },
    work: { zero: "Nothing to do", after: " to do" },
    consumers: { zero: "No consumers", after: "" },
    length: { zero: "Nothing in the stream", after: " in the stream" },
}

/** `14 entries behind`, `12 to 40 entries behind`, `at least 100 entries behind`, `3 consumers` */
function behind(
    { low, high }: TargetLight,
    unit: "entries" | "seconds",
    show: Show
) {
    if (low === null) return "not known"
    const { zero, after } = COUNTED[show]
    if (low === 0 && high === 0) return zero
    const isOne = low === 1 && high === 1
    const unitText =
        show === Show.Consumers
            ? isOne
                ? "consumer"
                : "consumers"
            : !isOne
              ? unit
              : unit === "entries"
                ? "entry"
                : "second"
    const number =
        low === high
            ? count(low)
            : high === null
              ? `at least ${count(low)}`
              : `${count(low)} to ${count(high)}`
    return `${number} ${unitText}${after}`
}

function count(value: number) {
    return String(Math.round(value * 10) / 10)
}

function sentence(text: string | null) {
    if (!text) return ""
    return /[.!?]$/.test(text) ? text : `${text}.`
}
