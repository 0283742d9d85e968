/** A stream of orders for a test, and what the workload's own records must say of it. */
import assert from "node:assert/strict"
import { ORDERS_DEFAULTS } from "../../../../sim/traffic/orders.ts"
import { groupBy } from "./group-by.ts"
import type { TestClient } from "../redis/server.ts"
import { isWorkedOff } from "./worked-off.ts"

const { stream, group } = ORDERS_DEFAULTS

export class OrdersLedger {
    private lastOrder = 0

    constructor(private readonly client: TestClient) {}

    /** Whether every order has been settled. */
    isIdle() {
        return isWorkedOff(this.client, stream, group)
    }

    /** Adds orders that are healthy but for `fields`. @returns their entries' IDs */
    async add(count: number, fields: Record<string, string> = {}) {
        const ids: string[] = []
        for (let i = 0; i < count; i++)
            ids.push(
                await this.client.xAdd(stream, "*", {
                    order: String(++this.lastOrder),
                    ...{ item: "lamp", quantity: "2", cents: "150" },
                    ...fields,
                })
            )
        return ids
    }

    async entriesOf(key: string) {
        return (await this.client.xRange(key, "-", "+"))!
    }

    /** Orders that are done. */
    async counted() {
        return Number(await this.client.hGet(`${stream}:totals`, "orders"))
    }

    /**
     * Compares the journal with the stream: each entry is done or dead, once; its attempts are numbered from
     * 1, each number used once.
     */
    async assertEachOnce() {
        const orders = await this.entriesOf(stream)
        const journal = (await this.entriesOf(`${stream}:journal`)).map(
            ({ message }) => ({ ...message }) as Record<string, string>
        )
        const byEntry = groupBy(journal, ({ entry }) => entry)
        assert.equal(byEntry.size, orders.length)
        let retried = 0
        for (const { id } of orders) {
            const events = byEntry.get(id)!
            const what = JSON.stringify(events)
            const ends = events.filter(e => /^(done|dead)$/.test(e.event))
            assert.equal(ends.length, 1, what)
            assert.equal(ends[0], events.at(-1), what)
            const attempts = events
                .filter(e => e.event === "begun")
                .map(e => Number(e.attempt))
            assert.deepEqual(
                attempts,
                [...new Set(attempts)].sort((a, b) => a - b),
                what
            )
            if (ends[0].event === "done") {
                assert.equal(Number(ends[0].attempt), attempts.at(-1), what)
                if (attempts.length > 1) assert.ok(attempts.at(-1)! > 1, what)
                if (attempts.at(-1)! > 1) retried++
            }
        }
        const done = journal.filter(({ event }) => event === "done")
        const sum = done.reduce((cents, e) => cents + Number(e.cents), 0)
        const totals = await this.client.hGetAll(`${stream}:totals`)
        assert.equal(Number(totals.orders ?? 0), done.length)
        assert.equal(Number(totals.cents ?? 0), sum)
        assert.equal(Number(totals.retried ?? 0), retried)
        const dead = await this.entriesOf(`${stream}:dead`)
        assert.deepEqual(
            dead.map(({ message }) => message.entry),
            journal.filter(e => e.event === "dead").map(e => e.entry)
        )
        return { done, dead, retried }
    }
}
