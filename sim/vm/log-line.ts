/**
 * What a line of the VM's log means. The compiler turns `console.*` into a print with a marker
 * (compiler/src/compiler.ts), and the VM puts it in front of the text: `> `, `? `, `* `, `! `.
 * `console.data(x)` becomes `# <device ms> <text>` (data-text.ts). Lines without a marker are the VM's own notes.
 */
export type LogLevel = "log" | "debug" | "warn" | "error"

export type LogLine =
    | { kind: "log"; level: LogLevel; text: string }
    | { kind: "data"; text: string }
    /** The VM begins to run a program, with its name and version. */
    | { kind: "program"; text: string }
    | { kind: "note"; text: string }

const LEVELS: Record<string, LogLevel> = {
    ">": "log",
    "?": "debug",
    "*": "warn",
    "!": "error",
}

/** Lines that the VM itself prints with the marker of console.warn (devsmgr.c, devicescript.c). */
const VM_NOTE =
    /^\* (stop program|RESTART requested|DeviceScript .* file v[\d.]+)$/

export function parseLogLine(line: string): LogLine {
    const program = /^\* start: ?(.*)/.exec(line)
    if (program) return { kind: "program", text: program[1] }
    if (VM_NOTE.test(line)) return { kind: "note", text: line }
    const data = /^# \d+ (.*)/s.exec(line)
    if (data) return { kind: "data", text: data[1] }
    // what a board writes to stay awake (docs/pico-w-runtime.md row 24) is for its own chip
    if (line.startsWith("? .")) return { kind: "note", text: line }
    const marked = /^([>?*!]) (.*)/s.exec(line)
    if (marked)
        return { kind: "log", level: LEVELS[marked[1]], text: marked[2] }
    return { kind: "note", text: line }
}

/** The VM's panic codes as text (devicescript.h). */
export function panicText(code: number) {
    switch (code) {
        case 60001:
            return "InfiniteLoop: 131,072 steps without a pause"
        case 60004:
            return "OOM: the heap is full"
        case 60005:
            return "unhandled exception"
        case 60006:
            return "stack overflow"
        default:
            return `panic ${code}`
    }
}
