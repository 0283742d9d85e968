/** Maps lags and times to positions on the chart. */
import type { Scale } from "../../../src/signal/level.ts"

/** The height above the end of the scale, in LEDs; greater lags approach the top. */
const BEYOND = 1.6

/** A line at the lag where an LED lights. */
export interface Threshold {
    lag: number
    /** From 0 at the bottom to 1 at the top. */
    height: number
    /** `5`; `off` where the scale ends. */
    led: string
}

/** Each LED has the same height, whatever its threshold, as on the light. */
export class ChartScale {
    readonly thresholds: Threshold[]
    /** Ascending, from 0. */
    private readonly steps: number[]

    constructor({ leds, bounds }: Scale) {
        this.steps = bounds[0] > 0 ? [0, ...bounds] : bounds
        const below = this.steps.length - bounds.length
        this.thresholds = bounds.map((lag, k) => ({
            lag,
            height: (k + below) / this.room,
            led: k < leds ? String(k + 1) : "off",
        }))
    }

    private get room() {
        return this.steps.length - 1 + BEYOND
    }

    /** @returns from 0 at the bottom to 1 at the top */
    height(lag: number) {
        const { steps, room } = this
        const top = steps.at(-1)!
        if (lag >= top) {
            const above = lag - top
            const part = above > 0 ? above / (above + top / 4) : 0
            return (steps.length - 1 + part * BEYOND) / room
        }
        let k = 0
        while (lag >= steps[k + 1]) k++
        return (k + (lag - steps[k]) / (steps[k + 1] - steps[k])) / room
    }
}
