/**
 * The firmware's own check of settings: src/maincheck.ts applies its rules in DeviceScript's VM, as the board would, and
 * prints what is wrong. So each rule exists once.
 */
import { BOARD } from "../board.ts"
import { buildFirmware } from "../firmware.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SimulatedDevice } from "../vm/device.ts"
import type { Load } from "./board-load.ts"

/** What the settings are for. */
export const BOARDS = [BOARD, "simulator"] as const
export type Board = (typeof BOARDS)[number]

export interface Verdict {
    /** A sentence each, which begins with the key concerned. */
    faults: string[]
    /** What they need; undefined if something is wrong with them. */
    load?: Load
}

/** Tells the program which runtime to judge for. */
const RUNTIME_KEY = "CHECK_RUNTIME"
/** In device time, which the driven clock runs as fast as it can. */
const TIMEOUT_MS = 30_000

/** @param settings no key longer than DeviceScript takes, none too large */
export async function deviceVerdict(
    settings: EncodedSettings,
    board: Board
): Promise<Verdict> {
    const { bytecode } = await buildFirmware({ entry: "src/maincheck.ts" })
    const runtime = board === BOARD ? "PicoW" : "Host"
    const device = await SimulatedDevice.start({
        bytecode,
        settings: new Map([
            ...settings,
            [RUNTIME_KEY, JSON.stringify(runtime)],
        ]),
        clock: "driven",
    })
    try {
        await device.waitForLog(/^end$/, TIMEOUT_MS, { since: 0 })
        return readVerdict(device.logs.map(log => log.text))
    } finally {
        await device.stop()
    }
}

function readVerdict(lines: string[]): Verdict {
    const verdict: Verdict = { faults: [] }
    for (const line of lines) {
        const [, word, rest] = /^(\w+) ?(.*)$/s.exec(line) ?? []
        if (word === "fault") verdict.faults.push(rest)
        if (word === "load") verdict.load = JSON.parse(rest) as Load
        if (word === "more") verdict.faults.push(verdict.faults.pop() + rest)
    }
    return verdict
}
