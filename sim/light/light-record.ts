/** What the firmware tells of itself with `console.data`, as docs/monitoring.md describes it: the one reader of its format. */

import { CONDITIONS, LINKS } from "../../src/display/words.ts"

/** The format that is understood here. */
const VERSION = 1

/** What the device as a whole is busy with; "up": the targets tell. */
export type RecordLink = (typeof LINKS)[number]
/** What is known of a target. */
export type RecordCondition = (typeof CONDITIONS)[number]

/** Of the device as a whole. */
export interface LinkRecord {
    link: RecordLink
    /** What is in the way; null when nothing is. */
    problem: string | null
}

/** Of a target, whole: what is null is not known. */
export interface TargetRecord {
    link: "up"
    /** From 1, as the settings number them. */
    target: number
    /** Cut and made printable where the record could not hold it. */
    stream: string
    /** Likewise; with GROUP=* of the group that lags most. */
    group: string
    /** With GROUP=*, what stands for the group's name where the record could not hold it: the beginning of its SHA-256. */
    id: string | null
    condition: RecordCondition
    /** In the scale's unit; null where it is not one number. */
    lag: number | null
    /** Its proven bounds; `high` is null where nothing bounds it. */
    low: number | null
    high: number | null
    /** How it is known. */
    known: string | null
    /** LEDs that `low` lights; one more than there are is off the scale. */
    level: number | null
    pending: number | null
    consumers: number | null
    /** Why there is no fresh lag, in words. */
    reason: string | null
    /** What is wrong with the consumers, in words: the light winks. */
    complaint: string | null
    /** Rights that would make the lag exact: `+xread +xlen`. */
    missing: string | null
}

export type LightRecord = LinkRecord | TargetRecord

export function isTargetRecord(record: LightRecord): record is TargetRecord {
    return "target" in record
}

/** @returns undefined for anything else than a record of this format */
export function readLightRecord(record: unknown): LightRecord | undefined {
    if (typeof record !== "object" || record === null) return undefined
    const fields = record as Record<string, unknown>
    const link = LINKS.find(word => word === fields.link)
    if (fields.v !== VERSION || link === undefined) return undefined
    const text = (value: unknown) => (typeof value === "string" ? value : null)
    const number = (value: unknown) =>
        typeof value === "number" ? value : null
    const target = number(fields.target)
    if (target === null) return { link, problem: text(fields.problem) }
    const condition = CONDITIONS.find(word => word === fields.condition)
    if (condition === undefined || link !== "up") return undefined
    return {
        link,
        target,
        stream: text(fields.stream) ?? "",
        group: text(fields.group) ?? "",
        id: text(fields.id),
        condition,
        lag: number(fields.lag),
        low: number(fields.low),
        high: number(fields.high),
        known: text(fields.known),
        level: number(fields.level),
        pending: number(fields.pending),
        consumers: number(fields.consumers),
        reason: text(fields.reason),
        complaint: text(fields.complaint),
        missing: text(fields.missing),
    }
}
