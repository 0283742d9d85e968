/**
 * The state of the light, target by target, from the firmware's data records, which number the targets. The log is not
 * parsed: it contains names and texts that others chose.
 */
import { EventEmitter } from "node:events"
import { isPattern } from "../../src/settings-table.ts"
import type { Device } from "../vm/device-types.ts"
import { isTargetRecord, readLightRecord } from "./light-record.ts"
import type { LightState, LinkName, TargetLight, TargetSetup } from "./state.ts"

/** @event change the state has changed */
export class LightTracker extends EventEmitter<{ change: [] }> {
    link: LinkName = "starting"
    targets: TargetLight[] = []
    private emitting = false
    /** By target, with GROUP=*: the record's `id`, if it could not hold the group's name. */
    private ids: (string | undefined)[] = []
    /** The groups' names as far as the records hold them. */
    private shortNames: string[] = []

    /** @param nameOf a group's whole name by the record's `id` */
    constructor(
        private readonly device: Device,
        private readonly nameOf: (id: string) => string | undefined = () =>
            undefined
    ) {
        super()
        device.on("program", () => this.begin())
        device.on("restart", () => this.begin())
        device.on("panic", ({ code }) => code !== 0 && this.begin())
        device.on("exit", () => this.setLink("off"))
        device.on("data", ({ record }) => this.readRecord(record))
    }

    /** The watched targets: call before the program starts with them. */
    watch(targets: TargetSetup[]) {
        this.targets = targets.map(({ stream, group }) =>
            waiting(stream, group)
        )
        this.wanted = targets.map(({ stream, group }) => ({ stream, group }))
        this.ids = []
        this.shortNames = []
        this.changed()
    }

    get state(): LightState {
        const { link, targets } = this
        return { link, targets, resets: this.device.restarts }
    }

    /** As the settings name them; the group may be `*`. */
    private wanted: { stream: string; group: string }[] = []

    private begin() {
        this.targets = this.wanted.map(t => waiting(t.stream, t.group))
        this.ids = []
        this.shortNames = []
        this.setLink("starting")
    }

    private setLink(link: LinkName) {
        this.link = link
        this.changed()
    }

    private readRecord(data: unknown) {
        const record = readLightRecord(data)
        if (!record) return
        if (!isTargetRecord(record)) return this.setLink(record.link)
        const i = record.target - 1
        const target = this.targets[i]
        if (!target) return
        if (isPattern(this.wanted[i].group)) {
            this.ids[i] = record.id ?? undefined
            this.shortNames[i] = record.group
            this.nameGroup(i)
        }
        target.condition = record.condition
        target.reason = record.reason
        target.complaint = record.complaint
        this.setLink("up")
        // a stale record has no lag: the last one is kept
        if (record.condition === "stale") return
        target.low = record.low
        target.high = record.high
        target.known = record.known
    }

    /** Call when whole names have become known. */
    rename() {
        for (const i of this.targets.keys())
            if (this.ids[i] !== undefined) this.nameGroup(i)
        this.changed()
    }

    /** The record's `id`, if it could not hold the group's name. */
    idOf(i: number) {
        return this.ids[i]
    }

    private nameGroup(i: number) {
        const id = this.ids[i]
        // until the whole name is known, the id makes this name unique
        this.targets[i].group =
            id === undefined
                ? this.shortNames[i]
                : (this.nameOf(id) ?? `${this.shortNames[i]}#${id}`)
    }

    /** One event for all changes of a batch of records. */
    private changed() {
        if (this.emitting) return
        this.emitting = true
        setImmediate(() => {
            this.emitting = false
            this.emit("change")
        })
    }
}

function waiting(stream: string, group: string): TargetLight {
    return {
        stream,
        group,
        condition: "waiting",
        low: null,
        high: null,
        known: null,
        reason: null,
        complaint: null,
    }
}
