/**
 * Runs a light for a long time on a real Redis with traffic and one fault after the other, and counts failures. One seed
 * determines all random numbers, but not the exact times: it repeats the faults, not every millisecond.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Fault } from "../faults/faults.ts"
import { startLocalRedis } from "../redis/local-redis.ts"
import { connectionTo } from "../traffic/redis-client.ts"
import { FaultLight } from "./fault-light.ts"
import { SeededRandom } from "./seeded-random.ts"

export interface SoakOptions {
    minutes: number
    seed: number
    /** Called with a description of each fault as it begins. */
    onProgress?: (text: string) => void
    signal?: AbortSignal
}

export interface SoakSummary {
    seed: number
    minutes: number
    /** Requests of the light that reached the proxy. */
    requests: number
    /** How often each fault occurred. */
    faults: Record<string, number>
    recoveries: number
    /** The longest from a fault's end to the right light, ms. */
    worstRecoveryMs: number
    /** The fault before that. */
    worstFault: string
    /** Faults after which the light was not right in time. */
    missedRecoveries: string[]
    /** False bars, a sentence each. */
    falseFrames: string[]
    panics: string[]
    /** The least free heap, bytes of 64 KB. */
    lowestFreeBytes: number
    /** The most that was in use after a garbage collection, bytes. */
    peakLiveBytes: number
}

/** From a fault's end to the right light: a reply waited for, the longest pause that the fault's length allows, a poll; ms. */
const RECOVERY_LIMIT_MS = 5000 + 17_600 + 5000
/** How long a fault lasts, ms: long enough for a stale reading and a few attempts. */
const FAULT_MS: [number, number] = [200, 9000]
/** Between two faults, ms. */
const CALM_MS: [number, number] = [500, 4000]
/** Between two changes of the lag, ms. */
const TRAFFIC_MS: [number, number] = [100, 2500]
const LAG_MAX = 10

interface Kind {
    name: string
    /** Causes it; resolves when it is over. */
    run(soak: Soak, ms: number): Promise<void>
}

/** A fault of the network, on the current connection or on the next one. */
function network(name: string, make: (random: SeededRandom) => Fault): Kind {
    return {
        name,
        async run({ light, random }, ms) {
            await light.proxy.set(make(random))
            if (random.next() < 0.5)
                light.proxy.cut(random.next() < 0.5 ? "fin" : "rst")
            await sleep(ms)
            await light.proxy.clear()
        },
    }
}

const anyByte = (random: SeededRandom) => Math.floor(random.between(0, 400))

const KINDS: Kind[] = [
    network("refuse", () => ({ kind: "refuse" })),
    network("silent", () => ({ kind: "silent" })),
    network("close", random => ({ kind: "close", after: anyByte(random) })),
    network("reset", random => ({ kind: "reset", after: anyByte(random) })),
    network("delay", random => ({
        kind: "delay",
        ms: random.between(0, 1500),
    })),
    network("pieces", () => ({ kind: "pieces", bytes: 5, everyMs: 1 })),
    // the first byte of a reply: one in the middle could change a number, which cannot be detected
    network("corrupt", () => ({ kind: "corrupt", at: 0, per: "reply" })),
    network("duplicate", () => ({ kind: "duplicate" })),
    network("swallow", () => ({ kind: "swallow" })),
    network("half-open", () => ({ kind: "half-open" })),
    network("black-hole", () => ({ kind: "black-hole" })),
    {
        name: "client kill",
        async run({ light }) {
            await light.client.sendCommand([
                "CLIENT",
                "KILL",
                "TYPE",
                "normal",
                "SKIPME",
                "yes",
            ])
        },
    },
    {
        name: "busy",
        async run({ light }, ms) {
            await light.client.sendCommand(["DEBUG", "SLEEP", `${ms / 1000}`])
        },
    },
    {
        name: "restart",
        run: (soak, ms) => soak.restartRedis(ms),
    },
]

export async function runSoak(options: SoakOptions): Promise<SoakSummary> {
    const soak = new Soak(options)
    try {
        return await soak.run()
    } finally {
        await soak.stop()
    }
}

class Soak {
    light!: FaultLight
    readonly random: SeededRandom
    private redis!: Awaited<ReturnType<typeof startRedis>>
    private busy: Promise<unknown> = Promise.resolve()
    private requests = 0

    constructor(private readonly options: SoakOptions) {
        this.random = new SeededRandom(options.seed)
    }

    async run(): Promise<SoakSummary> {
        const { minutes, seed, onProgress, signal } = this.options
        this.redis = await startRedis()
        const light = (this.light = await FaultLight.start(
            this.redis.client,
            this.redis.port,
            "jobs",
            3,
            {},
            { heapReport: true }
        ))
        light.proxy.on("request", () => this.requests++)
        await light.untilRight(15_000, 0)
        await light.device.memory({ resetExtremes: true })

        const summary: SoakSummary = {
            seed,
            minutes,
            requests: 0,
            faults: {},
            recoveries: 0,
            worstRecoveryMs: 0,
            worstFault: "",
            missedRecoveries: [],
            falseFrames: [],
            panics: light.panics,
            lowestFreeBytes: 0,
            peakLiveBytes: 0,
        }
        const end = performance.now() + minutes * 60_000
        const traffic = this.traffic(
            () => performance.now() < end && !signal?.aborted
        )
        while (performance.now() < end && !signal?.aborted) {
            const kind = this.random.pick(KINDS)
            const ms = this.random.between(...FAULT_MS)
            onProgress?.(`${kind.name} for ${Math.round(ms)} ms`)
            summary.faults[kind.name] = (summary.faults[kind.name] ?? 0) + 1
            await kind.run(this, ms)
            const took = await this.recovery()
            if (took === undefined)
                summary.missedRecoveries.push(
                    `${kind.name} at ${Math.round(light.device.now)} ms`
                )
            else {
                summary.recoveries++
                if (took > summary.worstRecoveryMs) {
                    summary.worstRecoveryMs = Math.round(took)
                    summary.worstFault = kind.name
                }
            }
            await sleep(this.random.between(...CALM_MS))
        }
        await traffic
        // some faults leave no time to show the lag: what counts is the light at the end
        if ((await this.recovery()) === undefined)
            summary.missedRecoveries.push("at the end")
        const memory = await light.device.memory()
        return {
            ...summary,
            requests: this.requests,
            falseFrames: light.falseBars(),
            lowestFreeBytes: memory.lowestFreeBytes,
            peakLiveBytes: memory.peakLiveBytes,
        }
    }

    async stop() {
        await this.light?.stop()
        await this.redis?.stop()
    }

    /** Kills Redis and starts it again, empty, after `ms`. */
    async restartRedis(ms: number) {
        const { light } = this
        await this.exclusively(async () => {
            await light.change(undefined, () => this.redis.server.kill9())
            await this.redis.stop()
            await sleep(ms)
            this.redis = await startRedis(this.redis.port)
            light.client = this.redis.client
            await light.change(0, () =>
                light.client.sendCommand([
                    "XGROUP",
                    "CREATE",
                    light.stream,
                    "staff",
                    "$",
                    "MKSTREAM",
                ])
            )
        })
    }

    /** The lag goes up and down. */
    private async traffic(isRunning: () => boolean) {
        const random = new SeededRandom(this.options.seed + 1)
        while (isRunning()) {
            await sleep(random.between(...TRAFFIC_MS))
            await this.exclusively(() =>
                this.light.setLag(Math.floor(random.between(0, LAG_MAX + 1)))
            )
        }
    }

    /** Stops the traffic, and waits for the right light. @returns how long it took, ms; undefined if too long */
    private recovery(): Promise<number | undefined> {
        const { light } = this
        const { device } = light
        return this.exclusively(async () => {
            const from = device.now
            try {
                // the bar itself, which is shown for longer than any other pattern
                await device.until(
                    () => light.isRight || undefined,
                    RECOVERY_LIMIT_MS,
                    "the right light"
                )
                return device.now - from
            } catch {
                return undefined
            }
        })
    }

    /** Either the lag is changed, or the light is waited for, never both at once. */
    private exclusively<T>(act: () => Promise<T>): Promise<T> {
        const result = this.busy.then(act)
        this.busy = result.catch(() => {})
        return result
    }
}

/** A server, and a client of it. */
async function startRedis(port?: number) {
    const server = await startLocalRedis({
        port,
        args: ["--enable-debug-command", "yes"],
    })
    const client = connectionTo(server.url)
    await client.connect()
    return {
        server,
        client,
        port: server.port,
        async stop() {
            if (client.isOpen) client.destroy()
            await server.stop()
        },
    }
}
