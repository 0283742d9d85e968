/** Entries that come in a tide (tide.ts), but not like clockwork. */
import { jobsDue } from "../tide.ts"
import type { Tide } from "../tide.ts"
import type { BoundedStream } from "./bounded-stream.ts"
import type { Runner } from "./runner.ts"

/** Shortest and longest time between two looks at how many are due. */
const TICK_MS = [60, 260]

/** Runs until the runner stops. @param add adds one entry */
export async function inflow(
    runner: Runner,
    tide: Tide,
    stream: BoundedStream,
    add: () => Promise<unknown>
) {
    const startMs = performance.now()
    let sent = 0
    while (!runner.isOver) {
        const seconds = (performance.now() - startMs) / 1000
        const due = Math.floor(jobsDue(tide, seconds))
        // after an outage, or a computer's sleep, what was missed stays missed
        if (due - sent > tide.peak) sent = due - 1
        if (!(await stream.hasRoom())) sent = due
        for (; sent < due && !runner.isOver; sent++) await add()
        const [least, most] = TICK_MS
        await runner.pause(least + Math.random() * (most - least))
    }
}
