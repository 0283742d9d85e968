/**
 * What the host itself reads about the watched groups, for the page, the metrics and the health check: it only reads.
 * If a right is missing, only the values that need it are missing.
 */
import { createHash } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { ErrorReply, RESP_TYPES } from "redis"
import { printable } from "../printable.ts"
import { withoutSecrets } from "../secrets.ts"
import { connectionTo } from "../traffic/redis-client.ts"
import type { RedisClient } from "../traffic/redis-client.ts"
import type { GroupState } from "./group-state.ts"

export interface Watched {
    stream: string
    /** Empty: none, the stream's length is shown. */
    group: string
    /** If `group` is not the group's whole name: the beginning of its SHA-256, in hexadecimal (src/report.ts). */
    id?: string
}

/** Time limit for a reply. */
const REPLY_MS = 2000
/** Names that are kept. */
const NAMES_MAX = 10_000
const ID_DIGITS = 16
/** IDs that Redis generates begin with its clock; IDs below this were set by the producer and are not times. */
const FIRST_TIME_MS = Date.UTC(2010)

export class GroupReader {
    /** In the order of the watched groups; empty before the first reading. */
    groups: GroupState[] = []
    /** Whether the last reading succeeded. */
    isUp = false

    private client: RedisClient | undefined
    /** Whole names, by their ids; of the groups that were watched. */
    private readonly names = new Map<string, string>()
    private readonly stopping = new AbortController()
    private readonly running: Promise<void>

    /**
     * @param url called at each attempt to connect: the server's address may only be known then
     * @param watched called each time: with GROUP=* the group changes
     */
    constructor(
        private readonly url: () => Promise<string>,
        private readonly watched: () => Watched[],
        private readonly intervalMs: number,
        private readonly onRead: (groups: GroupState[]) => void
    ) {
        this.running = this.run()
    }

    async stop() {
        this.stopping.abort()
        this.drop()
        await this.running
    }

    /** A group's whole name, for people; undefined until it was found among the stream's groups. */
    nameOf(id: string) {
        return this.names.get(id)
    }

    /** Reads now, besides the regular times. */
    async refresh() {
        if (this.client?.isReady) await this.read(this.client)
    }

    private async run() {
        const { signal } = this.stopping
        while (!signal.aborted) {
            try {
                const client = await this.connected()
                await this.read(client)
            } catch (error) {
                if (!signal.aborted) this.fail(error as Error)
            }
            await sleep(this.intervalMs, undefined, { signal }).catch(() => {})
        }
    }

    private async connected() {
        // a client that waits for its server would queue commands for later
        if (this.client && !this.client.isReady) this.drop()
        if (this.client) return this.client
        const client = connectionTo(await this.url())
        this.client = client
        await withTimeout(client.connect())
        return client
    }

    private drop() {
        const { client } = this
        this.client = undefined
        if (client?.isOpen) client.destroy()
    }

    private async read(client: RedisClient) {
        const groups = await withTimeout(
            Promise.all(
                this.watched().map(one => readGroup(client, one, this.names))
            )
        )
        this.isUp = true
        this.groups = groups
        this.onRead(groups)
    }

    private fail(error: Error & { code?: string }) {
        this.drop()
        this.isUp = false
        const why = printable(withoutSecrets(error.message))
        const trouble = `Redis cannot be read: ${why || error.code}`
        this.groups = this.watched().map(one => ({
            ...emptyState(one),
            trouble,
        }))
        this.onRead(this.groups)
    }
}

async function readGroup(
    client: RedisClient,
    { stream, group, id }: Watched,
    names: Map<string, string>
): Promise<GroupState> {
    const state = emptyState({ stream, group })
    const inBytes = client.withTypeMapping({
        [RESP_TYPES.BLOB_STRING]: Buffer,
    })
    const refused: string[] = []
    const ask = async <T>(answer: Promise<T>): Promise<T | undefined> => {
        try {
            return await answer
        } catch (error) {
            if (!(error instanceof ErrorReply)) throw error
            refused.push(printable(withoutSecrets(error.message)))
            return undefined
        }
    }
    if (group === "") {
        state.length = (await ask(client.xLen(stream))) ?? null
        state.trouble = refused[0] ?? null
        return state
    }
    let name: Buffer | string = group
    if (id !== undefined) {
        // as bytes: a name that a record cannot hold may be other than text
        const infos = await ask(inBytes.xInfoGroups(stream))
        const found = infos?.find(info => idOf(info.name) === id)
        if (found) {
            name = found.name
            state.group = textOf(found.name)
            // with GROUP=* there may be thousands
            if (names.size > NAMES_MAX) names.clear()
            names.set(id, state.group)
        }
    }
    const wanted = Buffer.from(name)
    // one batch: Redis executes these commands without others in between
    const [length, infos, consumers, oldest, time] = await Promise.all([
        ask(client.xLen(stream)),
        ask(inBytes.xInfoGroups(stream)),
        ask(client.xInfoConsumers(stream, name)),
        ask(client.xPendingRange(stream, name, "-", "+", 1)),
        ask(client.time()),
    ])
    const info = infos?.find(info => wanted.equals(info.name))
    state.length = length ?? null
    if (infos && !info) {
        state.trouble = `there is no group ${printable(state.group)}`
        return state
    }
    state.trouble = refused[0] ?? null
    state.lastDeliveredId = info ? String(info["last-delivered-id"]) : null
    state.pending = info ? Number(info.pending) : null
    state.consumers =
        consumers?.map(({ name, pending, idle }) => ({
            name: String(name),
            pending: Number(pending),
            idleMs: Number(idle),
        })) ?? null
    const first = oldest?.[0]
    if (first) {
        const idleMs = Number(first.millisecondsSinceLastDelivery)
        const madeMs = Number(String(first.id).split("-")[0])
        const nowMs = time ? 1000 * Number(time[0]) : Date.now()
        state.oldestPending = {
            id: String(first.id),
            consumer: String(first.consumer),
            ageMs:
                madeMs > FIRST_TIME_MS
                    ? Math.max(idleMs, nowMs - madeMs)
                    : idleMs,
            idleMs,
            deliveries: Number(first.deliveriesCounter),
        }
    }
    return state
}

/** The same as the firmware's for a name that its record cannot hold. */
function idOf(name: Buffer) {
    return createHash("sha256").update(name).digest("hex").slice(0, ID_DIGITS)
}

/** For people; if the bytes are not valid text, the id distinguishes two such names. */
function textOf(name: Buffer) {
    const text = name.toString()
    return Buffer.from(text).equals(name) ? text : `${text}#${idOf(name)}`
}

function emptyState({ stream, group }: Watched): GroupState {
    return {
        stream,
        group,
        trouble: null,
        length: null,
        lastDeliveredId: null,
        pending: null,
        consumers: null,
        oldestPending: null,
    }
}

async function withTimeout<T>(answer: Promise<T>): Promise<T> {
    const timeout = new AbortController()
    const late = sleep(REPLY_MS, undefined, timeout).then(() => {
        throw new Error(`no answer within ${REPLY_MS} ms`)
    })
    late.catch(() => {})
    try {
        return await Promise.race([answer, late])
    } finally {
        timeout.abort()
        // a late reply is not used, nor is its failure
        answer.catch(() => {})
    }
}
