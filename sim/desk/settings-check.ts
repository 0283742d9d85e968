/** Checks the settings files before anything is deployed: what is wrong, and what the device would receive. */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { parseSettings } from "../settings-file.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { FIRMWARE_KEYS, isSecret, WIFI_KEYS } from "../settings-table.ts"
import {
    MAX_PASSWORD_BYTES,
    MAX_SSID_BYTES,
    MIN_PASSWORD_BYTES,
} from "../settings-text.ts"
import {
    keyRefusal,
    MAX_KEY_CHARACTERS,
    readLines,
    sizeRefusals,
} from "./settings-lines.ts"
import type { Assignment, Refusal, SettingsFile } from "./settings-lines.ts"
import { DeskError } from "./run-command.ts"
import { loadRefusals, loadText, loadWarnings } from "./board-load.ts"
import type { Load } from "./board-load.ts"
import { deviceVerdict } from "./settings-verdict.ts"
import type { Board } from "./settings-verdict.ts"

export interface CheckOptions {
    board: Board
    /** Takes the place of `.env.local`. */
    localFile?: string
}

export interface SettingsReport {
    board: Board
    refusals: Refusal[]
    /** What the device would receive, Wi-Fi credentials included. */
    settings: EncodedSettings
    /** Where each of them stands. */
    origins: Map<string, Assignment>
    /** What they cost a board; undefined for the simulator, and where something is wrong with them. */
    load?: Load
}

const DEFAULTS = ".env.defaults"
const LOCAL = ".env.local"

/**
 * @param dir the folder with the settings files
 * @throws Error if a file cannot be read
 */
export async function checkSettings(
    dir: string,
    { board, localFile }: CheckOptions
): Promise<SettingsReport> {
    const files = settingsFiles(dir, localFile)
    const contents = files.map(readLines)
    const refusals = contents.flatMap(content => content.refusals)

    const origins = new Map<string, Assignment>()
    const settings: EncodedSettings = new Map()
    for (const assignment of contents.flatMap(c => c.assignments)) {
        const { key, value } = assignment
        // a later file's line replaces an earlier one's, or deletes it
        const json = parseSettings(`${key}=${value}`).get(key)
        settings.delete(key)
        origins.set(key, assignment)
        if (json !== undefined) settings.set(key, json)
    }

    refusals.push(
        ...sizeRefusals(
            [...settings].map(([key, json]) => ({
                assignment: origins.get(key)!,
                json,
            }))
        )
    )
    // what would not even reach a device is not shown to one
    const tooLarge = refusals.map(refusal => refusal.key)
    const sound = new Map(
        [...settings].filter(
            ([key]) =>
                key.length <= MAX_KEY_CHARACTERS && !tooLarge.includes(key)
        )
    )
    const verdict = await deviceVerdict(sound, board)
    const load = board === "simulator" ? undefined : verdict.load

    for (const assignment of contents.flatMap(c => c.assignments)) {
        const refusal = keyRefusal(assignment)
        if (refusal) refusals.push(refusal)
    }
    refusals.push(
        ...wifiRefusals(settings, origins, board, localName(localFile))
    )
    refusals.push(
        ...deviceRefusals(
            [...verdict.faults, ...(load ? loadRefusals(load) : [])],
            // what is said of a line is not said again of the value that therefore is not there
            refusals.map(refusal => refusal.key),
            origins,
            localName(localFile)
        )
    )
    if (!localFile) refusals.push(...gitRefusals(dir))
    const inOrder = files.map(file => file.name)
    refusals.sort(
        (a, b) =>
            inOrder.indexOf(a.file) - inOrder.indexOf(b.file) ||
            (a.line ?? Infinity) - (b.line ?? Infinity) ||
            0
    )
    return { board, refusals, settings, origins, load }
}

function warningsOf(load: Load | undefined) {
    return load ? loadWarnings(load).map(text => `warning: ${text}`) : []
}

/** What the board will need for them, and a warning where that is too much; empty where there is nothing to say. */
export function needsText({ load }: SettingsReport): string {
    if (!load) return ""
    return [...warningsOf(load), loadText(load)].join("\n")
}

/** `.env.local:3: POLL_MS is 1; accepted: ...` */
export function refusalText({ file, line, text }: Refusal) {
    return line === undefined ? `${file}: ${text}` : `${file}:${line}: ${text}`
}

/**
 * For whatever deploys: the same, or an error that lists what is wrong. Warnings go to stderr.
 * @throws DeskError
 */
export async function checkOrRefuse(
    dir: string,
    options: CheckOptions
): Promise<SettingsReport> {
    const report = await checkSettings(dir, options)
    if (report.refusals.length > 0) throw new DeskError(refusedText(report))
    for (const warning of warningsOf(report.load)) console.error(warning)
    return report
}

/** Every refusal, and what follows from them. */
export function refusedText({ refusals }: SettingsReport) {
    const count =
        refusals.length === 1 ? "1 mistake" : `${refusals.length} mistakes`
    return [
        ...refusals.map(refusalText),
        `${count} in the settings; nothing was deployed`,
    ].join("\n")
}

/** What the device would receive, a line each, secrets masked. */
export function receivedText({ settings, origins }: SettingsReport) {
    const rows = [...settings].map(([key, json]) => {
        const { file, line } = origins.get(key)!
        return [key, shownValue(key, json), `${file}:${line}`]
    })
    const width = (column: number) =>
        Math.max(0, ...rows.map(row => row[column].length))
    return rows
        .map(
            ([key, value, place]) =>
                `  ${key.padEnd(width(0))}  ${value.padEnd(width(1))}  ${place}`
        )
        .join("\n")
}

function shownValue(key: string, json: string) {
    if (isSecret(key)) return "(not shown)"
    return json.replace(/\p{Cc}/gu, "\u{fffd}")
}

function localName(localFile: string | undefined) {
    return localFile ?? LOCAL
}

/** @throws Error if a file in place of .env.local does not exist */
function settingsFiles(dir: string, localFile?: string): SettingsFile[] {
    const files: SettingsFile[] = []
    const add = (path: string, name: string, isCommitted: boolean) =>
        files.push({ name, bytes: readFileSync(path), isCommitted })
    const defaults = join(dir, DEFAULTS)
    if (existsSync(defaults)) add(defaults, DEFAULTS, true)
    const local = localFile ?? join(dir, LOCAL)
    if (localFile || existsSync(local)) add(local, localName(localFile), false)
    return files
}

/** What a board with DeviceScript's runtime needs to join, and cannot do. */
function wifiRefusals(
    settings: EncodedSettings,
    origins: Map<string, Assignment>,
    board: Board,
    local: string
): Refusal[] {
    if (board === "simulator") return []
    const [ssid, password] = WIFI_KEYS.map(key => {
        const json = settings.get(key)
        const value: unknown = json === undefined ? "" : JSON.parse(json)
        return typeof value === "string" ? value : String(value)
    })
    const at = (key: string, text: string): Refusal => ({
        file: origins.get(key)?.file ?? local,
        line: settings.has(key) ? origins.get(key)!.line : undefined,
        key,
        text,
    })
    const refusals: Refusal[] = []
    if (!ssid)
        refusals.push(
            at(
                "WIFI_SSID",
                `WIFI_SSID is missing, and the board needs a network; write WIFI_SSID=... and WIFI_PWD=... in ${local}`
            )
        )
    else if (Buffer.byteLength(ssid) > MAX_SSID_BYTES)
        refusals.push(
            at(
                "WIFI_SSID",
                `WIFI_SSID has ${Buffer.byteLength(ssid)} bytes, and no network's name has more than ${MAX_SSID_BYTES}; check its spelling`
            )
        )
    if (ssid && !password)
        refusals.push(
            at(
                "WIFI_PWD",
                `WIFI_PWD is missing, and the Pico W's runtime cannot join an open network; use one with a password, and write WIFI_PWD=... in ${local}`
            )
        )
    const bytes = Buffer.byteLength(password)
    if (password && (bytes < MIN_PASSWORD_BYTES || bytes > MAX_PASSWORD_BYTES))
        refusals.push(
            at(
                "WIFI_PWD",
                `WIFI_PWD has ${bytes} bytes, and Wi-Fi passwords have ${MIN_PASSWORD_BYTES} to ${MAX_PASSWORD_BYTES}; check it`
            )
        )
    return refusals
}

/** The firmware's faults, with the place of the setting that each names. */
function deviceRefusals(
    faults: string[],
    refusedKeys: (string | undefined)[],
    origins: Map<string, Assignment>,
    local: string
): Refusal[] {
    const refusals: Refusal[] = []
    for (const text of faults) {
        const words = text.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []
        if (words.some(word => refusedKeys.includes(word))) continue
        const known = words.filter(word => FIRMWARE_KEYS.includes(word))
        const key = known.find(word => origins.has(word)) ?? known[0]
        // the first of several complaints about a value is its cause; the others may follow from it
        if (refusals.some(refusal => key && refusal.key === key)) continue
        const origin = key === undefined ? undefined : origins.get(key)
        refusals.push({
            file: origin?.file ?? local,
            line: origin?.line,
            key,
            text,
        })
    }
    return refusals
}

/** A file with secrets in it that git would take. */
function gitRefusals(dir: string): Refusal[] {
    const file = join(dir, LOCAL)
    if (!existsSync(file)) return []
    const git = (...args: string[]) =>
        spawnSync("git", args, {
            cwd: dirname(resolve(file)),
            stdio: "ignore",
        }).status
    const refusal = (text: string) => [{ file: LOCAL, text }]
    // 128: no repository; null: no git
    if (git("ls-files", "--error-unmatch", basename(file)) === 0)
        return refusal(
            `git tracks ${LOCAL}, and it is for passwords; take it out: git rm --cached ${LOCAL}`
        )
    if (git("check-ignore", "--quiet", basename(file)) === 1)
        return refusal(
            `git does not ignore ${LOCAL}, and it is for passwords; add a line ${LOCAL} to .gitignore`
        )
    return []
}
