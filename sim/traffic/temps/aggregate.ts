/** Hourly averages, as a pure function of the readings. Whole hundredths of a degree: nothing is rounded twice. */
import type { Entry } from "../parts/entries.ts"
import { BEFORE_ALL } from "../parts/stream-id.ts"
import { HOUR_MS } from "./days.ts"

/** The aggregator's position and open sums. Immutable: each step makes a new one. */
export interface Progress {
    /** The day whose stream is being read. */
    day: string
    /** The last entry that the sums contain. */
    id: string
    /** The hour that is open, in ms since 1970; null before the first reading. */
    hourMs: number | null
    /** Of the open hour, by sensor: the sum in hundredths of a degree, and the number of readings. */
    sums: Record<string, [sum: number, count: number]>
    /** Entries skipped: malformed, or of an hour that was closed already. */
    leftOut: number
}

export interface Average {
    sensor: string
    /** ISO 8601, UTC. */
    hour: string
    /** In °C, two decimals, half away from zero. */
    average: string
    /** How many it is the average of. */
    readings: number
}

export function startOf(day: string): Progress {
    return { day, id: BEFORE_ALL, hourMs: null, sums: {}, leftOut: 0 }
}

/**
 * Takes further entries into account.
 * @param day whose stream they are from: the same, or a later one if that one is complete
 * @param entries in the stream's order
 * @returns the averages of the hours that they close, too
 */
export function advance(before: Progress, day: string, entries: Entry[]) {
    let { hourMs, sums, leftOut } = structuredClone(before)
    const averages: Average[] = []
    for (const { fields = {} } of entries) {
        const reading = readingFrom(fields)
        if (!reading || (hourMs !== null && reading.hourMs < hourMs)) {
            leftOut++
            continue
        }
        if (hourMs !== null && reading.hourMs > hourMs) {
            averages.push(...averagesOf(hourMs, sums))
            sums = {}
        }
        hourMs = reading.hourMs
        const [sum, count] = Object.hasOwn(sums, reading.sensor)
            ? sums[reading.sensor]
            : [0, 0]
        sums[reading.sensor] = [sum + reading.hundredths, count + 1]
    }
    const id =
        entries.at(-1)?.id ?? (day === before.day ? before.id : BEFORE_ALL)
    const after: Progress = { day, id, hourMs, sums, leftOut }
    return { after, averages }
}

function averagesOf(hourMs: number, sums: Progress["sums"]): Average[] {
    return Object.keys(sums)
        .sort()
        .map(sensor => {
            const [sum, count] = sums[sensor]
            return {
                sensor,
                hour: new Date(hourMs).toISOString(),
                average: averageText(sum, count),
                readings: count,
            }
        })
}

/** @param sum in hundredths of a degree */
export function averageText(sum: number, count: number) {
    const size = BigInt(Math.abs(sum))
    const hundredths = (2n * size + BigInt(count)) / (2n * BigInt(count))
    const digits = String(hundredths).padStart(3, "0")
    const sign = sum < 0 && hundredths > 0n ? "-" : ""
    return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** No leading underscore: `__proto__` is not for an object's keys. */
const SENSOR = /^[A-Za-z0-9][\w.-]{0,63}$/
/** In ms since 1970. */
const TIME = /^\d{1,15}$/

function readingFrom({ sensor, temperature, at }: Record<string, string>) {
    const hundredths = hundredthsFrom(temperature)
    if (!SENSOR.test(sensor) || hundredths === undefined || !TIME.test(at))
        return undefined
    const hourMs = Math.floor(Number(at) / HOUR_MS) * HOUR_MS
    return { sensor, hundredths, hourMs }
}

/** @param text in °C, up to four digits before the point and two after it */
export function hundredthsFrom(text: string | undefined) {
    const match = /^(-?)(\d{1,4})(?:\.(\d{1,2}))?$/.exec(text ?? "")
    if (!match) return undefined
    const [, sign, whole, part = ""] = match
    const size = Number(whole) * 100 + Number(part.padEnd(2, "0"))
    return sign ? -size : size
}
