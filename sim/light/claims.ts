/**
 * Which lag ten LEDs claim to a person, and whether it is true.
 *
 * Of the light's patterns only a bar (and the wink of LED1 over it) is unchanged for more than a second: a frame that is
 * shown longer than that claims a lag. Everything shorter moves, blinks or flashes, and claims none.
 */
import { LEDS } from "../../src/display/display.ts"

/** In place of LEDs: no program is running, so dark LEDs claim nothing. */
export const OFF = "off"

/** LEDs "1110000000", or OFF, from `t` on, ms. */
export interface Frame {
    t: number
    leds: string
}

/** A level that was claimed. */
export interface Claim {
    level: number
    fromMs: number
    toMs: number
}

/** A level that was true. */
export interface Truth {
    level: number
    fromMs: number
    toMs: number
}

/**
 * A frame unchanged for longer is a bar, ms. The tip of a stale bar is lit for 1000; if a dark moment and the wink of a new
 * bar of 0 follow, they look like the same pattern.
 */
export const STILL_MS = 1400
/** A frame that is no bar tells no lag; unchanged for so long the light looks stuck, ms. A busy computer may be late by half a second. */
const STUCK_MS = 3000
/** LED1's wink, ms, with a margin. */
const WINK_MS = 250

/** @returns the claims in `frames` up to `endMs`; an unchanged frame that is no bar has level -1 */
export function claimsOf(frames: readonly Frame[], endMs: number): Claim[] {
    const claims: Claim[] = []
    const still = withoutWinks(frames, endMs)
    for (let i = 0; i < still.length; i++) {
        const { t, leds } = still[i]
        const toMs = still[i + 1]?.t ?? endMs
        const level = levelOf(leds)
        if (leds !== OFF && toMs - t >= (level < 0 ? STUCK_MS : STILL_MS))
            claims.push({ level, fromMs: t, toMs })
    }
    return claims
}

/** A wink is LED1 inverted for a moment between two equal bars. */
function withoutWinks(frames: readonly Frame[], endMs: number): Frame[] {
    const still: Frame[] = []
    for (let i = 0; i < frames.length; i++) {
        const before = still.at(-1)
        const frame = frames[i]
        if (frame.t >= endMs) break
        if (before?.leds === frame.leds) continue
        const next = frames[i + 1]
        if (
            before &&
            // too new to be a bar
            frame.t - before.t > WINK_MS &&
            levelOf(before.leds) >= 0 &&
            next &&
            next.leds === before.leds &&
            next.t - frame.t <= WINK_MS &&
            frame.leds.slice(1) === before.leds.slice(1)
        )
            continue
        still.push(frame)
    }
    return still
}

function levelOf(leds: string) {
    const level = leds.indexOf("0")
    const bar = level < 0 ? LEDS : level
    return leds === "1".repeat(bar) + "0".repeat(LEDS - bar) ? bar : -1
}

/** @returns the LEDs lit for a lag, with LAG_PER_LED entries for each */
export function levelFor(lag: number, lagPerLed: number) {
    return Math.min(Math.ceil(lag / lagPerLed), LEDS)
}

/**
 * The false claims: a level was shown that had not been true within the last `staleMs`. A new frame may be a dark moment of
 * the previous pattern, and is a claim only after STILL_MS: it suffices that it is true by then.
 * @returns a sentence for each
 */
export function falseClaims(
    claims: readonly Claim[],
    truths: readonly Truth[],
    staleMs: number
): string[] {
    return claims.flatMap(claim => {
        // the part of the claim that no truth covers
        let fromMs = claim.fromMs
        const claimedBy = fromMs + STILL_MS
        for (const truth of truths)
            if (
                truth.level === claim.level &&
                truth.fromMs <= Math.max(fromMs, claimedBy)
            )
                fromMs = Math.max(fromMs, truth.toMs + staleMs)
        return fromMs < claim.toMs
            ? [
                  `a bar of ${claim.level} from ${Math.round(claim.fromMs)} to ${Math.round(claim.toMs)} ms, ` +
                      `false from ${Math.round(fromMs)} ms`,
              ]
            : []
    })
}

/** @returns when, from `t` on, the light first makes a true claim; undefined if never */
export function firstTrueClaim(
    claims: readonly Claim[],
    truths: readonly Truth[],
    t: number
): number | undefined {
    let first: number | undefined
    for (const claim of claims)
        for (const truth of truths) {
            if (truth.level !== claim.level) continue
            const fromMs = Math.max(claim.fromMs, truth.fromMs, t)
            if (fromMs < Math.min(claim.toMs, truth.toMs))
                first = Math.min(first ?? Infinity, fromMs)
        }
    return first
}
