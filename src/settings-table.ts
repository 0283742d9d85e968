/**
 * Every setting, once: its key, what it is when it is missing, what is accepted, whether it is secret. A table that is asked:
 * the device (settings.ts) answers with checked values, the host (sim/settings-table.ts) notes the rows, for `npm run check` and
 * the documentation. So a row costs the device no memory. What the settings mean is in sim/settings-text.ts.
 * Pure and without imports: the host imports this file.
 */

/** Targets that can share the bar. */
export const MAX_TARGETS = 5

/** What the scale counts. */
export enum Unit {
    /** Entries that the group has not been given. */
    Entries = "entries",
    /** The age in seconds of the oldest of them. */
    Seconds = "seconds",
}

/** What a target's LEDs count. */
export enum Show {
    /** Entries that the group has not been given; or their age (UNIT). */
    Lag = "lag",
    /** Entries that consumers were given and have not acknowledged. */
    Pending = "pending",
    /** Both: what is not done yet. */
    Work = "work",
    /** The consumers of the group. */
    Consumers = "consumers",
    /** The stream's entries; no group is needed. */
    Length = "length",
}

/** Whether GROUP is a pattern (`*` stands for any text, `?` for any one character), and not one group's name. */
export function isPattern(group: string): boolean {
    return group.includes("*") || group.includes("?")
}

/** What each target has of its own: the first one's key, and those of the further ones. */
type OfTarget<Key extends string> = Key | `${Key}_${Further}`
type Further = 2 | 3 | 4 | 5

/** All keys. DeviceScript takes 13 characters at the most. */
export type SettingKey =
    | "REDIS_HOST"
    | "REDIS_PORT"
    | "REDIS_USER"
    | "REDIS_PASS"
    | "REDIS_DB"
    | "REDIS_TLS"
    | OfTarget<"STREAM">
    | OfTarget<"GROUP">
    | OfTarget<"SHOW">
    | OfTarget<"POS_KEY">
    | OfTarget<"POS_FIELD">
    | "POLL_MS"
    | "STALE_MS"
    | OfTarget<"LAG_PER_LED">
    | OfTarget<"LEVELS">
    | "UNIT"
    | "PENDING_MAX"
    | "PEND_AGE_S"
    | "IDLE_MAX_S"
    | "STALL_S"
    | "STUCK_S"
    | "SKIP_GROUP"
    | "DEAD_STREAM"
    | "DEAD_MAX"
    | "ACTIVE_LOW"
    | "TRAFFIC_LIGHT"
    | "YELLOW_AT"
    | "RED_AT"
    | "SENTINELS"
    | "MASTER"
    | "SENT_USER"
    | "SENT_PASS"
    | "REPLICA_OK"
    | "WLAN_SSID"
    | "WLAN_PWD"

/** Who answers. What is not accepted is answered, too, with something of the type. */
export interface Ask<Server> {
    /**
     * Text, empty when it is missing.
     * @param required if given, a board is not set up without it; and what it is in a simulator, which may get no settings
     *   (docs/devicescript.md): as in .env.defaults
     * @param hidden it belongs to a login, and is not repeated where it is refused
     */
    text(key: SettingKey, required?: string, hidden?: boolean): Promise<string>
    /** Text that is never to be shown. */
    secret(key: SettingKey): Promise<string>
    /** A DNS name, or `*.` and a DNS name; `required` as in `text`. */
    hostName(key: SettingKey, required: string | undefined): Promise<string>
    /** `host:port,host:port`; none when it is missing. */
    servers(key: SettingKey, tls: boolean): Promise<Server[]>
    flag(key: SettingKey): Promise<boolean>
    /** A whole number from `low` to `high`. */
    integer(
        key: SettingKey,
        missing: number | undefined,
        low: number,
        high: number
    ): Promise<number>
    /** One of these words; the first when it is missing. */
    oneOf(key: SettingKey, words: string[]): Promise<string>
    /** `leds` ascending whole numbers from 1, with commas, or one more; undefined when it is missing. */
    levels(key: SettingKey, leds: number): Promise<number[] | undefined>
}

/** The settings that are used as they are read. */
export interface PlainSettings<Server> {
    host: string
    port: number
    tls: boolean
    user: string
    password: string
    database: number
    /** Sentinels to ask for the server, instead of `host`; empty without Sentinel. */
    sentinels: Server[]
    /** The master's name, as the sentinels know it. */
    master: string
    sentinelUser: string
    sentinelPassword: string
    /** A Cluster's replicas may answer too. */
    replicaOk: boolean
    pollMs: number
    staleMs: number
    unit: Unit
    /** Pending entries that nothing happened to for so long are stuck, s; 0 is off. */
    stuckS: number
    /** Patterns of consumer groups that no pattern in GROUP means, with commas; empty: there are none. */
    skipGroup: string
    activeLow: boolean
    /** Wi-Fi credentials carried by a bundle; empty when the board was deployed to, which hands them over itself. */
    network: string
    networkPassword: string
}

export async function askPlain<Server>(
    ask: Ask<Server>
): Promise<PlainSettings<Server>> {
    const tls = await ask.flag("REDIS_TLS")
    const sentinels = await ask.servers("SENTINELS", tls)
    // Sentinel names the server
    const required = sentinels.length > 0 ? undefined : "localhost"
    const host = await ask.hostName("REDIS_HOST", required)
    const port = await ask.integer("REDIS_PORT", 6379, 1, 65535)
    const user = await ask.text("REDIS_USER", undefined, true)
    const password = await ask.secret("REDIS_PASS")
    const database = await ask.integer("REDIS_DB", 0, 0, 2147483647)
    const master = await ask.text("MASTER")
    const sentinelUser = await ask.text("SENT_USER")
    const sentinelPassword = await ask.secret("SENT_PASS")
    const replicaOk = await ask.flag("REPLICA_OK")
    const pollMs = await ask.integer("POLL_MS", 1000, 100, 3600000)
    const staleMs = await ask.integer(
        "STALE_MS",
        Math.max(5000, 3 * pollMs),
        2 * pollMs,
        86400000
    )
    const unit = (await ask.oneOf("UNIT", [Unit.Entries, Unit.Seconds])) as Unit
    const stuckS = await ask.integer("STUCK_S", 300, 0, 31536000)
    const skipGroup = await ask.text("SKIP_GROUP")
    const activeLow = await ask.flag("ACTIVE_LOW")
    const network = await ask.text("WLAN_SSID")
    const networkPassword = await ask.secret("WLAN_PWD")
    return {
        host,
        port,
        tls,
        user,
        password,
        database,
        sentinels,
        master,
        sentinelUser,
        sentinelPassword,
        replicaOk,
        pollMs,
        staleMs,
        unit,
        stuckS,
        skipGroup,
        activeLow,
        network,
        networkPassword,
    }
}

/** @param n counts from 1 */
function ofTarget(key: string, n: number): SettingKey {
    return (n === 1 ? key : `${key}_${n}`) as SettingKey
}

/** What is read of one target. */
export interface TargetNames {
    stream: string
    /** The consumer group, or a pattern: the one that lags most of those that it fits; empty where there is none to ask for. */
    group: string
    show: Show
    /** Where a reader without a group keeps the ID of the entry that it read last: a string's key, or a hash's and its field. */
    positionKey: string
    positionField: string
}

/** Whether a target has a consumer group: neither a stream's length nor a reader that stores its position has one. */
export function needsGroup(
    show: Show,
    positionKey: string | undefined
): boolean {
    return show !== Show.Length && !positionKey
}

/** @param n counts from 1; the first target is required */
export async function askNames<Server>(
    ask: Ask<Server>,
    n: number
): Promise<TargetNames> {
    const stream = await ask.text(
        ofTarget("STREAM", n),
        n === 1 ? "jobs" : undefined
    )
    const show = (await ask.oneOf(ofTarget("SHOW", n), [
        Show.Lag,
        Show.Pending,
        Show.Work,
        Show.Consumers,
        Show.Length,
    ])) as Show
    const positionKey = await ask.text(ofTarget("POS_KEY", n))
    const positionField = await ask.text(ofTarget("POS_FIELD", n))
    const hasGroup = needsGroup(show, positionKey)
    const group = await ask.text(
        ofTarget("GROUP", n),
        n === 1 && hasGroup ? "staff" : undefined
    )
    return {
        stream,
        group: hasGroup ? group : "",
        show,
        positionKey,
        positionField,
    }
}

/** What is read of one target's scale. */
export interface ScaleSettings {
    /** Thresholds; undefined when there are none of the target's own. */
    levels: number[] | undefined
    /** Entries or seconds a LED; 0 when it is not set and this is not the first target. */
    perLed: number
}

/**
 * @param n counts from 1
 * @param leds the target's share of the bar
 */
export async function askScale<Server>(
    ask: Ask<Server>,
    n: number,
    leds: number
): Promise<ScaleSettings> {
    return {
        perLed: await ask.integer(
            ofTarget("LAG_PER_LED", n),
            n === 1 ? 2 : 0,
            1,
            1000000000
        ),
        levels: await ask.levels(ofTarget("LEVELS", n), leds),
    }
}

/** Limits for the consumers' health; undefined is off. */
export interface HealthSettings {
    pendingMax: number | undefined
    pendingAgeS: number | undefined
    idleMaxS: number | undefined
    stallS: number | undefined
    /** The dead-letter stream's key; empty is off. */
    deadStream: string
    deadMax: number
}

export async function askHealth<Server>(
    ask: Ask<Server>
): Promise<HealthSettings> {
    return {
        pendingMax: await ask.integer("PENDING_MAX", undefined, 0, 1000000000),
        idleMaxS: await ask.integer("IDLE_MAX_S", undefined, 1, 31536000),
        pendingAgeS: await ask.integer("PEND_AGE_S", undefined, 1, 31536000),
        stallS: await ask.integer("STALL_S", undefined, 1, 31536000),
        deadStream: await ask.text("DEAD_STREAM"),
        deadMax: await ask.integer("DEAD_MAX", 0, 0, 1000000000),
    }
}

/** The traffic light: whether there is one, and its limits in the scale's unit. */
export interface TrafficLightSettings {
    wanted: boolean
    yellowAt: number
    redAt: number
}

export async function askTrafficLight<Server>(
    ask: Ask<Server>
): Promise<TrafficLightSettings> {
    const wanted = await ask.flag("TRAFFIC_LIGHT")
    const yellowAt = await ask.integer("YELLOW_AT", 1, 1, 1000000000)
    const redAt = await ask.integer(
        "RED_AT",
        Math.max(10, yellowAt),
        1,
        1000000000
    )
    return { wanted, yellowAt, redAt }
}
