/** The simulator's picture for a terminal, as text. */
import pc from "picocolors"
import type { LogEntry, Snapshot } from "../light/snapshots.ts"
import { details, logLine, sentence } from "../light/text.ts"
import { printable } from "../printable.ts"

export interface FrameContent {
    snapshot: Snapshot
    /** Where the lag comes from, as text. */
    source: string
    /** Oldest first. */
    logs: LogEntry[]
}

export interface Size {
    /** Characters in a line. Default 80. */
    columns?: number
    /** Lines. Default 24. */
    rows?: number
}

type Colors = ReturnType<typeof pc.createColors>

const INDENT = "  "
/** The LEDs, a line between the parts, and one for the cursor. */
const ROWS_BESIDE_LOGS = 8

/** @returns lines, none wider than the terminal (a character counted as one column) */
export function renderFrame(
    { snapshot, source, logs }: FrameContent,
    { columns = 80, rows = 24 }: Size = {},
    colors: Colors = pc
) {
    const fit = (text: string) => truncate(INDENT + text, columns)
    const logRows = Math.max(0, rows - ROWS_BESIDE_LOGS)
    return [
        "",
        leds(snapshot.leds, columns, colors),
        "",
        colors.bold(fit(sentence(snapshot) || "no reading yet")),
        colors.dim(fit(details(snapshot))),
        colors.dim(fit(`${printable(source)}   Ctrl-C stops`)),
        ...logs
            .slice(logs.length - Math.min(logs.length, logRows))
            .map(entry => logColor(entry, colors)(fit(logLine(entry)))),
    ].join("\n")
}

/** With spaces if the terminal is wide enough: `  ● ● ○`, else `●●○`, cut off on the right. */
function leds(leds: string, columns: number, colors: Colors) {
    const isWide = columns > INDENT.length + 2 * leds.length
    const drawn = [...leds.slice(0, columns)].map(led =>
        led === "1" ? colors.yellow("●") : colors.dim("○")
    )
    return isWide ? INDENT + drawn.join(" ") : drawn.join("")
}

function logColor({ level }: LogEntry, colors: Colors) {
    if (level === "error") return colors.red
    if (level === "warn") return colors.yellow
    return colors.dim
}

function truncate(text: string, columns: number) {
    const characters = [...text]
    if (characters.length <= columns) return text
    return characters.slice(0, Math.max(0, columns - 1)).join("") + "…"
}
