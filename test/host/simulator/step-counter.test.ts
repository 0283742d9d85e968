/** The counts that the budgets stand on (sim/vm/step-counter.ts) are exact. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import type { VmCounts } from "../../../sim/vm/device.ts"

describe("the VM's counters", () => {
    let device: SimulatedDevice
    /** What each second of test/device/programs/spin.ts took. */
    const seconds: VmCounts[] = []
    let panic: string | undefined
    let untilPanic: VmCounts

    before(async () => {
        const { bytecode } = await buildFirmware({
            entry: "test/device/programs/spin.ts",
        })
        device = await SimulatedDevice.start({
            bytecode,
            clock: "driven",
            countSteps: true,
        })
        device.on("panic", ({ text }) => (panic = text))
        await device.waitForLog(/second 0/, 5000, { since: 0 })
        await device.runFor(500)
        let last = await device.counts()
        for (let second = 0; second < 8; second++) {
            await device.runFor(1000)
            const counts = await device.counts()
            const taken = {
                steps: counts.steps - last.steps,
                longestRun: counts.longestRun,
                allocations: counts.allocations - last.allocations,
                allocatedBytes: counts.allocatedBytes - last.allocatedBytes,
                callBytes: counts.callBytes - last.callBytes,
            }
            if (panic === undefined) seconds.push(taken)
            else untilPanic = taken
            last = counts
        }
    })
    after(() => device.stop())

    test("a loop takes the same steps in each turn, every one counted", () => {
        const [none, one, two, ten] = seconds.map(({ steps }) => steps)
        const perTurn = (one - none) / 1000
        assert.ok(
            Number.isInteger(perTurn) && perTurn >= 3,
            `${perTurn} steps a turn`
        )
        assert.equal(two - none, 2000 * perTurn)
        assert.equal(ten - none, 10_000 * perTurn)
    })

    test("the longest run is the one between two pauses", () => {
        const [none, one, , ten] = seconds
        assert.equal(
            ten.longestRun - one.longestRun,
            ten.steps - one.steps,
            "what the loop adds to the second, it adds to the run"
        )
        assert.ok(
            none.longestRun <= none.steps && none.longestRun > 0,
            `a run of ${none.longestRun} in ${none.steps} steps`
        )
    })

    test("a block of 100 bytes is one allocation, with its two words of header", () => {
        const [none, ten, thousand] = seconds.slice(4)
        assert.equal(ten.allocations - none.allocations, 10)
        assert.equal(thousand.allocations - none.allocations, 1000)
        const bytes = thousand.allocatedBytes - none.allocatedBytes
        assert.ok(
            bytes % 1000 === 0 && bytes >= 104_000 && bytes <= 120_000,
            `${bytes} bytes`
        )
        assert.equal(thousand.callBytes, ten.callBytes, "none of it for calls")
        assert.ok(
            none.callBytes >= 48 && none.callBytes <= none.allocatedBytes,
            `two calls and a sleep: ${none.callBytes} bytes`
        )
    })

    test("the VM ends the program at step 131,072", () => {
        assert.match(panic ?? "none", /InfiniteLoop/)
        assert.equal(untilPanic.longestRun, 131_072)
    })
})
