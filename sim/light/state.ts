/** The state of a light as the host knows it; the browser's code shares it. */
import type { Show } from "../../src/settings-table.ts"
import type { Scale } from "../../src/signal/level.ts"
import { CONDITIONS, LINKS } from "../../src/display/words.ts"

/** The state of the device as a whole; "up": see the targets. */
export const LINK_NAMES = ["off", "starting", ...LINKS] as const
export type LinkName = (typeof LINK_NAMES)[number]

/** The conditions of a target in the records, and "waiting" before the first record. */
export const CONDITION_NAMES = ["waiting", ...CONDITIONS] as const
export type ConditionName = (typeof CONDITION_NAMES)[number]

/** The state of one target. */
export interface TargetLight {
    stream: string
    group: string
    condition: ConditionName
    /** In the scale's unit; null if not proven. */
    low: number | null
    high: number | null
    /** How the lag is known, as in the record. */
    known: string | null
    /** Why there is no current lag, and what to do; null if there is one. */
    reason: string | null
    /** What is wrong with the consumers, so that the light winks; null if nothing is. */
    complaint: string | null
}

export interface LightState {
    link: LinkName
    targets: TargetLight[]
    /** Chip resets so far. */
    resets: number
}

/** How urgent a status looks. */
export type Tone = "calm" | "busy" | "notice" | "alert"

/** A status for people, with its shape in the legend. */
export interface StatusText {
    /** `14 entries behind` */
    title: string
    /** One or two sentences more. */
    detail: string
    /** LED1 first: ● steady, ◐ blinking or moving, ○ dark. */
    shape: string
    /** What the LEDs do: `steady`, `all flash`. */
    rhythm: string
    tone: Tone
}

export interface TargetSetup {
    stream: string
    /** Empty if the stream's length is shown. */
    group: string
    show: Show
    scale: Scale
}

/** One step of the chart: from `t` on, until the next. */
export interface Sample {
    /** ms since the epoch. */
    t: number
    low: number | null
    /** null: no upper bound. */
    high: number | null
    /** "lag": it is between low and high; "stale": it was; "none": not known. */
    kind: "lag" | "stale" | "none"
}
