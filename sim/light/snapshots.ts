/** Snapshots of a device's LEDs and last reading, made from its events. */
import { EventEmitter } from "node:events"
import type { Device } from "../vm/device-types.ts"
import { isTargetRecord, readLightRecord } from "./light-record.ts"
import type { TargetRecord } from "./light-record.ts"

/**
 * One moment of the light: the LEDs, and the fields of the last data record (docs/monitoring.md), with its target; `null`
 * for missing ones.
 */
export interface Snapshot extends Omit<
    TargetFields,
    "condition" | "stream" | "group"
> {
    /** Milliseconds since the Unix epoch. */
    t: number
    /** "1" lit, "0" dark, LED1 first: "1110000000". */
    leds: string
    /** The state of the device as a whole; "up": see the targets. */
    link: string | null
    /** What is wrong with the link. */
    problem: string | null
    target: number | null
    stream: string | null
    group: string | null
    /** The state of the target. */
    condition: string | null
}

type TargetFields = Omit<TargetRecord, "link" | "target">

export interface LogEntry {
    /** Milliseconds since the Unix epoch. */
    t: number
    level: "log" | "debug" | "warn" | "error"
    text: string
}

const NO_TARGET = {
    target: null,
    stream: null,
    group: null,
    id: null,
    condition: null,
    show: null,
    lag: null,
    low: null,
    high: null,
    known: null,
    level: null,
    pending: null,
    consumers: null,
    reason: null,
    complaint: null,
    missing: null,
} satisfies Partial<Snapshot>

/** @event change something other than the time differs from the last snapshot
 *  @event log a line of the firmware's log, or a note that the program or the chip has restarted */
export class Snapshots extends EventEmitter<{
    change: [Snapshot]
    log: [LogEntry]
}> {
    /** Log lines from before this object was created. */
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
            link: null,
            problem: null,
            ...NO_TARGET,
        }
        device.on("leds", (leds, t) => this.merge({ leds }, at(t)))
        device.on("data", ({ t, record }) => {
            const fields = readLightRecord(record)
            if (!fields) return
            // while the link is down nothing is known about the targets
            const isUp = isTargetRecord(fields) || fields.link === "up"
            this.merge({ ...(isUp ? {} : NO_TARGET), ...fields }, at(t))
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

    /** The current one. */
    get now(): Snapshot {
        return { ...this.snapshot }
    }

    private merge(fields: Partial<Snapshot>, t: number) {
        const before: Record<string, unknown> = { ...this.snapshot }
        const changed = Object.entries(fields).some(
            ([field, value]) => before[field] !== value
        )
        if (!changed) return
        this.snapshot = { ...this.snapshot, ...fields, t }
        this.emit("change", this.now)
    }
}
