/** A row of LEDs as the legend draws it: black and white is enough to read it. */
import { LEDS } from "../../src/display/display.ts"
import type { Frame } from "../../src/display/display.ts"
import type { Pattern } from "../../src/display/patterns.ts"
import { circle, group, line, text } from "./svg.ts"

/**
 * One character an LED: `#` lit, `.` dark, `o` blinks, `W` lit and winks, `w` dark and winks, `|` a gap between two shares.
 */
export type Dots = string

/** What is shown for a smaller part of the time is a wink. */
const WINK_SHARE = 0.15

/** What each LED of a pattern does, LED1 first. */
export function dotsOf({ steps, beats }: Pattern, leds = LEDS): Dots {
    return Array.from({ length: leds }, (_, i) => {
        const bit = 1 << (leds - 1 - i)
        const ms = { lit: 0, dark: 0 }
        for (let k = 0; k < steps.length; k += 2)
            ms[steps[k] & bit ? "lit" : "dark"] += steps[k + 1]
        const isLit = ms.lit > ms.dark
        const share = Math.min(ms.lit, ms.dark) / (ms.lit + ms.dark)
        if (share > WINK_SHARE) return "o"
        // LED1's sign of a fresh reading is drawn where nothing else moves
        const winks = share > 0 || (beats && steps.length === 2 && i === 0)
        return isLit ? (winks ? "W" : "#") : winks ? "w" : "."
    }).join("")
}

/** One moment of a pattern. */
export function dotsOfFrame(frame: Frame, leds = LEDS): Dots {
    return frame
        .toString(2)
        .padStart(leds, "0")
        .replaceAll("0", ".")
        .replaceAll("1", "#")
}

export interface DotStyle {
    /** Between the middles of two LEDs. */
    pitch: number
    radius: number
}

const INK = "#16181d"
const LIT = "#c8102e"

/** @param x the left end; @param y the middle */
export function drawDots(x: number, y: number, dots: Dots, style: DotStyle) {
    const { pitch, radius } = style
    return group(
        { stroke: INK, "stroke-width": radius / 6 },
        ...[...dots].map((state, i) =>
            drawDot(x + (i + 0.5) * pitch, y, state, radius)
        )
    )
}

function drawDot(x: number, y: number, state: string, radius: number) {
    switch (state) {
        case "#":
            return circle(x, y, radius, { fill: LIT })
        case ".":
            return circle(x, y, radius, { fill: "#fff" })
        case "o":
            return (
                circle(x, y, radius, { fill: "#fff" }) +
                "\n" +
                circle(x, y, radius * 0.55, { fill: LIT, stroke: "none" })
            )
        case "W":
            return circle(x, y, radius, { fill: LIT }) + "\n" + rays(x, y)
        case "w":
            return circle(x, y, radius, { fill: "#fff" }) + "\n" + rays(x, y)
        case "|":
            return ""
        default:
            throw new Error(`no such state of an LED: ${state}`)
    }

    function rays(cx: number, cy: number) {
        return [-60, -90, -120]
            .map(degrees => {
                const angle = (degrees * Math.PI) / 180
                const at = (r: number): [number, number] => [
                    cx + Math.cos(angle) * r,
                    cy + Math.sin(angle) * r,
                ]
                return line(...at(radius * 1.25), ...at(radius * 1.65))
            })
            .join("\n")
    }
}

/** An arrow below a row of dots, from one LED to another; with `both`, its other end has a point too. */
export function drawArrow(
    x: number,
    y: number,
    from: number,
    to: number,
    style: DotStyle,
    both = false
) {
    const x1 = x + (from - 0.5) * style.pitch
    const x2 = x + (to - 0.5) * style.pitch
    const size = style.radius * 0.45
    const head = (tip: number, direction: number) =>
        [-1, 1]
            .map(side =>
                line(tip, y, tip - direction * size * 1.6, y + side * size)
            )
            .join("\n")
    const direction = Math.sign(x2 - x1)
    return group(
        { stroke: INK, "stroke-width": style.radius / 6 },
        line(x1, y, x2, y),
        head(x2, direction),
        both ? head(x1, -direction) : ""
    )
}

/** The four ways an LED is drawn, in words. */
export function drawKey(x: number, y: number, size: number, style: DotStyle) {
    const gap = size * 0.8
    let at = x
    return [
        ["#", "lit"],
        [".", "dark"],
        ["o", "blinks or flashes"],
        ["W", "winks: the opposite for a moment"],
    ]
        .map(([dots, words]) => {
            const drawn =
                drawDots(at, y, dots, style) +
                "\n" +
                text(at + style.pitch + gap / 2, y + size * 0.35, words, {
                    "font-size": size,
                    fill: INK,
                })
            at += style.pitch + gap * 2.6 + words.length * size * 0.56
            return drawn
        })
        .join("\n")
}
