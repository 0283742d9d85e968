/**
 * What each setting means, as in docs/settings.md and the README, in the order of their tables. Default and range are in
 * src/settings-table.ts; here only where a text says them better. Links are relative to docs/settings.md.
 */
import type { SettingKey } from "../src/settings-table.ts"

/** Limits of the network's name and password, bytes: an SSID; a WPA password from 8 characters, or a key of 64 digits. */
export const MAX_SSID_BYTES = 32
export const MIN_PASSWORD_BYTES = 8
export const MAX_PASSWORD_BYTES = 64

export interface SettingText {
    meaning: string
    /** In place of the default as the firmware has it. */
    missing?: string | ((missing: string) => string)
    /** In place of what the firmware accepts. */
    accepted?: string | ((accepted: string) => string)
}

/** DeviceScript's own: used by its deploy, unknown to the firmware. */
export type WifiKey = "WIFI_SSID" | "WIFI_PWD"

/** Without those of the third to fifth target, which are documented with the second's. */
type Explained = Exclude<SettingKey, `${string}_${3 | 4 | 5}`>

const OFF = { missing: "off" }
const GROUP = "text, or a pattern"
const BUNDLE = { accepted: "written by `npm run bundle` only" }

export const TEXTS: Record<WifiKey | Explained, SettingText> = {
    WIFI_SSID: {
        accepted: `text, at most ${MAX_SSID_BYTES} bytes`,
        meaning: "the Wi-Fi network; needed on the board",
    },
    WIFI_PWD: {
        accepted: `text, ${MIN_PASSWORD_BYTES} to ${MAX_PASSWORD_BYTES} bytes`,
        meaning:
            "its password; the stock Pico W runtime cannot join an open network",
    },
    REDIS_HOST: { meaning: "where Redis is; [more](#redis_host)" },
    REDIS_PORT: { meaning: "its port" },
    REDIS_USER: {
        meaning: "the user for `AUTH`; needs Redis 6 and `REDIS_PASS`",
    },
    REDIS_PASS: { meaning: "the password for `AUTH`" },
    REDIS_DB: { meaning: "the database, `SELECT`ed when it is not 0" },
    REDIS_TLS: {
        meaning: "TLS to Redis; refused on a Pico W: [tls.md](tls.md)",
    },
    STREAM: { meaning: "the stream's key" },
    GROUP: {
        accepted: GROUP,
        meaning:
            "the consumer group; of several that a pattern means (`*`, `orders-*`) the one that lags most; [more](#group)",
    },
    SHOW: {
        meaning: "what the LEDs count; [more](#show)",
    },
    POS_KEY: {
        meaning:
            "for a reader without a consumer group: the key that holds the ID of the entry it read last; [more](#pos_key)",
    },
    POS_FIELD: {
        meaning: "the field that holds it, if that key is a hash",
    },
    STREAM_2: {
        meaning:
            "further targets, numbered without a gap, up to five in all; each goes with its group",
    },
    SHOW_2: { meaning: "what their LEDs count" },
    POS_KEY_2: { meaning: "where their readers keep their positions" },
    POS_FIELD_2: { meaning: "likewise, the fields" },
    GROUP_2: { accepted: GROUP, meaning: "their consumer groups" },
    SKIP_GROUP: {
        accepted: "names or patterns, with commas",
        meaning: "groups that no pattern means; [more](#group)",
    },
    POLL_MS: {
        meaning:
            "milliseconds from the start of one poll to the start of the next",
    },
    STALE_MS: {
        missing: missing => `${missing}, or 3 x \`POLL_MS\` if more`,
        accepted: accepted => accepted.replace(/^.*\.\./, "2 x `POLL_MS`.."),
        meaning:
            "age in milliseconds past which a reading is no longer shown as a bar",
    },
    LAG_PER_LED: {
        meaning:
            "LED k lights when the lag is above (k - 1) x this; off the scale above all LEDs",
    },
    LAG_PER_LED_2: {
        missing: "as `LAG_PER_LED`",
        meaning: "the same for one further target",
    },
    LEVELS: {
        meaning:
            "thresholds in place of `LAG_PER_LED`, one per LED, and optionally one more; [more](#levels)",
    },
    LEVELS_2: {
        missing: "as `LEVELS`",
        accepted: "the same",
        meaning: "the same for one further target",
    },
    UNIT: {
        meaning:
            "the unit of the scale: entries behind, or the age in seconds of the oldest entry not yet delivered",
    },
    PENDING_MAX: {
        ...OFF,
        meaning: "the consumers need a look when more entries are pending",
    },
    PEND_AGE_S: {
        ...OFF,
        meaning: "... when the oldest pending entry is older, in seconds",
    },
    IDLE_MAX_S: {
        ...OFF,
        meaning:
            "... when a consumer that holds pending entries has been idle for longer, in seconds",
    },
    STALL_S: {
        ...OFF,
        meaning:
            "... when entries wait and none has been delivered for longer, in seconds",
    },
    STUCK_S: {
        accepted: accepted => `${accepted}; 0 is off`,
        meaning:
            "... when entries are pending, and for that long, in seconds, none was acknowledged or delivered",
    },
    DEAD_STREAM: {
        meaning:
            "... when this stream, where entries go that cannot be processed (a dead-letter stream), has more than `DEAD_MAX`",
    },
    DEAD_MAX: { meaning: "how many entries it may have" },
    ACTIVE_LOW: {
        meaning:
            "the LEDs are wired to 3V3: [hardware.md](hardware.md#active-low)",
    },
    TRAFFIC_LIGHT: {
        meaning:
            "green, yellow and red on GP10, GP11 and GP12: [hardware.md](hardware.md#traffic-light)",
    },
    YELLOW_AT: { meaning: "yellow from this lag on, in the scale's unit" },
    RED_AT: {
        missing: missing => `${missing}, or \`YELLOW_AT\` if more`,
        accepted: accepted => `${accepted}, not below \`YELLOW_AT\``,
        meaning: "red from this lag on",
    },
    SENTINELS: {
        meaning:
            "find the server through Redis Sentinel; goes with `MASTER`, and `REDIS_HOST` is then not used",
    },
    MASTER: { meaning: "the master's name, as the sentinels know it" },
    SENT_USER: {
        meaning: "the user for `AUTH` at the sentinels; goes with `SENT_PASS`",
    },
    SENT_PASS: { meaning: "the password for `AUTH` at the sentinels" },
    REPLICA_OK: {
        meaning: "a Redis Cluster's replicas may answer too (`READONLY`)",
    },
    WLAN_SSID: {
        ...BUNDLE,
        meaning:
            "the Wi-Fi network in a bundle, as DeviceScript's own bundle omits `WIFI_SSID`",
    },
    WLAN_PWD: { ...BUNDLE, meaning: "its password" },
}
