/** The Pico W's pins: Raspberry Pi Pico W datasheet, chapter 2.1, "Pico W pinout". */

/** The name of each physical pin, pin 1 first. */
export const PIN_NAMES = [
    ...["GP0", "GP1", "GND", "GP2", "GP3", "GP4", "GP5", "GND", "GP6", "GP7"],
    ...["GP8", "GP9", "GND", "GP10", "GP11", "GP12", "GP13", "GND"],
    ...["GP14", "GP15", "GP16", "GP17", "GND", "GP18", "GP19", "GP20", "GP21"],
    ...["GND", "GP22", "RUN", "GP26", "GP27", "AGND", "GP28", "ADC_VREF"],
    ...["3V3(OUT)", "3V3_EN", "GND", "VSYS", "VBUS"],
]

/** The physical pin of a GPIO. */
export function physicalPin(name: string) {
    const pin = PIN_NAMES.indexOf(name) + 1
    if (pin === 0) throw new Error(`the Pico W has no pin ${name}`)
    return pin
}

/** Where the ten LEDs are: boards/pico_w_laglight.board.json. */
export const LED_PINS = Array.from({ length: 10 }, (_, i) => `GP${i}`)
export const TRAFFIC_LIGHT_PINS = [
    { name: "GREEN", pin: "GP10" },
    { name: "YELLOW", pin: "GP11" },
    { name: "RED", pin: "GP12" },
]
