/** A producer whose rate follows a load cycle (load-cycle.ts), at irregular moments. */
import { entriesDue } from "../load-cycle.ts"
import type { LoadCycle } from "../load-cycle.ts"
import type { BoundedStream } from "./bounded-stream.ts"
import type { Runner } from "./runner.ts"

/** Shortest and longest time between two checks of how many are due. */
const TICK_MS = [60, 260]

/** Runs until the runner stops. @param add adds one entry */
export async function runProducer(
    runner: Runner,
    cycle: LoadCycle,
    stream: BoundedStream,
    add: () => Promise<unknown>
) {
    const startMs = performance.now()
    let sent = 0
    while (!runner.isOver) {
        const seconds = (performance.now() - startMs) / 1000
        const due = Math.floor(entriesDue(cycle, seconds))
        // after an outage, or a computer's sleep, entries that were missed are not made up for
        if (due - sent > cycle.peak) sent = due - 1
        if (!(await stream.hasRoom())) sent = due
        for (; sent < due && !runner.isOver; sent++) await add()
        const [least, most] = TICK_MS
        await runner.pause(least + Math.random() * (most - least))
    }
}
