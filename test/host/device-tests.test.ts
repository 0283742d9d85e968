/** The device tests (test/device), in the VM; and that what runs them cannot be fooled. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { describe, test } from "node:test"
import { runDeviceTests } from "./support/device-suite.ts"

const FOLDER = new URL("../device/", import.meta.url)

const files = readdirSync(FOLDER)
    .filter(name => name.endsWith(".test.ts"))
    .sort()

/** Programs that run several of them: to compile one takes longer than to run it. The heap has no room for all. */
const together = readdirSync(new URL("programs/", FOLDER))
    .filter(name => name.startsWith("tests-of-"))
    .sort()
    .map(name => ({ name: `programs/${name}`, files: importsOf(name) }))

/** What is left runs alone. */
const alone = files.filter(
    file => !together.some(program => program.files.includes(file))
)

function importsOf(program: string) {
    const text = readFileSync(new URL(`programs/${program}`, FOLDER), "utf8")
    return [...text.matchAll(/^import "\.\.\/(.*)"$/gm)].map(
        ([, file]) => `${file}.ts`
    )
}

/** Each takes a processor while it is compiled, and while it runs. */
const concurrency = Math.min(2, availableParallelism())

/** `SEED=123` repeats what a failure of a random test told; else each run has seeds of its own. */
const seed = process.env.SEED ? { SEED: Number(process.env.SEED) } : {}

describe("device tests", { concurrency }, () => {
    const programs = [...together.map(({ name }) => name), ...alone]
    for (const program of programs)
        test(program, async t => {
            const tests = await runDeviceTests(`test/device/${program}`, seed)
            for (const { name, failure } of tests)
                await t.test(name, () => {
                    if (failure !== undefined) assert.fail(failure)
                })
        })

    test("there are some, and each runs once", () => {
        assert.ok(alone.length > 0)
        const run = [...together.flatMap(program => program.files), ...alone]
        assert.deepEqual(run.sort(), files)
    })
})

describe("the suite of device tests", { concurrency }, () => {
    test("tells which test fails, why and where", async () => {
        const tests = await runDeviceTests(
            "test/device/programs/failing-test.ts"
        )
        assert.deepEqual(
            tests.map(({ name, failure }) => [name, failure !== undefined]),
            [
                ["failing: passes", false],
                ["failing: fails", true],
                ["failing: passes too", false],
            ]
        )
        assert.match(
            tests[1].failure!,
            /Expected 4, got 3\n[^]*programs\/failing-test\.ts:9\)/
        )
    })

    for (const [how, reason] of [
        ["throw", /panic: unhandled exception/],
        ["loop", /panic: InfiniteLoop/],
        ["restart", /it ended before its tests did/],
        ["reboot", /it reset the chip/],
        ["wait", /not within 600000 device ms/],
        ["none", /not within 600000 device ms/],
    ] as const)
        test(`refuses tests that do not end (${how})`, () =>
            assert.rejects(
                runDeviceTests("test/device/programs/unfinished-tests.ts", {
                    HOW: how,
                }),
                reason
            ))
})
