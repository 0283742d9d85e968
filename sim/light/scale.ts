/** The scales of the LEDs from the settings, for the chart and the status texts. */
import { LEDS } from "../../src/display/display.ts"
import { needsGroup, Show } from "../../src/settings-table.ts"
import {
    levelOf as levelOfLag,
    levelsScale,
    linearScale,
} from "../../src/signal/level.ts"
import type { Scale } from "../../src/signal/level.ts"
import type { EncodedSettings } from "../settings-file.ts"
import type { TargetSetup } from "./state.ts"

const TARGETS_MAX = 5
const DEFAULT_LAG_PER_LED = 2

/** The targets in the settings, each with the scale of its LEDs. */
export function targetsOf(settings: EncodedSettings): TargetSetup[] {
    const named: (Omit<TargetSetup, "scale"> & { suffix: string })[] = []
    for (let n = 1; n <= TARGETS_MAX; n++) {
        const suffix = n === 1 ? "" : `_${n}`
        const stream = textOf(settings, `STREAM${suffix}`)
        const show = (textOf(settings, `SHOW${suffix}`) ?? Show.Lag) as Show
        const group = needsGroup(show, textOf(settings, `POS_KEY${suffix}`))
            ? textOf(settings, `GROUP${suffix}`)
            : ""
        if (stream && group !== undefined)
            named.push({ stream, group, show, suffix })
    }
    const leds = Math.floor(LEDS / Math.max(1, named.length))
    return named.map(({ stream, group, show, suffix }) => ({
        stream,
        group,
        show,
        scale: scaleOf(settings, suffix, leds),
    }))
}

/** @returns 0 to the number of LEDs, or one more for "off the scale"; an unbounded lag is off the scale */
export function levelOf(scale: Scale, lag: number | null) {
    return lag === null ? scale.leds + 1 : levelOfLag(scale, lag)
}

export function textOf(settings: EncodedSettings, key: string) {
    const value = valueOf(settings, key)
    return value === undefined ? undefined : String(value)
}

/** Keys are trimmed by the device when it stores them. */
function valueOf(settings: EncodedSettings, key: string): unknown {
    for (const [name, json] of settings)
        if (name.trim() === key) return JSON.parse(json)
    return undefined
}

function scaleOf(settings: EncodedSettings, suffix: string, leds: number) {
    const own = suffix === "" ? undefined : scaleAt(settings, suffix, leds)
    return (
        own ??
        scaleAt(settings, "", leds) ??
        linearScale(leds, DEFAULT_LAG_PER_LED)
    )
}

function scaleAt(
    settings: EncodedSettings,
    suffix: string,
    leds: number
): Scale | undefined {
    const levels = textOf(settings, `LEVELS${suffix}`)?.split(",").map(Number)
    if (levels && levels.length >= leds && levels.every(Number.isFinite))
        return levelsScale(leds, levels.slice(0, leds + 1))
    const perLed = Number(textOf(settings, `LAG_PER_LED${suffix}`))
    return perLed > 0 ? linearScale(leds, perLed) : undefined
}
