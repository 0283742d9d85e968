/** A process that is one worker of a pool. Its parent tells it what to do over IPC, and stops it by hanging up. */
import type { Traffic } from "../workload.ts"
import type { OrdersPlan } from "./plan.ts"
import { startWorker } from "./worker.ts"

/** What a worker process tells its pool. */
export type WorkerNews = { booted: true } | { say: string }

/** What its pool tells it, once it has booted. */
export interface WorkerOrder {
    url: string
    plan: OrdersPlan
    name: string
}

function tell(news: WorkerNews) {
    if (process.connected) process.send!(news, () => {})
}

process.once("message", async ({ url, plan, name }: WorkerOrder) => {
    let stopped = false
    let worker: Traffic | undefined
    const stop = () => {
        stopped = true
        // an error ends this process, and the pool starts another
        void worker?.stop()
    }
    // the pool wants it to end, or has died
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
