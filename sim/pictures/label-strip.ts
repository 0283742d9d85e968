/** The label strip: drawn in millimetres, to be printed at its true size. */
import { drawDots } from "./dots.ts"
import { LEGEND } from "./legend-table.ts"
import { group, line, picture, rect, text } from "./svg.ts"

const WIDTH = 190
const HEIGHT = 138
/** Three breadboard columns: the distance between two LEDs of wiring.svg. */
const PITCH = 7.62
const STRIP = 10 * PITCH
const LEFT = 12
const RIGHT = WIDTH - LEFT - STRIP
const INK = "#000"
const CUT = {
    fill: "none",
    stroke: "#777",
    "stroke-width": 0.2,
    "stroke-dasharray": "1.2 1.2",
}

/** LED k of the default scale, LAG_PER_LED=2, lights from this lag on. */
const DEFAULT_SCALE = Array.from({ length: 10 }, (_, k) => 2 * k + 1)

export function drawLabelStrip() {
    return picture(
        { width: WIDTH, height: HEIGHT, unit: "mm" },
        "laglight: label strips to print and cut out",
        rect(0, 0, WIDTH, HEIGHT, { fill: "#fff" }),
        text(
            LEFT,
            9,
            "Print at 100 % (no fitting to the page) and measure the ruler. Cut along the dashes. LEDs are 7.62 mm apart.",
            { "font-size": 2.9, fill: INK }
        ),
        drawStrip(LEFT, 14, "lag from", DEFAULT_SCALE.map(String)),
        drawStrip(
            RIGHT,
            14,
            "lag from",
            DEFAULT_SCALE.map(() => "")
        ),
        drawCard(LEFT, 36, LEGEND.slice(0, 6), "laglight: the lag"),
        drawCard(RIGHT, 36, LEGEND.slice(6, 12), "laglight: no reading"),
        drawRuler(LEFT, 126)
    )
}

/** One strip: the LEDs' numbers, and the lag from which each lights, to be filled in by hand where it is empty. */
function drawStrip(x: number, y: number, caption: string, values: string[]) {
    return group(
        {},
        rect(x, y, STRIP, 15, CUT),
        ...values.map((value, i) => {
            const middle = x + (i + 0.5) * PITCH
            return group(
                {},
                line(middle, y, middle, y + 1.6, {
                    stroke: INK,
                    "stroke-width": 0.25,
                }),
                text(middle, y + 4.9, String(i + 1), {
                    "font-size": 3,
                    "font-weight": "bold",
                    "text-anchor": "middle",
                    fill: INK,
                }),
                value
                    ? text(middle, y + 9.6, value, {
                          "font-size": 3,
                          "text-anchor": "middle",
                          fill: INK,
                      })
                    : line(middle - 2.9, y + 10, middle + 2.9, y + 10, {
                          stroke: "#777",
                          "stroke-width": 0.2,
                      })
            )
        }),
        text(x + STRIP / 2, y + 13.6, `${caption} (LAG_PER_LED or LEVELS)`, {
            "font-size": 2.3,
            "text-anchor": "middle",
            fill: INK,
        })
    )
}

function drawCard(x: number, y: number, rows: typeof LEGEND, heading: string) {
    const rowHeight = 12.2
    const height = 8 + rows.length * rowHeight + 2
    return group(
        {},
        rect(x, y, STRIP, height, CUT),
        text(x + 3, y + 6, heading, {
            "font-size": 3.4,
            "font-weight": "bold",
            fill: INK,
        }),
        ...rows.map((row, i) => {
            const middle = y + 8 + (i + 0.5) * rowHeight
            return group(
                {},
                drawDots(x + 2.5, middle - 1.2, row.dots, {
                    pitch: 3.9,
                    radius: 1.45,
                }),
                text(x + 44, middle - 0.2, row.brief, {
                    "font-size": 3.2,
                    "font-weight": "bold",
                    fill: INK,
                }),
                text(x + 2.9, middle + 4.6, row.rhythm, {
                    "font-size": 2.15,
                    fill: INK,
                })
            )
        })
    )
}

/** Proof that the printer kept the size. */
function drawRuler(x: number, y: number) {
    const ticks = Array.from({ length: 6 }, (_, i) => i * 10).map(mm =>
        group(
            {},
            line(x + mm, y, x + mm, y + 2.5, {
                stroke: INK,
                "stroke-width": 0.3,
            }),
            text(x + mm, y + 6, String(mm), {
                "font-size": 2.6,
                "text-anchor": "middle",
                fill: INK,
            })
        )
    )
    return group(
        {},
        line(x, y, x + 50, y, { stroke: INK, "stroke-width": 0.3 }),
        ...ticks,
        text(x + 56, y + 3, "50 mm", { "font-size": 2.9, fill: INK })
    )
}
