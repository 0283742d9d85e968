/**
 * The log as a display: a line on each change of status or level, for people, and a data record of each reading that differs
 * from the last; nothing per poll. docs/monitoring.md describes the records, which programs read; the lines are for people.
 */
import {
    Condition,
    Display,
    LinkStatus,
    pictureOf,
    Status,
    TargetStatus,
} from "./display"
import { printable } from "../link/printable"
import { MAX_LINE, nameText, say } from "../say"
import { CONDITIONS, LINKS } from "./words"

/** The records' format. It goes up when a field changes its meaning or goes, not when one is added. */
const VERSION = 1
/** What a name may take in a record, characters of JSON: all must fit a line. */
const MAX_NAME = 25
/** What the least that is told of a text takes, characters of JSON: `"..."`. */
const MIN_TEXT = 5
/** Stand for what was cut off. */
const DOTS = "..."
/** The most characters of JSON that one character of a text takes: six for each byte beyond ASCII. */
const MAX_CHARACTER = 24
/** Bytes of a name's SHA-256 that identify it where a record cannot hold it: more than anybody finds a second name for. */
const ID_BYTES = 8

/** What was last said of one target. */
class Said {
    /** What the LEDs showed. */
    picture = -1
    reason: string | undefined = undefined
    complaint: string | undefined = undefined
    group = ""
    missing: string | undefined = undefined
    /** Of the status in the last record. */
    revision = -1
}

/** Writes the log. */
export class Log implements Display {
    private said: Said[] = []
    private link = LinkStatus.Up
    private problem: string | undefined = undefined

    /** @param targets how many there are: what is kept of them is not made between replies, where it would be in the way */
    constructor(targets: number) {
        for (let i = 0; i < targets; ++i) this.said.push(new Said())
    }

    show(status: Status): void {
        const link = status.link
        if (link !== this.link || status.problem !== this.problem) {
            const name = LINKS[link]
            if (link !== this.link)
                if (link !== LinkStatus.Up) {
                    say(`light: ${name}`)
                    for (const said of this.said) {
                        said.picture = -1
                        said.revision = -1
                    }
                }
            if (link !== LinkStatus.Up || status.problem !== this.problem)
                // given the object itself the VM would print no more than 100 bytes of it
                console.data(
                    withWords(
                        JSON.stringify({ v: VERSION, link: name }),
                        "problem",
                        status.problem
                    )
                )
            this.link = link
            this.problem = status.problem
        }
        if (link !== LinkStatus.Up) return
        for (let i = 0; i < status.targets.length; ++i) {
            const target = status.targets[i]
            const said = this.said[i]
            // 0: there has been no answer
            if (target.revision === 0) continue
            if (target.revision === said.revision) continue
            said.revision = target.revision
            this.target(target, said)
            record(i + 1, target)
            this.rights(target, said)
        }
    }

    beat(): void {
        // nothing per poll
    }

    /** A line when what the LEDs show has changed, or why. */
    private target(target: TargetStatus, said: Said): void {
        const picture = pictureOf(target)
        if (picture === said.picture)
            if (target.reason === said.reason)
                if (target.complaint === said.complaint)
                    if (target.group === said.group) return
        said.picture = picture
        said.reason = target.reason
        said.complaint = target.complaint
        said.group = target.group
        say(nameText(target.stream, target.group) + words(target))
    }

    /** Says once what rights are missing. */
    private rights(target: TargetStatus, said: Said): void {
        if (target.missing === said.missing) return
        said.missing = target.missing
        if (target.missing !== undefined)
            say(
                `${nameText(target.stream, target.group)}the user's rights do not suffice; missing: ${target.missing}`
            )
    }
}

function words(target: TargetStatus): string {
    const reason = target.reason
    switch (target.condition) {
        case Condition.Lag: {
            const complaint = target.complaint
            const check = complaint === undefined ? "" : `; ${complaint}`
            return `${target.show} ${lagText(target)}, ${levelText(target)}${check}`
        }
        case Condition.Stale:
            return `${reason}: the last reading, ${target.show} ${lagText(target)}, is stale`
        default:
            return reason as string
    }
}

/** A target's lag as text: `3`, `2.5 s`, `at least 100`, `between 4 and 9`. */
function lagText(target: TargetStatus): string {
    const low = short(target.lagLow)
    const high = target.lagHigh
    const unit = target.unit === "seconds" ? " s" : ""
    if (target.lagLow === high) return low + unit
    if (high === undefined) return `at least ${low}${unit}`
    return `between ${low} and ${short(high)}${unit}`
}

/** A lag in a unit, to one digit behind the point. */
export function short(value: number): string {
    return `${Math.round(value * 10) / 10}`
}

function levelText(target: TargetStatus): string {
    const leds = target.leds
    if (target.low > leds) return "off the scale"
    const low = `${target.low}`
    if (target.low === target.high) return `${low} of ${leds}`
    if (target.high > leds) return `${low} of ${leds} or more`
    return `${low} to ${target.high} of ${leds}`
}

/** Writes a data record. What is not known is not in it. */
function record(number: number, target: TargetStatus): void {
    const group = cutForRecord(target.group, MAX_NAME)
    const bytes = target.groupBytes
    const record: any = {
        v: VERSION,
        link: LINKS[LinkStatus.Up],
        target: number,
        stream: cutForRecord(target.stream, MAX_NAME),
        group,
    }
    if (bytes !== undefined) if (!isText(bytes, group)) record.id = idOf(bytes)
    record.condition = CONDITIONS[target.condition]
    if (target.condition === Condition.Lag) {
        if (target.show !== "lag") record.show = target.show
        else if (target.lagLow === target.lagHigh) record.lag = target.lagLow
        record.low = target.lagLow
        if (target.lagHigh !== undefined) record.high = target.lagHigh
        record.known = target.known
        record.level = target.low
        if (target.pending !== undefined) record.pending = target.pending
        if (target.consumers !== undefined) record.consumers = target.consumers
    }
    let json = JSON.stringify(record)
    json = withWords(json, "reason", target.reason)
    json = withWords(json, "complaint", target.complaint)
    json = withWords(json, "missing", target.missing)
    console.data(json)
}

/** Adds a text to a record, cut to the room that is left. */
function withWords(
    json: string,
    field: string,
    text: string | undefined
): string {
    if (text === undefined) return json
    const start = `${json.slice(0, json.length - 1)},"${field}":`
    const room = MAX_LINE - start.length - 1
    // for the first text there is always some, by MAX_NAME
    if (room < MIN_TEXT) return json
    return `${start}${JSON.stringify(cutForRecord(text, room))}}`
}

/** Cuts a text for a record. @param room characters that it may take as JSON, the quotes among them */
function cutForRecord(text: string, room: number): string {
    // a character takes one at least: what is not looked at costs nothing
    let kept = printable(text.slice(0, room))
    const whole = kept.length === text.length
    if (whole) if (JSON.stringify(kept).length <= room) return kept
    room -= DOTS.length
    for (;;) {
        const over = JSON.stringify(kept).length - room
        if (over <= 0) return kept + DOTS
        kept = kept.slice(
            0,
            kept.length - Math.max(1, Math.idiv(over, MAX_CHARACTER))
        )
    }
}

/** Whether these bytes are the text's, and it tells them all. */
function isText(bytes: Buffer, text: string): boolean {
    const same = Buffer.from(text)
    if (same.length !== bytes.length) return false
    for (let i = 0; i < bytes.length; ++i)
        if (bytes[i] !== same[i]) return false
    return true
}

/** What stands for a name that a record cannot hold: the beginning of its SHA-256. */
function idOf(name: Buffer): string {
    const digest: Buffer = (Buffer as any).digest(undefined, "sha256", [name])
    return digest.slice(0, ID_BYTES).toString("hex")
}
