/** The state of the light as text, with the shape of its pattern. Pure. */
import { Condition, LinkStatus } from "../../src/display/display.ts"
import {
    linkPattern,
    powerOn,
    targetPattern,
} from "../../src/display/patterns.ts"
import type { Scale } from "../../src/signal/level.ts"
import { levelOf } from "./scale.ts"
import { shapeOf } from "./shape.ts"
import type {
    LightState,
    LinkName,
    StatusText,
    TargetLight,
    TargetSetup,
} from "./state.ts"

const LINK_STATUS = {
    "not configured": LinkStatus.NotConfigured,
    "joining Wi-Fi": LinkStatus.JoiningWifi,
    connecting: LinkStatus.Connecting,
}

const CONDITIONS = {
    lag: Condition.Lag,
    stale: Condition.Stale,
    unknown: Condition.Unknown,
    "refused: who": Condition.RefusedWho,
    "refused: which stream": Condition.RefusedStream,
    "refused: which group": Condition.RefusedGroup,
}

/** For the device as a whole, on all ten LEDs. */
const LINKS: Record<Exclude<LinkName, "up">, StatusText> = {
    off: {
        title: "The device is off",
        detail: "Its program has ended. Start the simulator again.",
        shape: shapeOf([0, 0]),
        rhythm: "dark",
        tone: "alert",
    },
    starting: {
        title: "Starting",
        detail: "The LEDs fill one by one and empty again: the lamp test.",
        shape: shapeOf(powerOn()),
        rhythm: "fills and empties, once",
        tone: "busy",
    },
    "not configured": {
        title: "Not configured",
        detail: "A setting is missing or wrong; the log names it.",
        shape: linkShape("not configured"),
        rhythm: "both ends blink",
        tone: "alert",
    },
    "joining Wi-Fi": {
        title: "Joining Wi-Fi",
        detail: "There is no network yet.",
        shape: linkShape("joining Wi-Fi"),
        rhythm: "one dot bounces end to end",
        tone: "busy",
    },
    connecting: {
        title: "Connecting to Redis",
        detail: "Redis does not reply at the moment; the device keeps trying.",
        shape: linkShape("connecting"),
        rhythm: "two dots meet in the middle",
        tone: "busy",
    },
}

const KNOWN: Record<string, string> = {
    reported: "Redis reports it, and a count confirmed it",
    counted: "all undelivered entries were counted",
    "whole stream": "no entry of the stream has been delivered",
    bounds: "only these bounds are proven",
}

const FLASHES = {
    "refused: who": "flash once",
    "refused: which stream": "flash twice",
    "refused: which group": "flash three times",
}

/** The text for each target; the same for all of them unless the link is up. */
export function statusTexts(
    light: LightState,
    setup: TargetSetup[],
    unit: "entries" | "seconds"
): StatusText[] {
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
): StatusText {
    if (target.condition === "waiting") return LINKS.connecting
    const { leds } = scale
    const low = levelOf(scale, target.low ?? 0)
    const high = Math.max(low, levelOf(scale, target.high))
    const { steps } = targetPattern(
        {
            condition: CONDITIONS[target.condition],
            low,
            high,
            complaint: target.complaint ?? undefined,
        },
        leds
    )
    const shape = shapeOf(steps, leds)
    switch (target.condition) {
        case "lag":
            return { ...lagWords(target, { leds, low, high }, unit), shape }
        case "stale":
            return {
                title: `Stale: was ${behind(target, unit).replace(/^N/, "n")}`,
                detail: "No new reply from Redis; only the tip of the last bar blinks.",
                shape,
                rhythm: "the tip blinks, 1 s on, 1 s off",
                tone: "notice",
            }
        case "unknown":
            return {
                title: "Lag unknown",
                detail: sentence(target.reason),
                shape,
                rhythm: "every other LED, alternating",
                tone: "notice",
            }
        default: {
            const [, what] = target.condition.split(": ")
            return {
                title: `Redis refused: ${what}`,
                detail: sentence(target.reason),
                shape,
                rhythm: `steady ends, ${FLASHES[target.condition]}`,
                tone: "alert",
            }
        }
    }
}

/** @param levels `low` LEDs are certain, up to `high` are possible */
function lagWords(
    target: TargetLight,
    { leds, low, high }: { leds: number; low: number; high: number },
    unit: "entries" | "seconds"
): Omit<StatusText, "shape"> {
    const known = KNOWN[target.known ?? ""] ?? target.known ?? "not known"
    const how = `Known: ${known}.`
    const title = behind(target, unit)
    if (low > leds)
        return {
            title: `Off the scale: ${title}`,
            detail: `Act now: the consumers do not keep up. ${how}`,
            rhythm: "all flash",
            tone: "alert",
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
            rhythm: "the last LED winks twice",
            tone: "notice",
        }
    return {
        title,
        detail: `${lit} ${how}`,
        rhythm:
            low === high
                ? "steady; LED1 winks at each new reading"
                : "steady: certain; blinking: possible",
        tone: low === high ? "calm" : "notice",
    }
}

function linkShape(link: keyof typeof LINK_STATUS) {
    return shapeOf(linkPattern(LINK_STATUS[link])!.steps)
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

function sentence(text: string | null) {
    if (!text) return ""
    return /[.!?]$/.test(text) ? text : `${text}.`
}
