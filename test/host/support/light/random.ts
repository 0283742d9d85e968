/** Random operations on a stream and its group, the same again for the same seed. */
import type { TestClient } from "../redis/server.ts"

/** A small generator of random numbers (mulberry32): 0 <= number < 1. */
export function randomNumbers(seed: number) {
    let state = seed >>> 0
    return () => {
        state = (state + 0x6d2b79f5) >>> 0
        let t = state
        t = Math.imul(t ^ (t >>> 15), t | 1)
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296
    }
}

/** The seed of a run: from the environment variable SEED, to repeat one, or a new one. */
export function seed(): number {
    return Number(process.env.SEED ?? Math.floor(Math.random() * 4294967296))
}

type Id = string

/** Longer streams are trimmed: what matters happens near the ends. */
const MAX_LENGTH = 90

/** One stream with one group under random use. */
export class RandomStream {
    /** Operations that were carried out, in words, the last ones first to be looked at. */
    readonly log: string[] = []
    /** What operators do now and then: a wrong ENTRIESREAD. Redis's figure may then be too low, and so may a range. */
    falseClaims = false
    /** Redis reports less than is true, by such a claim. */
    reportsTooLow = false

    private ids: Id[] = []
    private lastDelivered: Id = "0-0"
    private lastGenerated: Id = "0-0"

    constructor(
        private client: TestClient,
        private readonly random: () => number,
        readonly key: string,
        readonly group: string,
        private readonly payload: () => string = () => "v"
    ) {}

    async create() {
        await this.do("DEL", this.key)
        await this.do("XGROUP", "CREATE", this.key, this.group, "0", "MKSTREAM")
        await this.look()
    }

    /** The same stream on another server, or on one that has been started anew. */
    async goOn(client: TestClient) {
        this.client = client
        await this.look()
    }

    /** One operation, and a look at the truth. */
    async step() {
        const { key, group } = this
        const consumer = `c${this.below(3)}`
        const operations: [weight: number, run: () => Promise<unknown>][] = [
            [30, () => this.add()],
            [
                24,
                () =>
                    this.do(
                        ...["XREADGROUP", "GROUP", group, consumer],
                        ...["COUNT", String(1 + this.below(8))],
                        ...["STREAMS", key, ">"]
                    ),
            ],
            [14, () => this.do("XDEL", key, this.anyId())],
            [4, () => this.do("XDEL", key, this.lastDelivered)],
            [4, () => this.do("XDEL", key, this.firstUnread())],
            [4, () => this.trim()],
            [5, () => this.do("XACK", key, group, this.anyId())],
            [5, () => this.do("XGROUP", "SETID", key, group, this.someId())],
            [
                4,
                () =>
                    this.do(
                        ...["XCLAIM", key, group, consumer, "0", this.anyId()],
                        ...["LASTID", this.someId()]
                    ),
            ],
            [
                this.falseClaims ? 4 : 0,
                () =>
                    this.do(
                        ...["XGROUP", "SETID", key, group, this.someId()],
                        ...["ENTRIESREAD", String(this.below(MAX_LENGTH))]
                    ),
            ],
            [2, () => this.do("XAUTOCLAIM", key, group, consumer, "0", "0")],
            [
                2,
                async () => {
                    await this.do("XGROUP", "DESTROY", key, group)
                    await this.do(
                        ...["XGROUP", "CREATE", key, group, this.someId()]
                    )
                },
            ],
            [1, () => this.do("XGROUP", "DELCONSUMER", key, group, consumer)],
            [1, () => this.create()],
        ]
        const total = operations.reduce((sum, [weight]) => sum + weight, 0)
        let at = this.random() * total
        const chosen = operations.find(([weight]) => (at -= weight) < 0)!
        await chosen[1]()
        if (this.ids.length > MAX_LENGTH)
            await this.do("XTRIM", key, "MAXLEN", String(MAX_LENGTH / 2))
        await this.look()
    }

    /** Entries with an ID above the group's last-delivered-id, as of the last operation. */
    get lag(): number {
        return this.ids.filter(id => isGreater(id, this.lastDelivered)).length
    }

    private async add() {
        const bound =
            this.random() < 0.1 ? ["MAXLEN", String(5 + this.below(40))] : []
        for (let n = 1 + this.below(6); n > 0; n--)
            await this.do(
                "XADD",
                this.key,
                ...bound,
                this.newId(),
                "f",
                this.payload()
            )
    }

    private trim() {
        return this.random() < 0.5
            ? this.do("XTRIM", this.key, "MAXLEN", String(this.below(30)))
            : this.do("XTRIM", this.key, "MINID", this.anyId())
    }

    /** Small IDs with gaps, so that IDs in between, never used, can be named. */
    private newId(): Id {
        const [ms] = this.lastGenerated.split("-").map(Number)
        const id =
            this.random() < 0.2
                ? `${this.lastGenerated.split("-")[0]}-${Number(this.lastGenerated.split("-")[1]) + 1}`
                : `${ms + 1 + this.below(3)}-0`
        this.lastGenerated = id
        return id
    }

    private below(limit: number) {
        return Math.floor(this.random() * limit)
    }

    /** Of an entry that exists, or of none. */
    private anyId(): Id {
        return this.ids[this.below(this.ids.length)] ?? "1-0"
    }

    private firstUnread(): Id {
        return this.ids.find(id => isGreater(id, this.lastDelivered)) ?? "1-0"
    }

    /** An ID to set a group to. */
    private someId(): Id {
        const at = this.random()
        if (at < 0.1) return "0-0"
        if (at < 0.3) return this.lastGenerated
        if (at < 0.7) return this.anyId()
        // one that never was: between two others, or in the future
        const [ms] = this.lastGenerated.split("-").map(Number)
        return `${this.below(ms + 3)}-7`
    }

    private async do(...command: string[]) {
        this.log.push(command.join(" ").slice(0, 100))
        await this.client.sendCommand(command).catch((error: Error) => {
            this.log.push(`  ${error.message}`)
        })
    }

    /** What is true now. */
    private async look() {
        const [entries, groups] = (await Promise.all([
            this.client.sendCommand(["XRANGE", this.key, "-", "+"]),
            this.client.sendCommand(["XINFO", "GROUPS", this.key]),
        ])) as unknown as [[Id, unknown][], (string | number | null)[][]]
        this.ids = entries.map(([id]) => id)
        const fields = groups[0]
        this.lastDelivered = String(
            fields[fields.indexOf("last-delivered-id") + 1]
        )
        const info = (await this.client.sendCommand([
            "XINFO",
            "STREAM",
            this.key,
        ])) as unknown as unknown[]
        this.lastGenerated = String(info[info.indexOf("last-generated-id") + 1])
        const reported = fields[fields.indexOf("lag") + 1]
        // before 7.0 there is no such field, and the name that is found instead is no number
        this.reportsTooLow =
            fields.includes("lag") &&
            reported !== null &&
            Number(reported) < this.lag
        this.log.push(
            `  lag ${this.lag}, last delivered ${this.lastDelivered}, reported ${fields[fields.indexOf("lag") + 1]}`
        )
    }
}

function isGreater(a: Id, b: Id) {
    const [aMs, aSequence] = a.split("-").map(Number)
    const [bMs, bSequence] = b.split("-").map(Number)
    return aMs > bMs || (aMs === bMs && aSequence > bSequence)
}
