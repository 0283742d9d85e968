/** The board that all main programs run on. Another one: its file in boards/, its name and its pins here. */
import { pins } from "@dsboard/pico_w_laglight"

/** What is connected where. */
export function boardPins() {
    return {
        leds: [
            pins.LED1,
            pins.LED2,
            pins.LED3,
            pins.LED4,
            pins.LED5,
            pins.LED6,
            pins.LED7,
            pins.LED8,
            pins.LED9,
            pins.LED10,
        ],
        green: pins.GP10,
        yellow: pins.GP11,
        red: pins.GP12,
        awake: pins.GP18,
    }
}

/** Where an LED's wire goes, for people. @param led counts from 1 */
export function ledPlace(led: number): string {
    const physical = [1, 2, 4, 5, 6, 7, 9, 10, 11, 12]
    return `GP${led - 1}, pin ${physical[led - 1]}`
}
