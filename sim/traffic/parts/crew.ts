/** Loops that work on one Redis server at the same time, until they are told to stop. */
import { setTimeout as sleep } from "node:timers/promises"
import { ErrorReply } from "redis"
import { connectionTo } from "../redis-client.ts"
import type { RedisClient } from "../redis-client.ts"
import type { Traffic } from "../workload.ts"

/** Takes a line for the user. */
export type Say = (line: string) => void

export interface CrewOptions {
    url: string
    /** Begins each line that is said: the workload's name. */
    name: string
    say: Say
    /** What a stop waits for at most, in ms; a server that hangs is then left alone. */
    stopTimeoutMs?: number
}

/** After an error reply: the server may be loading, or out of memory. */
const RETRY_MS = 1000
const STOP_TIMEOUT_MS = 1500
/** While stopping: a loop may have begun a wait just after the last look. */
const WAKE_MS = 50

export class Crew implements Traffic {
    /** For commands that do not wait; all loops may use it. */
    readonly client: RedisClient
    /** Connections for commands that wait, and what the server calls them. */
    private readonly waiting = new Map<RedisClient, number | undefined>()
    private readonly stopping = new AbortController()
    private readonly tasks: Promise<void>[] = []
    private stopped: Promise<void> | undefined

    /**
     * Connects, and lets `begin` start the loops.
     * @throws Error if Redis cannot be reached, or refuses (WRONGPASS, WRONGTYPE, NOPERM)
     */
    static async start(
        options: CrewOptions,
        begin: (crew: Crew) => Promise<void>
    ) {
        const crew = new Crew(options)
        try {
            await crew.client.connect()
            await begin(crew)
            return crew
        } catch (error) {
            await crew.stop()
            throw error
        }
    }

    private constructor(private readonly options: CrewOptions) {
        const { host } = new URL(options.url)
        this.client = connectionTo(options.url, lost =>
            this.say(
                lost
                    ? `no connection to ${host} (${lost.message})`
                    : `connected to ${host} again`
            )
        )
    }

    /** Whether the loops are to end. */
    get isOver() {
        return this.stopping.signal.aborted
    }

    say(line: string) {
        this.options.say(`${this.options.name}: ${line}`)
    }

    /**
     * A connection of its own for a loop that waits in BLOCK; a stop ends the wait.
     * @param name for CLIENT LIST, without spaces
     */
    async connection(name: string) {
        const client = connectionTo(this.options.url)
        this.waiting.set(client, undefined)
        client.on("ready", () => {
            client.clientId().then(
                id => this.waiting.set(client, id),
                // it was lost again
                () => {}
            )
            // a user may be allowed no more than the work needs
            client.clientSetName(name).catch(() => {})
        })
        await client.connect()
        return client
    }

    /** Runs a loop until the crew stops, again and again after errors. */
    run(loop: () => Promise<void>) {
        this.tasks.push(this.keepOn(loop))
    }

    /** Ends early when the crew stops. */
    async pause(ms: number) {
        await sleep(ms, undefined, { signal: this.stopping.signal }).catch(
            () => {}
        )
    }

    /** Resolves when every loop has ended. May be called again. */
    stop() {
        return (this.stopped ??= this.endAll())
    }

    private async keepOn(loop: () => Promise<void>) {
        while (!this.isOver)
            try {
                await loop()
            } catch (error) {
                if (this.isOver) return
                // of a lost connection the client tells
                if (isAnswer(error)) this.say((error as Error).message)
                await this.pause(RETRY_MS)
            }
    }

    private async endAll() {
        this.stopping.abort()
        const { stopTimeoutMs = STOP_TIMEOUT_MS } = this.options
        const clients = [this.client, ...this.waiting.keys()]
        // what waits for a lost connection would wait in vain
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

/** Whether the server said so, or this program has a fault; not whether the connection was lost. */
function isAnswer(error: unknown) {
    return error instanceof ErrorReply || error instanceof TypeError
}

/** `orders:worker-1`: what CLIENT LIST shows. A name may not contain spaces. */
export function connectionName(workload: string, role: string) {
    return `${workload}:${role.replace(/[^!-~]/g, "_")}`
}
