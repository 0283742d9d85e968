/** The load that settings put on the board: the chip's time per second, and the heap. */
import {
    GROUP_MS,
    IDLE_MS_PER_S,
    POLLS_MS_PER_S,
    STAR_GROUP_MS,
    TARGET_MS,
} from "../chip.ts"

/** Printed by the firmware for valid settings (src/maincheck.ts). */
export interface Load {
    pollMs: number
    staleMs: number
    targets: number
    /** Targets with GROUP=*. */
    stars: number
    /** Groups of a stream for whose list there is memory on a Pico W. */
    groups: number
}

/** Steps in which POLL_MS is proposed, ms. */
const ROUND_MS = 50
/** With memory for fewer groups of a stream than this the settings are refused. */
const FEWEST_GROUPS = 10

/** Why the settings cannot work on the board: a sentence each, which begins with the setting concerned. */
export function loadRefusals(load: Load): string[] {
    const refusals: string[] = []
    const ms = load.targets * TARGET_MS
    if (ms > load.staleMs)
        refusals.push(
            `STALE_MS is ${load.staleMs}: a poll of ${targetsText(load)} takes the board ${ms} ms, so readings would be stale as soon as they are shown; set STALE_MS to ${2 * shortestPollMs(load)} or more`
        )
    if (load.groups < FEWEST_GROUPS)
        refusals.push(
            `STREAM: with names so long the board has no memory left for replies about ${targetsText(load)}; shorten the names of streams and groups, or watch fewer`
        )
    return refusals
}

/** What works on the board, but not well. */
export function loadWarnings(load: Load): string[] {
    if (pollsMsPerS(load) <= POLLS_MS_PER_S) return []
    return [
        `POLL_MS is ${load.pollMs}: with entries waiting, ${targetsText(load)} would keep the board busy ${busyText(load)} of each second; the smallest POLL_MS that is long enough is ${shortestPollMs(load)}`,
    ]
}

/** Two lines: the time and the memory. */
export function loadText(load: Load): string {
    const each = load.stars > 0 ? STAR_GROUP_MS : GROUP_MS
    const left = ((POLLS_MS_PER_S - pollsMsPerS(load)) * load.pollMs) / 1000
    const inTime = 1 + Math.max(0, Math.floor(left / (each * load.targets)))
    return [
        `the board would be busy up to ${busyText(load)} of each second with one group in each stream; each further one takes ${each} ms a poll${load.stars > 0 ? " with GROUP=*" : ""}`,
        `groups that a stream may have: ${Math.min(inTime, load.groups)} (there is time for ${inTime}, and memory for ${load.groups})`,
    ].join("\n")
}

function pollsMsPerS({ targets, pollMs }: Load) {
    return (targets * TARGET_MS * 1000) / pollMs
}

/** The smallest POLL_MS with which there is time for polls. */
function shortestPollMs({ targets }: Load) {
    const ms = (targets * TARGET_MS * 1000) / POLLS_MS_PER_S
    return Math.ceil(ms / ROUND_MS) * ROUND_MS
}

function busyText(load: Load) {
    const ms = Math.round(pollsMsPerS(load) + IDLE_MS_PER_S)
    return ms > 1000 ? `all (${ms} ms)` : `${ms} ms`
}

function targetsText({ targets }: Load) {
    return targets === 1 ? "one target" : `${targets} targets`
}
