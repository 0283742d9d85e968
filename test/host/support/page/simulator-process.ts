/** The simulator's command as a user runs it, with its output. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { EventEmitter } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Snapshot } from "../../../../sim/light/snapshots.ts"
import { bundledScript } from "../bundles.ts"
import { descendants } from "../processes.ts"

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url))
const START = await bundledScript("sim/start.ts")

export interface SimulatorExit {
    code: number | null
    signal: NodeJS.Signals | null
}

export interface SimulatorProcessOptions {
    /** The command, up to its options. Default: its bundle, which starts faster than the source. */
    command?: string[]
    env?: NodeJS.ProcessEnv
}

export class SimulatorProcess {
    /** The JSON lines of stdout so far (with `--json`). */
    readonly snapshots: Snapshot[] = []
    /** What stdout said that is not JSON. */
    readonly text: string[] = []
    /** The lines of stderr so far. */
    readonly progress: string[] = []
    readonly exited: Promise<SimulatorExit>

    private readonly child: ChildProcess
    private readonly activity = new EventEmitter<{ any: [] }>()
    private hasExited = false

    /** @param args as after `npm run sim --` */
    constructor(
        args: string[],
        {
            command = [process.execPath, START],
            env = {},
        }: SimulatorProcessOptions = {}
    ) {
        this.activity.setMaxListeners(0)
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
        const child = (this.child = spawn(
            command[0],
            [...command.slice(1), ...args],
            {
                cwd: ROOT,
                env: { ...inherited, ...env },
                stdio: ["ignore", "pipe", "pipe"],
            }
        ))
        createInterface(child.stdout!).on("line", line => {
            if (line.startsWith("{")) this.snapshots.push(JSON.parse(line))
            else this.text.push(line)
            this.activity.emit("any")
        })
        createInterface(child.stderr!).on("line", line => {
            this.progress.push(line)
            this.activity.emit("any")
        })
        this.exited = new Promise(resolve =>
            child.once("close", (code, signal) => {
                this.hasExited = true
                this.activity.emit("any")
                resolve({ code, signal })
            })
        )
    }

    get pid() {
        return this.child.pid!
    }

    /** The processes that it has started and that live, and theirs. */
    get family(): Promise<number[]> {
        return descendants(this.pid)
    }

    kill(signal: NodeJS.Signals) {
        this.child.kill(signal)
    }

    /** Ends it, if it has not ended. For `after()`. */
    async stop() {
        if (!this.hasExited) this.kill("SIGTERM")
        return this.exited
    }

    /** @returns the first snapshot, of those so far or to come, that is as wanted */
    untilSnapshot(
        isWanted: (snapshot: Snapshot) => boolean,
        timeoutMs: number
    ): Promise<Snapshot> {
        return this.until(() => this.snapshots.find(isWanted), timeoutMs)
    }

    /** @returns the first line of stderr, of those so far or to come, that matches */
    untilProgress(pattern: RegExp, timeoutMs: number): Promise<string> {
        return this.until(
            () => this.progress.find(line => pattern.test(line)),
            timeoutMs
        )
    }

    /** Resolves to what `probe` finds; it is asked after each line. */
    until<T>(probe: () => T | undefined, timeoutMs: number): Promise<T> {
        return new Promise((resolve, reject) => {
            const look = () => {
                const found = probe()
                if (found === undefined && !this.hasExited) return
                clearTimeout(timer)
                this.activity.off("any", look)
                if (found !== undefined) resolve(found)
                else reject(this.failure("it has ended"))
            }
            const timer = setTimeout(() => {
                this.activity.off("any", look)
                reject(this.failure(`not within ${timeoutMs} ms`))
            }, timeoutMs)
            this.activity.on("any", look)
            look()
        })
    }

    private failure(why: string) {
        return new Error(
            [
                `waited in vain: ${why}`,
                ...this.progress.slice(-20),
                ...this.snapshots.slice(-10).map(s => JSON.stringify(s)),
            ].join("\n  ")
        )
    }
}
