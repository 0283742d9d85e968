/** The shape of a pattern, with one character per LED as in docs/lights.md. */
import { LEDS } from "../../src/display/display.ts"
import type { Steps } from "../../src/display/patterns.ts"

/** @returns LED1 first: ● lit in every step, ○ in none, ◐ in some */
export function shapeOf(steps: Steps, leds = LEDS) {
    // frames and their durations alternate
    const frames = steps.filter((_, i) => i % 2 === 0)
    return Array.from({ length: leds }, (_, i) => {
        const lit = frames.filter(frame => frame & (1 << (leds - 1 - i))).length
        return lit === 0 ? "○" : lit === frames.length ? "●" : "◐"
    }).join("")
}
