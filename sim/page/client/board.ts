/** The drawn Pico W: its LEDs are lit exactly as the `led` service says. */
import { find, makeSvg } from "./elements.ts"

/** In the drawing's units. */
const LED_X = 60
const LED_PITCH = 75.5
const LED_Y = 238
const LED_RADIUS = 19
const RAYS = 12

const PIN_1_X = 312
const PIN_PITCH = 22.8
const PINS_Y = 148
const PINS_A_SIDE = 20
/** Pins 1, 2, 4 ... 12 of the board, which are GP0 to GP9; 3 and 8 are ground. */
const LED_PINS = [1, 2, 4, 5, 6, 7, 9, 10, 11, 12]
const TOP_PINS_Y = 12

const leds: SVGGElement[] = []

/** Draws what repeats. */
export function drawBoard() {
    const pads = find<SVGGElement>("#pads")
    for (let pin = 0; pin < PINS_A_SIDE; pin++)
        for (const cy of [TOP_PINS_Y, PINS_Y])
            pads.append(
                makeSvg("circle", { cx: PIN_1_X + pin * PIN_PITCH, cy, r: 4.2 })
            )
    for (const i of LED_PINS.keys()) {
        const x = LED_X + i * LED_PITCH
        find("#wires").append(wire(i, x))
        leds.push(led(i, x))
    }
    find("#leds").append(...leds)
}

export function showLeds(lit: string) {
    for (const [i, led] of leds.entries())
        led.dataset.lit = lit[i] === "1" ? "1" : "0"
    find("#board").dataset.leds = lit
}

/** From the pin through the resistor to the LED. */
function wire(i: number, x: number) {
    const group = makeSvg("g")
    const pinX = PIN_1_X + (LED_PINS[i] - 1) * PIN_PITCH
    group.append(
        makeSvg("path", {
            class: "wire",
            d: `M${pinX} ${PINS_Y + 4} C${pinX} ${PINS_Y + 40} ${x} ${PINS_Y + 22} ${x} ${PINS_Y + 52} V${LED_Y - LED_RADIUS}`,
        }),
        makeSvg("rect", {
            class: "resistor",
            x: x - 3,
            y: PINS_Y + 52,
            width: 6,
            height: 13,
            rx: 2,
        }),
        makeSvg("path", {
            class: "wire",
            d: `M${x} ${LED_Y + LED_RADIUS} V${LED_Y + 36}`,
        })
    )
    return group
}

/** Lit: filled, with rays and a glow; dark: a hollow ring. No meaning depends on colour. */
function led(i: number, x: number) {
    const group = makeSvg("g", {
        class: "led",
        transform: `translate(${x} ${LED_Y})`,
    })
    group.dataset.lit = "0"
    const rays = makeSvg("g", { class: "rays" })
    for (let ray = 0; ray < RAYS; ray++)
        rays.append(
            makeSvg("path", {
                d: `M0 ${-LED_RADIUS - 4} V${-LED_RADIUS - 9}`,
                transform: `rotate(${(ray * 360) / RAYS})`,
            })
        )
    const lamp = makeSvg("g", { class: "lamp" })
    lamp.append(
        makeSvg("circle", { class: "halo", r: 37 }),
        rays,
        makeSvg("circle", { class: "body", r: LED_RADIUS }),
        makeSvg("ellipse", { class: "shine", cx: -6, cy: -8, rx: 6, ry: 4 }),
        makeSvg("text", { y: 5.5 }, String(i + 1))
    )
    group.append(lamp)
    return group
}
