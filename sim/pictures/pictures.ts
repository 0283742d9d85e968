/** The pictures of the documentation that are drawn from data: file name to SVG. The others are artwork. */
import { drawLegend } from "./legend.ts"
import { drawLight } from "./light.ts"
import { recording } from "./recording.ts"

export function pictures(): Map<string, string> {
    return new Map([
        ["legend.svg", drawLegend()],
        ["light.svg", drawLight(recording())],
    ])
}
