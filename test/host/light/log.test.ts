/** The log as a display, and what may become of names, numbers and words in it: each line and each record fits, and is read. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { MAX_STEPS } from "../../../sim/vm/step-counter.ts"
import {
    isTargetRecord,
    readLightRecord,
} from "../../../sim/light/light-record.ts"
import type {
    LinkRecord,
    TargetRecord,
} from "../../../sim/light/light-record.ts"

/** The VM cuts longer ones. */
const MAX_LINE = 290

const { bytecode } = await buildFirmware({
    entry: "test/device/programs/full-log.ts",
})
let device: SimulatedDevice
after(() => device.stop())

test("whatever is in it, each line fits, and each record is whole and says what must not be missing", async t => {
    device = await SimulatedDevice.start({
        bytecode,
        clock: "driven",
        countSteps: true,
    })
    await device.waitForLog(/^end$/, 20_000, { since: 0 })
    const { longestRun } = await device.counts()
    t.diagnostic(`${longestRun} steps`)
    assert.ok(longestRun < MAX_STEPS / 2, `${longestRun} steps in one go`)
    for (const { text } of [...device.logs, ...device.records]) {
        assert.ok(Buffer.byteLength(text) <= MAX_LINE, text)
        assert.doesNotMatch(text, /\p{Cc}|\u202e/u)
    }
    const records = device.records.map(({ record, text }) => {
        const read = readLightRecord(record)
        assert.ok(read, text)
        return read
    })
    const targets = records.filter(isTargetRecord)
    const links = records.filter(
        (record): record is LinkRecord => !isTargetRecord(record)
    )
    // four texts, each with a lag and with a refusal, and a link that is down before; once each
    assert.equal(targets.length, 8)
    assert.deepEqual(
        links.map(({ link }) => link),
        Array(8).fill("connecting")
    )
    for (const { problem } of links) assert.match(problem!, /\.\.\.$/)
    for (const [i, target] of targets.entries()) {
        assert.match(target.id!, /^[0-9a-f]{16}$/)
        for (const name of [target.stream, target.group])
            assert.match(name, /^..*\.\.\.$/u)
        const said: Partial<TargetRecord> =
            i % 2 === 0
                ? { condition: "lag", lag: 9876543210, reason: null }
                : {
                      condition: "refused: which stream",
                      lag: null,
                      complaint: null,
                  }
        for (const [field, value] of Object.entries(said))
            assert.equal(target[field as keyof TargetRecord], value, field)
        // there is little room left, but it winks, and it says so
        assert.match(
            (i % 2 === 0 ? target.complaint : target.reason)!,
            /\.\.\.$/
        )
    }
    assert.equal(device.logs.filter(({ level }) => level === "log").length, 21)
})
