/** `GET /healthz`: healthy, or a list of problems. */
import { Show } from "../../src/settings-table.ts"
import { topOf } from "../../src/signal/level.ts"
import type { Lab } from "../lab/lab.ts"
import type { ConsumerState, GroupState } from "../lab/group-state.ts"
import { targetName } from "../light/text.ts"
import { printable } from "../printable.ts"
import { DARK } from "../vm/device-types.ts"

/** A consumer with pending entries that has not read for so long has probably died. */
const IDLE_LIMIT_MS = 60_000
/** An entry should be acknowledged by then. */
const PENDING_AGE_LIMIT_MS = 300_000

export interface Health {
    healthy: boolean
    /** One sentence each. */
    problems: string[]
    /** "1" lit, LED1 first. */
    leds: string
    /** The state of each target. */
    light: {
        stream: string
        group: string
        /** What `low` and `high` count: `lag`, or another word of SHOW. */
        show: string
        status: string
        low: number | null
        high: number | null
        /** Why the light winks; null if it does not. */
        check: string | null
    }[]
}

/** @param lagLimit default: the end of the target's scale */
export function healthOf(lab: Lab | undefined, lagLimit?: number): Health {
    if (!lab)
        return {
            healthy: false,
            problems: ["the simulator is starting"],
            leds: DARK,
            light: [],
        }
    const { link, targets } = lab.light
    const problems: string[] = []
    if (link !== "up") problems.push(`the light says: ${link}`)
    for (const [i, target] of targets.entries()) {
        const name = printable(targetName(target.stream, target.group))
        if (link === "up" && target.condition !== "lag")
            problems.push(`${name}: the light says: ${target.condition}`)
        if (link === "up" && target.complaint !== null)
            problems.push(`${name}: the light winks: ${target.complaint}`)
        const { scale, show } = lab.setup[i]
        const end = topOf(scale) - 1
        const limit = show === Show.Lag ? (lagLimit ?? end) : end
        if (target.low !== null && target.low > limit)
            problems.push(`${name}: ${show} ${target.low} is above ${limit}`)
    }
    for (const group of lab.reader.groups)
        problems.push(...groupProblems(group))
    return {
        healthy: problems.length === 0,
        problems,
        leds: lab.leds,
        light: targets.map(({ stream, group, condition, ...target }, i) => ({
            stream,
            group,
            show: lab.setup[i].show,
            status: link === "up" ? condition : link,
            low: target.low,
            high: target.high,
            check: link === "up" ? target.complaint : null,
        })),
    }
}

/** What is wrong with a group's consumers. */
export function groupProblems(state: GroupState): string[] {
    const name = printable(targetName(state.stream, state.group))
    const problems: string[] = []
    if (state.trouble) problems.push(`${name}: ${state.trouble}`)
    for (const consumer of state.consumers ?? [])
        if (isStuck(consumer))
            problems.push(
                `${name}: ${printable(consumer.name)} is idle for ${seconds(consumer.idleMs)} with ${consumer.pending} pending`
            )
    const oldest = state.oldestPending
    if (oldest && oldest.ageMs > PENDING_AGE_LIMIT_MS)
        problems.push(
            `${name}: ${oldest.id} is pending, and ${seconds(oldest.ageMs)} old`
        )
    return problems
}

function isStuck({ pending, idleMs }: ConsumerState) {
    return pending > 0 && idleMs > IDLE_LIMIT_MS
}

function seconds(ms: number) {
    return `${Math.round(ms / 1000)} s`
}
