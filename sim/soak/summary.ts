/** The result of a soak, as text. */
import type { SoakSummary } from "./soak.ts"

/** Whether there was no false bar, and always the right light again in time. */
export function hasPassed({
    falseFrames,
    missedRecoveries,
    panics,
}: SoakSummary) {
    return falseFrames.length + missedRecoveries.length + panics.length === 0
}

export function summaryText(summary: SoakSummary) {
    const faults = Object.entries(summary.faults)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, count]) => `${count} ${name}`)
    return [
        `seed             ${summary.seed}`,
        `requests         ${summary.requests}`,
        `faults           ${faults.join(", ")}`,
        `recoveries       ${summary.recoveries}, the slowest ${summary.worstRecoveryMs} ms (${summary.worstFault || "none"})`,
        `missed           ${summary.missedRecoveries.length}`,
        ...summary.missedRecoveries.map(text => `  ${text}`),
        `false frames     ${summary.falseFrames.length}`,
        ...summary.falseFrames.map(text => `  ${text}`),
        `panics           ${summary.panics.length}`,
        ...summary.panics.map(text => `  ${text}`),
        `least free heap  ${summary.lowestFreeBytes} bytes; ${summary.peakLiveBytes} in use at the most`,
    ].join("\n")
}
