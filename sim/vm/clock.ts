/**
 * The clock of a simulated device: everything in its process that asks for time or sleeps goes through
 * one of these. `RealClock` is the wall clock. `DrivenClock` stands still until it is told to run, then
 * jumps from timer to timer as fast as the CPU allows: an hour of the device's life takes a second.
 */

/** A timer's handle: never falsy, since the VM's glue code takes a falsy one for "no timer". */
export type Timer = object

export interface Clock {
    /** Milliseconds since the Unix epoch, with fractions. */
    now(): number
    /** Calls back once after `ms` (at least 1, as Node's own timers). */
    setTimeout(callback: () => void, ms: number): Timer
    clearTimeout(timer: Timer | undefined): void
    /**
     * Says that real input is on its way (a host's answer to what was just sent). A driven clock waits
     * for it rather than run hours ahead of it, up to `maxMs` of real time. Returns the release.
     */
    expectInput(maxMs: number): () => void
}

export class RealClock implements Clock {
    now() {
        // monotonic: a host that sets its clock must not shake the device's timers
        return performance.timeOrigin + performance.now()
    }

    setTimeout(callback: () => void, ms: number): Timer {
        return setTimeout(callback, ms)
    }

    clearTimeout(timer: Timer | undefined) {
        clearTimeout(timer as NodeJS.Timeout | undefined)
    }

    expectInput() {
        return () => {}
    }
}

interface DrivenTimer {
    atMs: number
    callback: () => void
}

export class DrivenClock implements Clock {
    private timers: DrivenTimer[] = []
    private expected = new Set<object>()
    private running = false

    /** @param nowMs where time starts, milliseconds since the Unix epoch */
    constructor(private nowMs: number) {}

    now() {
        return this.nowMs
    }

    setTimeout(callback: () => void, ms: number): Timer {
        // NaN, 0 and less become 1, as in Node: time must move or a loop would never end
        const atMs = this.nowMs + (ms > 1 ? ms : 1)
        const timer = { atMs, callback }
        // kept in order of time, equal ones in order of arrival; there are only ever a few
        let i = this.timers.length
        while (i > 0 && this.timers[i - 1].atMs > atMs) i--
        this.timers.splice(i, 0, timer)
        return timer
    }

    clearTimeout(timer: Timer | undefined) {
        const i = this.timers.indexOf(timer as DrivenTimer)
        if (i >= 0) this.timers.splice(i, 1)
    }

    expectInput(maxMs: number) {
        const token = {}
        this.expected.add(token)
        const release = () => {
            clearTimeout(limit)
            this.expected.delete(token)
        }
        const limit = setTimeout(release, maxMs)
        return release
    }

    /**
     * Runs time forward to `untilMs` (milliseconds since the Unix epoch), firing every timer on the way.
     * Between timers real input (frames, sockets) gets its turn. `onYield` is called before each turn.
     * `stop()` ends it early.
     */
    async runUntil(untilMs: number, onYield: () => void) {
        this.running = true
        let fired = 0
        while (this.running) {
            if (this.expected.size > 0 || fired >= JUMPS_PER_TURN) {
                fired = 0
                onYield()
                await nextTurn(this.expected.size > 0)
                continue
            }
            const next = this.timers[0]
            if (!next || next.atMs > untilMs) break
            this.timers.shift()
            this.nowMs = Math.max(this.nowMs, next.atMs)
            fired++
            next.callback()
        }
        if (this.running) this.nowMs = Math.max(this.nowMs, untilMs)
        this.running = false
        onYield()
    }

    stop() {
        this.running = false
    }
}

/** How many timers may fire before real input gets a turn: few, so that frames are answered in their time. */
const JUMPS_PER_TURN = 10

/** A turn of Node's event loop; with `idle` a real millisecond, so that waiting costs no CPU. */
function nextTurn(idle: boolean) {
    return new Promise<void>(resolve =>
        idle ? setTimeout(resolve, 1) : setImmediate(resolve)
    )
}
