/**
 * The settings as the rest of the firmware wants them: read, checked, with units in their names.
 * An invalid or missing setting is refused whole; what is wrong is said in words, a secret's value never.
 */
import { LEDS } from "./display/display"
import { TrafficLimits } from "./display/traffic-light"
import { Address, isHost, isIpAddress } from "./link/address"
import { Runtime } from "./link/runtime"
import { Limits } from "./signal/health"
import { levelsScale, linearScale, Scale } from "./signal/level"

/** What the scale counts. */
export enum Unit {
    /** Entries that the group has not been given. */
    Entries = "entries",
    /** The age in seconds of the oldest of them. */
    Seconds = "seconds",
}

/** One stream and consumer group to watch. */
export interface TargetSettings {
    stream: string
    /** The consumer group, or `*` for the one that lags most. */
    group: string
    scale: Scale
}

/** All settings, valid. */
export interface Settings {
    host: string
    port: number
    tls: boolean
    user: string
    password: string
    database: number
    /** Sentinels to ask for the server, instead of `host`; empty without Sentinel. */
    sentinels: Address[]
    /** The master's name, as the sentinels know it. */
    master: string
    sentinelUser: string
    sentinelPassword: string
    /** A Cluster's replicas may answer too. */
    replicaOk: boolean
    targets: TargetSettings[]
    unit: Unit
    pollMs: number
    staleMs: number
    activeLow: boolean
    /** Wi-Fi credentials carried by a bundle; empty when the board was deployed to, which hands them over itself. */
    network: string
    networkPassword: string
    /** Undefined when no limit is set. */
    health: Limits
    /** Undefined when there is no traffic light. */
    trafficLight: TrafficLimits
}

/** Reads one raw setting: text, number, boolean ... as JSON made it of the file; undefined when it is missing. */
export type ReadRaw = (key: string) => Promise<any>

/** Targets that can share the bar. */
export const MAX_TARGETS = 5

/**
 * What is required, where no file brings it: DeviceScript's own simulator gets no settings from `devs run`
 * (docs/devicescript.md). The values are those of `.env.defaults`. A board without settings was never set up.
 */
const HOST_DEFAULTS: any = {
    REDIS_HOST: "localhost",
    STREAM: "jobs",
    GROUP: "staff",
}

/** Values longer than this are cut in messages, characters. */
const SHOWN = 40

/** Reads and checks all settings; collects what is wrong. */
export class SettingsReader {
    /** One sentence for each fault; empty when all is well. */
    readonly faults: string[] = []
    /** ACTIVE_LOW, which even a refusal of the other settings needs to be shown. */
    activeLow = false

    /** @param runtime what the firmware runs on: a Pico W cannot do all that the simulator can */
    constructor(
        private raw: ReadRaw,
        private runtime: Runtime
    ) {}

    /** @returns the settings; undefined if there are faults */
    async read(): Promise<Settings> {
        const tls = await this.flag("REDIS_TLS", false)
        const sentinels = await this.sentinels(tls)
        // Sentinel names the server
        const host = await this.hostName(
            "REDIS_HOST",
            sentinels.length > 0 ? "" : undefined
        )
        const port = await this.integer("REDIS_PORT", 6379, 1, 65535)
        const user = await this.text("REDIS_USER", "", true)
        const password = await this.text("REDIS_PASS", "", true)
        const database = await this.integer("REDIS_DB", 0, 0, 2147483647)
        const master = await this.text("MASTER", "", false)
        const sentinelUser = await this.text("SENT_USER", "", false)
        const sentinelPassword = await this.text("SENT_PASS", "", true)
        const replicaOk = await this.flag("REPLICA_OK", false)
        if (sentinels.length > 0 && !master)
            this.faults.push(
                "SENTINELS is set, MASTER is not: a master's name is needed"
            )
        if (sentinels.length === 0 && master)
            this.faults.push(
                "MASTER is set, SENTINELS is not: host:port,host:port"
            )
        if (sentinelUser && !sentinelPassword)
            this.faults.push(
                "SENT_USER is set, SENT_PASS is not: AUTH needs both"
            )
        const pollMs = await this.integer("POLL_MS", 1000, 100, 3600000)
        const staleMs = await this.integer(
            "STALE_MS",
            Math.max(5000, 3 * pollMs),
            2 * pollMs,
            86400000
        )
        const unit = (await this.oneOf("UNIT", [
            Unit.Entries,
            Unit.Seconds,
        ])) as Unit
        this.activeLow = await this.flag("ACTIVE_LOW", false)
        const network = await this.text("WLAN_SSID", "", false)
        const networkPassword = await this.text("WLAN_PWD", "", true)
        const targets = await this.readTargets()
        const health = await this.readHealth()
        const trafficLight = await this.readTrafficLight()
        if (user && !password)
            this.faults.push(
                "REDIS_USER is set, REDIS_PASS is not: AUTH needs both"
            )
        if (this.runtime === Runtime.PicoW)
            this.checkPicoW(host, sentinels, tls)
        if (this.faults.length > 0) return undefined
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
            targets,
            unit,
            pollMs,
            staleMs,
            network,
            networkPassword,
            activeLow: this.activeLow,
            health,
            trafficLight,
        }
    }

    /** What the stock Pico W runtime cannot do, refused before it is tried: docs/pico-w-runtime.md rows 1, 3 and 7. */
    private checkPicoW(host: string, sentinels: Address[], tls: boolean): void {
        if (sentinels.length === 0) this.checkName("REDIS_HOST", host)
        for (const sentinel of sentinels)
            this.checkName("SENTINELS", sentinel.host)
        if (tls)
            this.faults.push(
                "REDIS_TLS is true: the Pico W's runtime has no TLS; put a TLS proxy near it: docs/tls.md"
            )
    }

    private checkName(key: string, host: string): void {
        if (isIpAddress(host))
            this.faults.push(
                `${key} is ${host}: the Pico W's runtime cannot connect to an IP address ` +
                    "(github.com/microsoft/devicescript/issues/664); give it a DNS name: docs/hardware.md"
            )
        else if (host === "localhost" || host.endsWith(".local"))
            this.faults.push(
                `${key} is ${host}: the Pico W needs a name that your DNS server knows: docs/hardware.md`
            )
    }

    /** SENTINELS: `host:port,host:port`. */
    private async sentinels(tls: boolean): Promise<Address[]> {
        const text = await this.text("SENTINELS", "", false)
        const sentinels: Address[] = []
        if (!text) return sentinels
        let sound = true
        for (const part of text.split(",")) {
            const entry = part.trim()
            const colon = entry.lastIndexOf(":")
            const port = wholeNumber(entry.slice(colon + 1))
            const host = colon > 0 ? entry.slice(0, colon) : ""
            if (!host || port < 1 || port > 65535 || !isHost(host))
                sound = false
            sentinels.push({ host, port, tls })
        }
        if (!sound)
            this.faults.push(
                `SENTINELS is ${this.shown(text)}; accepted: host:port,host:port`
            )
        return sentinels
    }

    private async readTargets(): Promise<TargetSettings[]> {
        const streams: string[] = [await this.text("STREAM", undefined, false)]
        const groups: string[] = [await this.text("GROUP", undefined, false)]
        let gap = false
        for (let n = 2; n <= MAX_TARGETS; ++n) {
            const streamKey = `STREAM_${n}`
            const groupKey = `GROUP_${n}`
            const stream = await this.text(streamKey, "", false)
            const group = await this.text(groupKey, "", false)
            if (!stream && !group) {
                gap = true
                continue
            }
            if (!stream || !group)
                this.faults.push(
                    `${streamKey} and ${groupKey} go together: one of them is missing`
                )
            else if (gap)
                this.faults.push(
                    `${streamKey} is set, but not the number before it: number targets without a gap`
                )
            streams.push(stream)
            groups.push(group)
        }
        const leds = Math.floor(LEDS / streams.length)
        const perLed = await this.integer("LAG_PER_LED", 2, 1, 1000000000)
        const levels = await this.levels("LEVELS", leds)
        const targets: TargetSettings[] = []
        for (let i = 0; i < streams.length; ++i) {
            let scale = levels
                ? levelsScale(leds, levels)
                : linearScale(leds, perLed)
            if (i > 0) {
                const ownLevels = await this.levels(`LEVELS_${i + 1}`, leds)
                const ownPerLed = await this.integer(
                    `LAG_PER_LED_${i + 1}`,
                    0,
                    1,
                    1000000000
                )
                if (ownLevels) scale = levelsScale(leds, ownLevels)
                else if (ownPerLed) scale = linearScale(leds, ownPerLed)
            }
            targets.push({ stream: streams[i], group: groups[i], scale })
        }
        return targets
    }

    private async readHealth(): Promise<Limits> {
        const pendingMax = await this.integer(
            "PENDING_MAX",
            undefined,
            0,
            1000000000
        )
        const idleMaxS = await this.integer(
            "IDLE_MAX_S",
            undefined,
            1,
            31536000
        )
        const pendingAgeS = await this.integer(
            "PEND_AGE_S",
            undefined,
            1,
            31536000
        )
        const stallS = await this.integer("STALL_S", undefined, 1, 31536000)
        if (
            pendingMax === undefined &&
            idleMaxS === undefined &&
            pendingAgeS === undefined &&
            stallS === undefined
        )
            return undefined
        return { pendingMax, idleMaxS, pendingAgeS, stallS }
    }

    private async readTrafficLight(): Promise<TrafficLimits> {
        const wanted = await this.flag("TRAFFIC_LIGHT", false)
        const yellowAt = await this.integer("YELLOW_AT", 1, 1, 1000000000)
        const redAt = await this.integer(
            "RED_AT",
            Math.max(10, yellowAt),
            1,
            1000000000
        )
        if (redAt < yellowAt)
            this.faults.push(
                `RED_AT is ${redAt}; accepted: a number not below YELLOW_AT, which is ${yellowAt}`
            )
        return wanted ? { yellowAt, redAt } : undefined
    }

    /** @param missing undefined: the setting is required, by a board at least */
    private async text(
        key: string,
        missing: string,
        secret: boolean
    ): Promise<string> {
        const value = await this.raw(key)
        switch (typeof value) {
            case "string":
                if (value.length > 0) return value
                if (missing !== undefined) return missing
                this.faults.push(`${key} is empty; accepted: text`)
                return ""
            case "boolean":
                return value ? "true" : "false"
            case "number":
                // JSON made a number of it on the way here; a small whole one is unchanged, of others nobody knows
                if (value === Math.floor(value) && Math.abs(value) < 1000000000)
                    return `${value}`
                break
            case "undefined":
                if (missing !== undefined) return missing
                if (this.runtime !== Runtime.PicoW) return HOST_DEFAULTS[key]
                this.faults.push(`${key} is missing; accepted: text`)
                return ""
        }
        const shown = secret ? "" : ` (${this.shown(value)})`
        this.faults.push(
            `${key} arrived altered${shown}: write it in quotes, ${key}="..."`
        )
        return ""
    }

    private async integer(
        key: string,
        missing: number,
        low: number,
        high: number
    ): Promise<number> {
        const value = await this.raw(key)
        if (value === undefined) return missing
        if (
            typeof value === "number" &&
            value === Math.floor(value) &&
            value >= low &&
            value <= high
        )
            return value
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: a whole number from ${low} to ${high}`
        )
        return low
    }

    private async flag(key: string, missing: boolean): Promise<boolean> {
        const value = await this.raw(key)
        if (value === undefined) return missing
        if (value === true || value === false) return value
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: true or false`
        )
        return missing
    }

    private async oneOf(key: string, accepted: string[]): Promise<string> {
        const value = await this.raw(key)
        if (value === undefined) return accepted[0]
        for (const choice of accepted) if (value === choice) return choice
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: ${accepted.join(" or ")}`
        )
        return accepted[0]
    }

    private async hostName(key: string, missing: string): Promise<string> {
        const host = await this.text(key, missing, false)
        // a wildcard's star stands for one label of its own
        const name = host.startsWith("*.") ? host.slice(2) : host
        // one colon is a port that was written here; several are an IPv6 address
        if (host && (!isHost(name) || name.split(":").length === 2))
            this.faults.push(
                `${key} is ${host.includes("@") ? "not shown (it may hold a password)" : this.shown(host)}; accepted: a host name alone (the port is REDIS_PORT)`
            )
        return host
    }

    /** @returns undefined when not set */
    private async levels(key: string, leds: number): Promise<number[]> {
        const value = await this.raw(key)
        if (value === undefined) return undefined
        const numbers: number[] = []
        let sound = true
        for (const part of `${value}`.split(",")) {
            const number = wholeNumber(part.trim())
            if (
                number < 1 ||
                (numbers.length > 0 && number <= numbers[numbers.length - 1])
            )
                sound = false
            numbers.push(number)
        }
        if (sound && (numbers.length === leds || numbers.length === leds + 1))
            return numbers
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: ${leds} or ${leds + 1} ascending whole numbers from 1, with commas`
        )
        return undefined
    }

    private shown(value: any): string {
        const text = typeof value === "string" ? `"${value}"` : `${value}`
        return text.length > SHOWN ? text.slice(0, SHOWN) + "..." : text
    }
}

/** @returns -1 for anything but decimal digits */
function wholeNumber(text: string): number {
    if (text.length === 0 || text.length > 10) return -1
    for (let i = 0; i < text.length; ++i) {
        const c = text.charCodeAt(i)
        if (c < 0x30 || c > 0x39) return -1
    }
    return parseInt(text)
}
