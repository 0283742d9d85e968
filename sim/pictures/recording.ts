/** The LEDs while the lag rises and falls once, as recorded by record.ts. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export interface Moment {
    /** In ms since the beginning. */
    t: number
    /** LED1 first, 1 is lit. */
    leds: string
    lag: number
}

export const RECORDING = fileURLToPath(
    new URL("recording.jsonl", import.meta.url)
)

export function recording(): Moment[] {
    return readFileSync(RECORDING, "utf8")
        .trim()
        .split("\n")
        .map(line => JSON.parse(line))
}
