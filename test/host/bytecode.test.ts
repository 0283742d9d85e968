/** The firmware's size: what the README states is true, and it grows only with somebody's knowledge. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import {
    BYTECODE_BUDGET,
    bytecodeSizes,
    FUNCTIONS_END,
} from "../../sim/bytecode-sizes.ts"
import { buildFirmware } from "../../sim/firmware.ts"

/** How far the statement may be off before it has to be put right: 2 %. */
const MARGIN = 0.02
/** What the functions must leave free, bytes: the tests' own program has a little more, and repairs are needed in a hurry. */
const ROOM = 512

/** A part that weighs less than this share of its budget has become smaller: so should the budget. */
const SLACK = 0.9

const SENTENCE = /The firmware is ([\d,]+) bytes of bytecode/

test("the firmware's bytecode has the size that the README states", async () => {
    const { sizeBytes } = await buildFirmware()
    const readme = readFileSync(
        new URL("../../README.md", import.meta.url),
        "utf8"
    )
    const [, stated] = SENTENCE.exec(readme) ?? []
    const text = sizeBytes.toLocaleString("en-US")
    assert.ok(
        stated,
        `README.md lacks: "The firmware is ${text} bytes of bytecode"`
    )
    const difference = Math.abs(sizeBytes - Number(stated.replaceAll(",", "")))
    assert.ok(
        difference <= MARGIN * sizeBytes,
        `README.md states ${stated} bytes; it is ${text}`
    )
})

test("each part of the bytecode keeps its budget, and no budget is far too large", async () => {
    const firmware = await buildFirmware()
    const sizes = bytecodeSizes(firmware)
    assert.deepEqual([...sizes.keys()], Object.keys(BYTECODE_BUDGET))
    let sum = 0
    for (const [part, bytes] of sizes) {
        const budget = BYTECODE_BUDGET[part]
        sum += bytes
        assert.ok(
            bytes <= budget && bytes >= SLACK * budget,
            `${part}: ${bytes} bytes, budget ${budget} (sim/bytecode-sizes.ts)`
        )
    }
    assert.equal(sum, firmware.sizeBytes)
    const functions =
        sum - sizes.get("strings")! - sizes.get("tables and rest")!
    assert.ok(
        functions <= FUNCTIONS_END - ROOM,
        `${functions} bytes of functions: the VM takes no more than ${FUNCTIONS_END}`
    )
})
