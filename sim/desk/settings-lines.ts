/**
 * Mistakes in the form of a settings file: lines that DeviceScript would drop, keys it would not accept, values it would
 * change (sim/settings-file.ts). The values themselves are checked by the firmware: settings-verdict.ts.
 */
import {
    FIRMWARE_KEYS,
    isSecret,
    settingRow,
    WIFI_KEYS,
} from "../settings-table.ts"

/** A settings file on disk. */
export interface SettingsFile {
    /** Its name in messages: `.env.local`. */
    name: string
    bytes: Uint8Array
    /** It is meant for git: no place for a password. */
    isCommitted: boolean
}

/** One reason not to deploy. */
export interface Refusal {
    /** The file at fault, or where the remedy goes. */
    file: string
    /** Counts from 1; undefined if something is missing. */
    line?: number
    /** The setting concerned. */
    key?: string
    /** What is wrong, and the remedy. Never a secret. */
    text: string
}

/** A line that sets or (with an empty value) deletes a key. */
export interface Assignment {
    file: string
    line: number
    key: string
    /** As written. */
    value: string
}

export interface FileContents {
    /** In the order of the file. */
    assignments: Assignment[]
    refusals: Refusal[]
}

/** DeviceScript's limits (@devicescript/settings; jacdac-c's settings service and storage). */
export const MAX_KEY_CHARACTERS = 13
/** A setting with more, key and JSON together, does not fit a Jacdac packet: the runtime stops. */
const MAX_SETTING_BYTES = 231
/** Room for all settings, in storage. */
const MAX_TOTAL_BYTES = 8144
/** What each setting takes there beside its value, which is filled up to multiples of 8. */
const ENTRY_BYTES = 24

/** Names by which `npm run bundle` carries the same. */
export const BUNDLE_KEYS: Record<string, string> = {
    WLAN_SSID: "WIFI_SSID",
    WLAN_PWD: "WIFI_PWD",
}

/** Reads one file, line by line. */
export function readLines(file: SettingsFile): FileContents {
    const assignments: Assignment[] = []
    const refusals: Refusal[] = []
    const refuse = (line: number, text: string, key?: string) =>
        refusals.push({ file: file.name, line, key, text })

    let text: string
    try {
        text = new TextDecoder("utf-8", {
            fatal: true,
            ignoreBOM: true,
        }).decode(file.bytes)
    } catch {
        refuse(1, "the file is not UTF-8 text; save it as UTF-8")
        return { assignments, refusals }
    }
    if (text.startsWith("\u{feff}")) {
        refuse(
            1,
            "the file begins with a byte order mark, which would be part of the first key; save it as UTF-8 without BOM"
        )
        text = text.slice(1)
    }

    const firstLines = new Map<string, number>()
    for (const [index, content] of text.split(/\r?\n/).entries()) {
        const line = index + 1
        const isComment = /^\s*#/.test(content)
        if (isComment || content.trim() === "") continue
        const equals = content.indexOf("=")
        if (equals < 0) {
            refuse(
                line,
                "there is no = in this line, so DeviceScript drops it; write KEY=value, or # in front of a comment"
            )
            continue
        }
        const key = content.slice(0, equals).trim()
        const value = content.slice(equals + 1)
        const problem = lineProblem(content.slice(0, equals), key, value)
        if (problem) refuse(line, problem, key || undefined)

        const first = firstLines.get(key)
        if (key !== "" && first !== undefined)
            refuse(
                line,
                `${key} stands in line ${first} already; delete one of the two`,
                key
            )
        else firstLines.set(key, line)
        if (file.isCommitted && isSecret(key) && value.trim() !== "")
            refuse(
                line,
                `${key} is a password, and ${file.name} is committed to git; move it to .env.local`,
                key
            )
        if (!problem) assignments.push({ file: file.name, line, key, value })
    }
    return { assignments, refusals }
}

/** @param left what stands before the first `=` */
function lineProblem(left: string, key: string, value: string) {
    if (key === "") return "there is no key before =; write KEY=value"
    if (`${left}${value}`.includes("#")) return hashProblem(key, value)
    const exported = /^export\s+(.*)$/.exec(key)
    if (exported)
        return `export is for shells, not for settings files; write ${exported[1]}=...`
    if (key.length > MAX_KEY_CHARACTERS)
        // with the nearest known one, once that is known
        return undefined
    if (left !== key || value !== value.trim())
        return value.trim() === ""
            ? `spaces around = are part of the value; write ${key}= for an empty one`
            : `spaces around = or at the end of the line are part of the value; write ${key}=${shown(key, value.trim())}`
    return undefined
}

function hashProblem(key: string, value: string) {
    const drops = "DeviceScript drops every line that contains a #"
    if (/\s#/.test(value))
        return `${drops}; put the comment on a line of its own (in a value, # is written \\u0023, in quotes: ${key}="...\\u0023...")`
    const plain = text(value) ?? value
    const remedy = isSecret(key) ? '"...\\u0023..."' : quoted(plain)
    return `${drops}; write it as \\u0023, in quotes: ${key}=${remedy}`
}

/** A setting with its key does not fit, or all of them together do not. */
export function sizeRefusals(
    settings: { assignment: Assignment; json: string }[]
): Refusal[] {
    const refusals: Refusal[] = []
    let total = 0
    for (const { assignment, json } of settings) {
        const { file, line, key } = assignment
        const bytes = Buffer.byteLength(json)
        total += ENTRY_BYTES + Math.max(8, Math.ceil(bytes / 8) * 8)
        const size = Buffer.byteLength(key) + bytes
        if (size > MAX_SETTING_BYTES)
            refusals.push({
                file,
                line,
                key,
                text: `${key} takes ${size} bytes with its key, and more than ${MAX_SETTING_BYTES} stop the runtime; shorten it`,
            })
    }
    if (total > MAX_TOTAL_BYTES)
        refusals.push({
            file: settings.at(-1)!.assignment.file,
            text: `all settings together take ${total} bytes, and the board has room for ${MAX_TOTAL_BYTES}; shorten some`,
        })
    return refusals
}

/** An unknown key, or text that would arrive as something else. */
export function keyRefusal({
    file,
    line,
    key,
    value,
}: Assignment): Refusal | undefined {
    const problem =
        keyProblem(key) ??
        (settingRow(key)?.isText ? textProblem(key, value) : undefined)
    return problem === undefined
        ? undefined
        : { file, line, key, text: problem }
}

function keyProblem(key: string) {
    if (key in BUNDLE_KEYS)
        return `${key} is for npm run bundle to write; write ${BUNDLE_KEYS[key]}`
    const keys = [...FIRMWARE_KEYS, ...WIFI_KEYS].filter(
        k => !(k in BUNDLE_KEYS)
    )
    if (keys.includes(key)) return undefined
    // a number above the limit is not a misspelling
    const [, name, number] = /^([A-Z_]+_)([0-9]+)$/.exec(key) ?? []
    const last = Math.max(
        ...keys.map(k => (k.startsWith(name) && +k.slice(name.length)) || 0)
    )
    if (last > 0 && +number > last)
        return `${key}: ${last} targets are the limit, and ${name}${last} is the last`
    const tooLong =
        key.length > MAX_KEY_CHARACTERS
            ? `${key} has ${key.length} characters, and DeviceScript takes ${MAX_KEY_CHARACTERS}`
            : `${key} is no setting of laglight`
    return `${tooLong}; the nearest is ${nearest(key, keys)}`
}

/** Text that JSON makes something else of, on the way to the device. */
function textProblem(key: string, value: string) {
    const inQuotes = `write it in quotes: ${key}=${isSecret(key) ? '"..."' : quoted(value)}`
    let arrives: unknown
    try {
        arrives = JSON.parse(value)
    } catch {
        if (value.startsWith('"'))
            return `${key} is not JSON text, so its quotes would be part of the value; write \\" for a quote and \\\\ for a backslash inside the quotes`
        const single = /^'(.*)'$/.exec(value)
        if (single)
            return `${key}: single quotes would be part of the value; write ${key}=${shown(key, quoted(single[1]))}`
        return undefined
    }
    switch (typeof arrives) {
        case "string":
            return undefined
        case "number":
            // the firmware makes text of a number that kept its form; Wi-Fi credentials do not pass through it
            if (String(arrives) === value && !WIFI_KEYS.includes(key))
                return undefined
            return `${key} would arrive as ${isSecret(key) ? "a number" : `the number ${arrives}`}; ${inQuotes}`
        case "boolean":
            return `${key} would arrive as ${arrives}, which is no text; ${inQuotes}`
        default:
            // null stays text
            return arrives === null
                ? undefined
                : `${key} would arrive as a list or an object; ${inQuotes}`
    }
}

/** The text that a value in quotes stands for. */
function text(value: string) {
    try {
        const parsed: unknown = JSON.parse(value)
        return typeof parsed === "string" ? parsed : undefined
    } catch {
        return undefined
    }
}

/** A value as it has to be written to arrive as it is. */
function quoted(value: string) {
    return JSON.stringify(value).replaceAll("#", "\\u0023")
}

function shown(key: string, value: string) {
    return isSecret(key) ? "..." : value
}

/** The candidate that takes the fewest changes. */
function nearest(key: string, candidates: string[]) {
    const distances = candidates.map(candidate => ({
        candidate,
        distance: changes(key.toUpperCase(), candidate),
    }))
    return distances.reduce((best, next) =>
        next.distance < best.distance ? next : best
    ).candidate
}

/** Characters to insert, delete or replace to make one text of the other (Levenshtein). */
function changes(a: string, b: string) {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i)
    for (let i = 1; i <= a.length; i++) {
        const next = [i]
        for (let j = 1; j <= b.length; j++)
            next.push(
                Math.min(
                    row[j] + 1,
                    next[j - 1] + 1,
                    row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
                )
            )
        row = next
    }
    return row[b.length]
}
