/**
 * Consumers of a workload that can be started part by part (`--producer`, `--consumer NAME`, `--pool`): they are paused by
 * ending them, and change their pace by beginning anew, as processes of a real service would be.
 */
import type { OptionValues } from "../command-line.ts"
import { connectionTo } from "../traffic/redis-client.ts"
import type { Traffic, Workload } from "../traffic/workload.ts"
import { CONSUMERS_MAX, resign, withinPace } from "./consumer-control.ts"
import type { ConsumerControl } from "./consumer-control.ts"
import { NotNow } from "./errors.ts"
import type { CrewState } from "./state.ts"

/** Parts that are no consumers: they run on whatever happens to those. */
const OTHER_PARTS = ["producer", "aggregator"]
/** A part that brings consumers of its own, as many as it sees fit. */
const POOL = "pool"
/** The option that makes one consumer, by its name. */
const ONE_CONSUMER = ["consumer", "worker"]

/** Whether the workload's options are those of parts. */
export function hasParts({ options }: Workload) {
    return (
        "producer" in options && ONE_CONSUMER.some(option => option in options)
    )
}

export interface PartCrewOptions {
    workload: Workload
    /** Of all its options, as they are by default. */
    values: OptionValues
    url: string
    stream: string
    group: string
    say: (line: string) => void
}

export class PartCrew implements ConsumerControl {
    private paused = false
    private pace = 1
    private others: Traffic | undefined
    private pool: Traffic | undefined
    private readonly running = new Map<string, Traffic>()
    private readonly names: string[] = []
    private turning: Promise<unknown> = Promise.resolve()
    private isOver = false

    /** @throws Error if Redis cannot be reached */
    static async start(options: PartCrewOptions): Promise<PartCrew> {
        const crew = new PartCrew(options)
        try {
            const parts = OTHER_PARTS.filter(part => crew.has(part))
            crew.others = await crew.startPart(
                Object.fromEntries(parts.map(part => [part, true]))
            )
            if (!crew.has(POOL))
                for (let i = 0; i < crew.usualNumber; i++) crew.hire()
            await crew.employ()
            return crew
        } catch (error) {
            await crew.stop()
            throw error
        }
    }

    private constructor(private readonly options: PartCrewOptions) {}

    get state(): CrewState {
        const { length } = this.names
        const who = !this.has(POOL)
            ? String(length)
            : length === 0
              ? "the pool"
              : `the pool and ${length}`
        return { who, paused: this.paused, pace: this.pace }
    }

    pause() {
        return this.turn(async () => {
            this.paused = true
            await this.dismiss()
        })
    }

    resume() {
        return this.turn(async () => {
            this.paused = false
            await this.employ()
        })
    }

    setPace(pace: number) {
        return this.turn(async () => {
            const before = this.pace
            this.pace = withinPace(pace)
            await this.dismiss()
            try {
                await this.employ()
            } catch (error) {
                // a limit of the workload's own
                this.pace = before
                await this.dismiss()
                await this.employ()
                throw new NotNow((error as Error).message)
            }
        })
    }

    add() {
        return this.turn(async () => {
            if (this.names.length >= CONSUMERS_MAX)
                throw new NotNow("there is no room for more consumers")
            const name = this.hire()
            await this.employ()
            return name
        })
    }

    remove() {
        return this.turn(async () => {
            const name = this.names.pop()
            if (name === undefined)
                throw new NotNow(
                    this.has(POOL)
                        ? "the pool's workers come and go by themselves"
                        : "there is no consumer to remove"
                )
            await this.running.get(name)?.stop()
            this.running.delete(name)
            await this.forget(name).catch(() => {})
            return name
        })
    }

    async stop() {
        this.isOver = true
        await this.turning.catch(() => {})
        await Promise.all([this.others?.stop(), this.dismiss()])
    }

    /** One order at a time. */
    private turn<T>(work: () => Promise<T>): Promise<T> {
        const result = this.turning.catch(() => {}).then(work)
        this.turning = result.catch(() => {})
        return result
    }

    private has(option: string) {
        return option in this.options.workload.options
    }

    /** How many the workload has by itself. */
    private get usualNumber() {
        return Number(this.options.values.consumers ?? 1)
    }

    /** @returns the name of the one that is to begin */
    private hire() {
        let number = 1
        const base = this.has(POOL) ? "extra" : "consumer"
        while (this.names.includes(`${base}-${number}`)) number++
        const name = `${base}-${number}`
        this.names.push(name)
        return name
    }

    /** Starts who is not at work. */
    private async employ() {
        if (this.paused || this.isOver) return
        if (this.has(POOL)) this.pool ??= await this.startPart({ [POOL]: true })
        const option = ONE_CONSUMER.find(one => this.has(one))!
        for (const name of this.names)
            if (!this.running.has(name))
                this.running.set(name, await this.startPart({ [option]: name }))
    }

    private async dismiss() {
        const { pool } = this
        const running = [...this.running.values()]
        this.pool = undefined
        this.running.clear()
        await Promise.all([pool?.stop(), ...running.map(one => one.stop())])
    }

    private startPart(part: OptionValues) {
        const { workload, url, values, say } = this.options
        return workload.start(url, { ...values, ...this.speed(), ...part }, say)
    }

    /** By the time that one entry takes, or else by entries a second. */
    private speed(): OptionValues {
        const { work, rate } = this.options.values
        if (work !== undefined)
            return { work: String(Math.round(Number(work) / this.pace)) }
        if (rate === undefined) return {}
        return {
            rate: String(Math.max(1, Math.round(Number(rate) * this.pace))),
        }
    }

    private async forget(name: string) {
        const { url, stream, group } = this.options
        const client = connectionTo(url)
        await client.connect()
        try {
            await resign(client, stream, group, name)
        } finally {
            client.destroy()
        }
    }
}
