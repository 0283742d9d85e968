/** What a device did, kept so that a test can wait for it, look back at it, and show it when a wait fails. */

/** Records kept. */
const KEPT = 5000

/** Records in the order of their time `t` (device ms). */
export class History<R extends { t: number }> {
    readonly records: R[] = []

    add(record: R) {
        this.records.push(record)
        if (this.records.length > KEPT) this.records.shift()
    }

    /**
     * A reader: each call returns the records that came since its last; the first call those since
     * `since` or, without it, the last `current` ones, which still hold.
     */
    reader(since: number | undefined, current: number) {
        const { records } = this
        let last: R | undefined
        let first = true
        return () => {
            const fresh = !first
                ? records.slice(records.lastIndexOf(last!) + 1)
                : since === undefined
                  ? records.slice(records.length - current)
                  : records.filter(record => record.t >= since)
            first = false
            last = records.at(-1)
            return fresh
        }
    }

    /** The last `count` records, a line each. */
    lines(count: number, text: (record: R) => string) {
        return this.records
            .slice(-count)
            .map(record => `  ${Math.round(record.t)} ms  ${text(record)}`)
    }
}
