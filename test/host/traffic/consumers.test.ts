/** A workload's consumers in the hands of a visitor of the page who does not wait between two clicks. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { WorkloadSwitch } from "../../../sim/lab/workload-switch.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"

describe("the page's consumers", () => {
    let redis: TestRedis
    let workloads: WorkloadSwitch
    before(async () => {
        redis = await startTestRedis()
        const own = { stream: "jobs", group: "staff" }
        workloads = new WorkloadSwitch(redis.server.url, own, () => {})
        await workloads.choose("none")
    })
    after(async () => {
        await workloads.stop()
        await redis.stop()
    })

    test("each click on Faster counts, however quick", async () => {
        const consumers = workloads.consumers!
        const clicks = [1, 2, 3].map(() =>
            consumers.setPace(consumers.state.pace * 2)
        )
        await Promise.all(clicks)
        assert.equal(consumers.state.pace, 8)
        assert.deepEqual(await names(), ["worker-1", "worker-2"])
    })

    test("one that is removed leaves the group's list", async () => {
        const consumers = workloads.consumers!
        assert.equal(await consumers.add(), "worker-3")
        assert.equal(await consumers.remove(), "worker-3")
        const listed = await redis.client.xInfoConsumers("jobs", "staff")
        assert.ok(!listed.some(({ name }) => String(name) === "worker-3"))
        assert.deepEqual(await names(), ["worker-1", "worker-2"])
    })

    /** Of those who are connected. */
    async function names() {
        const clients = await redis.client.clientList()
        return clients
            .map(({ name }) => /^jobs:(.+)/.exec(name)?.[1])
            .filter(name => name !== undefined)
            .sort()
    }
})
