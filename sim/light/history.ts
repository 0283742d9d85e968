/** The lag of the last five minutes, step by step, for the chart. */
import type { Sample, TargetLight } from "./state.ts"

export const HISTORY_MS = 300_000

export class LagHistory {
    /** By target; the first of each may be older than five minutes, as it was still valid then. */
    samples: Sample[][] = []

    /** Other targets: the history is cleared. */
    begin(targets: number) {
        this.samples = Array.from({ length: targets }, () => [])
    }

    /** @returns the new step, if it differs from the last */
    add(target: number, light: TargetLight | undefined, t: number) {
        const sample = sampleOf(light, t)
        const steps = this.samples[target]
        const last = steps.at(-1)
        if (
            last &&
            last.kind === sample.kind &&
            last.low === sample.low &&
            last.high === sample.high
        )
            return undefined
        steps.push(sample)
        while (steps.length > 1 && steps[1].t < t - HISTORY_MS) steps.shift()
        return sample
    }
}

/** @param light undefined while the link is down: nothing is known */
function sampleOf(light: TargetLight | undefined, t: number): Sample {
    const shown = light?.condition
    if (light && light.low !== null && (shown === "lag" || shown === "stale"))
        return { t, low: light.low, high: light.high, kind: shown }
    return { t, low: null, high: null, kind: "none" }
}
