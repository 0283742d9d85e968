/** The firmware's settings (src/settings-table.ts) as rows, and the rows of the documentation's tables. */
import {
    askHealth,
    askNames,
    askPlain,
    askScale,
    askTrafficLight,
    MAX_TARGETS,
} from "../src/settings-table.ts"
import type { Ask, SettingKey } from "../src/settings-table.ts"
import { TEXTS } from "./settings-text.ts"
import type { WifiKey } from "./settings-text.ts"

/** A setting, as the firmware's table has it. */
export interface SettingRow {
    key: SettingKey | WifiKey
    /** Its default, as in the documentation. */
    missing: string
    /** What is accepted, as in the documentation. */
    accepted: string
    /** It is text, and must arrive unchanged. */
    isText: boolean
    /** Its value is never shown. */
    isSecret: boolean
}

/** The LEDs of a bar; the firmware's share of them is what its reader asks for. */
const LEDS = 10

const TEXT = { missing: "none", accepted: "text", isText: true }

/** Notes what is asked, and answers as if everything were missing. */
class RowNotes implements Ask<never> {
    readonly rows: SettingRow[] = []

    async text(key: SettingKey, required?: string) {
        this.note(key, { ...TEXT, missing: missingText(required) })
        return required ?? ""
    }

    async secret(key: SettingKey) {
        this.note(key, { ...TEXT, isSecret: true })
        return ""
    }

    async hostName(key: SettingKey, required: string | undefined) {
        this.note(key, {
            missing: missingText(required),
            accepted: "a DNS name, or `*.` and a DNS name",
            isText: true,
        })
        return required ?? ""
    }

    async servers(key: SettingKey) {
        this.note(key, { ...TEXT, accepted: "`host:port,host:port`" })
        return []
    }

    async flag(key: SettingKey) {
        this.note(key, { missing: "false", accepted: "true, false" })
        return false
    }

    async integer(
        key: SettingKey,
        missing: number | undefined,
        low: number,
        high: number
    ) {
        this.note(key, {
            missing: String(missing ?? "none"),
            accepted: `${low}..${high}`,
        })
        return missing ?? low
    }

    async oneOf(key: SettingKey, words: string[]) {
        this.note(key, { missing: words[0], accepted: words.join(", ") })
        return words[0]
    }

    async levels(key: SettingKey) {
        this.note(key, {
            missing: "none",
            accepted: "ascending whole numbers from 1, with commas",
        })
        return undefined
    }

    private note(
        key: SettingKey,
        row: Pick<SettingRow, "missing" | "accepted"> & Partial<SettingRow>
    ) {
        this.rows.push({ key, isText: false, isSecret: false, ...row })
    }
}

function missingText(required: string | undefined) {
    return required === undefined
        ? TEXT.missing
        : `\`${required}\` (in \`.env.defaults\`)`
}

async function firmwareRows() {
    const notes = new RowNotes()
    await askPlain(notes)
    for (let n = 1; n <= MAX_TARGETS; n++) {
        await askNames(notes, n)
        await askScale(notes, n, LEDS)
    }
    await askHealth(notes)
    await askTrafficLight(notes)
    return notes.rows
}

const WIFI_ROWS: SettingRow[] = [
    { ...TEXT, key: "WIFI_SSID", isSecret: false },
    { ...TEXT, key: "WIFI_PWD", isSecret: true },
]

const FIRMWARE_ROWS = await firmwareRows()
const ROWS = new Map<string, SettingRow>(
    [...WIFI_ROWS, ...FIRMWARE_ROWS].map(row => [row.key, row])
)

/** The keys that the firmware knows. */
export const FIRMWARE_KEYS: string[] = FIRMWARE_ROWS.map(({ key }) => key)
/** Wi-Fi credentials: for DeviceScript's deploy, unknown to the firmware. */
export const WIFI_KEYS: string[] = WIFI_ROWS.map(({ key }) => key)

/** @returns undefined for a key that is no setting */
export function settingRow(key: string): SettingRow | undefined {
    return ROWS.get(key)
}

/** Whether a key's value is never to be shown; it may be misspelled. */
export function isSecret(key: string) {
    return (
        settingRow(key)?.isSecret ?? /pass|pwd|secret|token|auth|key/i.test(key)
    )
}

/** The cells of docs/settings.md's table: key, default, accepted, meaning; what is numbered has one row for all numbers but 1. */
export function documentedRows(): string[][] {
    return Object.entries(TEXTS).map(([key, words]) => {
        const row = ROWS.get(key)!
        const last = key.replace(/2$/, String(MAX_TARGETS))
        return [
            ROWS.has(last) && last !== key
                ? `\`${key}\` to \`${last}\``
                : `\`${key}\``,
            worded(words.missing, row.missing),
            worded(words.accepted, row.accepted),
            words.meaning,
        ]
    })
}

function worded(
    words: string | ((plain: string) => string) | undefined,
    plain: string
) {
    return typeof words === "function" ? words(plain) : (words ?? plain)
}
