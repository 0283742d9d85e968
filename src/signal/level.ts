/**
 * From a lag to the LEDs that stand for it. Pure: no socket, no pin, no timer.
 */

/**
 * What the LEDs of one bar count.
 * `bounds[k - 1]` belongs to LED k; one bound more than there are LEDs is where the scale ends.
 */
export interface Scale {
    /** How many LEDs the bar has. */
    leds: number
    /** Ascending, in the scale's unit (entries or seconds); `leds` or `leds + 1` of them. */
    bounds: number[]
    /** true: a LED lights above its bound (the linear scale). false: at or above it (LEVELS). */
    above: boolean
}

/** The scale of LAG_PER_LED: LED k lights when the lag is above (k - 1) x `lagPerLed`, so a lag of 1 already shows. */
export function linearScale(leds: number, lagPerLed: number): Scale {
    const bounds: number[] = []
    for (let k = 0; k <= leds; ++k) bounds.push(k * lagPerLed)
    return { leds, bounds, above: true }
}

/** The scale of LEVELS: LED k lights at a lag of `levels[k - 1]` or more; one more entry is the end of the scale. */
export function levelsScale(leds: number, levels: number[]): Scale {
    return { leds, bounds: levels, above: false }
}

/**
 * How many LEDs stand for a lag.
 * @param lag in the scale's unit; a negative one counts as 0
 * @returns 0..leds, or leds + 1 for "off the scale"
 */
export function levelOf(scale: Scale, lag: number): number {
    const bounds = scale.bounds
    const above = scale.above
    let level = 0
    while (level < bounds.length) {
        const bound = bounds[level]
        if (above ? lag <= bound : lag < bound) break
        level++
    }
    return level
}

/**
 * The lag above which nothing changes on the LEDs any more, in the scale's unit:
 * what counts as many as this need not be counted further.
 */
export function topOf(scale: Scale): number {
    const top = scale.bounds[scale.bounds.length - 1]
    if (scale.above) return top + 1
    return top
}
