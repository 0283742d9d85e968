/** A worker process as its pool sees it. */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Say } from "../parts/runner.ts"
import type { WorkerMessage, WorkerConfig } from "./worker-process.ts"

const PROGRAM = fileURLToPath(new URL("worker-process.ts", import.meta.url))
const TSX = import.meta.resolve("tsx")

export class PoolWorker {
    readonly exited: Promise<void>
    /** Told to stop, but not yet ended. */
    isStopping = false
    private readonly process: ChildProcess
    /** It has its configuration; before that it processes nothing. */
    private isStarted = false

    constructor(
        readonly config: WorkerConfig,
        say: Say
    ) {
        const child = (this.process = fork(PROGRAM, {
            execArgv: ["--import", TSX],
            // a session of its own: Ctrl-C in the terminal is for the pool, which ends its workers itself
            detached: process.platform !== "win32",
            stdio: ["ignore", "ignore", "inherit", "ipc"],
        }))
        this.exited = new Promise(resolve => {
            child.once("exit", () => resolve())
            child.once("error", () => resolve())
        })
        child.on("message", (message: WorkerMessage) => {
            if ("say" in message) return say(message.say)
            this.isStarted = true
            child.send(config, () => {})
        })
    }

    /** Lets it finish the entries that it is processing. */
    stop() {
        this.isStopping = true
        if (!this.isStarted) this.kill9()
        else if (this.process.connected) this.process.disconnect()
    }

    kill9() {
        this.process.kill("SIGKILL")
    }
}
