/** What the log says: one line on each change of status or level, in words, and nothing per poll. */
import {
    Condition,
    LEDS,
    LinkStatus,
    Status,
    TargetStatus,
} from "./display/display"
import { Address, addressText } from "./link/address"
import { LinkError } from "./link/fault"
import { remedyOf, ReplyError } from "./redis/refusal"
import { Settings, Unit } from "./settings"
import { Known } from "./signal/lag"
import { Target } from "./target"

/** The VM cuts longer lines; names and server texts are cut before it does. Bytes. */
const MAX_LINE = 290
/** A name in a data record is cut after so many characters: the record must fit a line. */
const MAX_NAME = 40

/** The words for the data record's `status`. */
const CONDITIONS = [
    "lag",
    "unknown",
    "stale",
    "refused: who",
    "refused: which stream",
    "refused: which group",
]
const LINKS = ["up", "not configured", "joining Wi-Fi", "connecting"]

/** What was last said of one target. */
class Said {
    line = ""
    /** The last data record's contents. */
    record = ""
    key = -1
    reason: string = undefined
    complaint: string = undefined
    forbidden = ""
    group = ""
    /** The Cluster node it lives at. */
    owner = ""
}

/** Writes the log. */
export class Report {
    private said: Said[] = []
    private link = ""
    private lastProblem = ""

    constructor(
        private settings: Settings,
        private targets: Target[]
    ) {
        for (const target of targets) this.said.push(new Said())
    }

    /** The first thing that is done. */
    starting(address: Address): void {
        say(`redis: connecting to ${addressText(address)}`)
    }

    /** The link failed, or failed again. */
    linkFailed(error: LinkError, address: Address): void {
        this.problem(
            `redis: ${FAULTS[error.fault]} (${addressText(address)}): ${error.message}`
        )
    }

    /** Something is in the way; said once, until it is another thing or all is well. */
    problem(text: string): void {
        if (text === this.lastProblem) return
        this.lastProblem = text
        say(text)
    }

    /** A sentinel named another master than before. */
    master(address: Address): void {
        say(`redis: the master is ${addressText(address)}`)
    }

    /** A Cluster node named another owner of a stream. */
    moved(target: Target, address: Address): void {
        const to = addressText(address)
        const said = this.said[this.targets.indexOf(target)]
        if (said.owner === to) return
        said.owner = to
        say(`${target.name()}: its stream lives at ${to}`)
    }

    /** Redis answers that it cannot answer now. */
    notNow(error: ReplyError): void {
        this.problem(`redis: ${error.message}; ${remedyOf(error.message)}`)
    }

    /** Redis answers. */
    answered(address: Address): void {
        if (this.lastProblem !== "")
            say(`redis: ${addressText(address)} answers again`)
        this.lastProblem = ""
    }

    /** What the displays show now. */
    status(status: Status): void {
        const link = LINKS[status.link]
        if (link !== this.link) {
            this.link = link
            if (status.link !== LinkStatus.Up) {
                say(`light: ${link}`)
                for (const said of this.said) said.key = -1
            }
        }
        if (status.link !== LinkStatus.Up) return
        for (let i = 0; i < this.targets.length; ++i)
            this.target(this.targets[i], status.targets[i], this.said[i])
    }

    private target(target: Target, shown: TargetStatus, said: Said): void {
        if (target.answeredAt === undefined) return
        const key = shown.condition | (shown.low << 4) | (shown.high << 8)
        const group = target.groupName()
        if (
            key === said.key &&
            target.reason === said.reason &&
            target.complaint === said.complaint &&
            group === said.group
        )
            return
        said.key = key
        said.reason = target.reason
        said.complaint = target.complaint
        said.group = group
        say(`${target.name()}: ${this.words(target, shown)}`)
    }

    private words(target: Target, shown: TargetStatus): string {
        switch (shown.condition) {
            case Condition.Lag: {
                const check =
                    target.complaint === undefined
                        ? ""
                        : `; ${target.complaint}`
                return `lag ${this.lagText(target)}, ${levelText(shown, target.settings.scale.leds)}${check}`
            }
            case Condition.Stale:
                return `no answer for ${Math.floor(this.settings.staleMs / 1000)} s: the last reading, lag ${this.lagText(target)}, is stale`
            default:
                return target.reason === undefined
                    ? "not known yet"
                    : target.reason
        }
    }

    private lagText(target: Target): string {
        const lag = target.lag
        const unit = this.settings.unit === Unit.Seconds ? " s" : ""
        if (lag.low === lag.high) return `${short(lag.low)}${unit}`
        if (lag.high === undefined) return `at least ${short(lag.low)}${unit}`
        return `between ${short(lag.low)} and ${short(lag.high)}${unit}`
    }

    /** A poll's outcome for one target: says what rights are missing, and leaves a data record when anything differs. */
    reading(index: number, shown: TargetStatus): void {
        const target = this.targets[index]
        const said = this.said[index]
        const forbidden = target.forbidden().join(" +")
        if (forbidden !== said.forbidden) {
            said.forbidden = forbidden
            if (forbidden)
                say(
                    `${target.name()}: the user's rights do not suffice to be exact; missing: +${forbidden}`
                )
        }
        const lag = target.lag
        const known =
            shown.condition === Condition.Lag ||
            shown.condition === Condition.Stale
        const record = {
            stream: cut(target.settings.stream, MAX_NAME),
            group: cut(target.groupName(), MAX_NAME),
            lag: known && lag.low === lag.high ? lag.low : null,
            low: known ? lag.low : null,
            high: known && lag.high !== undefined ? lag.high : null,
            known: known ? lag.known : Known.Not,
            level: known ? shown.low : null,
            pending: known ? target.pending() : null,
            consumers: known ? target.consumers() : null,
            status: CONDITIONS[shown.condition],
        }
        const text = JSON.stringify(record)
        if (text === said.record) return
        said.record = text
        // given the object itself the VM would print no more than 100 bytes of it
        console.data(text)
    }
}

/** For each fault, in its order, what happened. */
const FAULTS = [
    "no network",
    "Wi-Fi cannot be joined",
    "the board is out of connections",
    "connection refused",
    "no answer to the connect",
    "unknown host name",
    "TLS failed",
    "connection closed by the server",
    "connection reset",
    "no reply in time",
    "sending failed",
    "not a reply that was asked for",
    "connecting anew",
    "the program was restarted",
    "connection failed",
]

/** Writes a line to the log, cut to what the VM lets through. */
export function say(line: string): void {
    console.log(cut(line, MAX_LINE))
}

/** Cuts a text by bytes, at a character's end. */
function cut(text: string, bytes: number): string {
    if (text.byteLength <= bytes) return text
    let end = bytes
    while (text.slice(0, end).byteLength > bytes - 3) end--
    return text.slice(0, end) + "..."
}

function short(value: number): string {
    return `${Math.round(value * 10) / 10}`
}

function levelText(shown: TargetStatus, leds: number): string {
    if (shown.low > leds) return "off the scale"
    const low = `${shown.low}`
    if (shown.low === shown.high) return `${low} of ${leds}`
    return shown.high > leds
        ? `${low} of ${leds} or more`
        : `${low} to ${shown.high} of ${leds}`
}
