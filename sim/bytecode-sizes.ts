/** What the firmware's bytecode consists of, folder by folder, and how much each may weigh. */
import { readFileSync } from "node:fs"
import type { Firmware } from "./firmware.ts"

/** The compiler's own code for all files: what runs first, and the tables of the classes' methods. */
const WIRING = "classes and start"
const LIBRARIES = "libraries"
const STRINGS = "strings"
/** Header, service specifications, numbers, buffers, the configuration of the board. */
const REST = "tables and rest"

/**
 * Bytes that each part may have: what it has, and about 3 % for repairs. Whoever needs more raises it here, and says why.
 * Link, redis and strings were raised for what a hostile server may do: a bound on what waits, redirects checked whole,
 * known refusals alone are quoted of a login.
 */
export const BYTECODE_BUDGET: Record<string, number> = {
    // what is asked for is bounded by what fits the heap; counts that go on from send to send, or are the server's; positions
    // that readers store, dead letters
    "src/ask": 7050,
    "src/display": 6900,
    "src/link": 4250,
    // every reply is checked, whole
    "src/redis": 18_000,
    "src/signal": 1300,
    // heap.ts: room for replies, in one piece; settings-table.ts: the settings are asked by what the host can ask, too
    "src/*.ts": 15_100,
    [WIRING]: 4300,
    [LIBRARIES]: 8000,
    // with those of stored positions, patterns of groups and dead-letter streams
    [STRINGS]: 19_900,
    [REST]: 1500,
}

/** All functions have to end within so many bytes of the program (DeviceScript's runtime, verify.c, error -1051). */
export const FUNCTIONS_LIMIT = 65_536

/** Where they end. */
export function functionsEnd(firmware: Firmware): number {
    const { functions, sizes } = debugOf(firmware)
    return functions.reduce((sum, { size }) => sum + size, sizes.header)
}

function debugOf({ file }: Firmware) {
    return JSON.parse(
        readFileSync(file.replace(/\.devs$/, "-dbg.json"), "utf8")
    ) as DebugInformation
}

/** What is used of the compiler's debug information (bytecode-dbg.json). */
interface DebugInformation {
    /** `location`: position in all sources, one after the other, and length. `size`: bytes, with the function's descriptor. */
    functions: { name: string; location: [number, number]; size: number }[]
    sources: { path: string; length: number }[]
    sizes: Record<string, number>
}

/** @returns part, as in `BYTECODE_BUDGET`, to bytes; together they are all of the bytecode */
export function bytecodeSizes(firmware: Firmware): Map<string, number> {
    const debug = debugOf(firmware)
    const sizes = new Map(Object.keys(BYTECODE_BUDGET).map(part => [part, 0]))
    const add = (part: string, bytes: number) =>
        sizes.set(part, (sizes.get(part) ?? 0) + bytes)
    for (const { name, location, size } of debug.functions)
        add(partOf(name, pathAt(debug, location[0])), size)
    add(STRINGS, debug.sizes.strings)
    const known = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
    add(REST, firmware.sizeBytes - known)
    return sizes
}

function pathAt({ sources }: DebugInformation, position: number) {
    for (const { path, length } of sources) {
        if (position < length) return path
        position -= length
    }
    throw new Error("bytecode-dbg.json: a function lies in no source")
}

function partOf(name: string, path: string) {
    if (path.includes("node_modules")) return LIBRARIES
    if (name === "main" || name === "prototype") return WIRING
    const [folder, file] = path.split("/").slice(-2)
    return folder === "src" && file ? "src/*.ts" : `src/${folder}`
}

/** The build's table. */
export function sizesText(sizes: Map<string, number>): string {
    return [...sizes]
        .map(
            ([part, bytes]) =>
                `  ${part.padEnd(18)}${count(bytes).padStart(7)} of ${count(BYTECODE_BUDGET[part] ?? 0).padStart(6)}`
        )
        .join("\n")
}

function count(bytes: number) {
    return bytes.toLocaleString("en-US")
}
