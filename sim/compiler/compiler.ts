/** Processes that compile device code, kept running while there is something to compile. */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import type { Socket } from "node:net"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { runnable } from "../vm/process-bundle.ts"
import type { CompileOrder, CompileResult } from "./compiler-process.ts"

const PROGRAM = new URL("compiler-process.ts", import.meta.url).href

/** Each has to warm up its compiler, so there are no more than processors. */
const MOST = Math.min(2, availableParallelism())

/** One without work ends after so long: it holds some 300 MB. */
const IDLE_MS = 2000

interface Job extends CompileOrder {
    resolve(): void
    reject(error: Error): void
}

const jobs: Job[] = []
const idle: Compiler[] = []
let alive = 0

/** @throws with what the compiler said, if the program does not compile */
export function compile(order: CompileOrder): Promise<void> {
    return new Promise((resolve, reject) => {
        jobs.push({ ...order, resolve, reject })
        next()
    })
}

function next() {
    while (jobs.length > 0) {
        let compiler = idle.pop()
        if (!compiler) {
            if (alive >= MOST) return
            compiler = new Compiler()
        }
        void compiler.work(jobs.shift()!)
    }
}

class Compiler {
    private child: ChildProcess | undefined
    private said = ""
    private idleTimer: NodeJS.Timeout | undefined
    private job: Job | undefined
    private isOver = false

    constructor() {
        alive++
    }

    async work(job: Job) {
        clearTimeout(this.idleTimer)
        this.job = job
        try {
            this.child ??= await this.start()
        } catch (error) {
            return this.end(error as Error)
        }
        // this process lives on for as long as it waits for an answer, and no longer
        this.child.ref()
        this.child.channel?.ref()
        const { folder, entry } = job
        this.child.send({ folder, entry } satisfies CompileOrder, error => {
            if (error) this.end(error)
        })
    }

    private async start() {
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
        const child = fork(fileURLToPath(await runnable(PROGRAM)), {
            execArgv: [],
            stdio: ["ignore", "ignore", "pipe", "ipc"],
            env,
        })
        child
            .stderr!.setEncoding("utf8")
            .on("data", text => (this.said += text))
        ;(child.stderr as Socket).unref()
        child.on("message", ({ error }: CompileResult) => this.answered(error))
        child.once("error", error => this.end(error))
        child.once("close", (code, signal) =>
            this.end(
                new Error(
                    `the compiler ended (${signal ?? code}): ${this.said.trim()}`
                )
            )
        )
        return child
    }

    private answered(error: string | undefined) {
        const { job, child } = this
        this.job = undefined
        child!.unref()
        child!.channel?.unref()
        this.idleTimer = setTimeout(() => {
            // who waits for its end would not live to see it, as nothing keeps this process alive meanwhile
            this.leave()
            child!.disconnect()
        }, IDLE_MS).unref()
        idle.push(this)
        if (error === undefined) job?.resolve()
        else job?.reject(new Error(error))
        next()
    }

    /** It is gone, or never came. */
    private end(error: Error) {
        if (this.isOver) return
        this.leave()
        this.job?.reject(error)
        next()
    }

    /** No more work is for it. */
    private leave() {
        this.isOver = true
        clearTimeout(this.idleTimer)
        alive--
        if (idle.includes(this)) idle.splice(idle.indexOf(this), 1)
    }
}
