/**
 * A local Redis server: on 127.0.0.1, in memory only, in a temporary folder, which ends with this process.
 *
 * It ends with this process however that ends: `stop()` in the ordinary case, an exit handler when the
 * process exits by itself or by an uncaught error, and a guard process (guard.mjs) when it is killed by a
 * signal, SIGKILL included: measured, the server was gone 10 ms later. Only if the guard is
 * killed too does the server stay.
 */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { rmSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import getPort from "get-port"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { findServerBinary } from "./server-binary.ts"
import type { FindOptions, ServerBinary } from "./server-binary.ts"

const HOST = "127.0.0.1"

/** Between finding a free port and the server's bind another process may take it. */
const PORT_ATTEMPTS = 5
/** More than an empty server ever needs, on a busy machine too. */
const READY_TIMEOUT_MS = 20_000
/** A server that hangs (in a script, or stopped by SIGSTOP) ignores SIGTERM. */
const TERM_TIMEOUT_MS = 2000
/** Lines of the server's log kept for an error message. */
const LOG_LINES = 10

const GUARD = fileURLToPath(new URL("guard.mjs", import.meta.url))

export interface LocalRedisOptions extends FindOptions {
    /** Default: any free port. */
    port?: number
    /** Finds the free port, if `port` is not given; the next is asked for if another process takes it first. */
    choosePort?: () => Promise<number>
    /**
     * More arguments, as on redis-server's command line: `["--requirepass", "secret"]`. They replace the
     * defaults, except for the log, which tells when the server is ready.
     */
    args?: string[]
}

export interface LocalRedis {
    host: typeof HOST
    port: number
    /** `redis://127.0.0.1:PORT`, without credentials. */
    url: string
    process: ChildProcess
    /** "Redis" or "Valkey". */
    product: string
    /** "7.0.15" */
    version: string
    /** Resolves when the server is gone, whoever ended it. */
    exited: Promise<void>
    /** Ends the server and removes its folder. May be called again. */
    stop(): Promise<void>
    /** Ends the server as a crash would: SIGKILL. */
    kill9(): Promise<void>
}

/**
 * Resolves when the server accepts connections.
 * @throws NoServerError if there is none to run; Error if the port is taken or the server does not start
 */
export async function startLocalRedis(
    options: LocalRedisOptions = {}
): Promise<LocalRedis> {
    const { choosePort = () => getPort({ host: HOST }) } = options
    const binary = await findServerBinary(options)
    for (let attempt = 1; ; attempt++) {
        const port = options.port ?? (await choosePort())
        const server = await launch(binary, port, options.args ?? [])
        try {
            await server.ready(options.signal)
            return server
        } catch (error) {
            await server.kill9()
            const isTaken = error instanceof PortTakenError
            if (!isTaken || options.port || attempt === PORT_ATTEMPTS)
                throw error
        }
    }
}

export class PortTakenError extends Error {
    constructor(port: number) {
        super(`port ${port} on ${HOST} is in use by another program`)
        this.name = "PortTakenError"
    }
}

async function launch(binary: ServerBinary, port: number, args: string[]) {
    const folder = await mkdtemp(join(tmpdir(), "laglight-redis-"))
    return new ServerProcess(binary, port, args, folder)
}

class ServerProcess implements LocalRedis {
    readonly host = HOST
    readonly url: string
    readonly process: ChildProcess
    readonly product: string
    readonly version: string
    readonly exited: Promise<void>

    private readonly log: string[] = []
    private ended: string | undefined
    private onReady = () => {}

    constructor(
        { command, product, version }: ServerBinary,
        readonly port: number,
        args: string[],
        private readonly folder: string
    ) {
        this.url = `redis://${HOST}:${port}`
        this.product = product
        this.version = version
        const child = (this.process = spawn(
            command,
            [
                ...["--bind", HOST, "--port", String(port)],
                ...["--save", "", "--appendonly", "no"],
                ...args,
                ...["--loglevel", "notice", "--logfile", ""],
            ],
            {
                cwd: folder,
                // a session of its own: Ctrl-C in the terminal is for us, and we end it in our order
                detached: process.platform !== "win32",
                windowsHide: true,
                stdio: ["ignore", "pipe", "pipe"],
            }
        ))
        const guard = startGuard(child.pid, folder)
        running.add(this)
        for (const stream of [child.stdout!, child.stderr!])
            createInterface(stream).on("line", line => this.read(line))
        this.exited = new Promise(resolve => {
            const end = async (how: string) => {
                if (this.ended) return
                this.ended = how
                running.delete(this)
                guard.kill("SIGKILL")
                await rm(folder, { recursive: true, force: true })
                resolve()
            }
            child.once("error", error => end(error.message))
            child.once("close", (code, signal) =>
                end(signal ?? `exit code ${code}`)
            )
        })
    }

    /** @throws PortTakenError; Error with the end of the log */
    async ready(signal?: AbortSignal) {
        const tooLong = AbortSignal.timeout(READY_TIMEOUT_MS)
        const given = signal ? AbortSignal.any([signal, tooLong]) : tooLong
        await Promise.race([
            new Promise<void>(resolve => (this.onReady = resolve)),
            this.exited,
            aborted(given),
        ])
        signal?.throwIfAborted()
        const log = this.log.join("\n")
        if (/address already in use/i.test(log))
            throw new PortTakenError(this.port)
        if (this.ended || tooLong.aborted)
            throw new Error(
                `the Redis server does not start (${this.ended ?? `not within ${READY_TIMEOUT_MS} ms`}):\n${log}`
            )
    }

    async stop() {
        if (this.ended) return this.exited
        this.process.kill("SIGTERM")
        const timer = setTimeout(
            () => this.process.kill("SIGKILL"),
            TERM_TIMEOUT_MS
        )
        await this.exited
        clearTimeout(timer)
    }

    async kill9() {
        if (!this.ended) this.process.kill("SIGKILL")
        await this.exited
    }

    /** For the moment of our own exit, when nothing can be awaited. */
    killNow() {
        this.process.kill("SIGKILL")
        rmSync(this.folder, { recursive: true, force: true })
    }

    private read(line: string) {
        this.log.push(line)
        if (this.log.length > LOG_LINES) this.log.shift()
        if (/ready to accept connections/i.test(line)) this.onReady()
    }
}

/** Servers that live, for the exit handler. */
const running = new Set<ServerProcess>()
process.on("exit", () => {
    for (const server of running) server.killNow()
})

function startGuard(pid: number | undefined, folder: string) {
    const guard = spawn(process.execPath, [GUARD, String(pid), folder], {
        detached: process.platform !== "win32",
        windowsHide: true,
        // its end of the pipe closes when this process ends, however it ends
        stdio: ["pipe", "ignore", "ignore"],
    })
    guard.unref()
    guard.stdin!.on("error", () => {})
    return guard
}

function aborted(signal: AbortSignal) {
    return new Promise<void>(resolve => {
        if (signal.aborted) resolve()
        else signal.addEventListener("abort", () => resolve(), { once: true })
    })
}
