/**
 * The settings as the rest of the firmware wants them: read, checked, with units in their names.
 * An invalid or missing setting is refused whole; a message says what is wrong, and never a secret's value.
 */
import { LEDS } from "./display/display"
import { TrafficLimits } from "./display/traffic-light"
import {
    Address,
    isHost,
    isIpAddress,
    portOf,
    wholeNumber,
} from "./link/address"
import { Runtime } from "./link/runtime"
import {
    Ask,
    askHealth,
    askNames,
    askPlain,
    askScale,
    askTrafficLight,
    isPattern,
    MAX_TARGETS,
    needsGroup,
    PlainSettings,
    SettingKey,
    Show,
    TargetNames,
    Unit,
} from "./settings-table"
import { Limits } from "./signal/health"
import { levelsScale, linearScale, Scale } from "./signal/level"

export { isPattern, Show, Unit } from "./settings-table"

/** One stream to watch, and for whom. */
export interface TargetSettings extends TargetNames {
    /** Patterns of groups that no pattern means. */
    skipped: string[]
    scale: Scale
}

/** All settings, valid. */
export interface Settings extends PlainSettings<Address> {
    targets: TargetSettings[]
    /** Undefined when no limit is set. */
    health: Limits | undefined
    /** Undefined when there is no traffic light. */
    trafficLight: TrafficLimits | undefined
}

/** Reads one raw setting: text, number, boolean ... as JSON made it of the file; undefined when it is missing. */
export type ReadRaw = (key: string) => Promise<any>

/** Values longer than this are cut in messages, characters. */
const SHOWN = 40

/** Reads and checks all settings; collects what is wrong. */
export class SettingsReader implements Ask<Address> {
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
    async read(): Promise<Settings | undefined> {
        const plain = await askPlain(this)
        this.activeLow = plain.activeLow
        const sentinels = plain.sentinels.length
        if (sentinels > 0)
            if (!plain.master)
                this.faults.push(
                    "SENTINELS is set, MASTER is not: a master's name is needed"
                )
        if (sentinels === 0)
            if (plain.master)
                this.faults.push(
                    "MASTER is set, SENTINELS is not: host:port,host:port"
                )
        if (plain.sentinelUser)
            if (!plain.sentinelPassword)
                this.faults.push(
                    "SENT_USER is set, SENT_PASS is not: AUTH needs both"
                )
        const targets = await this.readTargets(plain)
        const health = await this.readHealth()
        if (health?.deadStream)
            if (!targets[0].group)
                this.faults.push(
                    "DEAD_STREAM is watched beside a consumer group: make that the first target"
                )
        const trafficLight = await this.readTrafficLight()
        if (plain.user)
            if (!plain.password)
                this.faults.push(
                    "REDIS_USER is set, REDIS_PASS is not: AUTH needs both"
                )
        if (this.runtime === Runtime.PicoW) this.checkPicoW(plain)
        if (this.faults.length > 0) return undefined
        return { ...plain, targets, health, trafficLight }
    }

    /** What the stock Pico W runtime cannot do, refused before it is tried: docs/pico-w-runtime.md rows 1, 3 and 7. */
    private checkPicoW(plain: PlainSettings<Address>): void {
        if (plain.sentinels.length === 0)
            this.checkName("REDIS_HOST", plain.host)
        for (const sentinel of plain.sentinels)
            this.checkName("SENTINELS", sentinel.host)
        if (plain.tls)
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

    async servers(key: SettingKey, tls: boolean): Promise<Address[]> {
        const text = await this.text(key)
        const servers: Address[] = []
        if (!text) return servers
        let sound = true
        for (const part of text.split(",")) {
            const entry = part.trim()
            const colon = entry.lastIndexOf(":")
            const port = portOf(entry.slice(colon + 1))
            const host = colon > 0 ? entry.slice(0, colon) : ""
            if (port === undefined || !isHost(host)) sound = false
            servers.push({ host, port: port as number, tls })
        }
        if (!sound)
            this.faults.push(
                `${key} is ${this.shown(text)}; accepted: host:port,host:port`
            )
        return servers
    }

    private async readTargets(
        plain: PlainSettings<Address>
    ): Promise<TargetSettings[]> {
        const names: TargetNames[] = []
        let gap = false
        for (let n = 1; n <= MAX_TARGETS; ++n) {
            const name = await askNames(this, n)
            const { stream, group, show, positionKey } = name
            if (n > 1) {
                if (!stream)
                    if (!group) {
                        gap = true
                        continue
                    }
                if (!stream || (!group && needsGroup(show, positionKey)))
                    this.faults.push(
                        `STREAM_${n} and GROUP_${n} go together: one of them is missing`
                    )
                else if (gap)
                    this.faults.push(
                        `STREAM_${n} is set, but not the number before it: number targets without a gap`
                    )
            }
            if (show !== Show.Lag)
                if (plain.unit === Unit.Seconds)
                    this.faults.push(
                        `${n === 1 ? "SHOW" : `SHOW_${n}`} is ${show}: that is counted; UNIT=seconds goes with lag alone`
                    )
            if (positionKey)
                if (show !== Show.Lag)
                    this.faults.push(
                        `POS_KEY of target ${n} is set: there is no group to ask for more than its lag; SHOW goes with GROUP`
                    )
            if (name.positionField)
                if (!positionKey)
                    this.faults.push(
                        `POS_FIELD of target ${n} is set, POS_KEY is not: the hash that has the field`
                    )
            names.push(name)
        }
        const skipped = plain.skipGroup ? plain.skipGroup.split(",") : []
        if (skipped.length > 0 && names.every(({ group }) => !isPattern(group)))
            this.faults.push(
                "SKIP_GROUP is set, and no GROUP is a pattern: it passes over groups that GROUP=* would find"
            )
        const leds = Math.floor(LEDS / names.length)
        const targets: TargetSettings[] = []
        for (let i = 0; i < names.length; ++i) {
            const { levels, perLed } = await askScale(this, i + 1, leds)
            targets.push({
                ...names[i],
                skipped,
                scale: levels
                    ? levelsScale(leds, levels)
                    : perLed
                      ? linearScale(leds, perLed)
                      : targets[0].scale,
            })
        }
        return targets
    }

    private async readHealth(): Promise<Limits | undefined> {
        const limits = await askHealth(this)
        if (limits.pendingMax === undefined)
            if (limits.idleMaxS === undefined)
                if (limits.pendingAgeS === undefined)
                    if (limits.stallS === undefined)
                        if (!limits.deadStream) return undefined
        return limits
    }

    private async readTrafficLight(): Promise<TrafficLimits | undefined> {
        const light = await askTrafficLight(this)
        if (light.redAt < light.yellowAt)
            this.faults.push(
                `RED_AT is ${light.redAt}; accepted: a number not below YELLOW_AT, which is ${light.yellowAt}`
            )
        if (light.wanted) return light
        return undefined
    }

    async secret(key: SettingKey): Promise<string> {
        return await this.text(key, undefined, true)
    }

    async text(
        key: SettingKey,
        required?: string,
        hidden?: boolean
    ): Promise<string> {
        const value = await this.raw(key)
        switch (typeof value) {
            case "string":
                if (value.length > 0) return value
                if (required === undefined) return ""
                this.faults.push(`${key} is empty; accepted: text`)
                return ""
            case "boolean":
                if (value) return "true"
                return "false"
            case "number":
                // JSON made a number of it on the way here; a small whole one is unchanged, of others nobody knows
                if (value === Math.floor(value))
                    if (Math.abs(value) < 1000000000) return `${value}`
                break
            case "undefined":
                if (required === undefined) return ""
                if (this.runtime !== Runtime.PicoW) return required
                this.faults.push(`${key} is missing; accepted: text`)
                return ""
        }
        const shown = hidden ? "" : ` (${this.shown(value)})`
        this.faults.push(
            `${key} arrived altered${shown}: write it in quotes, ${key}="..."`
        )
        return ""
    }

    async integer(
        key: SettingKey,
        missing: number,
        low: number,
        high: number
    ): Promise<number> {
        const value = await this.raw(key)
        if (value === undefined) return missing
        if (typeof value === "number")
            if (value === Math.floor(value))
                if (value >= low) if (value <= high) return value
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: a whole number from ${low} to ${high}`
        )
        return low
    }

    async flag(key: SettingKey): Promise<boolean> {
        const value = await this.raw(key)
        if (value === undefined) return false
        if (value === true) return value
        if (value === false) return value
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: true or false`
        )
        return false
    }

    async oneOf(key: SettingKey, accepted: string[]): Promise<string> {
        const value = await this.raw(key)
        if (value === undefined) return accepted[0]
        for (const choice of accepted) if (value === choice) return choice
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: ${accepted.join(" or ")}`
        )
        return accepted[0]
    }

    async hostName(key: SettingKey, required: string): Promise<string> {
        const host = await this.text(key, required)
        // a wildcard's star stands for one label of its own
        const name = host.startsWith("*.") ? host.slice(2) : host
        // one colon is a port that was written here; several are an IPv6 address
        if (host)
            if (!isHost(name) || name.split(":").length === 2)
                this.faults.push(
                    `${key} is ${host.includes("@") ? "not shown (it may hold a password)" : this.shown(host)}; accepted: a host name alone (the port is REDIS_PORT)`
                )
        return host
    }

    async levels(key: SettingKey, leds: number): Promise<number[] | undefined> {
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
        if (sound) {
            if (numbers.length === leds) return numbers
            if (numbers.length === leds + 1) return numbers
        }
        this.faults.push(
            `${key} is ${this.shown(value)}; accepted: ${leds} or ${leds + 1} ascending whole numbers from 1, with commas`
        )
        return undefined
    }

    private shown(value: any): string {
        const text = typeof value === "string" ? `"${value}"` : `${value}`
        if (text.length > SHOWN) return text.slice(0, SHOWN) + "..."
        return text
    }
}
