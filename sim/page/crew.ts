/**
 * Consumers of one group that can be paused, hurried, hired and let go while they work: XREADGROUP, a while of work, XACK.
 * One that is let go finishes what it has in hand; one that is hired begins with what a namesake left unfinished.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { readEntries } from "../traffic/parts/entries.ts"
import { connectionTo } from "../traffic/redis-client.ts"
import type { RedisClient } from "../traffic/redis-client.ts"
import { CONSUMERS_MAX, resign, withinPace } from "./consumer-control.ts"
import type { ConsumerControl } from "./consumer-control.ts"
import { NotNow } from "./errors.ts"
import type { CrewState } from "./state.ts"

export interface CrewPlan {
    stream: string
    group: string
    /** How many begin. */
    workers: number
    /** Entries a second that one of them manages at its ordinary pace. */
    ratePerWorker: number
}

/** A consumer asks again after this long without an entry: a pause or a dismissal is to be felt at once. */
const BLOCK_MS = 250
/** After an error reply, or a lost connection. */
const RETRY_MS = 500
/** A group that is gone is made again after so long: time for the light to say that it is gone. */
const REPAIR_MS = 6000
/** A consumer in a hurry takes several entries at a time, rather than wait less than this. */
const LEAST_WORK_MS = 20
/** What a stop waits for at most. */
const STOP_TIMEOUT_MS = 1500

interface Worker {
    name: string
    client: RedisClient
    leaving: AbortController
    done: Promise<void>
    /** A read that is under way: it may still bring an entry. */
    reading: Promise<unknown> | undefined
}

export class Crew implements ConsumerControl {
    private readonly workers: Worker[] = []
    private paused = false
    private pace = 1
    private isOver = false
    /** Aborted, and made anew, whenever the pace or a pause changes: nobody sleeps on at the old pace. */
    private news = new AbortController()

    constructor(
        private readonly url: string,
        private readonly plan: CrewPlan
    ) {
        for (let i = 0; i < plan.workers; i++) this.add()
    }

    get state(): CrewState {
        const who = String(this.workers.length)
        return { who, paused: this.paused, pace: this.pace }
    }

    /** Resolves when nobody will take an entry any more. */
    async pause() {
        this.paused = true
        this.tell()
        await Promise.allSettled(this.workers.map(({ reading }) => reading))
    }

    resume() {
        this.paused = false
        this.tell()
    }

    setPace(pace: number) {
        this.pace = withinPace(pace)
        this.tell()
    }

    add() {
        if (this.workers.length >= CONSUMERS_MAX)
            throw new NotNow("there is no room for more consumers")
        const taken = new Set(this.workers.map(({ name }) => name))
        let number = 1
        while (taken.has(`worker-${number}`)) number++
        const worker: Worker = {
            name: `worker-${number}`,
            client: connectionTo(this.url),
            leaving: new AbortController(),
            done: Promise.resolve(),
            reading: undefined,
        }
        this.workers.push(worker)
        worker.done = this.employ(worker)
        return worker.name
    }

    async remove() {
        const worker = this.workers.pop()
        if (!worker) throw new NotNow("there is no consumer to remove")
        worker.leaving.abort()
        await this.gone(worker)
        return worker.name
    }

    async stop() {
        this.isOver = true
        const workers = this.workers.splice(0)
        for (const { leaving } of workers) leaving.abort()
        this.tell()
        await Promise.all(workers.map(worker => this.gone(worker)))
    }

    private tell() {
        this.news.abort()
        this.news = new AbortController()
    }

    private async gone({ done, client }: Worker) {
        const timeout = new AbortController()
        await Promise.race([
            done,
            sleep(STOP_TIMEOUT_MS, undefined, timeout).catch(() => {}),
        ])
        timeout.abort()
        if (client.isOpen) client.destroy()
    }

    private async employ(worker: Worker) {
        const { client, leaving } = worker
        while (!leaving.signal.aborted)
            try {
                if (!client.isOpen) await client.connect()
                await this.work(worker)
            } catch (error) {
                if (leaving.signal.aborted) break
                const isLost = /^NOGROUP/.test((error as Error).message)
                await rest(isLost ? REPAIR_MS : RETRY_MS, leaving.signal)
                // what the group missed meanwhile stays missed
                if (isLost && !leaving.signal.aborted)
                    await this.createGroup(client).catch(() => {})
            }
        if (client.isOpen && !this.isOver)
            await resign(
                client,
                this.plan.stream,
                this.plan.group,
                worker.name
            ).catch(() => {})
    }

    private async work(worker: Worker) {
        const { name, client, leaving } = worker
        const { stream, group } = this.plan
        // "0": first what was given to this name before and not finished
        let from = "0"
        while (!leaving.signal.aborted) {
            if (this.paused) {
                await rest(BLOCK_MS, leaving.signal, this.news.signal)
                continue
            }
            const read = readEntries(client, {
                ...{ stream, group, consumer: name },
                ...{ from, blockMs: BLOCK_MS, count: this.batch() },
            })
            worker.reading = read
            const entries = await read
            if (entries.length === 0) from = ">"
            else if (from === ">") await this.labour(entries.length)
            if (entries.length > 0)
                await client.xAck(
                    stream,
                    group,
                    entries.map(({ id }) => id)
                )
        }
    }

    private get workMs() {
        return 1000 / (this.plan.ratePerWorker * this.pace)
    }

    /** Entries to take at a time. */
    private batch() {
        return Math.max(1, Math.round(LEAST_WORK_MS / this.workMs))
    }

    /** The work on so many entries, at the pace of each moment; it is finished even if the worker is to leave. */
    private async labour(entries: number) {
        let left = entries
        while (left > 0 && !this.isOver) {
            const { workMs } = this
            const startMs = performance.now()
            await rest(left * workMs, this.news.signal)
            left -= (performance.now() - startMs) / workMs
            // timers are early by a fraction at times
            if (left * workMs < 1) return
        }
    }

    private async createGroup(client: RedisClient) {
        const { stream, group } = this.plan
        await client.xGroupCreate(stream, group, "$", { MKSTREAM: true })
    }
}

/** A pause that ends early at any of the signals. */
async function rest(ms: number, ...signals: AbortSignal[]) {
    const signal = AbortSignal.any(signals)
    await sleep(ms, undefined, { signal }).catch(() => {})
}
