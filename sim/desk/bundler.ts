/**
 * Makes one UF2 file of runtime, program and settings with DeviceScript's own tool. The tool leaves Wi-Fi credentials out
 * of its bundle (it hands them only to a board that it deploys to), so they go in as settings of ours, and the firmware
 * joins with them.
 */
import {
    chmodSync,
    mkdirSync,
    readFileSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { BOARD } from "../board.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { BUNDLE_KEYS } from "./settings-lines.ts"
import { withStockTool } from "./stock-tool.ts"
import type { ToolOptions } from "./stock-tool.ts"

export interface BundleOptions extends ToolOptions {
    /** The main program. */
    entry: string
    /** Wi-Fi credentials as WIFI_SSID and WIFI_PWD. */
    settings: EncodedSettings
    /** The file to write; readable to its owner only. */
    output: string
}

export interface Bundle {
    file: string
    sizeBytes: number
}

const MADE = "bundle.uf2"

/** @throws DeskError if the runtime cannot be had or is none, or if the tool fails */
export async function makeBundle({
    entry,
    settings,
    output,
    ...options
}: BundleOptions): Promise<Bundle> {
    return withStockTool(
        ["bundle", entry, "--board", BOARD, "--flash-file", MADE],
        options,
        scratch =>
            writeFileSync(join(scratch, ".env.local"), settingsText(settings), {
                mode: 0o600,
            }),
        scratch => writeBundle(join(scratch, MADE), output)
    )
}

/** A settings file that DeviceScript reads as exactly these; Wi-Fi credentials under the names that it lets through. */
export function settingsText(settings: EncodedSettings) {
    const carried = Object.fromEntries(
        Object.entries(BUNDLE_KEYS).map(([bundled, written]) => [
            written,
            bundled,
        ])
    )
    return [...settings]
        .map(([key, json]) => [
            carried[key] ?? key,
            // a line with a # would be dropped
            json.replaceAll("#", "\\u0023"),
        ])
        .map(([key, json]) => `${key}=${json}\n`)
        .join("")
}

/** Nobody else can read the file at any moment, and it is whole or not there. */
function writeBundle(made: string, output: string): Bundle {
    const file = resolve(output)
    const bytes = readFileSync(made)
    mkdirSync(dirname(file), { recursive: true })
    const partial = join(dirname(file), `.${basename(file)}.${process.pid}`)
    rmSync(partial, { force: true })
    writeFileSync(partial, bytes, { mode: 0o600, flag: "wx" })
    chmodSync(partial, 0o600)
    renameSync(partial, file)
    return { file, sizeBytes: bytes.length }
}
