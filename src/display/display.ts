/**
 * What there is to show, and who can show it. A display (LED bar, traffic light, screen) is one file that implements
 * `Display` and one line in main.ts.
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

/** One target's share of the picture. */
export interface TargetStatus {
    condition: Condition
    /** Proven lower bound as a level: 0..LEDs, LEDs + 1 is off the scale. Where `condition` is Lag or Stale. */
    low: number
    /** Proven upper bound as a level; equal to `low` when the level is certain. */
    high: number
    /** The bounds as a lag in the scale's unit; `lagHigh` is undefined when nothing bounds it. */
    lagLow: number
    lagHigh: number | undefined
    /** The group's consumers need a look (pending or idle beyond the limits). */
    check: boolean
}

/** Everything a display shows. */
export interface Status {
    link: LinkStatus
    /** One per target, in the order of the settings. */
    targets: TargetStatus[]
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
