/** Which workload runs on the local Redis, and its consumers as far as the page can control them. */
import type { OptionValues } from "../command-line.ts"
import { jobs } from "../traffic/jobs.ts"
import type { Workload } from "../traffic/workload.ts"
import { workloads } from "../traffic/workloads.ts"
import type { ConsumerControl } from "./consumer-control.ts"
import { WorkloadConsumers } from "./workload-consumers.ts"

export interface Watched {
    stream: string
    group: string
}

/** No producer: only entries that the page's user adds, and consumers for them. */
export const NONE = "none"

const NONE_SUMMARY = "no producer: add entries with the buttons below"

export class WorkloadSwitch {
    current: string | null = null
    /** null: no workload runs. */
    consumers: ConsumerControl | null = null
    readonly choices: { name: string; summary: string }[]

    private pending: Promise<unknown> = Promise.resolve()
    private closed = false

    /**
     * @param own the group that the settings name, which the workload `jobs` uses
     * @param say prints a line about what happens
     */
    constructor(
        private readonly url: string,
        private readonly own: Watched,
        private readonly say: (line: string) => void
    ) {
        this.choices = [
            ...workloads.map(({ name, summary }) => ({ name, summary })),
            { name: NONE, summary: NONE_SUMMARY },
        ]
    }

    get names() {
        return this.choices.map(({ name }) => name)
    }

    /**
     * Ends the current workload and starts another. One call at a time.
     * @returns what to watch now
     */
    choose(name: string): Promise<Watched> {
        const result = this.pending.then(async () => {
            await this.end()
            return this.closed ? this.own : this.begin(name)
        })
        this.pending = result.catch(() => {})
        return result
    }

    async stop() {
        this.closed = true
        await this.pending
        await this.end()
    }

    private async begin(name: string): Promise<Watched> {
        const { url, own, say } = this
        // without a workload the workers of `jobs` process what the page's user adds
        const workload = workloads.find(one => one.name === name) ?? jobs
        const isOwn = workload === jobs
        const values = { ...defaultsOf(workload), ...(isOwn ? own : {}) }
        const watched = watchedBy(values) ?? own
        this.consumers = await WorkloadConsumers.start({
            ...{ workload, values, url, say, withProducer: name !== NONE },
            ...watched,
        })
        this.current = name
        return watched
    }

    private async end() {
        const { consumers } = this
        this.consumers = null
        this.current = null
        await consumers?.stop()
    }
}

/** The group that the light is to watch; a workload with many streams has a prefix, and a stream of averages. */
function watchedBy({ stream, prefix, group }: OptionValues) {
    if (typeof group !== "string") return undefined
    if (typeof stream === "string") return { stream, group }
    if (typeof prefix !== "string") return undefined
    return { stream: `${prefix}:averages`, group }
}

function defaultsOf({ options }: Workload): OptionValues {
    return Object.fromEntries(
        Object.entries(options).map(([name, option]) => [
            name,
            option.default as string | undefined,
        ])
    )
}
