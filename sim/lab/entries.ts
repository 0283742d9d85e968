/** What the page can do to the streams of a local Redis: everything that writes. */
import { connectionTo } from "../traffic/redis-client.ts"
import type { RedisClient } from "../traffic/redis-client.ts"
import { NotNow } from "./errors.ts"

/** Entries sent to Redis at a time. */
const BATCH = 1000

export class Entries {
    private client: RedisClient | undefined
    private added = 0

    constructor(private readonly url: string) {}

    async add(stream: string, count: number) {
        const client = await this.connected()
        for (let left = count; left > 0; left -= BATCH) {
            const batch = Array.from({ length: Math.min(left, BATCH) }, () =>
                client.xAdd(stream, "*", {
                    task: "added by hand",
                    number: String(++this.added),
                })
            )
            await Promise.all(batch)
        }
    }

    /** @returns how many were deleted */
    async deleteNewest(stream: string, count: number) {
        const client = await this.connected()
        const newest =
            (await client.xRevRange(stream, "+", "-", { COUNT: count })) ?? []
        if (newest.length === 0) return 0
        return client.xDel(
            stream,
            newest.map(({ id }) => id)
        )
    }

    /** @returns how many are gone */
    async trim(stream: string, length: number) {
        const client = await this.connected()
        return client.xTrim(stream, "MAXLEN", length)
    }

    /** @returns whether it was there */
    async deleteStream(stream: string) {
        const client = await this.connected()
        return (await client.del(stream)) > 0
    }

    /** @returns whether it was there */
    async deleteGroup(stream: string, group: string) {
        const client = await this.connected()
        if ((await client.exists(stream)) === 0) return false
        return (await client.xGroupDestroy(stream, group)) > 0
    }

    /** @returns false if it was there already */
    async createGroup(stream: string, group: string) {
        const client = await this.connected()
        try {
            await client.xGroupCreate(stream, group, "$", { MKSTREAM: true })
            return true
        } catch (error) {
            if (/^BUSYGROUP/.test((error as Error).message)) return false
            throw error
        }
    }

    stop() {
        if (this.client?.isOpen) this.client.destroy()
    }

    /** @throws NotNow; a client that lost its server would queue commands for later */
    private async connected() {
        if (this.client?.isReady) return this.client
        this.stop()
        this.client = connectionTo(this.url)
        try {
            await this.client.connect()
        } catch {
            throw new NotNow("Redis does not answer: start it first")
        }
        return this.client
    }
}
