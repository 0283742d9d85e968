/** The firmware's size: what the README states is true, and it grows only with somebody's knowledge. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import {
    BYTECODE_BUDGET,
    bytecodeSizes,
    FUNCTIONS_LIMIT,
    functionsEnd,
} from "../../../sim/bytecode-sizes.ts"
import { buildFirmware } from "../../../sim/firmware.ts"

/** How far the statement may be off before it has to be put right: 2 %. */
const MARGIN = 0.02

const SENTENCE = /The firmware is ([\d,]+) bytes of bytecode/

test("the firmware's bytecode has the size that the README states", async () => {
    const { sizeBytes } = await buildFirmware()
    const readme = readFileSync(
        new URL("../../../README.md", import.meta.url),
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

test("each part of the bytecode keeps its budget", async () => {
    const firmware = await buildFirmware()
    const sizes = bytecodeSizes(firmware)
    assert.deepEqual([...sizes.keys()], Object.keys(BYTECODE_BUDGET))
    let sum = 0
    for (const [part, bytes] of sizes) {
        const budget = BYTECODE_BUDGET[part]
        sum += bytes
        assert.ok(
            bytes <= budget,
            `${part}: ${bytes} bytes, budget ${budget} (sim/bytecode-sizes.ts)`
        )
    }
    assert.equal(sum, firmware.sizeBytes)
})

test("the functions of each main program end where the runtime takes them", async () => {
    // one that goes too far does not even compile: what is found here is how much is left
    for (const entry of ["src/main.ts", "src/mainoled.ts"]) {
        const end = functionsEnd(await buildFirmware({ entry }))
        assert.ok(end < FUNCTIONS_LIMIT, `${entry}: ${end}`)
    }
})

test("the names that are to be met first are in use, and have short numbers", async () => {
    const { file } = await buildFirmware()
    const { sources } = JSON.parse(
        readFileSync(file.replace(/\.devs$/, "-dbg.json"), "utf8")
    ) as { sources: { path: string; text: string }[] }
    const isList = ({ path }: { path: string }) => /src.names\.ts$/.test(path)
    const list = sources.find(isList)?.text ?? ""
    const names = Array.from(list.matchAll(/"(\w+)";/g), ([, name]) => name)
    // texts that other files have before
    assert.ok(names.length > 100 && names.length < 235, `${names.length}`)
    assert.equal(new Set(names).size, names.length, "each once")
    const rest = sources.filter(source => !isList(source))
    const used = new Set(rest.flatMap(({ text }) => text.match(/\w+/g) ?? []))
    const unused = names.filter(name => !used.has(name))
    assert.deepEqual(unused, [], "names that nobody uses (src/names.ts)")
})
