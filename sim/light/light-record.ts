/** The firmware's data records (`console.data`), as docs/monitoring.md describes them: the only reader of this format. */

import { CONDITIONS, LINKS } from "../../src/display/words.ts"

/** The version of the format that is read here. */
const VERSION = 1

/** The state of the device as a whole; "up": see the targets. */
export type RecordLink = (typeof LINKS)[number]
/** The state of a target. */
export type RecordCondition = (typeof CONDITIONS)[number]

/** About the device as a whole. */
export interface LinkRecord {
    link: RecordLink
    /** What is wrong; null if nothing is. */
    problem: string | null
}

/** About a target; null: not known. */
export interface TargetRecord {
    link: "up"
    /** From 1, as the settings number them. */
    target: number
    /** Shortened and made printable if the record could not hold it. */
    stream: string
    /** Likewise; with GROUP=* of the group that lags most. */
    group: string
    /** With GROUP=*, if the record could not hold the group's name: the beginning of its SHA-256. */
    id: string | null
    condition: RecordCondition
    /** What `low` and `high` count if it is not the lag: `pending`, `work`, `consumers`, `length`. */
    show: string | null
    /** In the scale's unit; null if it is not one number, or not the lag. */
    lag: number | null
    /** Proven bounds; `high` is null if there is no upper bound. */
    low: number | null
    high: number | null
    /** How it is known. */
    known: string | null
    /** LEDs lit for `low`; one more than there are: off the scale. */
    level: number | null
    pending: number | null
    consumers: number | null
    /** Why there is no current lag; a sentence. */
    reason: string | null
    /** What is wrong with the consumers, so that the light winks; a sentence. */
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
        show: text(fields.show),
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
