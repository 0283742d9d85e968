/**
 * What the light says, target by target, gathered from the firmware's data records and log. Records hold numbers, but
 * come only with answers from Redis; that an answer stays away, or the link is down, stands in the log alone.
 */
import { EventEmitter } from "node:events"
import type { DeviceEvents, SimulatedDevice } from "../vm/device.ts"
import type {
    ConditionWord,
    LightState,
    LinkWord,
    TargetLight,
    TargetSetup,
} from "./state.ts"

type Device = Pick<SimulatedDevice, "restarts"> & EventEmitter<DeviceEvents>

/** Names in records are cut at so many bytes, and end in dots then. */
const CUT = "..."

const LINK_LINE = /^light: (not configured|joining Wi-Fi|connecting)$/
const SETTINGS_LINE = /^settings: /

const CONDITIONS: readonly string[] = [
    "lag",
    "unknown",
    "stale",
    "refused: who",
    "refused: which stream",
    "refused: which group",
] satisfies ConditionWord[]

/** The first words of the server's errors that refuse the login or the rights. */
const WHO = /^(NOAUTH|WRONGPASS|NOPERM|DENIED|ERR .*(password|'auth'))/
const STREAM = /^(ERR no such key|WRONGTYPE|ERR (invalid )?DB|ERR SELECT)/

/** @event change something is different from before */
export class LightTracker extends EventEmitter<{ change: [] }> {
    link: LinkWord = "starting"
    targets: TargetLight[] = []
    private emitting = false

    constructor(private readonly device: Device) {
        super()
        device.on("program", () => this.begin())
        device.on("restart", () => this.begin())
        device.on("panic", ({ code }) => code !== 0 && this.begin())
        device.on("exit", () => this.setLink("off"))
        device.on("log", ({ text }) => this.readLine(text))
        device.on("data", ({ record }) => this.readRecord(record))
    }

    /** What is watched from now on: call before the program starts with it. */
    watch(targets: TargetSetup[]) {
        this.targets = targets.map(({ stream, group }) =>
            waiting(stream, group)
        )
        this.wanted = targets.map(({ stream, group }) => ({ stream, group }))
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
        this.setLink("starting")
    }

    private setLink(link: LinkWord) {
        this.link = link
        this.changed()
    }

    private readLine(line: string) {
        const link = LINK_LINE.exec(line)
        if (link) return this.setLink(link[1] as LinkWord)
        if (SETTINGS_LINE.test(line) && this.link === "starting")
            return this.setLink("not configured")
        for (const [i, { stream, group }] of this.wanted.entries()) {
            const known = this.targets[i]
            const prefix = [group, known.group]
                .map(name => `${stream}/${name}: `)
                .find(start => line.startsWith(start))
            const found =
                prefix ??
                (group === "*" && line.startsWith(`${stream}/`)
                    ? /^.*?: /.exec(line)?.[0]
                    : undefined)
            if (found === undefined) continue
            this.readWords(i, line.slice(found.length))
            if (group === "*")
                known.group = found.slice(stream.length + 1, -2) || "*"
            return
        }
    }

    /** What the log says of a target. */
    private readWords(i: number, text: string) {
        // a note on rights comes besides the status
        if (/^the user's rights|^its stream lives/.test(text)) return
        const target = this.targets[i]
        target.text = text
        target.complaint = null
        if (text.startsWith("lag ")) {
            target.condition = "lag"
            target.complaint = /; (.*)$/.exec(text)?.[1] ?? null
        } else if (/ is stale$/.test(text)) target.condition = "stale"
        else if (text === "not known yet") target.condition = "waiting"
        else {
            if (WHO.test(text)) target.condition = "refused: who"
            else if (STREAM.test(text))
                target.condition = "refused: which stream"
            else if (!target.condition.startsWith("refused"))
                // the record that comes with it knows better
                target.condition = "unknown"
            target.low = target.high = target.known = null
        }
        this.setLink("up")
    }

    private readRecord(record: unknown) {
        if (typeof record !== "object" || record === null) return
        const { stream, group, low, high, known, status } = record as Record<
            string,
            unknown
        >
        const i = this.wanted.findIndex(
            (target, i) =>
                isName(stream, target.stream) &&
                (target.group === "*" ||
                    isName(group, target.group) ||
                    isName(group, this.targets[i].group))
        )
        if (i < 0 || !CONDITIONS.includes(String(status))) return
        const target = this.targets[i]
        if (this.wanted[i].group === "*" && typeof group === "string")
            target.group = group
        target.condition = status as ConditionWord
        // of a reading that has grown old the record holds nothing; what it was still stands
        if (status === "stale") return this.changed()
        target.low = numberOrNull(low)
        target.high = numberOrNull(high)
        target.known = typeof known === "string" ? known : null
        this.changed()
    }

    /** Line and record of one poll come in one batch: told of together. */
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
        complaint: null,
        text: "",
    }
}

function isName(said: unknown, name: string) {
    if (said === name) return true
    return (
        typeof said === "string" &&
        said.endsWith(CUT) &&
        name.startsWith(said.slice(0, -CUT.length))
    )
}

function numberOrNull(value: unknown) {
    return typeof value === "number" ? value : null
}
