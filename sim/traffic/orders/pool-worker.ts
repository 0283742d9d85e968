/** A worker process as its pool sees it. */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Say } from "../parts/runner.ts"
import type { WorkerNews, WorkerOrder } from "./worker-process.ts"

const PROGRAM = fileURLToPath(new URL("worker-process.ts", import.meta.url))
const TSX = import.meta.resolve("tsx")

export class PoolWorker {
    readonly exited: Promise<void>
    /** Told to end, but not yet gone. */
    isStopping = false
    private readonly process: ChildProcess
    /** It has been told what to do; before that it has nothing in hand. */
    private isAtWork = false

    constructor(
        readonly order: WorkerOrder,
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
        child.on("message", (news: WorkerNews) => {
            if ("say" in news) return say(news.say)
            this.isAtWork = true
            child.send(order, () => {})
        })
    }

    /** Lets it finish what it has in hand. */
    stop() {
        this.isStopping = true
        if (!this.isAtWork) this.kill9()
        else if (this.process.connected) this.process.disconnect()
    }

    kill9() {
        this.process.kill("SIGKILL")
    }
}
