/** The picture at the head of the README: the light on a desk, while the lag rises and falls. */
import { PIN_NAMES } from "./pico-w.ts"
import type { Moment } from "./recording.ts"
import { circle, el, group, line, picture, rect, rounded, text } from "./svg.ts"

const WIDTH = 1200
const HEIGHT = 520
/** At the end of the recording all is dark for so long, in ms; then it begins again. */
const REST_MS = 1500
/** What is shown to whoever wants nothing to move: the first moment at this lag. */
const STILL_LAG = 11

/** The strip with the LEDs. */
const BAR = { x: 150, y: 296, width: 900, height: 120 }
const LED_PITCH = 82
const LED_X = BAR.x + (BAR.width - 9 * LED_PITCH) / 2

/** The Pico W, its USB socket pointing left: pins 1 to 20 run along its lower side, 40 to 21 along its upper. */
const PICO = { x: 350, y: 44, width: 510, height: 148 }
const PIN_PITCH = 24.4

/** @param moments the lag rises and falls once, in real time */
export function drawLight(moments: Moment[]) {
    const still = moments.find(({ lag }) => lag === STILL_LAG)!
    const durationMs = moments.at(-1)!.t + REST_MS
    const animations: string[] = []
    /** What is there at some of the moments only. */
    const shown = (isShown: (moment: Moment) => boolean, part: string) => {
        const name = `m${animations.length}`
        animations.push(keyframes(name, moments, durationMs, isShown))
        const opacity = isShown(still) ? undefined : 0
        return group({ class: name, opacity }, part)
    }
    const lags = [...new Set(moments.map(({ lag }) => lag))]
    const parts = [
        ...Array.from({ length: 10 }, (_, i) =>
            drawLed(i, lit => shown(({ leds }) => leds[i] === "1", lit))
        ),
        ...lags.map(lag =>
            shown(moment => moment.lag === lag, drawCaption(lag))
        ),
    ]
    return picture(
        { width: WIDTH, height: HEIGHT },
        "A Raspberry Pi Pico W with ten LEDs in a row on a desk; they light up one after the other while a group's lag grows, all flash at the end of the scale, and go out while it shrinks",
        defs(),
        el("style", {}, ...animations, STANDSTILL),
        rect(0, 0, WIDTH, HEIGHT, { fill: "url(#desk)", rx: 18 }),
        ...grain(),
        drawPico(),
        ...wires(),
        drawBar(),
        ...parts
    )
}

const STANDSTILL =
    "@media (prefers-reduced-motion: reduce) { g { animation: none !important } }"

/** CSS, one step for each change; it repeats for ever. */
function keyframes(
    name: string,
    moments: Moment[],
    durationMs: number,
    isShown: (moment: Moment) => boolean
) {
    const steps: string[] = []
    let before: boolean | undefined
    for (const moment of moments) {
        const now = isShown(moment)
        if (now === before) continue
        before = now
        const percent = ((100 * moment.t) / durationMs).toFixed(2)
        steps.push(`${percent}%{opacity:${Number(now)}}`)
    }
    steps.push(`100%{opacity:${Number(before)}}`)
    return `.${name}{animation:${name} ${durationMs}ms step-end infinite}@keyframes ${name}{${steps.join("")}}`
}

function drawCaption(lag: number) {
    const words = lag > 20 ? "off the scale" : `${Math.ceil(lag / 2)} of 10`
    return text(WIDTH / 2, 472, `jobs/staff: lag ${lag}, ${words}`, {
        "font-size": 30,
        "font-family":
            "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace",
        "text-anchor": "middle",
        fill: "#f4ead9",
    })
}

function gradient(id: string, stops: [offset: number, colour: string][]) {
    return el(
        "linearGradient",
        { id, x1: 0, y1: 0, x2: 0, y2: 1 },
        ...stops.map(([offset, colour]) =>
            el("stop", { offset, "stop-color": colour })
        )
    )
}

function defs() {
    return el(
        "defs",
        {},
        gradient("desk", [
            [0, "#3d2b20"],
            [1, "#59402f"],
        ]),
        gradient("strip", [
            [0, "#2a2d33"],
            [1, "#191b1f"],
        ]),
        gradient("board", [
            [0, "#25814f"],
            [1, "#1b6340"],
        ]),
        gradient("metal", [
            [0, "#eceff2"],
            [1, "#aab0b7"],
        ]),
        el(
            "radialGradient",
            { id: "glow" },
            el("stop", {
                offset: 0,
                "stop-color": "#ff5a3c",
                "stop-opacity": 0.85,
            }),
            el("stop", {
                offset: 0.45,
                "stop-color": "#ff3a20",
                "stop-opacity": 0.3,
            }),
            el("stop", {
                offset: 1,
                "stop-color": "#ff2a10",
                "stop-opacity": 0,
            })
        ),
        el(
            "radialGradient",
            { id: "lit", cx: 0.4, cy: 0.35 },
            el("stop", { offset: 0, "stop-color": "#fff4ec" }),
            el("stop", { offset: 0.35, "stop-color": "#ff8a6b" }),
            el("stop", { offset: 1, "stop-color": "#e0260f" })
        ),
        el(
            "radialGradient",
            { id: "dark", cx: 0.4, cy: 0.35 },
            el("stop", { offset: 0, "stop-color": "#8a4a44" }),
            el("stop", { offset: 1, "stop-color": "#42191a" })
        )
    )
}

function grain() {
    return Array.from({ length: 9 }, (_, i) => {
        const y = 30 + i * 56
        const bend = ((i * 37) % 23) - 11
        return el("path", {
            d: `M0 ${y}C300 ${y + bend} 800 ${y - bend} ${WIDTH} ${y + bend / 2}`,
            fill: "none",
            stroke: "#2e2018",
            "stroke-width": 1.5,
            opacity: 0.5,
        })
    })
}

function drawBar() {
    return group(
        {},
        rect(BAR.x + 6, BAR.y + 10, BAR.width, BAR.height, {
            fill: "#000",
            opacity: 0.35,
            rx: 16,
        }),
        rect(BAR.x, BAR.y, BAR.width, BAR.height, {
            fill: "url(#strip)",
            stroke: "#3e434b",
            "stroke-width": 2,
            rx: 14,
        })
    )
}

/** @param lit takes what is there only while it is lit */
function drawLed(index: number, lit: (part: string) => string) {
    const x = LED_X + index * LED_PITCH
    const y = BAR.y + 50
    const bulb = (fill: string, stroke: string) =>
        circle(x, y, 25, { fill, stroke, "stroke-width": 2 })
    return group(
        {},
        bulb("url(#dark)", "#6b3a38"),
        lit(
            [
                circle(x, y, 66, { fill: "url(#glow)" }),
                bulb("url(#lit)", "#ffb39c"),
            ].join("\n")
        ),
        text(x, BAR.y + 104, String(index + 1), {
            "font-size": 18,
            "text-anchor": "middle",
            fill: "#c9ced6",
        })
    )
}

function pinX(pin: number) {
    const place = pin <= 20 ? pin : 41 - pin
    return PICO.x + 23 + (place - 1) * PIN_PITCH
}

/** From the pins to the strip; pin 1 is at the USB socket's side. */
function wires() {
    return Array.from({ length: 10 }, (_, i) => {
        const pin = PIN_NAMES.indexOf(`GP${i}`) + 1
        const from = pinX(pin)
        const to = LED_X + i * LED_PITCH
        const colours = ["#e69f00", "#56b4e9", "#2fb890", "#d9cc3c", "#4a90d9"]
        return rounded(
            [
                [from, PICO.y + PICO.height - 11],
                [from, PICO.y + PICO.height + 28],
                [to, BAR.y - 32],
                [to, BAR.y + 10],
            ],
            26,
            {
                stroke: colours[i % colours.length],
                "stroke-width": 4,
                opacity: 0.95,
            }
        )
    })
}

function drawPico() {
    const { x, y, width, height } = PICO
    const pads = Array.from({ length: 40 }, (_, i) => {
        const pin = i + 1
        return circle(pinX(pin), pin <= 20 ? y + height - 11 : y + 11, 5.5, {
            fill: "#e2bd5c",
            stroke: "#8b6f24",
        })
    })
    const cable = rounded(
        [
            [x - 20, y + height / 2],
            [x - 130, y + height / 2],
            [x - 210, y + 26],
            [-10, y + 26],
        ],
        60,
        { stroke: "#15171a", "stroke-width": 17 }
    )
    return group(
        {},
        cable,
        rect(x - 46, y + height / 2 - 22, 56, 44, { fill: "#202328", rx: 6 }),
        rect(x + 6, y + 9, width, height, {
            fill: "#000",
            opacity: 0.35,
            rx: 10,
        }),
        rect(x, y, width, height, {
            fill: "url(#board)",
            stroke: "#0f3a25",
            "stroke-width": 2,
            rx: 9,
        }),
        rect(x - 10, y + height / 2 - 26, 52, 52, {
            fill: "url(#metal)",
            stroke: "#7d838a",
            rx: 4,
        }),
        rect(x + 218, y + height / 2 - 31, 62, 62, { fill: "#17191c", rx: 3 }),
        text(x + 249, y + height / 2 + 5, "RP2040", {
            "font-size": 12,
            "text-anchor": "middle",
            fill: "#aeb4bb",
        }),
        rect(x + 330, y + height / 2 - 38, 104, 76, {
            fill: "url(#metal)",
            stroke: "#7d838a",
            rx: 4,
        }),
        text(x + 130, y + height / 2 + 6, "Pico W", {
            "font-size": 20,
            "font-weight": "bold",
            "text-anchor": "middle",
            fill: "#e9f5ee",
        }),
        line(x + 470, y + 40, x + 470, y + height - 40, {
            stroke: "#e2bd5c",
            "stroke-width": 3,
            "stroke-dasharray": "9 7",
        }),
        ...pads
    )
}
