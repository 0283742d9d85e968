/** What there is to see of a device, gathered from its events: the LEDs and the last reading. */
import { EventEmitter } from "node:events"
import type { Device } from "../vm/device-types.ts"

/**
 * One moment of the light. Below `leds` stands what the firmware said last with `console.data`; `null` until
 * it said something. Fields that the firmware adds are passed on.
 */
export interface Snapshot {
    /** Milliseconds since the Unix epoch. */
    t: number
    /** "1" lit, "0" dark, LED1 first: "1110000000". */
    leds: string
    /** The firmware's word for what it shows. */
    status: string | null
    /** Entries behind; null if that is not known exactly. */
    lag: number | null
    /** Entries behind at least, and at most, as far as that is proven. */
    low: number | null
    high: number | null
    /** How the lag is known. */
    known: string | null
    /** LEDs that the lag lights; one more than there are is off the scale. */
    level: number | null
    stream: string | null
    group: string | null
    pending: number | null
    consumers: number | null
    [field: string]: unknown
}

export interface LogEntry {
    /** Milliseconds since the Unix epoch. */
    t: number
    level: "log" | "debug" | "warn" | "error"
    text: string
}

/** @event change something other than the time differs from the last snapshot
 *  @event log a line of the firmware's log, or a note on the device's own fate */
export class Picture extends EventEmitter<{
    change: [Snapshot]
    log: [LogEntry]
}> {
    /** What the firmware said before this picture was begun. */
    readonly earlierLogs: LogEntry[]

    private snapshot: Snapshot

    constructor(device: Device) {
        super()
        // the device counts from its start
        const originMs = Date.now() - device.now
        const at = (t: number) => Math.round(originMs + t)
        this.earlierLogs = device.logs.map(log => ({ ...log, t: at(log.t) }))
        this.snapshot = {
            t: Date.now(),
            leds: device.leds,
            status: null,
            lag: null,
            low: null,
            high: null,
            known: null,
            level: null,
            stream: null,
            group: null,
            pending: null,
            consumers: null,
        }
        device.on("leds", (leds, t) => this.merge({ leds }, at(t)))
        device.on("data", ({ t, record }) => {
            if (isRecord(record)) this.merge(record, at(t))
        })
        device.on("log", ({ t, level, text }) =>
            this.emit("log", { t: at(t), level, text })
        )
        device.on("panic", ({ t, text }) =>
            this.emit("log", {
                t: at(t),
                level: "error",
                text: `the program died (${text})`,
            })
        )
        device.on("restart", ({ t }) =>
            this.emit("log", {
                t: at(t),
                level: "warn",
                text: "the chip was reset",
            })
        )
    }

    /** As things are now. */
    get now(): Snapshot {
        return { ...this.snapshot }
    }

    private merge(fields: Record<string, unknown>, t: number) {
        const before = this.snapshot
        const changed = Object.entries(fields).some(
            ([field, value]) => !isSame(before[field], value)
        )
        if (!changed) return
        this.snapshot = { ...before, ...fields, t }
        this.emit("change", this.now)
    }
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}

function isSame(a: unknown, b: unknown) {
    return JSON.stringify(a) === JSON.stringify(b)
}
