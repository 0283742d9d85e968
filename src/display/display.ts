/**
 * What there is to show, and who can show it. A display (LED bar, traffic light, screen) is one file that implements
 * `Display`, and one line in main.ts or in a main program of its own.
 */

/** What the whole device is busy with; it takes precedence over everything below. */
export enum LinkStatus {
    /** Connected, or disconnected so briefly that the last reading may still stand: the targets tell. */
    Up,
    NotConfigured,
    JoiningWifi,
    Connecting,
}

/** What is known of one target. */
export enum Condition {
    /** `low`..`high` is the truth, and fresh. */
    Lag,
    /** Redis answers, but not with anything the lag follows from. */
    Unknown,
    /** `low`..`high` was the truth once. */
    Stale,
    /** Credentials or rights. */
    RefusedWho,
    /** No such stream, or not a stream. */
    RefusedStream,
    /** No such consumer group. */
    RefusedGroup,
}

/** All that is known of one target: what a display may want to tell. */
export interface TargetStatus {
    /** The stream's key. */
    stream: string
    /** The consumer group; with GROUP=* the one that lags most now. */
    group: string
    /** That name byte for byte, as Redis has it; undefined where GROUP names it, or none was found. */
    groupBytes: Buffer | undefined
    /** The scale's unit, in which the lag is. */
    unit: "entries" | "seconds"
    /** What the scale counts; all that is called a lag below is this. */
    show: "lag" | "pending" | "work" | "consumers" | "length"
    /** How many LEDs the scale has. */
    leds: number
    condition: Condition
    /** Proven lower bound as a level: 0..leds, leds + 1 is off the scale. Where `condition` is Lag or Stale, else 0. */
    low: number
    /** Proven upper bound as a level; equal to `low` when the level is certain. */
    high: number
    /** The bounds as a lag in the unit, likewise; `lagHigh` is undefined when nothing bounds it. */
    lagLow: number
    lagHigh: number | undefined
    /** How the lag is known (signal/lag.ts, Known); undefined where `condition` is not Lag. */
    known: string | undefined
    /** Why there is no fresh lag, and what to do, a sentence; undefined where `condition` is Lag, and before the first answer. */
    reason: string | undefined
    /** What is wrong with the group's consumers, a sentence; undefined when nothing is, and where `condition` is not Lag. */
    complaint: string | undefined
    /** Length of the pending entries list; undefined when unknown, and where `condition` is not Lag. */
    pending: number | undefined
    /** How many consumers the group has; undefined likewise. */
    consumers: number | undefined
    /** What the user may not ask, and would make the lag exact: `+xread +xlen`; undefined when nothing is missing. */
    missing: string | undefined
    /** Grows with every change of any of this, from 0 before the first answer: who keeps the last one sees what is news. */
    revision: number
}

/** Everything a display shows. */
export interface Status {
    link: LinkStatus
    /**
     * What is in the way, with which server or setting, a sentence; undefined when nothing is. A link that is up may have a
     * problem: the last readings still stand, or a server answers that it cannot answer now.
     */
    problem: string | undefined
    /** One per target, in the order of the settings. */
    targets: TargetStatus[]
}

/** A target of which nothing is known. */
export function unknownTarget(
    stream: string,
    group: string,
    unit: "entries" | "seconds",
    leds: number
): TargetStatus {
    return {
        stream,
        group,
        groupBytes: undefined,
        unit,
        show: "lag",
        leds,
        condition: Condition.Unknown,
        low: 0,
        high: 0,
        lagLow: 0,
        lagHigh: 0,
        known: undefined,
        reason: undefined,
        complaint: undefined,
        pending: undefined,
        consumers: undefined,
        missing: undefined,
        revision: 0,
    }
}

/** What the LEDs show of a target, as one number: the same number, the same picture. */
export function pictureOf(status: TargetStatus): number {
    return (
        status.condition |
        (status.low << 4) |
        (status.high << 8) |
        (status.complaint === undefined ? 0 : 1 << 12)
    )
}

/** Something a person looks at. */
export interface Display {
    /** Shows a status from now on. Called on every change; the object may be reused by the caller afterwards. */
    show(status: Status): void
    /** A fresh reading arrived (whether or not anything changed): the sign of life. */
    beat(): void
}

/**
 * A picture of the LED bar: one bit a LED, LED1 is the most significant of `leds` bits,
 * so that `0b1110000000` reads as the bar looks.
 */
export type Frame = number

/** Something with LEDs. */
export interface FrameSink {
    /** Makes the LEDs equal the frame. Called only when the frame differs from the last one. */
    write(frame: Frame): void
}

/** The number of LEDs on the bar. */
export const LEDS = 10
