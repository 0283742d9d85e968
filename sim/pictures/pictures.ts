/** Every picture of the documentation: file name to SVG. */
import { drawWiring } from "./breadboard.ts"
import type { Placed } from "./breadboard.ts"
import { drawLabelStrip } from "./label-strip.ts"
import { drawLegend } from "./legend.ts"
import { drawLight } from "./light.ts"
import { LED_PINS, TRAFFIC_LIGHT_PINS } from "./pico-w.ts"
import { recording } from "./recording.ts"

const RED = "#c8102e"

const BAR: Placed[] = LED_PINS.map((pin, i) => ({
    name: `LED${i + 1}`,
    pin,
    column: 2 + 3 * i,
    colour: RED,
}))

const TRAFFIC_LIGHT: Placed[] = TRAFFIC_LIGHT_PINS.map(({ name, pin }, i) => ({
    name,
    pin,
    column: 33 + 4 * i,
    colour: ["#23924b", "#d4a017", RED][i],
}))

export function pictures(): Map<string, string> {
    return new Map([
        ["legend.svg", drawLegend()],
        ["light.svg", drawLight(recording())],
        [
            "wiring.svg",
            drawWiring({
                title: "Wiring: ten LEDs from GP0 to GP9, each through a resistor of 470 ohms to ground",
                heading: "laglight: ten LEDs, a high pin lights",
                resistor: "470",
                leds: BAR,
                activeLow: false,
                notes: [
                    "Each resistor (470 \u03a9) bridges the middle, from row g to row d. Each LED: the long leg (+) in row a of the same column, the short leg (flat side) in the \u2212 rail.",
                    "The rails of some boards are interrupted in the middle: bridge the gap with a wire.",
                ],
            }),
        ],
        [
            "wiring-active-low.svg",
            drawWiring({
                title: "Wiring, active-low: ten LEDs from 3V3, each through a resistor of 470 ohms to GP0 to GP9",
                heading: "laglight with ACTIVE_LOW=true: a low pin lights",
                resistor: "470",
                leds: BAR,
                activeLow: true,
                notes: [
                    "The LEDs are the other way round: the long leg (+) in the + rail, the short leg (flat side) in row a of the column. The + rail is at 3.3 V: pin 36, never pin 40 (5 V).",
                    "The rails of some boards are interrupted in the middle: bridge the gap with a wire.",
                ],
            }),
        ],
        [
            "traffic-light.svg",
            drawWiring({
                title: "Wiring of the traffic light: green on GP10, yellow on GP11, red on GP12, each through a resistor of 470 ohms to ground",
                heading:
                    "laglight with TRAFFIC_LIGHT=true: green, yellow, red beside the bar",
                resistor: "470",
                leds: [
                    ...BAR.map(led => ({ ...led, faint: true })),
                    ...TRAFFIC_LIGHT,
                ],
                activeLow: false,
                notes: [
                    "The ten LEDs of the bar (pale) stay where they are. The traffic light's pins are always high to light, whatever ACTIVE_LOW says.",
                ],
            }),
        ],
        ["label-strip.svg", drawLabelStrip()],
    ])
}
