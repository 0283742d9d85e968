/** All measurements of `npm run bench`, one after the other. */
import { cpus } from "node:os"
import { buildFirmware } from "../firmware.ts"
import { encodeSettings } from "../settings-file.ts"
import { cliFiles } from "../vm/vm-module.ts"
import { startBenchRedis } from "./bench-redis.ts"
import type { BenchRedis } from "./bench-redis.ts"
import { countPolls, ProgramEnded } from "./counts.ts"
import type { PollCost } from "./counts.ts"
import { interval, latency, pollsPerSecond, startUp } from "./latency.ts"
import type { Interval, Latency } from "./latency.ts"

const GROUPS = [1, 10, 40, 100, 500]
const POLL_MS = 1000

/** The readers that are compared (test/device/programs/naive-reader.ts), and the light as a whole. */
export const READERS = ["light", "laglight", "lines", "split"] as const
export type Reader = (typeof READERS)[number]

export interface CountedRow {
    reader: Reader
    groups: number
    replyBytes: number
    /** The cost; or why the program ended. */
    cost: PollCost | string
    /** The server's CPU time for one XINFO GROUPS, microseconds. */
    serverMicroseconds: number
}

export interface BenchResult {
    date: string
    quick: boolean
    machine: {
        cpu: string
        cores: number
        node: string
        redis: string
        devicescript: string
    }
    bytecodeBytes: number
    settingsBytes: number
    counted: CountedRow[]
    /** Special cases of the light, and their cost. */
    special: { what: string; cost: PollCost }[]
    pollsPerSecond: { groups: number; perSecond: number }[]
    latency: Latency[]
    interval: Interval
    /** From the program's first statement, ms. */
    startUp: { reading: number; bar: number }
}

export interface BenchOptions {
    quick: boolean
    signal: AbortSignal
    onProgress: (what: string) => void
}

export async function runBench({
    quick,
    signal,
    onProgress,
}: BenchOptions): Promise<BenchResult> {
    onProgress("building")
    const { bytecode, sizeBytes } = await buildFirmware()
    const readers = await buildFirmware({
        entry: "test/device/programs/naive-reader.ts",
    })
    const redis = await startBenchRedis()
    const bench = { redis, bytecode, signal }
    try {
        const counted: CountedRow[] = []
        for (const groups of GROUPS)
            for (const reader of READERS) {
                signal.throwIfAborted()
                onProgress(`counting: ${reader}, ${groups} groups`)
                counted.push(
                    await countReader(
                        redis,
                        reader === "light" ? bytecode : readers.bytecode,
                        reader,
                        groups
                    )
                )
            }
        onProgress("counting: special cases")
        const special = await specialCases(redis, bytecode)

        const rates: BenchResult["pollsPerSecond"] = []
        for (const groups of [1, 10, 100, 500]) {
            onProgress(`polls per second, ${groups} groups`)
            rates.push({
                groups,
                perSecond: await pollsPerSecond(bench, groups, quick ? 3 : 10),
            })
        }
        onProgress("time from the start")
        const started = await startUp(bench)
        onProgress("the poll's interval")
        const kept = await interval(bench, POLL_MS, quick ? 20 : 60)
        const latencies: Latency[] = []
        for (const [pollMs, changes] of [
            [100, 200],
            [1000, quick ? 20 : 200],
        ]) {
            onProgress(`${changes} changes at POLL_MS=${pollMs}`)
            latencies.push(await latency(bench, pollMs, changes))
        }
        return {
            date: new Date().toISOString().slice(0, 10),
            quick,
            machine: {
                cpu: cpus()[0].model,
                cores: cpus().length,
                node: process.versions.node,
                redis: `${redis.server.product} ${redis.server.version}`,
                devicescript: cliFiles().version,
            },
            bytecodeBytes: sizeBytes,
            settingsBytes: settingsBytes(),
            counted,
            special,
            pollsPerSecond: rates,
            latency: latencies,
            interval: kept,
            startUp: started,
        }
    } finally {
        await redis.stop()
    }
}

/** The group that is watched is the last of the list. */
async function countReader(
    redis: BenchRedis,
    bytecode: Uint8Array,
    reader: Reader,
    groups: number
): Promise<CountedRow> {
    const key = `groups-${groups}`
    const names = await redis.stream(key, groups)
    await redis.resetCalls()
    let cost: PollCost | string
    try {
        cost = await countPolls({
            bytecode,
            settings: settingsOf(redis, key, names.at(-1)!, { WAY: reader }),
            pollMs: POLL_MS,
            heapReport: true,
            pollsSoFar:
                reader === "light"
                    ? undefined
                    : async () => (await redis.groupsCalls()).calls,
        })
    } catch (error) {
        if (!(error instanceof ProgramEnded)) throw error
        cost = error.message
    }
    return {
        reader,
        groups,
        replyBytes: await redis.replyBytes(key),
        cost,
        serverMicroseconds: (await redis.groupsCalls()).microseconds,
    }
}

async function specialCases(redis: BenchRedis, bytecode: Uint8Array) {
    const cases: BenchResult["special"] = []
    const count = async (
        what: string,
        key: string,
        group: string,
        more = {}
    ) => {
        const cost = await countPolls({
            bytecode,
            settings: settingsOf(redis, key, group, more),
            pollMs: POLL_MS,
            heapReport: true,
        })
        cases.push({ what, cost })
    }
    const names = await redis.stream("special", 100)
    await count("100 groups, watched: the first", "special", names[0])
    await count("100 groups, watched: in the middle", "special", names[50])
    await count("100 groups, GROUP=*: all are watched", "special", "*")

    const [group] = await redis.stream("behind", 1, 7)
    await count("1 group, lag 7, counted in each poll", "behind", group)
    await redis.stream("second", 1)
    await count("2 targets of 1 group, lag 0 and 7", "second", group, {
        STREAM_2: "behind",
        GROUP_2: group,
    })
    return cases
}

function settingsOf(
    redis: BenchRedis,
    key: string,
    group: string,
    more: Record<string, string>
) {
    return {
        REDIS_HOST: redis.server.host,
        REDIS_PORT: redis.server.port,
        STREAM: key,
        GROUP: group,
        POLL_MS,
        ...more,
    }
}

/** Keys and values of an ordinary light, as they are stored. */
function settingsBytes() {
    const settings = encodeSettings({
        WLAN_SSID: "kitchen",
        WLAN_PWD: "correct horse battery",
        REDIS_HOST: "*.redis.lan",
        REDIS_USER: "laglight",
        REDIS_PASS: "correct horse battery",
        STREAM: "orders",
        GROUP: "payments",
    })
    return [...settings].reduce(
        (sum, [key, json]) =>
            sum + Buffer.byteLength(key) + Buffer.byteLength(json),
        0
    )
}
