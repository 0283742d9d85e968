/** Streams partitioned by day: `temps:20260131` holds the readings of that day (UTC). */
import type { RedisClient } from "../redis-client.ts"

export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000

/** Keys that one SCAN looks at. */
const SCAN_COUNT = 1000

/** @returns `20260131` */
export function dayOf(ms: number) {
    return new Date(ms).toISOString().slice(0, 10).replaceAll("-", "")
}

export function dayAfter(day: string) {
    const [year, month, date] = [/^..../, /(?<=^....)../, /..$/].map(part =>
        Number(part.exec(day)![0])
    )
    return dayOf(Date.UTC(year, month - 1, date + 1))
}

/** The keys of a partitioned stream and of the state that belongs to it. */
export class TempsKeys {
    constructor(private readonly prefix: string) {}

    readings(day: string) {
        return `${this.prefix}:${day}`
    }

    get averages() {
        return `${this.prefix}:averages`
    }

    /** The latest time that a reading has had. */
    get clock() {
        return `${this.prefix}:clock`
    }

    /** The aggregator's position and sums. */
    get aggregator() {
        return `${this.prefix}:aggregator`
    }

    /** Lowest and highest averages of a day. */
    summary(day: string) {
        return `${this.prefix}:summary:${day}`
    }

    /** The days that have a stream, in order. Scans all keys: not for each reading. */
    async days(client: RedisClient) {
        const start = `${this.prefix}:`
        const days = new Set<string>()
        const MATCH = start.replace(/[\\*?[\]^]/g, "\\$&") + "????????"
        for await (const keys of client.scanIterator({
            MATCH,
            COUNT: SCAN_COUNT,
        }))
            for (const key of keys) {
                const day = key.slice(start.length)
                if (/^\d{8}$/.test(day)) days.add(day)
            }
        return [...days].sort()
    }
}
