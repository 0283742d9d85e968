/** What polls cost, counted in the VM: the same on every computer, so that tests can hold it to a budget. */
import { SimulatedDevice } from "../vm/device.ts"
import type { DeviceOptions, MemoryReport } from "../vm/device.ts"

/** What one poll costs, on average. */
export interface PollCost {
    polls: number
    steps: number
    allocations: number
    allocatedBytes: number
    /** The part that the VM needs for calls. */
    callBytes: number
    /** The most steps between two pauses, of all polls. */
    longestRun: number
    /** At the end; the extremes are those since the warm-up. */
    memory: MemoryReport
}

export interface CountOptions extends Omit<
    DeviceOptions,
    "clock" | "countSteps"
> {
    /** The time between two polls of the program, ms. */
    pollMs: number
    /** Default 30. */
    polls?: number
    /** Before counting starts: for the program's start, the sweep, the connect and one-time queries. Default 15 s. */
    warmUpMs?: number
    /** How many polls there have been so far; default: by the clock. */
    pollsSoFar?: () => Promise<number>
}

/** The program ended itself while it was counted: its heap was full, or it took too many steps. */
export class ProgramEnded extends Error {
    override name = "ProgramEnded"
}

/**
 * Runs a program that polls, on a driven clock, and counts everything that it does meanwhile, including a light's winks and
 * its check of the time every half second.
 * @throws ProgramEnded
 */
export async function countPolls({
    pollMs,
    polls = 30,
    warmUpMs = 15_000,
    pollsSoFar,
    ...options
}: CountOptions): Promise<PollCost> {
    let end: string | undefined
    const device = await SimulatedDevice.start({
        answerWaitMs: 15_000,
        ...options,
        clock: "driven",
        countSteps: true,
        onCreated: created => {
            options.onCreated?.(created)
            created.on("panic", ({ text }) => (end ??= text))
        },
    })
    try {
        await device.runFor(warmUpMs)
        // while it starts, the program keeps half of the heap for replies (src/heap.ts)
        await device.memory({ resetExtremes: true }).catch(() => undefined)
        const pollsBefore = await pollsSoFar?.()
        const before = await device.counts()
        await device.runFor(polls * pollMs)
        const counts = await device.counts()
        if (end !== undefined) throw new ProgramEnded(end)
        const count = pollsSoFar ? (await pollsSoFar()) - pollsBefore! : polls
        return {
            polls: count,
            steps: (counts.steps - before.steps) / count,
            allocations: (counts.allocations - before.allocations) / count,
            allocatedBytes:
                (counts.allocatedBytes - before.allocatedBytes) / count,
            callBytes: (counts.callBytes - before.callBytes) / count,
            longestRun: counts.longestRun,
            memory: await device.memory(),
        }
    } finally {
        await device.stop()
    }
}
