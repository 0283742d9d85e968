/**
 * A pool of worker processes that grows and shrinks with the group's true lag. If the pool is killed, its workers
 * finish their current entries and end.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Runner } from "../parts/runner.ts"
import { PoolWorker } from "./pool-worker.ts"
import { Lease } from "./lease.ts"
import { inFlightMs, orderKeys } from "./plan.ts"
import type { OrdersPlan } from "./plan.ts"
import { scalingStep } from "./scaling.ts"
import { trueLag, countedLag } from "./true-lag.ts"
import type { TrueLag } from "./true-lag.ts"

/** Between two checks of the lag. */
const TICK_MS = 250
/** After a pool was killed, another takes over after this long. */
const LEASE_MS = 2000
/** Beyond the time for the current entries: then a worker is killed. */
const STOP_SPARE_MS = 3000
/** Before a dead worker is replaced: the new one may die of the same. */
const RESTART_PAUSE_MS = 500

export class Pool {
    private readonly lease: Lease
    private readonly workers = new Set<PoolWorker>()
    private changedAtMs = -Infinity
    private startAtMs = 0
    private holdsLease: boolean | undefined
    private closed: Promise<void> | undefined

    constructor(
        private readonly runner: Runner,
        private readonly url: string,
        private readonly plan: OrdersPlan
    ) {
        const { lease } = orderKeys(plan.stream)
        this.lease = new Lease(runner.client, lease, LEASE_MS)
    }

    /** Until the runner stops and all workers have ended. */
    async run() {
        while (!this.runner.isOver) {
            await this.tick()
            await this.runner.pause(TICK_MS)
        }
        await this.close()
        // not before: two working pools would be more workers than allowed
        await this.lease.release()
    }

    private async tick() {
        this.leaseChanged(await this.lease.hold())
        if (!this.holdsLease) return this.stopAll()
        const lag = await this.lag()
        if (this.runner.isOver) return
        const active = this.active
        const now = performance.now()
        const step = scalingStep(this.plan.scaling, {
            workers: active.length,
            lag,
            sinceChangeMs: now - this.changedAtMs,
        })
        const change = step > 0 ? Math.min(step, this.freePlaces(now)) : step
        if (change === 0) return
        this.changedAtMs = now
        if (change < 0) active.at(-1)!.stop()
        else for (let i = 0; i < change; i++) this.startWorker()
        // not awaited: a large lag takes longer to count than the lease lasts
        this.announce(active.length + change).catch(() => {})
    }

    private async announce(workers: number) {
        const { stream, group, scaling } = this.plan
        const lag = await countedLag(this.runner.client, stream, group).catch(
            () => undefined
        )
        this.runner.say(
            `lag ${lagText(lag)}: ${workers} of ${scaling.maxWorkers} workers`
        )
    }

    /** How many may be started now. Those that are stopping count too: never more processes than allowed. */
    private freePlaces(now: number) {
        const { maxWorkers } = this.plan.scaling
        return now < this.startAtMs
            ? 0
            : Math.max(0, maxWorkers - this.workers.size)
    }

    private get active() {
        return [...this.workers].filter(worker => !worker.isStopping)
    }

    private leaseChanged(holdsLease: boolean) {
        if (this.holdsLease !== holdsLease && !holdsLease)
            this.runner.say("another pool is working: standing by")
        // the lease may have been lost with all of Redis: the other pool's workers need a moment to end
        if (this.holdsLease === false && holdsLease)
            this.startAtMs =
                performance.now() + 2 * TICK_MS + inFlightMs(this.plan)
        this.holdsLease = holdsLease
    }

    private lag() {
        const { stream, group, scaling } = this.plan
        return trueLag(
            this.runner.client,
            stream,
            group,
            scaling.upAbove
        ).catch(
            // the stream or the server is gone: the pool stays as it is
            () => undefined
        )
    }

    private startWorker() {
        const { url, plan } = this
        const config = { url, plan, name: this.freeName() }
        const worker = new PoolWorker(config, line =>
            this.runner.say(line.replace(/^orders: /, ""))
        )
        this.workers.add(worker)
        // it never rejects
        void worker.exited.then(() => {
            this.workers.delete(worker)
            if (worker.isStopping) return
            this.startAtMs = performance.now() + RESTART_PAUSE_MS
            this.runner.say(`${config.name} has died`)
        })
    }

    /** Names are used again: the group's list of consumers stays short. */
    private freeName() {
        const taken = [...this.workers].map(({ config }) => config.name)
        for (let i = 1; ; i++)
            if (!taken.includes(`worker-${i}`)) return `worker-${i}`
    }

    private stopAll() {
        for (const worker of this.active) worker.stop()
    }

    /** Resolves when all workers have ended. No worker is started any more: the runner has been stopped. */
    close() {
        return (this.closed ??= this.endAll())
    }

    private async endAll() {
        this.stopAll()
        const exits = Promise.all([...this.workers].map(w => w.exited))
        const timeout = new AbortController()
        await Promise.race([
            exits,
            sleep(inFlightMs(this.plan) + STOP_SPARE_MS, undefined, {
                signal: timeout.signal,
            }).then(
                () => this.killAll(),
                () => {}
            ),
        ])
        timeout.abort()
        await exits
    }

    private killAll() {
        for (const worker of this.workers) worker.kill9()
    }
}

/** How long a stop of the pool may take, in ms: its workers' current entries, and killing those that do not end. */
export function poolStopMs(plan: OrdersPlan) {
    return inFlightMs(plan) + STOP_SPARE_MS + 1000
}

function lagText(lag: TrueLag | undefined) {
    if (!lag) return "unknown"
    return lag.low === lag.high ? lag.low : `${lag.low} or more`
}
