/** A process that is one worker of a pool. Its parent sends its configuration over IPC, and stops it by closing the channel. */
import type { Traffic } from "../workload.ts"
import type { OrdersPlan } from "./plan.ts"
import { startWorker } from "./worker.ts"

/** From a worker process to its pool. */
export type WorkerMessage = { booted: true } | { say: string }

/** From its pool, once it has booted. */
export interface WorkerConfig {
    url: string
    plan: OrdersPlan
    name: string
}

function tell(message: WorkerMessage) {
    if (process.connected) process.send!(message, () => {})
}

process.once("message", async ({ url, plan, name }: WorkerConfig) => {
    let stopped = false
    let worker: Traffic | undefined
    const stop = () => {
        stopped = true
        // an error ends this process, and the pool starts another
        void worker?.stop()
    }
    // the pool tells it to stop, or has died
    process.once("disconnect", stop)
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
        process.on(signal, () => {
            if (process.connected) process.disconnect()
        })
    if (!process.connected) return
    try {
        worker = await startWorker(url, plan, name, say => tell({ say }))
        if (stopped) await worker.stop()
    } catch (error) {
        tell({ say: `orders: ${name}: ${(error as Error).message}` })
        process.exitCode = 1
        if (process.connected) process.disconnect()
    }
})

tell({ booted: true })
