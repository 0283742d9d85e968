/** What is known of a light on the host; the browser's code shares it. */
import type { Scale } from "../../src/signal/level.ts"
import { CONDITIONS, LINKS } from "../../src/display/words.ts"

/** What the device as a whole is busy with; "up": the targets tell. */
export const LINK_WORDS = ["off", "starting", ...LINKS] as const
export type LinkWord = (typeof LINK_WORDS)[number]

/** The firmware's words for a target's condition, and "waiting" before it said any. */
export const CONDITION_WORDS = ["waiting", ...CONDITIONS] as const
export type ConditionWord = (typeof CONDITION_WORDS)[number]

/** What the light says of one target. */
export interface TargetLight {
    stream: string
    group: string
    condition: ConditionWord
    /** In the scale's unit; null where it is not proven. */
    low: number | null
    high: number | null
    /** The firmware's word for how the lag is known. */
    known: string | null
    /** Why there is no fresh lag, and what to do; null when there is one. */
    reason: string | null
    /** What is wrong with the consumers, so that the light winks; null when nothing is. */
    complaint: string | null
}

export interface LightState {
    link: LinkWord
    targets: TargetLight[]
    /** Chip resets so far. */
    resets: number
}

/** How urgent a status looks. */
export type Tone = "calm" | "busy" | "notice" | "alert"

/** A status for people, with its shape in the legend. */
export interface StatusWords {
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
    group: string
    scale: Scale
}

/** One step of the chart: from `t` on, until the next. */
export interface Sample {
    /** ms since the epoch. */
    t: number
    low: number | null
    /** null: nothing bounds it. */
    high: number | null
    /** "lag": low..high is the truth; "stale": it was once; "none": not known. */
    kind: "lag" | "stale" | "none"
}
