/** A stream with consumer groups on a real server, and the truth about it. */
import type { TestClient } from "../redis/server.ts"

type Word = string | Buffer

/** Entries added in one go, so that a thousand take milliseconds. */
const BATCH = 500

export class TestStream {
    /** @param key may be any bytes */
    constructor(
        readonly client: TestClient,
        readonly key: Word
    ) {}

    /** The stream and a group at its start, both new. */
    static async create(client: TestClient, key: Word, ...groups: Word[]) {
        const stream = new TestStream(client, key)
        await stream.drop()
        for (const group of groups) await stream.group(group)
        return stream
    }

    async drop() {
        await this.client.sendCommand(["DEL", this.key])
    }

    /** @param from the ID from which on entries count as not delivered */
    async group(name: Word, from: string = "0") {
        await this.client.sendCommand([
            "XGROUP",
            "CREATE",
            this.key,
            name,
            from,
            "MKSTREAM",
        ])
    }

    /** Adds entries, whose IDs the server makes. */
    async add(entries: number, payload: Word = "v") {
        for (let left = entries; left > 0; left -= BATCH)
            await Promise.all(
                Array.from({ length: Math.min(left, BATCH) }, () =>
                    this.client.sendCommand([
                        "XADD",
                        this.key,
                        "*",
                        "f",
                        payload,
                    ])
                )
            )
    }

    /** Delivers so many entries to a consumer. */
    async read(group: Word, entries: number, consumer = "c") {
        if (entries > 0)
            await this.client.sendCommand([
                "XREADGROUP",
                "GROUP",
                group,
                consumer,
                "COUNT",
                String(entries),
                "STREAMS",
                this.key,
                ">",
            ])
    }

    /** XINFO GROUPS, as field names and values. */
    async groups(): Promise<Map<string, unknown>[]> {
        const groups = (await this.client.sendCommand([
            "XINFO",
            "GROUPS",
            this.key,
        ])) as unknown as unknown[][]
        return groups.map(fields => {
            const group = new Map<string, unknown>()
            for (let i = 0; i < fields.length; i += 2)
                group.set(String(fields[i]), fields[i + 1])
            return group
        })
    }

    /** What Redis reports; null is nil. */
    async reportedLag(group: string): Promise<number | null> {
        return (await this.groupFields(group)).get("lag") as number | null
    }

    /** Entries with an ID above the group's last-delivered-id, counted one by one. */
    async trueLag(group: string): Promise<number> {
        const last = (await this.groupFields(group)).get("last-delivered-id")
        const streams = (await this.client.sendCommand([
            ...["XREAD", "STREAMS", this.key, String(last)],
        ])) as unknown as [key: string, entries: unknown[]][] | null
        return streams?.[0][1].length ?? 0
    }

    private async groupFields(name: string) {
        const groups = await this.groups()
        const found = groups.find(group => group.get("name") === name)
        if (!found) throw new Error(`no group ${name}`)
        return found
    }
}
