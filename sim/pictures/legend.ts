/** The printable legend: every pattern, what it looks like and what it means. */
import { drawArrow, drawDots, drawKey } from "./dots.ts"
import { GRAMMAR, LEGEND, SHARES } from "./legend-table.ts"
import { group, line, lines, picture, rect, text } from "./svg.ts"

const WIDTH = 1200
const MARGIN = 40
const ROW = 66
const STYLE = { pitch: 30, radius: 11 }
const DOTS_X = MARGIN + 286
const WORDS_X = DOTS_X + 10 * STYLE.pitch + 34
const INK = "#16181d"
const GREY = "#4a4f57"

export function drawLegend() {
    const head = 168
    const tableEnd = head + LEGEND.length * ROW
    const shares = tableEnd + 62
    const height = shares + SHARES.length * 44 + 96
    return picture(
        { width: WIDTH, height },
        "laglight: what the lights mean",
        rect(0, 0, WIDTH, height, { fill: "#fff" }),
        text(MARGIN, 52, "laglight: what the lights mean", {
            "font-size": 28,
            "font-weight": "bold",
            fill: INK,
        }),
        lines(MARGIN, 84, 22, GRAMMAR, { "font-size": 15.5, fill: GREY }),
        ...LEGEND.map((row, i) => {
            const middle = head + (i + 0.5) * ROW
            return group(
                {},
                line(MARGIN, head + i * ROW, WIDTH - MARGIN, head + i * ROW, {
                    stroke: "#c9ccd1",
                }),
                text(MARGIN, middle + 5, row.name, {
                    "font-size": 15,
                    "font-weight": "bold",
                    fill: INK,
                }),
                drawDots(
                    DOTS_X,
                    middle - (row.arrows ? 8 : 0),
                    row.dots,
                    STYLE
                ),
                ...(row.arrows ?? []).map(({ from, to, both }) =>
                    drawArrow(DOTS_X, middle + 17, from, to, STYLE, both)
                ),
                text(WORDS_X, middle - 5, row.meaning, {
                    "font-size": 15,
                    fill: INK,
                }),
                text(WORDS_X, middle + 17, row.rhythm, {
                    "font-size": 13.5,
                    fill: GREY,
                })
            )
        }),
        line(MARGIN, tableEnd, WIDTH - MARGIN, tableEnd, { stroke: "#c9ccd1" }),
        text(
            MARGIN,
            tableEnd + 38,
            "Several targets share the bar, target 1 at LED1. Link troubles use the whole bar.",
            { "font-size": 15.5, "font-weight": "bold", fill: INK }
        ),
        ...SHARES.map((row, i) => {
            const middle = shares + (i + 0.5) * 44
            const gapped = { pitch: 27, radius: 10 }
            return group(
                {},
                text(MARGIN, middle + 5, `${row.targets}: ${row.leds}`, {
                    "font-size": 15,
                    fill: INK,
                }),
                drawDots(DOTS_X - 12, middle, row.example, gapped),
                text(WORDS_X + 50, middle + 5, row.note, {
                    "font-size": 13.5,
                    fill: GREY,
                })
            )
        }),
        text(
            MARGIN,
            height - 62,
            "In a share, a refusal's middle LED (of two LEDs: both) flashes once: who; twice: which stream; three times: which group.",
            { "font-size": 13.5, fill: GREY }
        ),
        drawKey(MARGIN, height - 26, 14, { pitch: 24, radius: 9 })
    )
}
