/** Which Redis the simulated device watches: the user's own, or a local one made for it. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isPattern } from "../src/settings-table.ts"
import { startLocalRedis } from "./redis/local-redis.ts"
import type { LocalRedis } from "./redis/local-redis.ts"
import type { FindOptions } from "./redis/server-binary.ts"
import { parseSettings, readSettingsFiles } from "./settings-file.ts"
import type { EncodedSettings } from "./settings-file.ts"

export interface WatchedRedis {
    /** For the device: the files' settings, with the local server's address if there is one. */
    settings: EncodedSettings
    /** Where the lag comes from, as text for the view. */
    source: string
    /** The server that was started for this, if one was. */
    local?: LocalRedis
    /** What the device watches there. */
    stream: string
    group: string
    /** Ends the local server. */
    stop(): Promise<void>
}

/** The settings that concern Redis; a local one needs only the first two. */
const REDIS_KEYS = [
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_USER",
    "REDIS_PASS",
    "REDIS_DB",
    "REDIS_TLS",
    "SENTINELS",
    "MASTER",
]

/** The user's own file names one of these to have their own Redis watched. */
const OWN_REDIS_KEYS = ["REDIS_HOST", "SENTINELS"]

/** What traffic is made for where the settings leave the group open. */
const DEFAULT_GROUP = "staff"

/**
 * @param root the project's folder
 * @param settingsFile in place of .env.local
 * @throws Error if the file cannot be read; NoServerError; Error if the local server does not start
 */
export async function watchedRedis(
    root: string,
    settingsFile: string | undefined,
    options: FindOptions
): Promise<WatchedRedis> {
    const settings = readSettingsFiles(root, settingsFile)
    const own = ownSettings(settingsFile ?? join(root, ".env.local"))
    const group = text(settings, "GROUP", DEFAULT_GROUP)
    const target = {
        stream: text(settings, "STREAM", "jobs"),
        group: isPattern(group) ? DEFAULT_GROUP : group,
    }
    if (namesAny(own, OWN_REDIS_KEYS)) {
        const sentinels = text(settings, "SENTINELS", "")
        const where = sentinels
            ? `the server that the Sentinels ${sentinels} name`
            : `${text(settings, "REDIS_HOST", "")}:${text(settings, "REDIS_PORT", "6379")}`
        const source = `Redis at ${where} (${settingsFile ?? ".env.local"})`
        return { settings, source, ...target, stop: async () => {} }
    }
    const local = await startLocalRedis(options)
    for (const key of [...settings.keys()])
        if (REDIS_KEYS.includes(key.trim())) settings.delete(key)
    settings.set("REDIS_HOST", JSON.stringify(local.host))
    settings.set("REDIS_PORT", JSON.stringify(local.port))
    const source = `${local.product} ${local.version} on ${local.host}:${local.port}`
    return { settings, source, local, ...target, stop: () => local.stop() }
}

function ownSettings(file: string): EncodedSettings {
    return existsSync(file)
        ? parseSettings(readFileSync(file, "utf8"))
        : new Map()
}

/** A device trims keys when it stores them. */
function namesAny(settings: EncodedSettings, keys: string[]) {
    return [...settings.keys()].some(key => keys.includes(key.trim()))
}

/** A setting as text; numbers as they are written. */
function text(settings: EncodedSettings, key: string, fallback: string) {
    const json = settings.get(key)
    return json === undefined ? fallback : String(JSON.parse(json))
}
