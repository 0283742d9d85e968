/**
 * Wiring diagrams on a breadboard of 63 columns, seen from above. The Pico W sits at its right end, its USB socket pointing
 * right: so pins 1 to 20 run along its upper side from right to left, and no two wires to the LEDs cross.
 */
import { PIN_NAMES, physicalPin } from "./pico-w.ts"
import { circle, el, group, line, picture, rect, rounded, text } from "./svg.ts"

/** Between two holes (2.54 mm). */
const PITCH = 24
const COLUMNS = 63
const LEFT = 44
const WIDTH = LEFT + COLUMNS * PITCH + 92
/** The wires' levels, above the board. */
const LEVEL = 17
const INK = "#16181d"
const PAPER = "#fbfaf7"
const BLACK_WIRE = "#202225"
const RED_WIRE = "#c8102e"

/** The Okabe-Ito colours, which most colour-blind people can tell apart, and three more. */
const WIRES = [
    ...["#e69f00", "#56b4e9", "#009e73", "#b8a800", "#0072b2"],
    ...["#d55e00", "#cc79a7", "#7a5230", "#6a3d9a", "#5f6b73"],
    ...["#33a02c", "#d4a017", "#c8102e"],
]

/** One LED with its resistor, on one column. */
export interface Placed {
    /** LED1, GREEN ... */
    name: string
    /** GP0 ... */
    pin: string
    column: number
    /** Fill of the LED. */
    colour: string
    /** Part of the other drawing; shown pale. */
    faint?: boolean
}

export interface Wiring {
    title: string
    heading: string
    notes: string[]
    resistor: string
    leds: Placed[]
    /** LEDs between 3V3 and pin. */
    activeLow: boolean
}

interface Geometry {
    top: number
    row: (letter: string) => number
    plus: number
    minus: number
    plusAbove: number
    minusAbove: number
    bottom: number
}

function column(number: number) {
    return LEFT + (number - 0.5) * PITCH
}

/** The column that a physical pin is plugged into. */
export function columnOf(pin: number) {
    return pin <= 20 ? 64 - pin : pin + 23
}

function geometry(levels: number): Geometry {
    const top = 84 + levels * LEVEL
    const upper = top + 5.2 * PITCH
    const rows = "jihgf"
    const lower = upper + 7 * PITCH
    const lowerRows = "edcba"
    return {
        top,
        minusAbove: top + 1.2 * PITCH,
        plusAbove: top + 2.2 * PITCH,
        row: letter => {
            const above = rows.indexOf(letter)
            return above >= 0
                ? upper + (above - 1) * PITCH
                : lower + (lowerRows.indexOf(letter) - 1) * PITCH
        },
        minus: lower + 5.6 * PITCH,
        plus: lower + 6.6 * PITCH,
        bottom: lower + 7.8 * PITCH,
    }
}

export function drawWiring(wiring: Wiring) {
    const levels = wiring.leds.length
    const place = geometry(levels)
    const height = place.bottom + 94 + wiring.notes.length * 22
    return picture(
        { width: WIDTH, height },
        wiring.title,
        rect(0, 0, WIDTH, height, { fill: PAPER, rx: 10 }),
        text(LEFT, 42, wiring.heading, {
            "font-size": 24,
            "font-weight": "bold",
            fill: INK,
        }),
        drawBoard(place),
        drawPico(place),
        ...wiring.leds.map((led, i) => drawWire(place, led, i, levels)),
        drawSupply(place, wiring.activeLow),
        ...wiring.leds.map(led =>
            drawLed(place, led, wiring.activeLow, wiring.resistor)
        ),
        ...wiring.notes.map((note, i) =>
            text(LEFT, place.bottom + 96 + i * 22, note, {
                "font-size": 15,
                fill: INK,
            })
        )
    )
}

/** Holes as a pattern: 830 circles would be most of the file. */
function drawBoard(place: Geometry) {
    const { top, bottom, row } = place
    const holes = (y: number, rowsOf: number) =>
        rect(LEFT, y - PITCH / 2, COLUMNS * PITCH, rowsOf * PITCH, {
            fill: "url(#holes)",
        })
    const rail = (y: number, colour: string, sign: string) => {
        const edge = sign === "+" ? y + PITCH * 0.55 : y - PITCH * 0.55
        return (
            holes(y, 1) +
            "\n" +
            line(LEFT, edge, LEFT + COLUMNS * PITCH, edge, {
                stroke: colour,
                "stroke-width": 2,
            }) +
            "\n" +
            text(LEFT - 14, y + 7, sign, {
                "font-size": 20,
                "font-weight": "bold",
                fill: colour,
                "text-anchor": "middle",
            })
        )
    }
    const letters = [..."jihgfedcba"].map(letter =>
        text(LEFT - 14, row(letter) + 5, letter, {
            "font-size": 14,
            fill: "#6a6f76",
            "text-anchor": "middle",
        })
    )
    // columns that no resistor covers
    const numbers = [1, 4, 10, 16, 22, 28, 34, 40].map(n =>
        text(column(n), row("f") + PITCH * 1.65, String(n), {
            "font-size": 12,
            fill: "#6a6f76",
            "text-anchor": "middle",
        })
    )
    // one pattern serves all rows: their middles are whole pitches apart within a block
    const pattern = (id: string, y: number) =>
        el(
            "pattern",
            {
                id,
                x: LEFT,
                y: y - PITCH / 2,
                width: PITCH,
                height: PITCH,
                patternUnits: "userSpaceOnUse",
            },
            circle(PITCH / 2, PITCH / 2, 3.4, { fill: "#8d9298" })
        )
    const block = (id: string, y: number, rowsOf: number) =>
        pattern(id, y) +
        "\n" +
        rect(LEFT, y - PITCH / 2, COLUMNS * PITCH, rowsOf * PITCH, {
            fill: `url(#${id})`,
        })
    const railRow = (id: string, y: number, colour: string, sign: string) =>
        pattern(id, y) +
        "\n" +
        rail(y, colour, sign).replace("#holes", `#${id}`)
    return group(
        {},
        rect(LEFT - 30, top, COLUMNS * PITCH + 60, bottom - top, {
            fill: "#f0ede4",
            stroke: "#b9b4a6",
            "stroke-width": 1.5,
            rx: 8,
        }),
        rect(LEFT - 30, row("f") + PITCH, COLUMNS * PITCH + 60, PITCH, {
            fill: "#dfdbcf",
        }),
        railRow("h1", place.minusAbove, "#2456a6", "\u2212"),
        railRow("h2", place.plusAbove, RED_WIRE, "+"),
        block("h3", row("j"), 5),
        block("h4", row("e"), 5),
        railRow("h5", place.minus, "#2456a6", "\u2212"),
        railRow("h6", place.plus, RED_WIRE, "+"),
        ...letters,
        ...numbers
    )
}

function drawPico(place: Geometry) {
    const upper = place.row("h")
    const lower = place.row("c")
    const left = column(44) - PITCH * 0.55
    const right = column(63) + PITCH * 0.55
    const margin = PITCH * 0.62
    const pins = PIN_NAMES.map((name, i) => {
        const pin = i + 1
        const x = column(columnOf(pin))
        const isUpper = pin <= 20
        const y = isUpper ? upper : lower
        const into = isUpper ? 1 : -1
        const isGround = /GND/.test(name)
        return group(
            {},
            circle(x, y, 6.2, {
                fill: "#d9b04a",
                stroke: "#7b6220",
            }),
            circle(x, y, 2.6, { fill: "#20302a" }),
            text(0, 0, isUpper ? `${pin}  ${name}` : `${name}  ${pin}`, {
                transform: `translate(${x + 4.3} ${y + into * 12}) rotate(-90)`,
                "text-anchor": isUpper ? "end" : "start",
                "font-size": 11.5,
                "font-weight": isGround ? "normal" : "bold",
                fill: isGround ? "#b8c4bd" : "#fff",
            })
        )
    })
    const middle = (upper + lower) / 2
    return group(
        {},
        rect(left, upper - margin, right - left, lower - upper + 2 * margin, {
            fill: "#1f6b45",
            stroke: "#0f3a25",
            "stroke-width": 1.5,
            rx: 6,
        }),
        rect(right - 7, middle - 30, 32, 60, {
            fill: "#c3c8cd",
            stroke: "#777d84",
            rx: 4,
        }),
        text(right + 32, middle + 5, "USB", { "font-size": 15, fill: INK }),
        ...pins,
        text((left + right) / 2, middle + 5, "Raspberry Pi Pico W", {
            "font-size": 14,
            "text-anchor": "middle",
            fill: "#fff",
            // between the labels of both sides
            "letter-spacing": 1,
        })
    )
}

function drawWire(place: Geometry, led: Placed, index: number, levels: number) {
    const pin = physicalPin(led.pin)
    const from = column(columnOf(pin))
    const to = column(led.column)
    const level = place.top - 14 - (levels - 1 - index) * LEVEL
    const y = place.row("j")
    const colour = WIRES[index]
    return group(
        { opacity: led.faint ? 0.22 : undefined },
        rounded(
            [
                [from, y],
                [from, level],
                [to, level],
                [to, y],
            ],
            9,
            { stroke: "#fff", "stroke-width": 7 }
        ),
        rounded(
            [
                [from, y],
                [from, level],
                [to, level],
                [to, y],
            ],
            9,
            { stroke: colour, "stroke-width": 4.4 }
        ),
        circle(from, y, 4.4, { fill: colour }),
        circle(to, y, 4.4, { fill: colour }),
        led.faint ? "" : drawWireLabel(led, pin, (from + to) / 2, level)
    )
}

/** On the wire, right of all LEDs of the bar. */
function drawWireLabel(led: Placed, pin: number, middle: number, y: number) {
    const x = Math.max(column(40) + 12, middle)
    const words = `${led.pin}, pin ${pin} \u2192 ${led.name}`
    const width = words.length * 7.4
    return (
        rect(x - width / 2, y - 8, width, 16, { fill: PAPER }) +
        "\n" +
        text(x, y + 4.2, words, {
            "font-size": 12,
            "text-anchor": "middle",
            fill: INK,
        })
    )
}

/** Ground, or with active-low LEDs 3V3, from the Pico W to its rail. */
function drawSupply(place: Geometry, activeLow: boolean) {
    const name = activeLow ? "3V3(OUT)" : "GND"
    const pin = activeLow ? physicalPin("3V3(OUT)") : 38
    const x = column(columnOf(pin))
    const from = place.row("b")
    const to = activeLow ? place.plus : place.minus
    const colour = activeLow ? RED_WIRE : BLACK_WIRE
    return group(
        {},
        rounded(
            [
                [x, from],
                [x, to],
            ],
            0,
            { stroke: "#fff", "stroke-width": 7 }
        ),
        rounded(
            [
                [x, from],
                [x, to],
            ],
            0,
            { stroke: colour, "stroke-width": 4.4 }
        ),
        circle(x, from, 4.4, { fill: colour }),
        circle(x, to, 4.4, { fill: colour }),
        text(
            x + 14,
            place.bottom + 24,
            `${name}, pin ${pin} \u2192 rail ${activeLow ? "+" : "\u2212"}`,
            {
                "font-size": 13,
                "font-weight": "bold",
                "text-anchor": "end",
                fill: colour,
            }
        )
    )
}

function drawLed(
    place: Geometry,
    led: Placed,
    activeLow: boolean,
    resistor: string
) {
    const x = column(led.column)
    const anodeY = activeLow ? place.plus : place.row("a")
    const cathodeY = activeLow ? place.row("a") : place.minus
    const middle = (anodeY + cathodeY) / 2
    const resistorTop = place.row("g")
    const resistorBottom = place.row("d")
    const bodyTop = resistorTop + PITCH * 1.15
    const bodyHeight = resistorBottom - resistorTop - PITCH * 2.3
    const band = (share: number, colour: string) =>
        rect(x - 8, bodyTop + bodyHeight * share, 16, 6, { fill: colour })
    const flat = anodeY < cathodeY ? 1 : -1
    const r = 19
    return group(
        { opacity: led.faint ? 0.22 : undefined },
        line(x, resistorTop, x, resistorBottom, {
            stroke: "#8a8f96",
            "stroke-width": 3,
        }),
        rect(x - 8, bodyTop, 16, bodyHeight, {
            fill: "#e3cfa4",
            stroke: "#8f7a49",
            rx: 4,
        }),
        // 470: yellow, violet, brown
        resistor === "470"
            ? [
                  band(0.16, "#e5c100"),
                  band(0.38, "#7b2d8b"),
                  band(0.6, "#6b3d14"),
              ].join("\n")
            : "",
        circle(x, resistorTop, 3.6, { fill: "#8a8f96" }),
        circle(x, resistorBottom, 3.6, { fill: "#8a8f96" }),
        // legs: the long one has the kink
        rounded(
            [
                [x, anodeY],
                [x, middle - flat * r * 0.3],
            ],
            0,
            { stroke: "#5d6269", "stroke-width": 3 }
        ),
        rounded(
            [
                [x, cathodeY],
                [x, middle + flat * r * 0.3],
            ],
            0,
            { stroke: "#5d6269", "stroke-width": 3 }
        ),
        circle(x, anodeY, 4, { fill: "#5d6269" }),
        circle(x, cathodeY, 4, { fill: "#5d6269" }),
        // a dome with the flat side where the cathode is
        el("path", {
            d: `M${x - r * 0.8} ${middle + flat * r * 0.6}A${r} ${r} 0 1 ${flat > 0 ? 1 : 0} ${x + r * 0.8} ${middle + flat * r * 0.6}Z`,
            fill: led.colour,
            stroke: INK,
            "stroke-width": 1.6,
        }),
        text(x, middle - flat * r * 0.3 + 5, "+", {
            "font-size": 15,
            "font-weight": "bold",
            "text-anchor": "middle",
            fill: "#fff",
        }),
        led.faint
            ? ""
            : text(x, place.bottom + 24, led.name, {
                  "font-size": 14,
                  "font-weight": "bold",
                  "text-anchor": "middle",
                  fill: INK,
              }),
        led.faint
            ? ""
            : text(
                  x,
                  place.bottom + 43,
                  `${led.pin}, pin ${physicalPin(led.pin)}`,
                  {
                      "font-size": 11.5,
                      "text-anchor": "middle",
                      fill: "#4a4f57",
                  }
              ),
        led.faint
            ? ""
            : text(x, place.bottom + 59, `column ${led.column}`, {
                  "font-size": 11.5,
                  "text-anchor": "middle",
                  fill: "#4a4f57",
              })
    )
}
