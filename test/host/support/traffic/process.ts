/** `npm run traffic -- NAME ...` as a process that tests kill and start again. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import type { SeededRandom } from "../../../../sim/soak/seeded-random.ts"
import { bundledScript } from "../bundles.ts"

const MAIN = await bundledScript("sim/traffic/main.ts")
/** The last line of a start. */
const RUNS = /Ctrl-C stops it$/
const START_TIMEOUT_MS = 15_000

export class WorkloadProcess implements Mortal {
    /** Of all its lives. */
    readonly lines: string[] = []
    /** Of all its lives. */
    readonly pids: number[] = []
    kills = 0
    private child: ChildProcess | undefined
    runs = false

    /** @param args as after `npm run traffic --` */
    constructor(private readonly args: string[]) {}

    get pid() {
        return this.child?.pid
    }

    /** The process exists when this returns; it need not be at work. */
    start() {
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, ...env } = process.env
        const child = spawn(process.execPath, [MAIN, ...this.args], {
            env,
            stdio: ["ignore", "pipe", "pipe"],
        })
        this.child = child
        this.pids.push(child.pid!)
        this.runs = false
        for (const stream of [child.stdout, child.stderr])
            createInterface(stream).on("line", line => {
                this.lines.push(line)
                if (child === this.child && RUNS.test(line)) this.runs = true
            })
        return this
    }

    /** Resolves when it says that it runs. */
    async untilItRuns() {
        const deadline = Date.now() + START_TIMEOUT_MS
        while (!this.runs) {
            if (Date.now() > deadline || this.child?.exitCode != null)
                throw new Error(`does not start: ${this.lines.join("\n")}`)
            await sleep(20)
        }
    }

    /** As a crash would end it. */
    async kill9() {
        this.kills++
        this.runs = false
        await this.end("SIGKILL")
    }

    /** As Ctrl-C ends it, once it runs. @returns the exit code */
    async stop(): Promise<number | null> {
        await this.untilItRuns()
        return this.end("SIGTERM")
    }

    private async end(signal: NodeJS.Signals) {
        const { child } = this
        if (!child) return null
        if (child.exitCode === null && child.signalCode === null) {
            child.kill(signal)
            await once(child, "exit")
        }
        return child.exitCode
    }
}

export interface Mortal {
    /** In this life. */
    readonly runs: boolean
    kill9(): Promise<void>
    start(): unknown
}

/** How often each test kills: `KILLS=20 npm test` for more. */
export const KILLS = Number(process.env.KILLS ?? 6)
/** For each of them, a restart included; on average. A computer that needs longer is given more time between them. */
const KILL_MS = 1500
const PATIENCE = 5
/** It ends after so long, whether enough has been done or not. */
const LONGEST_MS = 60_000

export interface KillingOptions {
    random: SeededRandom
    /** Shortest and longest time between two kills, in ms. */
    gapMs: [number, number]
    /** Done once, half-way. */
    halfway: () => Promise<unknown>
    /** Whether enough has been done meanwhile: a busy computer takes longer. */
    isEnough: () => Promise<boolean>
}

/** Of the kills that hit a process before it is at work, most are spared: on a busy computer nothing would get done. */
const SPARED = 0.75

/** Kills one process after another by SIGKILL, KILLS times, at random moments, and starts it again at once. */
export async function killAtRandom(
    processes: Mortal[],
    { random, gapMs, halfway, isEnough }: KillingOptions
) {
    const start = Date.now()
    const usualMs = (KILLS + 2) * KILL_MS
    for (let done = 0; ;) {
        const passedMs = Date.now() - start
        const isOver = passedMs > usualMs + LONGEST_MS
        if (done >= KILLS && (isOver || (await isEnough()))) return
        const patience = passedMs > usualMs ? PATIENCE : 1
        await sleep(patience * random.between(...gapMs))
        const victim = random.pick(processes)
        if (!victim.runs && random.next() < SPARED) continue
        await victim.kill9()
        victim.start()
        if (++done === Math.ceil(KILLS / 2)) await halfway()
    }
}
