/**
 * What was true of a group on the server that was responsible for it, and whether a light ever said otherwise.
 *
 * The test makes every change itself, so that the truth is known to the moment: while a change is on its way to the
 * server both the old and the new lag are true. A lag of 2 or more is shown as a bar like no frame of any other pattern
 * (the power-on sweep aside), so each single frame can be judged.
 */
import assert from "node:assert/strict"
import type { Light, Reading } from "../light/bench.ts"

/** Settings under which the level is the lag. */
export const ONE_PER_LED = { LAG_PER_LED: 1 }

/** From the reading's age limit to a frame on the LEDs, ms: the VM's turns on a busy computer. */
const LATE_MS = 250

/** The power-on sweep takes 1.6 s from here, ms; nothing is claimed before its end. */
const SWEEP_END = "0000000000"

/** This computer's clock, ms since 1970; monotonic. */
export function nowMs() {
    return performance.timeOrigin + performance.now()
}

/** A lag, and when it was that of the responsible server. */
interface Span {
    lag: number
    fromMs: number
    toMs: number
}

export class Truth {
    private readonly spans: Span[] = []

    /** The lag is this from now on, whatever it was. */
    is(lag: number) {
        this.isNone()
        this.spans.push({ lag, fromMs: nowMs(), toMs: Infinity })
    }

    /** No server is responsible from now on. */
    isNone() {
        for (const span of this.spans) span.toMs = Math.min(span.toMs, nowMs())
    }

    /** The lag becomes this at some moment of the change. */
    async becomes<T>(lag: number, change: () => Promise<T>): Promise<T> {
        this.spans.push({ lag, fromMs: nowMs(), toMs: Infinity })
        const before = this.spans.slice(0, -1)
        const result = await change()
        for (const span of before) span.toMs = Math.min(span.toMs, nowMs())
        return result
    }

    /** The part of a claim that was not true within `ageMs` before, in words; undefined if there is none. */
    lieIn({ lag, fromMs, toMs }: Span, ageMs: number): string | undefined {
        const start = fromMs
        for (const span of this.spans)
            if (span.lag === lag && span.fromMs <= fromMs)
                fromMs = Math.max(fromMs, span.toMs + ageMs)
        if (fromMs >= toMs) return undefined
        return (
            `a lag of ${lag} was shown for ${Math.round(toMs - start)} ms, ` +
            `the last ${Math.round(toMs - fromMs)} of them falsely; true was ${JSON.stringify(this.spans.map(({ lag, fromMs, toMs }) => [lag, Math.round(fromMs - start), Math.round(toMs - start)]))} (ms from then on)`
        )
    }
}

export interface Honesty {
    /** How old a reading may be on the LEDs, ms. */
    staleMs: number
    /** How much longer a server that is no longer responsible may be believed, ms. */
    believedMs?: number
    /** The stream of the target. Default: the only one. */
    stream?: string
    /** The target's share of the LEDs. Default: all. */
    share?: [from: number, to: number]
}

/** Compares everything that the light has shown and recorded so far with the truth. */
export function assertHonest(
    light: Light,
    truth: Truth,
    { staleMs, believedMs = 0, stream, share = [0, 10] }: Honesty
) {
    const ageMs = staleMs + believedMs + LATE_MS
    const origin = nowMs() - light.device.now
    const now = light.device.now
    const lies: string[] = []
    const judge = (lag: number, fromT: number, toT: number, what: string) => {
        const lie = truth.lieIn(
            { lag, fromMs: origin + fromT, toMs: origin + toT },
            ageMs
        )
        if (lie) lies.push(`${Math.round(fromT)} ms, ${what}: ${lie}`)
    }

    let shown = 0
    for (const [i, { t, leds }] of light.frames.entries()) {
        const part = leds.slice(...share)
        const bar = /^(11+)0*$/.exec(part)
        if (!bar || t < sweepEnd(light)) continue
        shown++
        judge(bar[1].length, t, light.frames[i + 1]?.t ?? now, leds)
    }
    for (const { t, record } of light.records) {
        const reading = record as Partial<Reading>
        if (stream && reading.stream !== stream) continue
        if (typeof reading.lag === "number")
            judge(reading.lag, t, t + 1, "record")
    }
    assert.ok(shown > 0, "no bar was ever shown")
    assert.deepEqual(
        lies,
        [],
        `lies:\n${lies.join("\n")}\n${story(light).join("\n")}`
    )
}

/** When the power-on sweep was over, in device time. */
function sweepEnd({ frames }: Light) {
    const full = frames.findIndex(({ leds }) => leds === "1111111111")
    return (
        frames.find(
            ({ leds }, i) => full >= 0 && i > full && leds === SWEEP_END
        )?.t ?? Infinity
    )
}

/** The log, and what the LEDs showed, in device time. */
export function story(light: Light): string[] {
    return [
        ...light.lines.map(({ t, text }) => ({ t, text: `  ${text}` })),
        ...light.records.map(({ t, text }) => ({ t, text: `  ${text}` })),
        ...light.frames.map(({ t, leds }) => ({ t, text: leds })),
    ]
        .sort((a, b) => a.t - b.t)
        .map(({ t, text }) => `${Math.round(t)} ms ${text}`)
}

/** The stale pattern was shown: the tip of a bar alone, for a second. */
export function wentStale(light: Light, since = 0): boolean {
    return light
        .shown(since, light.device.now)
        .some(([leds, ms]) => /^0+10*$/.test(leds) && ms > 500)
}

/** When, from `sinceMs` of this computer's clock on, the light first read this lag. */
export async function readsAt(
    light: Light,
    lag: number,
    limitMs: number,
    sinceMs: number,
    stream?: string
): Promise<number> {
    const origin = nowMs() - light.device.now
    const t = await light.until(
        () =>
            light.records.find(
                ({ t, record }) =>
                    t >= sinceMs - origin &&
                    (record as { lag: number }).lag === lag &&
                    (!stream ||
                        (record as { stream: string }).stream === stream)
            )?.t,
        limitMs,
        `lag ${lag}`
    )
    return origin + t
}
