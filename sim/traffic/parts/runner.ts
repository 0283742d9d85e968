/** Loops that work on one Redis server at the same time, until they are told to stop. */
import { setTimeout as sleep } from "node:timers/promises"
import { ErrorReply } from "redis"
import { connectionTo } from "../redis-client.ts"
import type { RedisClient } from "../redis-client.ts"
import type { Traffic } from "../workload.ts"

/** Takes a line for the user. */
export type Say = (line: string) => void

export interface RunnerOptions {
    url: string
    /** The prefix of each line: the workload's name. */
    name: string
    say: Say
    /** How long a stop waits at most, in ms; connections are then dropped. */
    stopTimeoutMs?: number
}

/** After an error reply: the server may be loading, or out of memory. */
const RETRY_MS = 1000
const STOP_TIMEOUT_MS = 1500
/** Within this time a newer connection of the same name takes another one. */
const GIVE_WAY_MS = 100
/** While stopping: a loop may have begun to block just after the last CLIENT UNBLOCK. */
const WAKE_MS = 50

export class Runner implements Traffic {
    /** For commands that do not block; all loops may use it. */
    readonly client: RedisClient
    /** Connections for commands that block, and their client IDs. */
    private readonly waiting = new Map<RedisClient, number | undefined>()
    /** Their names in CLIENT LIST. */
    private readonly names = new Map<RedisClient, string>()
    private readonly stopping = new AbortController()
    private readonly tasks: Promise<void>[] = []
    private stopped: Promise<void> | undefined

    /**
     * Connects, and lets `begin` start the loops.
     * @throws Error if Redis cannot be reached, or refuses (WRONGPASS, WRONGTYPE, NOPERM)
     */
    static async start(
        options: RunnerOptions,
        begin: (runner: Runner) => Promise<void>
    ) {
        const runner = new Runner(options)
        try {
            await runner.client.connect()
            await begin(runner)
            return runner
        } catch (error) {
            await runner.stop()
            throw error
        }
    }

    private constructor(private readonly options: RunnerOptions) {
        const { host } = new URL(options.url)
        this.client = connectionTo(options.url, lost =>
            this.say(
                lost
                    ? `no connection to ${host} (${lost.message})`
                    : `connected to ${host} again`
            )
        )
    }

    /** Whether the loops have to end. */
    get isOver() {
        return this.stopping.signal.aborted
    }

    say(line: string) {
        this.options.say(`${this.options.name}: ${line}`)
    }

    /**
     * A connection of its own for a loop that blocks (BLOCK); a stop unblocks it.
     * @param name for CLIENT LIST, without spaces
     */
    async connection(name: string) {
        const client = connectionTo(this.options.url)
        this.waiting.set(client, undefined)
        this.names.set(client, name)
        client.on("ready", () => {
            client.clientId().then(
                id => this.waiting.set(client, id),
                // it was lost again
                () => {}
            )
            // the user may lack the right
            client.clientSetName(this.names.get(client)!).catch(() => {})
        })
        await client.connect()
        return client
    }

    /**
     * A connection for a consumer, with a name that no other connection has: PREFIX-1, or the next that is free.
     * A consumer that restarts after a crash gets its name back, and with it its pending entries. If CLIENT LIST is
     * forbidden, or two lose their connections at once, a name may be used twice: then two may process one entry, whose
     * effect is still applied once.
     * @param number of the name to take if CLIENT LIST is forbidden
     */
    async connectionAs(prefix: string, number: number) {
        const { name: workload } = this.options
        const client = await this.connection(connectionName(workload, prefix))
        try {
            for (let free = 1; ; free++) {
                const name = `${prefix}-${free}`
                const known = connectionName(workload, name)
                this.names.set(client, known)
                await client.clientSetName(known)
                if (await isOnlyOne(client, known)) return { client, name }
            }
        } catch (error) {
            if (!/^NOPERM/.test((error as Error).message)) throw error
            return { client, name: `${prefix}-${number}` }
        }
    }

    /** Runs a loop until the runner stops, again and again after errors. */
    run(loop: () => Promise<void>) {
        this.tasks.push(this.runForever(loop))
    }

    /** Ends early when the runner stops. */
    async pause(ms: number) {
        await sleep(ms, undefined, { signal: this.stopping.signal }).catch(
            () => {}
        )
    }

    /** Resolves when every loop has ended. May be called again. */
    stop() {
        return (this.stopped ??= this.endAll())
    }

    private async runForever(loop: () => Promise<void>) {
        while (!this.isOver)
            try {
                await loop()
            } catch (error) {
                if (this.isOver) return
                // the client itself reports a lost connection
                if (isReplyOrBug(error)) this.say((error as Error).message)
                await this.pause(RETRY_MS)
            }
    }

    private async endAll() {
        this.stopping.abort()
        const { stopTimeoutMs = STOP_TIMEOUT_MS } = this.options
        const clients = [this.client, ...this.waiting.keys()]
        // commands that wait for a lost connection would never end
        for (const client of clients)
            if (client.isOpen && !client.isReady) client.destroy()
        const deadline = performance.now() + stopTimeoutMs
        const ended = Promise.allSettled(this.tasks).then(() => true)
        do this.wakeAll()
        while (
            !(await Promise.race([ended, sleep(WAKE_MS)])) &&
            performance.now() < deadline
        )
        for (const client of clients) if (client.isOpen) client.destroy()
    }

    private wakeAll() {
        if (!this.client.isReady) return
        for (const id of this.waiting.values())
            if (id !== undefined)
                this.client
                    .sendCommand(["CLIENT", "UNBLOCK", String(id)])
                    .catch(() => {})
    }
}

/** Whether it is an error reply or a bug of this program, not a lost connection. */
function isReplyOrBug(error: unknown) {
    return error instanceof ErrorReply || error instanceof TypeError
}

/**
 * Whether no other connection has this one's name. Of two that have just taken it, the older keeps it: the newer
 * one sees it and takes another.
 */
async function isOnlyOne(client: RedisClient, name: string) {
    const id = await client.clientId()
    const others = async () => {
        const list = await client.sendCommand<string>(["CLIENT", "LIST"])
        return list
            .split("\n")
            .filter(line => line.split(" ").includes(`name=${name}`))
            .map(line => Number(/^id=(\d+)/.exec(line)![1]))
            .filter(other => other !== id)
    }
    const found = await others()
    if (found.length === 0 || found.some(other => other < id))
        return found.length === 0
    await sleep(GIVE_WAY_MS)
    return (await others()).length === 0
}

/** `orders:worker-1`: what CLIENT LIST shows. A name may not contain spaces. */
export function connectionName(workload: string, role: string) {
    return `${workload}:${role.replace(/[^!-~]/g, "_")}`
}
