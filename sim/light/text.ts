/** Snapshots and log lines as text, safe to print. */
import { printable } from "../printable.ts"
import type { LogEntry, Snapshot } from "./snapshots.ts"

/** `●●●○○○○○○○` */
export function bar(leds: string) {
    return [...leds].map(led => (led === "1" ? "●" : "○")).join("")
}

/** `jobs/staff: lag 6, level 3 of 10`, `jobs/staff: stale, lag 6`; empty before the first record. */
export function sentence(snapshot: Snapshot) {
    const { stream, group, link, condition } = snapshot
    const facts = [
        // "up" and "lag" are the normal case
        link === "up" ? null : link,
        condition === "lag" ? null : condition,
        lagText(snapshot),
        levelText(snapshot),
    ].filter(fact => fact !== null)
    const target = stream === null ? "" : `${targetName(stream, group)}: `
    return printable(target + facts.join(", "))
}

/** `jobs/staff`; `jobs` for a stream whose length is shown, which needs no group. */
export function targetName(stream: string, group: string | null) {
    return group ? `${stream}/${group}` : stream
}

function lagText({ show, low, high }: Snapshot) {
    if (low === null) return null
    const what = show ?? "lag"
    if (low === high) return `${what} ${low}`
    return high === null
        ? `${what} ${low} or more`
        : `${what} ${low} to ${high}`
}

function levelText({ level, leds }: Snapshot) {
    if (level === null) return null
    return level > leds.length
        ? "off the scale"
        : `level ${level} of ${leds.length}`
}

/** `2 pending, 3 consumers; lag known by: counted`; empty before the first reading. */
export function details({ pending, consumers, known }: Snapshot) {
    const facts = [
        pending !== null && `${pending} pending`,
        consumers !== null && `${consumers} consumers`,
        known !== null && `known: ${known}`,
    ].filter(Boolean)
    return printable(facts.join(", "))
}

/** `14:03:07.120  warn: ...`; ordinary lines without their level. */
export function logLine({ t, level, text }: LogEntry) {
    const prefix = level === "log" ? "" : `${level}: `
    return `${clock(t)}  ${prefix}${printable(text)}`
}

/** Local time of day with milliseconds. @param t milliseconds since the Unix epoch */
export function clock(t: number) {
    const time = new Date(t)
    const ms = String(time.getMilliseconds()).padStart(3, "0")
    return `${time.toTimeString().slice(0, 8)}.${ms}`
}
