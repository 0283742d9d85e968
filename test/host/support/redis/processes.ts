/** Servers that sim/redis/local-redis.ts does not start: sentinels. Each ends with this process, however that ends. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { rmSync } from "node:fs"
import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import getPort from "get-port"
import { createClient } from "redis"
import { findServerBinary } from "../../../../sim/redis/server-binary.ts"

export const HOST = "127.0.0.1"
const READY_TIMEOUT_MS = 20_000
const GUARD = fileURLToPath(
    new URL("../../../../sim/redis/guard.mjs", import.meta.url)
)

/** Anything that takes raw commands and answers as RESP2 does. */
export interface CommandClient {
    sendCommand(words: (string | Buffer)[]): Promise<unknown>
    destroy(): void
}

/** How an operator's own connection calls itself, to be told from a light's in CLIENT LIST. */
export const OPERATOR = "operator"

/**
 * A connection that is made anew when it is needed and gone: sentinels cut all connections to a server whose role they
 * change. A command that is under way then is not repeated.
 */
export async function connectOperator(
    port: number,
    credentials: { username?: string; password?: string } = {}
): Promise<CommandClient> {
    const connect = async () => {
        const client = createClient({
            url: `redis://${HOST}:${port}`,
            ...credentials,
            RESP: 2,
            name: credentials.username ? undefined : OPERATOR,
            disableClientInfo: true,
            socket: { reconnectStrategy: false },
        })
        client.on("error", () => {})
        await client.connect()
        return client
    }
    let client = await connect()
    return {
        async sendCommand(words) {
            if (!client.isReady) client = await connect()
            return client.sendCommand(words)
        },
        destroy() {
            if (client.isOpen) client.destroy()
        },
    }
}

/** A master's port and how to watch it. */
export interface Watched {
    name: string
    /** Default 127.0.0.1 */
    host?: string
    port: number
    /** Sentinels that have to agree that it is down. */
    quorum: number
    downAfterMs: number
    failoverTimeoutMs?: number
}

export interface SentinelOptions {
    masters: Watched[]
    /** More lines of the configuration. */
    config?: string[]
}

export class Sentinel {
    client!: CommandClient

    static async start(options: SentinelOptions): Promise<Sentinel> {
        const { command } = await findServerBinary()
        const port = await getPort({ host: HOST })
        const folder = await mkdtemp(join(tmpdir(), "laglight-sentinel-"))
        const file = join(folder, "sentinel.conf")
        await writeFile(file, configuration(port, options).join("\n"))
        const sentinel = new Sentinel(
            port,
            spawn(command, [file, "--sentinel"], {
                cwd: folder,
                detached: true,
                stdio: ["ignore", "pipe", "inherit"],
            }),
            folder
        )
        try {
            await sentinel.ready()
            sentinel.client = await connectOperator(port, {
                password: passwordIn(options.config),
            })
            return sentinel
        } catch (error) {
            await sentinel.stop()
            throw error
        }
    }

    private readonly log: string[] = []
    private readonly exited: Promise<void>

    private constructor(
        readonly port: number,
        private readonly child: ChildProcess,
        private readonly folder: string
    ) {
        createInterface(child.stdout!).on("line", line => this.log.push(line))
        const guard = spawn(
            process.execPath,
            [GUARD, String(child.pid), folder],
            { detached: true, stdio: ["pipe", "ignore", "ignore"] }
        )
        guard.unref()
        guard.stdin.on("error", () => {})
        running.add(this)
        this.exited = new Promise(resolve =>
            child.once("close", () => {
                running.delete(this)
                guard.kill("SIGKILL")
                rmSync(folder, { recursive: true, force: true })
                resolve()
            })
        )
    }

    /** Where it says the master is: "127.0.0.1:6379"; null if it knows none of that name. */
    async masterOf(name: string): Promise<string | null> {
        const address = (await this.client.sendCommand([
            ...["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
        ])) as string[] | null
        return address && address.join(":")
    }

    /** Until it knows the other sentinels and all replicas of a master: before that it does not fail over well. */
    async knows(name: string, sentinels: number, replicas: number) {
        const deadline = Date.now() + READY_TIMEOUT_MS
        for (;;) {
            const facts = fieldsOf(
                await this.client.sendCommand(["SENTINEL", "MASTER", name])
            )
            if (
                Number(facts.get("num-other-sentinels")) === sentinels - 1 &&
                Number(facts.get("num-slaves")) === replicas
            )
                return
            if (Date.now() > deadline)
                throw new Error(
                    `a sentinel knows too little of ${name}: ${JSON.stringify([...facts])}`
                )
            await sleep(50)
        }
    }

    /** Ends it as a crash would. May be called again. */
    async stop() {
        this.client?.destroy()
        this.child.kill("SIGKILL")
        await this.exited
    }

    /** For the moment of our own exit, when nothing can be awaited. */
    killNow() {
        this.child.kill("SIGKILL")
        rmSync(this.folder, { recursive: true, force: true })
    }

    private async ready() {
        const deadline = Date.now() + READY_TIMEOUT_MS
        while (!this.log.some(line => /Sentinel ID is/.test(line))) {
            if (this.child.exitCode !== null || Date.now() > deadline)
                throw new Error(
                    `the sentinel does not start:\n${this.log.join("\n")}`
                )
            await sleep(20)
        }
    }
}

/** Sentinels that live, for the exit handler. */
const running = new Set<Sentinel>()
process.on("exit", () => {
    for (const sentinel of running) sentinel.killNow()
})

function configuration(
    port: number,
    { masters, config = [] }: SentinelOptions
): string[] {
    return [
        `bind ${HOST}`,
        `port ${port}`,
        "protected-mode no",
        "loglevel notice",
        ...config,
        ...masters.flatMap(
            ({
                name,
                host = HOST,
                port,
                quorum,
                downAfterMs,
                failoverTimeoutMs = 5000,
            }) => [
                `sentinel monitor ${name} ${host} ${port} ${quorum}`,
                `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
                `sentinel failover-timeout ${name} ${failoverTimeoutMs}`,
            ]
        ),
        "",
    ]
}

function passwordIn(config: string[] = []) {
    return config
        .find(line => line.startsWith("requirepass "))
        ?.slice("requirepass ".length)
}

/** A flat list of names and values, as RESP2 has maps. */
export function fieldsOf(reply: unknown): Map<string, string> {
    const flat = reply as string[]
    const fields = new Map<string, string>()
    for (let i = 0; i < flat.length; i += 2) fields.set(flat[i], flat[i + 1])
    return fields
}
