/** The current settings for display, with secrets masked. */
import type { EncodedSettings } from "../settings-file.ts"
import { isSecret } from "../settings-table.ts"

const MASK = "••••••"

/** By key; values as they are written in a settings file. */
export function shownSettings(settings: EncodedSettings): [string, string][] {
    return [...settings]
        .map(([key, json]): [string, string] => {
            const name = key.trim()
            const value: unknown = JSON.parse(json)
            const text = typeof value === "string" ? value : json
            return [name, isSecret(name) && text ? MASK : text]
        })
        .sort(([a], [b]) => (a < b ? -1 : 1))
}
