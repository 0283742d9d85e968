/**
 * Records what the LEDs do while the lag rises and falls, for the picture at the head of the README: the real firmware in
 * the simulator, a real Redis, jobs with a short load cycle. `tsx sim/pictures/record.ts`, then `npm run pictures`.
 */
import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { startLocalRedis } from "../redis/local-redis.ts"
import { startJobs } from "../traffic/jobs.ts"
import { RECORDING } from "./recording.ts"
import type { Moment } from "./recording.ts"

const START = fileURLToPath(new URL("../start.ts", import.meta.url))
const CYCLE = { peak: 23, periodS: 24, ratePerS: 4, workers: 2 }
/** The sweep after power-on is over, and so is the first rise and fall of the lag. */
const SETTLED_MS = 20_000
/** One load cycle, with a margin. */
const LONGEST_MS = (CYCLE.periodS + 3) * 1000

interface Snapshot {
    t: number
    leds: string
    condition: string | null
    lag: number | null
}

const folder = await mkdtemp(join(tmpdir(), "laglight-record-"))
const redis = await startLocalRedis()
const { hostname, port } = new URL(redis.url)
const settings = join(folder, "settings.env")
await writeFile(
    settings,
    `REDIS_HOST=${hostname}\nREDIS_PORT=${port}\nSTREAM=jobs\nGROUP=staff\nPOLL_MS=500\n`
)
const traffic = await startJobs(redis.url, CYCLE)
const simulator = spawn(
    process.execPath,
    [
        ...["--import", import.meta.resolve("tsx"), START],
        ...["--json", "--no-page", "--settings", settings],
    ],
    { stdio: ["ignore", "pipe", "inherit"] }
)
try {
    await writeFile(RECORDING, asLines(await record()))
} finally {
    simulator.kill("SIGTERM")
    await traffic.stop()
    await redis.stop()
    await rm(folder, { recursive: true })
}

/** From one lag of 0 to the next. */
async function record() {
    const moments: Moment[] = []
    let firstMs: number | undefined
    let begin: number | undefined
    let hasRisen = false
    let last = -1
    for await (const line of createInterface(simulator.stdout)) {
        const { t, leds, condition, lag } = JSON.parse(line) as Snapshot
        if (condition !== "lag" || lag === null) continue
        firstMs ??= t
        if (begin === undefined) {
            // the last moment with a lag of 0
            const rises = last === 0 && lag > 0 && t - firstMs > SETTLED_MS
            last = lag
            if (!rises) continue
            begin = t - 500
            moments.push({ t: 0, leds: "0".repeat(leds.length), lag: 0 })
        }
        moments.push({ t: t - begin, leds, lag })
        hasRisen ||= lag > CYCLE.peak / 2
        const isOver = hasRisen && lag === 0 && !leds.includes("1")
        if (isOver || t - begin > LONGEST_MS) break
    }
    return moments
}

function asLines(moments: Moment[]) {
    return moments.map(moment => JSON.stringify(moment) + "\n").join("")
}
