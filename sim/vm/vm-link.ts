/** The parent's end of a device's process: starts it, sends requests, ends it. */
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { EventEmitter } from "node:events"
import { fileURLToPath } from "node:url"
import type { FromDevice, StartMessage, ToDevice } from "./messages.ts"
import { runnable } from "./process-bundle.ts"
import { vmSourceFile } from "./vm-module.ts"

const VM_PROCESS = new URL("vm-process.ts", import.meta.url).href

type Request<K extends ToDevice["kind"]> = Omit<
    Extract<ToDevice, { kind: K }>,
    "id" | "kind"
>

interface Pending {
    resolve(value: unknown): void
    reject(error: Error): void
}

/** What a device's process runs. */
export interface ProcessFiles {
    file: string
    /** Path of the VM's code. */
    vmSource: string
    /** URL of the module that replaces host-sockets.ts. */
    socketsModule?: string
}

/** @throws if the process, or the module, does not compile, or the tool with the VM is not the known one */
export async function processFiles(
    socketsModule: string | undefined
): Promise<ProcessFiles> {
    return {
        file: fileURLToPath(await runnable(VM_PROCESS)),
        vmSource: vmSourceFile(),
        socketsModule: socketsModule && (await runnable(socketsModule)),
    }
}

/** @event message each message of the device, replies to requests excepted
 *  @event exit the process is gone; `text` holds what it wrote to stderr */
export class VmLink extends EventEmitter<{
    message: [FromDevice]
    exit: [{ text: string }]
}> {
    private readonly child: ChildProcess
    private readonly pending = new Map<number, Pending>()
    private readonly exited: Promise<void>
    private nextId = 1
    private stderr = ""

    constructor(
        { file, ...files }: ProcessFiles,
        start: Omit<StartMessage, "kind" | keyof ProcessFiles>
    ) {
        super()
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
        const child = (this.child = fork(file, {
            serialization: "advanced",
            execArgv: ["--enable-source-maps"],
            stdio: ["ignore", "ignore", "pipe", "ipc"],
            env,
        }))
        child.stderr!.setEncoding("utf8")
        child.stderr!.on("data", (text: string) => {
            this.stderr = (this.stderr + text).slice(-4000)
        })
        child.on("message", (batch: FromDevice[]) => {
            for (const message of batch) this.receive(message)
        })
        this.exited = new Promise(resolve =>
            child.once("close", () => {
                const error = new Error(
                    `the device's process ended. ${this.stderr}`.trim()
                )
                for (const { reject } of this.pending.values()) reject(error)
                this.pending.clear()
                resolve()
                this.emit("exit", { text: this.stderr.trim() })
            })
        )
        child.on("error", error => {
            this.stderr += error.message
        })
        this.send({ kind: "start", ...start, ...files })
    }

    get pid() {
        return this.child.pid
    }

    send(message: ToDevice | StartMessage) {
        // a process that is ending accepts no more; its end is reported by "exit"
        if (this.child.connected) this.child.send(message, () => {})
    }

    /** Sends a request and waits for its answer. @throws if refused, or if the process ends */
    request<K extends "deploy" | "memory" | "counts" | "run">(
        kind: K,
        args: Request<K>
    ): Promise<unknown> {
        const id = this.nextId++
        return new Promise((resolve, reject) => {
            if (!this.child.connected)
                reject(new Error("the device's process has ended"))
            this.pending.set(id, { resolve, reject })
            this.send({ kind, id, ...args } as unknown as ToDevice)
        })
    }

    /** Ends the process at once, as pulling the plug does. Resolves when it is gone. */
    async kill() {
        this.child.kill("SIGKILL")
        await this.exited
    }

    private receive(message: FromDevice) {
        // a reply too is told, for its time
        this.emit("message", message)
        if (message.kind !== "done") return
        const pending = this.pending.get(message.id)
        this.pending.delete(message.id)
        if (message.error !== undefined)
            pending?.reject(new Error(message.error))
        else pending?.resolve(message.value)
    }
}
