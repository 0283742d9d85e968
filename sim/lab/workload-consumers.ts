/**
 * A workload's consumers, controlled from the page. They are parts of it (`--producer`, `--consumer NAME`, `--pool`):
 * pausing stops them, and a new speed restarts them, as with the processes of a real service.
 */
import type { OptionValues } from "../command-line.ts"
import { deleteConsumer } from "../traffic/parts/consumer-list.ts"
import { connectionTo } from "../traffic/redis-client.ts"
import type { Traffic, Workload } from "../traffic/workload.ts"
import { CONSUMERS_MAX, withinPace } from "./consumer-control.ts"
import type { ConsumerControl } from "./consumer-control.ts"
import { NotNow } from "./errors.ts"
import type { ConsumersState } from "./state.ts"

/** Parts that are not consumers: they run independently of these. */
const OTHER_PARTS = ["producer", "aggregator"]
/** A part that starts as many consumers of its own as it needs. */
const POOL = "pool"
/** The options that run one consumer, by its name. */
const ONE_CONSUMER = ["consumer", "worker"]
/** A lost group is created again after so long: time for the light to show that it is missing. */
const REPAIR_MS = 6000

export interface WorkloadConsumersOptions {
    workload: Workload
    /** Whether its other parts run, too, so that entries are added. */
    withProducer: boolean
    /** The default values of its options. */
    values: OptionValues
    url: string
    stream: string
    group: string
    say: (line: string) => void
}

export class WorkloadConsumers implements ConsumerControl {
    private paused = false
    private pace = 1
    /** The speed at which the running ones were started. */
    private workingPace = 1
    private others: Traffic | undefined
    private pool: Traffic | undefined
    private readonly running = new Map<string, Traffic>()
    private readonly names: string[] = []
    private pending: Promise<unknown> = Promise.resolve()
    private isOver = false

    /** @throws Error if Redis cannot be reached */
    static async start(
        options: WorkloadConsumersOptions
    ): Promise<WorkloadConsumers> {
        const consumers = new WorkloadConsumers(options)
        try {
            if (options.withProducer) await consumers.startOthers()
            if (!consumers.has(POOL))
                for (let i = 0; i < consumers.usualNumber; i++)
                    consumers.newName()
            await consumers.begin()
            return consumers
        } catch (error) {
            await consumers.stop()
            throw error
        }
    }

    private constructor(private readonly options: WorkloadConsumersOptions) {}

    get state(): ConsumersState {
        const { length } = this.names
        const count = !this.has(POOL)
            ? String(length)
            : length === 0
              ? "the pool"
              : `the pool and ${length}`
        return { count, paused: this.paused, pace: this.pace }
    }

    pause() {
        return this.inOrder(async () => {
            this.paused = true
            await this.end()
        })
    }

    resume() {
        return this.inOrder(async () => {
            this.paused = false
            await this.begin()
        })
    }

    setPace(pace: number) {
        // at once: pressing the button again doubles this
        this.pace = withinPace(pace)
        return this.inOrder(async () => {
            const before = this.workingPace
            // an earlier press has already done it
            if (this.pace === before) return
            await this.end()
            try {
                await this.begin()
            } catch (error) {
                // the workload has a limit of its own
                this.pace = before
                await this.end()
                await this.begin()
                throw new NotNow((error as Error).message)
            }
        })
    }

    add() {
        return this.inOrder(async () => {
            if (this.names.length >= CONSUMERS_MAX)
                throw new NotNow("there is no room for more consumers")
            const name = this.newName()
            await this.begin()
            return name
        })
    }

    remove() {
        return this.inOrder(async () => {
            const name = this.names.pop()
            if (name === undefined)
                throw new NotNow(
                    this.has(POOL)
                        ? "the pool's workers come and go by themselves"
                        : "there is no consumer to remove"
                )
            await this.running.get(name)?.stop()
            this.running.delete(name)
            await this.deleteFromGroup(name).catch(() => {})
            return name
        })
    }

    async stop() {
        this.isOver = true
        await this.pending.catch(() => {})
        await Promise.all([this.others?.stop(), this.end()])
    }

    /** One operation at a time. */
    private inOrder<T>(work: () => Promise<T>): Promise<T> {
        const result = this.pending.catch(() => {}).then(work)
        this.pending = result.catch(() => {})
        return result
    }

    private has(option: string) {
        return option in this.options.workload.options
    }

    /** How many the workload has by default. */
    private get usualNumber() {
        const { consumers, workers } = this.options.values
        return Number(consumers ?? workers ?? 1)
    }

    /** The option that names one consumer. */
    private get option() {
        return ONE_CONSUMER.find(one => this.has(one))!
    }

    /** @returns the name for a new consumer */
    private newName() {
        let number = 1
        const base = this.has(POOL) ? "extra" : this.option
        while (this.names.includes(`${base}-${number}`)) number++
        const name = `${base}-${number}`
        this.names.push(name)
        return name
    }

    /** Starts those that are not running. */
    private async begin() {
        if (this.paused || this.isOver) return
        if (!this.pool && this.running.size === 0) this.workingPace = this.pace
        if (this.has(POOL)) this.pool ??= await this.startPart({ [POOL]: true })
        const { option } = this
        for (const name of this.names)
            if (!this.running.has(name))
                this.running.set(name, await this.startPart({ [option]: name }))
    }

    private async end() {
        const { pool } = this
        const running = [...this.running.values()]
        this.pool = undefined
        this.running.clear()
        await Promise.all([pool?.stop(), ...running.map(one => one.stop())])
    }

    private async startOthers() {
        const parts = OTHER_PARTS.filter(part => this.has(part))
        this.others = await this.startPart(
            Object.fromEntries(parts.map(part => [part, true]))
        )
    }

    private startPart(part: OptionValues) {
        const { workload, url, values, say } = this.options
        const ours = {
            ...{ pace: String(this.workingPace), quiet: true },
            repair: String(REPAIR_MS),
        }
        return workload.start(url, { ...values, ...ours, ...part }, say)
    }

    private async deleteFromGroup(name: string) {
        const { url, stream, group } = this.options
        const client = connectionTo(url)
        await client.connect()
        try {
            await deleteConsumer(client, stream, group, name)
        } finally {
            client.destroy()
        }
    }
}
