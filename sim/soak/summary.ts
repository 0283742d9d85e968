/** What came of a soak, in words. */
import type { SoakSummary } from "./soak.ts"

/** Whether the light was never wrong, and always right again in time. */
export function isSound({
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
