/**
 * What the light says, target by target, gathered from the firmware's data records, which number the targets. The log
 * holds names and words that others chose: it adds the words for people, and nothing is concluded from it.
 */
import { EventEmitter } from "node:events"
import type { Device } from "../vm/device-types.ts"
import type {
    ConditionWord,
    LightState,
    LinkWord,
    TargetLight,
    TargetSetup,
} from "./state.ts"

/** Words that come besides a target's status, in a line that begins like it. */
const ASIDE = /^(the user's rights|its stream lives)/

const LINKS: readonly unknown[] = [
    "not configured",
    "joining Wi-Fi",
    "connecting",
] satisfies LinkWord[]

const CONDITIONS: readonly string[] = [
    "lag",
    "unknown",
    "stale",
    "refused: who",
    "refused: which stream",
    "refused: which group",
] satisfies ConditionWord[]

/** @event change something is different from before */
export class LightTracker extends EventEmitter<{ change: [] }> {
    link: LinkWord = "starting"
    targets: TargetLight[] = []
    private emitting = false
    /** The log's last line, when no record has come since. */
    private lastLine = ""
    /** By target, with GROUP=*: what stands for the group's name where the record could not hold it. */
    private ids: (string | undefined)[] = []
    /** The same names as far as the records hold them. */
    private shortNames: string[] = []

    /** @param nameOf a group's whole name, by what stands for it in a record */
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
        device.on("log", ({ level, text }) => {
            if (level === "log") this.lastLine = text
        })
        device.on("data", ({ record }) => this.readRecord(record))
    }

    /** What is watched from now on: call before the program starts with it. */
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

    private setLink(link: LinkWord) {
        this.link = link
        this.changed()
    }

    private readRecord(record: unknown) {
        const line = this.lastLine
        this.lastLine = ""
        if (typeof record !== "object" || record === null) return
        const fields = record as Record<string, unknown>
        const { target: number, status } = fields
        if (number === undefined && LINKS.includes(status))
            return this.setLink(status as LinkWord)
        const i = Number(number) - 1
        const target = this.targets[i]
        if (!target || !CONDITIONS.includes(String(status))) return
        if (this.wanted[i].group === "*" && typeof fields.group === "string") {
            this.ids[i] = typeof fields.id === "string" ? fields.id : undefined
            this.shortNames[i] = fields.group
            this.nameGroup(i)
        }
        this.readWords(i, line)
        target.condition = status as ConditionWord
        target.complaint =
            typeof fields.check === "string" ? fields.check : null
        this.setLink("up")
        // of a reading that has grown old the record holds nothing; what it was still stands
        if (status === "stale") return
        target.low = numberOrNull(fields.low)
        target.high = numberOrNull(fields.high)
        target.known = typeof fields.known === "string" ? fields.known : null
    }

    /** The words of the line that comes right before a record, if it is of that target. */
    private readWords(i: number, line: string) {
        const { stream } = this.wanted[i]
        const found = [this.targets[i].group, this.shortNames[i] ?? ""]
            .map(group => `${inLine(stream)}/${inLine(group)}: `)
            .find(start => line.startsWith(start))
        if (found === undefined) return
        const words = line.slice(found.length)
        if (!ASIDE.test(words)) this.targets[i].text = words
    }

    /** Whole names have been found out. */
    rename() {
        for (const i of this.targets.keys())
            if (this.ids[i] !== undefined) this.nameGroup(i)
        this.changed()
    }

    /** What stands for the group's name where the record could not hold it. */
    idOf(i: number) {
        return this.ids[i]
    }

    private nameGroup(i: number) {
        const id = this.ids[i]
        // until it is found out, no other group has the same name
        this.targets[i].group =
            id === undefined
                ? this.shortNames[i]
                : (this.nameOf(id) ?? `${this.shortNames[i]}#${id}`)
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

/** A name as the firmware writes it in a line (src/report.ts, src/link/printable.ts). */
function inLine(name: string) {
    let text = name
    if (Buffer.byteLength(text) > MAX_NAME_BYTES) {
        let end = MAX_NAME_BYTES
        while (
            Buffer.byteLength([...text].slice(0, end).join("")) >
            MAX_NAME_BYTES - DOTS.length
        )
            end--
        text = [...text].slice(0, end).join("") + DOTS
    }
    return text.replace(NEUTRALISED, "?")
}

const MAX_NAME_BYTES = 90
const DOTS = "..."
const NEUTRALISED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

function numberOrNull(value: unknown) {
    return typeof value === "number" ? value : null
}
