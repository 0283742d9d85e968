/** What the log says: one line on each change of status or level, in words, and nothing per poll. */
import {
    Condition,
    LEDS,
    LinkStatus,
    Status,
    TargetStatus,
} from "./display/display"
import { Address, addressText } from "./link/address"
import { Fault, LinkError } from "./link/fault"
import { printable } from "./link/printable"
import { remedyOf, ReplyError } from "./redis/refusal"
import { Settings, Unit } from "./settings"
import { Known } from "./signal/lag"
import { Target } from "./target"

/** The VM cuts longer lines; names and server texts are cut before it does. Bytes. */
const MAX_LINE = 290
/** What a name may take in a data record, characters: the record must fit a line. */
const MAX_NAME = 28
/** What a name may take in a line, bytes: something is to be said of it there. */
const MAX_NAME_IN_LINE = 90
/** Bytes of a name's SHA-256 that identify it where a record cannot hold it: more than anybody finds a second name for. */
const ID_BYTES = 8

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
    /** What was shown, as one number. */
    key = -1
    reason: string = undefined
    complaint: string = undefined
    group = ""
    /** How many commands were forbidden. */
    forbidden = 0
    /** The Cluster node it lives at. */
    owner = ""
    /** The figures of the last data record. */
    recordKey = -1
    low: number = undefined
    high: number = undefined
    known: Known = undefined
    pending: number = undefined
    consumers: number = undefined
    recordComplaint: string = undefined
    recordReason: string = undefined
    recordGroup = ""
}

/** Writes the log. */
export class Report {
    private said: Said[] = []
    private link = LinkStatus.Up
    private lastProblem = ""
    /** Which server gave its reason when it closed the last connection. */
    private turnedAwayBy: string = undefined

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
        console.debug(error.message)
        const server = `redis ${addressText(address)}: `
        if (error.reason !== undefined) {
            this.problem(server + error.reason)
            this.turnedAwayBy = server
            return
        }
        // a server that closes on us has said why when it could: the close may overtake its words
        if (
            this.turnedAwayBy === server &&
            (error.fault === Fault.PeerClosed ||
                error.fault === Fault.PeerReset ||
                error.fault === Fault.SendFailed)
        )
            return
        const words = FAULTS[error.fault]
        this.problem(
            `${server}${words}${words.endsWith(":") ? ` ${error.message}` : ""}`
        )
    }

    /** Something is in the way; said once, until it is another thing or all is well. */
    problem(text: string): void {
        this.turnedAwayBy = undefined
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
        say(`${nameOf(target)}: its stream lives at ${to}`)
    }

    /** Redis answers that it cannot answer now. */
    notNow(error: ReplyError): void {
        this.problem(`redis: ${error.message}; ${remedyOf(error.message)}`)
    }

    /** Redis answers. */
    answered(address: Address): void {
        if (this.lastProblem !== "")
            say(`redis ${addressText(address)}: answers again`)
        this.lastProblem = ""
        this.turnedAwayBy = undefined
    }

    /** What the displays show now. */
    status(status: Status): void {
        if (status.link !== this.link) {
            this.link = status.link
            if (status.link !== LinkStatus.Up) {
                reportLink(status.link)
                for (const said of this.said) {
                    said.key = -1
                    said.recordKey = -1
                }
            }
        }
        if (status.link !== LinkStatus.Up) return
        for (let i = 0; i < this.targets.length; ++i) {
            const target = this.targets[i]
            if (target.answeredAt === undefined) continue
            this.line(target, status.targets[i], this.said[i])
            this.record(i, status.targets[i])
        }
    }

    /** A line when what is shown of the target has changed, or why. */
    private line(target: Target, shown: TargetStatus, said: Said): void {
        const key = keyOf(shown)
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
        say(`${nameOf(target)}: ${this.words(target, shown)}`)
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

    /** Says once what rights are missing. */
    rights(index: number): void {
        const target = this.targets[index]
        const said = this.said[index]
        const forbidden = target.forbiddenCount()
        if (forbidden === said.forbidden) return
        said.forbidden = forbidden
        if (forbidden > 0)
            say(
                `${nameOf(target)}: the user's rights do not suffice; missing: +${target.forbidden().join(" +")}`
            )
    }

    /** A data record when any of its figures has changed, and right after each line. */
    private record(index: number, shown: TargetStatus): void {
        const target = this.targets[index]
        const said = this.said[index]
        const lag = target.lag
        const key = keyOf(shown)
        const group = target.groupName()
        if (
            key === said.recordKey &&
            lag.low === said.low &&
            lag.high === said.high &&
            lag.known === said.known &&
            target.pending() === said.pending &&
            target.consumers() === said.consumers &&
            target.complaint === said.recordComplaint &&
            target.reason === said.recordReason &&
            group === said.recordGroup
        )
            return
        said.recordKey = key
        said.low = lag.low
        said.high = lag.high
        said.known = lag.known
        said.pending = target.pending()
        said.consumers = target.consumers()
        said.recordComplaint = target.complaint
        said.recordReason = target.reason
        said.recordGroup = group
        const known = shown.condition === Condition.Lag
        const recordGroup = cutForRecord(group)
        const record: any = {
            target: index + 1,
            stream: cutForRecord(target.settings.stream),
            group: recordGroup,
            lag: known && lag.low === lag.high ? lag.low : null,
            low: known ? lag.low : null,
            high: known && lag.high !== undefined ? lag.high : null,
            known: known ? lag.known : Known.Not,
            level: known ? shown.low : null,
            pending: known ? target.pending() : null,
            consumers: known ? target.consumers() : null,
            status: CONDITIONS[shown.condition],
        }
        const name = target.foundName()
        if (name !== undefined && !isText(name, recordGroup))
            record.id = idOf(name)
        if (known && target.complaint !== undefined)
            record.check = cut(target.complaint, 60)
        // given the object itself the VM would print no more than 100 bytes of it
        console.data(JSON.stringify(record))
    }
}

/** What is shown of a target as one number. */
function keyOf(shown: TargetStatus): number {
    return shown.condition | (shown.low << 4) | (shown.high << 8)
}

/** `stream/group` for the log. */
function nameOf(target: Target): string {
    return `${cut(target.settings.stream, MAX_NAME_IN_LINE)}/${cut(target.groupName(), MAX_NAME_IN_LINE)}`
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

/** Cuts a name for a data record, whose JSON spends six characters on each byte beyond ASCII. */
function cutForRecord(name: string): string {
    name = printable(name)
    let end = name.length
    while (JSON.stringify(name.slice(0, end)).length > MAX_NAME) end--
    return end < name.length ? name.slice(0, end) + "..." : name
}

/** For each fault, in its order, what happened and what to look at. Those that end in a colon go on with the error's text. */
const FAULTS = [
    "no network; check WIFI_SSID and WIFI_PWD",
    "Wi-Fi cannot be joined; check WIFI_SSID and WIFI_PWD",
    "the board has no connections left; is the name's DNS record cached? docs/pico-w-runtime.md",
    "connection refused; is Redis running there, and bound to this network?",
    "no answer to the connect; check the name, DNS and the firewall",
    "unknown host name; check REDIS_HOST",
    "TLS failed:",
    "the server closed the connection",
    "the connection was reset; does that port want TLS (REDIS_TLS)?",
    "no reply in time",
    "sending failed:",
    "this is not what Redis answers; check REDIS_PORT:",
    "connecting anew:",
    "the program was restarted without the board",
    "connecting failed:",
    "a fault of laglight; please report it:",
]

/** Says that the light tells of the device, not of the targets. */
export function reportLink(link: LinkStatus): void {
    const status = LINKS[link]
    say(`light: ${status}`)
    console.data(JSON.stringify({ status }))
}

/** Writes a line to the log, cut to what the VM lets through; it stays one line, whatever names and servers put into it. */
export function say(line: string): void {
    console.log(printable(cut(line, MAX_LINE)))
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
