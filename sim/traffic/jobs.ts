/**
 * Jobs for a staff of workers: entries added to one stream and consumed by one group, in a tide that makes
 * the group's lag rise and fall (tide.ts). Real XADD, XREADGROUP and XACK.
 *
 * Several may run on one stream at once, and one may be killed at any moment: workers have fixed names and
 * begin with what a predecessor left unfinished, and the group is made again if the server lost it.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { ErrorReply } from "redis"
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { readGroup } from "./parts/entries.ts"
import { connectionTo } from "./redis-client.ts"
import type { RedisClient } from "./redis-client.ts"
import { jobsDue } from "./tide.ts"
import type { Tide } from "./tide.ts"
import type { Traffic, Workload } from "./workload.ts"

export interface JobsPlan extends Tide {
    /** The stream's key. */
    stream: string
    /** The consumer group. */
    group: string
    /** How many work at a time. */
    workers: number
    /** Entries kept in the stream, about. */
    maxLength: number
}

/** Lag from 0 to beyond the tenth LED (LAG_PER_LED is 2) and back, once a minute. */
export const JOBS_DEFAULTS: JobsPlan = {
    stream: "jobs",
    group: "staff",
    ratePerS: 4,
    workers: 2,
    peak: 24,
    periodS: 60,
    maxLength: 1000,
}

/** Jobs do not come like clockwork: shortest and longest time between two looks at how many are due. */
const PRODUCER_TICK_MS = [60, 260]
/** A worker asks again after this long without a job. */
const BLOCK_MS = 1000
/** After an error reply: the server may be loading, or out of memory. */
const RETRY_MS = 1000
/** What a stop waits for at most; a server that hangs is then left alone. */
const STOP_TIMEOUT_MS = 1500

const TASKS = ["resize image", "send mail", "index page", "make invoice"]

export const jobs: Workload = {
    name: "jobs",
    summary: "a stream of jobs and its workers, whose lag rises and falls",
    options: {
        stream: {
            type: "string",
            value: "KEY",
            default: JOBS_DEFAULTS.stream,
            help: "the stream",
        },
        group: {
            type: "string",
            value: "NAME",
            default: JOBS_DEFAULTS.group,
            help: "the consumer group",
        },
        peak: {
            type: "string",
            value: "N",
            default: String(JOBS_DEFAULTS.peak),
            help: "the highest lag, in jobs",
        },
        period: {
            type: "string",
            value: "S",
            default: String(JOBS_DEFAULTS.periodS),
            help: "seconds from one high to the next",
        },
        rate: {
            type: "string",
            value: "N",
            default: String(JOBS_DEFAULTS.ratePerS),
            help: "jobs per second that the workers manage",
        },
        workers: {
            type: "string",
            value: "N",
            default: String(JOBS_DEFAULTS.workers),
            help: "workers, each on a connection of its own",
        },
        maxlen: {
            type: "string",
            value: "N",
            default: String(JOBS_DEFAULTS.maxLength),
            help: "entries to keep in the stream, about",
        },
    },
    start: (url, values, say) => startJobs(url, planFrom(values), say),
}

/** @throws UsageError */
function planFrom(values: OptionValues): JobsPlan {
    return {
        stream: String(values.stream),
        group: String(values.group),
        peak: wholeNumber("peak", values.peak, 1, 100_000),
        periodS: wholeNumber("period", values.period, 5, 86_400),
        ratePerS: wholeNumber("rate", values.rate, 1, 1000),
        workers: wholeNumber("workers", values.workers, 1, 100),
        maxLength: wholeNumber("maxlen", values.maxlen, 100, 10_000_000),
    }
}

/**
 * Resolves when jobs come and are worked on.
 * @throws Error if Redis cannot be reached, or refuses (WRONGPASS, WRONGTYPE, NOPERM)
 */
export async function startJobs(
    url: string,
    plan: Partial<JobsPlan> = {},
    say: (line: string) => void = () => {}
): Promise<Traffic> {
    const shift = new Shift(url, { ...JOBS_DEFAULTS, ...plan }, say)
    try {
        await shift.begin()
        return shift
    } catch (error) {
        await shift.stop()
        throw error
    }
}

/** A producer and its workers while they are at it. */
class Shift implements Traffic {
    private readonly producer: RedisClient
    private readonly workers: { client: RedisClient; name: string }[]
    private readonly stopping = new AbortController()
    /** What the server calls the workers' connections. */
    private readonly workerIds = new Map<RedisClient, number>()
    private tasks: Promise<void>[] = []
    private stopped: Promise<void> | undefined

    constructor(
        url: string,
        private readonly plan: JobsPlan,
        private readonly say: (line: string) => void
    ) {
        const { host } = new URL(url)
        this.producer = connectionTo(url, lost =>
            say(
                lost
                    ? `traffic: no connection to ${host} (${lost.message})`
                    : `traffic: connected to ${host} again`
            )
        )
        this.workers = Array.from({ length: plan.workers }, (_, i) => ({
            client: connectionTo(url),
            name: `worker-${i + 1}`,
        }))
    }

    async begin() {
        const clients = [this.producer, ...this.workers.map(w => w.client)]
        await Promise.all(clients.map(client => client.connect()))
        await this.createGroup()
        this.tasks = [
            this.keepOn(() => this.produce()),
            ...this.workers.map(({ client, name }) =>
                this.keepOn(() => this.work(client, name))
            ),
        ]
    }

    stop() {
        return (this.stopped ??= this.endAll())
    }

    private get isOver() {
        return this.stopping.signal.aborted
    }

    private async endAll() {
        this.stopping.abort()
        const waking = this.workers.map(({ client }) => this.wake(client))
        const timeout = new AbortController()
        await Promise.race([
            Promise.allSettled([...this.tasks, ...waking]),
            sleep(STOP_TIMEOUT_MS, undefined, timeout).catch(() => {}),
        ])
        timeout.abort()
        for (const client of [
            this.producer,
            ...this.workers.map(w => w.client),
        ])
            if (client.isOpen) client.destroy()
    }

    /** Ends a worker's wait for a job, so that it sees that the shift is over. */
    private async wake(worker: RedisClient) {
        const id = this.workerIds.get(worker)
        if (id !== undefined && this.producer.isReady)
            await this.producer.sendCommand(["CLIENT", "UNBLOCK", String(id)])
    }

    /** Runs a loop until the shift is over, again and again after errors. */
    private async keepOn(loop: () => Promise<void>) {
        while (!this.isOver)
            try {
                await loop()
            } catch (error) {
                if (this.isOver) return
                await this.mend(error as Error).catch(() => {})
            }
    }

    /** A server that came back empty has lost the group; whatever else it is may pass. */
    private async mend(error: Error) {
        if (/^NOGROUP/.test(error.message)) return this.createGroup()
        // of a lost connection the producer's client tells
        if (error instanceof ErrorReply) this.say(`traffic: ${error.message}`)
        await this.pause(RETRY_MS)
    }

    private async createGroup() {
        const { stream, group } = this.plan
        try {
            // from here on: what was in the stream before is not for this staff
            await this.producer.xGroupCreate(stream, group, "$", {
                MKSTREAM: true,
            })
        } catch (error) {
            if (!/^BUSYGROUP/.test((error as Error).message)) throw error
        }
    }

    /** Adds what is due, from time to time. */
    private async produce() {
        const startMs = performance.now()
        let sent = 0
        while (!this.isOver) {
            const due = Math.floor(
                jobsDue(this.plan, (performance.now() - startMs) / 1000)
            )
            // after an outage, or a computer's sleep, what was missed stays missed
            if (due - sent > this.plan.peak) sent = due - 1
            while (sent < due && !this.isOver) await this.add(++sent)
            const [least, most] = PRODUCER_TICK_MS
            await this.pause(least + Math.random() * (most - least))
        }
    }

    private async add(number: number) {
        const { stream, maxLength } = this.plan
        const task = TASKS[number % TASKS.length]
        await this.producer.xAdd(
            stream,
            "*",
            { task, number: String(number) },
            {
                TRIM: {
                    strategy: "MAXLEN",
                    strategyModifier: "~",
                    threshold: maxLength,
                },
            }
        )
    }

    /** One worker: takes a job, works on it, acknowledges it. */
    private async work(client: RedisClient, name: string) {
        this.workerIds.set(client, await client.clientId())
        const { stream, group, ratePerS, workers } = this.plan
        const jobMs = (1000 * workers) / ratePerS
        // "0": first what it was given before and did not finish
        let from = "0"
        while (!this.isOver) {
            const job = await readGroup(client, {
                ...{ stream, group, consumer: name },
                ...{ from, blockMs: BLOCK_MS },
            })
            if (job) {
                if (from === ">") await this.pause(jobMs)
                await client.xAck(stream, group, job.id)
            } else from = ">"
        }
    }

    /** Ends early when the shift ends. */
    private async pause(ms: number) {
        await sleep(ms, undefined, { signal: this.stopping.signal }).catch(
            () => {}
        )
    }
}
