/** The firmware's size: what the README states is true, and it grows only with somebody's knowledge. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { buildFirmware } from "../../sim/firmware.ts"

/** How far the statement may be off before it has to be put right: 2 %. */
const MARGIN = 0.02
/** What fits the program's part of a Pico W's flash is about 110 KB. */
const LIMIT = 100_000

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
    assert.ok(sizeBytes < LIMIT, `${text} bytes: that may not fit`)
})
