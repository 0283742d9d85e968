import * as ds from "@devicescript/core"
import {
    Condition,
    Display,
    Frame,
    FrameSink,
    LEDS,
    pictureOf,
    Status,
    TargetStatus,
} from "./display"
import {
    BEAT_EVERY_MS,
    BEAT_MS,
    linkPattern,
    Pattern,
    powerOn,
    Steps,
    targetPattern,
} from "./patterns"

/** One pattern being played on a stretch of the bar. */
class Track {
    /** What is played, as one number, so that showing the same thing again does not restart it. */
    key = -1
    frame: Frame = 0
    /** When the next step is due, ms since the program's start. */
    due = 0
    beats = false
    /** Undefined until something is played. */
    private steps: Steps | undefined = undefined
    private next = 0
    private isStale = false

    /**
     * @param leds how many LEDs it has
     * @param shift how many LEDs of the bar lie behind it
     */
    constructor(
        public leds: number,
        public shift: number
    ) {}

    /** @param step which of the steps comes first */
    play(pattern: Pattern, now: number, step: number): void {
        this.steps = pattern.steps
        this.beats = pattern.beats
        this.next = step * 2
        this.due = now
        this.advance(now)
    }

    /** Plays a target's pattern. @param visible what the LEDs show now */
    playTarget(status: TargetStatus, now: number, visible: Frame): void {
        const pattern = targetPattern(status, this.leds)
        const wasStale = this.isStale
        this.isStale = status.condition === Condition.Stale
        if (!this.isStale) return this.play(pattern, now, 0)
        // Its two steps stand nearly as still as a bar does. They begin with the one that is not there already, and another
        // tip goes on in time: else the moment before would seem to last, and be a bar
        const due = this.due
        visible &= ((1 << this.leds) - 1) << this.shift
        const second = wasStale
            ? visible === 0
            : visible === pattern.steps[0] << this.shift
        this.play(pattern, now, second ? 1 : 0)
        if (wasStale) if (due > now) this.due = due
    }

    /** Something else is played over it. */
    cover(): void {
        this.key = -1
        this.isStale = false
    }

    /** Steps on to what is due at `now`. */
    advance(now: number): void {
        const steps = this.steps as Steps
        while (now >= this.due) {
            if (this.next >= steps.length) this.next = 0
            this.frame = steps[this.next] << this.shift
            const ms = steps[this.next + 1]
            this.next += 2
            this.due += ms
            // after a long pause there is no point in catching up
            if (this.due <= now) this.due = now + ms
        }
    }
}

/**
 * Plays what a status looks like (patterns.ts) on LED bars, and winks for each fresh reading.
 * `run` is its fiber; `show` and `beat` only leave word and wake it.
 */
export class Player implements Display {
    /** The whole bar, for what concerns the device. */
    private whole = new Track(LEDS, 0)
    /** A share of the bar for each target. */
    private shares: Track[] = []
    private deviceBusy = true
    private lastFrame: Frame = -1
    private beatAt = -BEAT_EVERY_MS
    private wantsBeat = false
    /** Undefined until it runs. */
    private fiber: ds.Fiber | undefined
    private sleeping = false

    /**
     * @param sinks where the frames go, in this order
     * @param targets how many targets share the bar equally; left-over LEDs at its end stay dark
     */
    constructor(private sinks: FrameSink[]) {}

    show(status: Status): void {
        const now = ds.millis()
        const pattern = linkPattern(status.link)
        this.share(status.targets.length)
        if (pattern !== undefined) {
            for (const share of this.shares) share.cover()
            if (this.whole.key !== status.link) {
                this.whole.key = status.link
                this.whole.play(pattern, now, 0)
            }
        } else {
            this.whole.key = -1
            this.showTargets(status.targets, now)
        }
        this.deviceBusy = pattern !== undefined
        this.wake()
    }

    /** Divides the bar, before replies need the heap. */
    private share(targets: number): void {
        if (this.shares.length === targets) return
        const leds = Math.floor(LEDS / targets)
        this.shares = []
        for (let i = 0; i < targets; ++i)
            this.shares.push(new Track(leds, LEDS - (i + 1) * leds))
    }

    private showTargets(targets: TargetStatus[], now: number): void {
        for (let i = 0; i < targets.length; ++i) {
            const target = targets[i]
            const share = this.shares[i]
            const key = pictureOf(target)
            if (share.key !== key) {
                share.key = key
                share.playTarget(
                    target,
                    now,
                    // a wink is no part of it
                    this.deviceBusy ? this.lastFrame : share.frame
                )
            }
        }
    }

    beat(): void {
        if (ds.millis() - this.beatAt < BEAT_EVERY_MS / 2) return
        this.wantsBeat = true
        this.wake()
    }

    /** A wink is wanted: now, soon, or not at all. */
    private beginBeat(now: number): void {
        this.wantsBeat = false
        const since = now - this.beatAt
        // a reading that comes a little early waits for its turn, else winks would come every 2 and 3 s by turns
        if (since < BEAT_EVERY_MS - BEAT_MS) return
        this.beatAt = since < BEAT_EVERY_MS ? this.beatAt + BEAT_EVERY_MS : now
    }

    private wake(): void {
        if (!this.sleeping) return
        this.sleeping = false
        // it runs, since it sleeps
        ;(this.fiber as ds.Fiber).resume(undefined)
    }

    /** Plays for ever: the power-on sweep, then whatever `show` was last told. Start it in a fiber of its own. */
    async run(): Promise<void> {
        this.fiber = ds.Fiber.self()
        await this.sweep()
        this.wantsBeat = false
        for (;;) {
            const wakeAt = this.draw(ds.millis())
            if (this.wantsBeat) {
                // on the chip time stands still while programs run, and goes on with a pause: else the wink would be cut short
                await ds.sleep(1)
                this.beginBeat(ds.millis())
                continue
            }
            const pause = wakeAt - ds.millis()
            this.sleeping = true
            await ds.suspend(pause > 0 ? pause : 1)
            this.sleeping = false
        }
    }

    /** Of its own, so that the steps are forgotten when it is over. */
    private async sweep(): Promise<void> {
        const steps = powerOn()
        for (let i = 0; i < steps.length; i += 2) {
            this.write(steps[i])
            await ds.sleep(steps[i + 1])
        }
    }

    /** Shows what is due now. @returns when something else is due, ms */
    private draw(now: number): number {
        let wakeAt = now + 60000
        let frame = 0
        const beating = now >= this.beatAt && now < this.beatAt + BEAT_MS
        if (this.deviceBusy) {
            if (this.whole.key >= 0) {
                this.whole.advance(now)
                frame = this.whole.frame
                wakeAt = this.whole.due
            }
        } else {
            for (const share of this.shares) {
                share.advance(now)
                frame |= share.frame
                if (beating)
                    if (share.beats)
                        frame ^= 1 << (share.shift + share.leds - 1)
                if (share.due < wakeAt) wakeAt = share.due
            }
            if (now < this.beatAt) wakeAt = Math.min(wakeAt, this.beatAt)
            else if (beating) wakeAt = Math.min(wakeAt, this.beatAt + BEAT_MS)
        }
        this.write(frame)
        return wakeAt
    }

    private write(frame: Frame): void {
        if (frame === this.lastFrame) return
        this.lastFrame = frame
        for (const sink of this.sinks) sink.write(frame)
    }
}
