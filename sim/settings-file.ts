/**
 * Settings files (`.env.defaults`, `.env.local`), read exactly as DeviceScript reads them
 * (compiler/src/dotenv.ts), odd sides included:
 * - a line that contains `#` anywhere is dropped, so is one without a key or `=`;
 * - neither key nor value is trimmed (the key is, when it is written to the device);
 * - a value that is JSON keeps its type (`1e5` becomes the number 100000); any other is text, and so is `null`;
 * - an empty value deletes the key.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** What a setting can hold: anything JSON can. `undefined` means that it is not set. */
export type SettingValue =
    | string
    | number
    | boolean
    | null
    | SettingValue[]
    | { [key: string]: SettingValue }
    | undefined

/** Key to JSON text, as a device stores them. */
export type EncodedSettings = Map<string, string>

/** @returns key to JSON text, in the order of the file; a later line replaces an earlier one */
export function parseSettings(text: string): EncodedSettings {
    const settings: EncodedSettings = new Map()
    for (const [key, json] of assignments(text)) {
        settings.delete(key)
        if (json !== undefined) settings.set(key, json)
    }
    return settings
}

/** Plain values to what a device stores; keys whose value is undefined are left out. */
export function encodeSettings(
    values: Record<string, SettingValue>
): EncodedSettings {
    const settings: EncodedSettings = new Map()
    for (const [key, value] of Object.entries(values))
        if (value !== undefined) settings.set(key, JSON.stringify(value))
    return settings
}

/**
 * `.env.defaults` of a folder with `.env.local`, or another file in its place, on top: an empty value
 * there deletes a default. Files that do not exist are empty.
 * @param localFile path of the file to read in place of `.env.local`; must exist
 */
export function readSettingsFiles(
    dir: string,
    localFile?: string
): EncodedSettings {
    const settings = parseSettings(readIfPresent(join(dir, ".env.defaults")))
    const local = localFile
        ? readFileSync(localFile, "utf8")
        : readIfPresent(join(dir, ".env.local"))
    for (const [key, json] of assignments(local)) {
        settings.delete(key)
        if (json !== undefined) settings.set(key, json)
    }
    return settings
}

function readIfPresent(file: string) {
    return existsSync(file) ? readFileSync(file, "utf8") : ""
}

/** Each line that sets or, with undefined, deletes a key. */
function* assignments(
    text: string
): Generator<[key: string, json: string | undefined]> {
    for (const line of text.split(/\r?\n/)) {
        if (line.includes("#")) continue
        const assignment = line.replace(/^=+/, "")
        const equals = assignment.indexOf("=")
        if (equals < 0) continue
        yield [
            assignment.slice(0, equals),
            toJson(assignment.slice(equals + 1)),
        ]
    }
}

function toJson(value: string) {
    if (value === "") return undefined
    let parsed: unknown = null
    try {
        parsed = JSON.parse(value)
    } catch {
        // not JSON: text
    }
    return JSON.stringify(parsed ?? value)
}
