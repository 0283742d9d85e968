/**
 * Runs device tests (`@devicescript/test`) where they belong: in DeviceScript's VM, under GC stress, which collects
 * garbage at each allocation and so finds what the program fails to keep. The clock is driven: a test that sleeps for
 * an hour takes no time.
 *
 * The test library tells by its log, and has many ways to say nothing at all: a program that ends early, panics, waits
 * for ever or holds no test. Passed is only what the log proves to be.
 */
import { readFileSync } from "node:fs"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import type { Settings } from "../../../sim/vm/device.ts"

/** One test of a device program. */
export interface DeviceTest {
    /** "suite: test" */
    name: string
    /** What the VM said of it, with positions in the source; undefined if it passed. */
    failure: string | undefined
}

/** How long all tests of a program may take, in device time. */
const LIMIT_MS = 600_000

/** `npm run test:unit` goes without where it can, for speed; `npm test` has it. */
const GC_STRESS = process.env.LAGLIGHT_GC_STRESS !== "0"

/** Lines of the log that a failure shows. */
const LINES_SHOWN = 30

/**
 * @param entry path of the program from the repository's root
 * @returns its tests in the order in which they ran, at least one
 * @throws if the log does not prove that each of its tests ran to its end
 */
export async function runDeviceTests(
    entry: string,
    settings: Settings = {}
): Promise<DeviceTest[]> {
    if (GC_STRESS) return run(entry, settings, true)
    try {
        return await run(entry, settings, false)
    } catch (error) {
        // garbage that is not collected at once may leave no hole for a test's large buffers
        if (!/the heap is full/.test((error as Error).message)) throw error
        return run(entry, settings, true)
    }
}

async function run(
    entry: string,
    settings: Settings,
    gcStress: boolean
): Promise<DeviceTest[]> {
    const firmware = await buildFirmware({ entry })
    const log = new TestLog(positionsOf(firmware.file))
    let broken: string | undefined
    let starts = 0
    const device = await SimulatedDevice.start({
        bytecode: firmware.bytecode,
        settings,
        gcStress,
        clock: "driven",
        onCreated(device) {
            device.on("dmesg", line => log.add(line))
            device.on("panic", ({ text }) => (broken ??= `panic: ${text}`))
            device.on("restart", () => (broken ??= "it reset the chip"))
            device.on("program", () => {
                if (++starts > 1) broken ??= "it ended before its tests did"
            })
        },
    })
    try {
        await device.until(
            () => log.summary ?? broken,
            LIMIT_MS,
            `the tests of ${entry} to end`
        )
        // the summary is the last word: what comes after it (a restart) is the library's
        if (!log.summary) throw new Error(broken)
        return log.tests()
    } catch (error) {
        const { message } = error as Error
        throw new Error(`${entry}: ${message}\n${log.tail()}`)
    } finally {
        await device.stop()
    }
}

/** What the test library's log says (its src/core.ts). */
class TestLog {
    /** The counts of its last line. */
    summary: { total: number; pass: number; error: number } | undefined

    private readonly lines: string[] = []
    private readonly seen: { name: string; failure: string[] }[] = []
    private announced = -1
    private suite = ""

    /** @param locate puts positions in the source into a line of a stack trace */
    constructor(private readonly locate: (line: string) => string) {}

    add(line: string) {
        // after the summary the library throws, or restarts the program
        if (this.summary) return
        this.lines.push(this.locate(line))
        const text = /^> (.*)/s.exec(line)?.[1]
        if (text === undefined) {
            if (/^\* {1,2}(Exception|message| at)/.test(line))
                this.seen.at(-1)?.failure.push(this.locate(line.slice(2)))
            return
        }
        const announced = /^running (\d+) tests$/.exec(text)
        const summary = /^tests: (\d+), pass: (\d+), error: (\d+)$/.exec(text)
        if (announced) this.announced = Number(announced[1])
        else if (summary) {
            const [total, pass, error] = summary.slice(1).map(Number)
            this.summary = { total, pass, error }
        } else if (this.announced < 0) return
        // tests are indented, suites are not
        else if (text.startsWith("  "))
            this.seen.push({
                name: `${this.suite}: ${text.slice(2)}`,
                failure: [],
            })
        else this.suite = text
    }

    /** @throws if the counts, the announcement and the tests seen do not agree, or there are none */
    tests(): DeviceTest[] {
        const { total, pass, error } = this.summary!
        const failed = this.seen.filter(({ failure }) => failure.length > 0)
        if (total === 0) throw new Error("there is no test")
        if (total !== this.announced || total !== this.seen.length)
            throw new Error(
                `${this.announced} tests announced, ${this.seen.length} seen, ${total} counted`
            )
        if (pass + error !== total || error !== failed.length)
            throw new Error(
                `of ${total} tests ${pass} passed and ${error} failed; ${failed.length} seen to fail`
            )
        return this.seen.map(({ name, failure }) => ({
            name,
            failure: failure.length > 0 ? failure.join("\n") : undefined,
        }))
    }

    tail() {
        return this.lines.slice(-LINES_SHOWN).join("\n")
    }
}

/** What is used of the compiler's debug information (bytecode-dbg.json). */
interface DebugInformation {
    functions: { startpc: number }[]
    sources: { path: string; length: number; text: string }[]
    /** Triples, each but the length relative to the triple before: position in all sources, length, program counter. */
    srcmap: number[]
}

/** @returns a function that adds `(file:line)` to "at name_F12 (pc:34)", as the `devs` tool does */
function positionsOf(bytecodeFile: string) {
    const debug = JSON.parse(
        readFileSync(bytecodeFile.replace(/\.devs$/, "-dbg.json"), "utf8")
    ) as DebugInformation

    function positionAt(pc: number) {
        const { srcmap } = debug
        let position = 0
        let at = 0
        for (let i = 0; i < srcmap.length; i += 3) {
            at += srcmap[i + 2]
            if (at > pc) break
            position += srcmap[i]
        }
        for (const { path, length, text } of debug.sources) {
            if (position < length)
                return `${path}:${text.slice(0, position).split("\n").length}`
            position -= length
        }
        return "?"
    }

    return (line: string) =>
        line.replace(
            /\bat (\w+)_F(\d+) \(pc:(\d+)\)/,
            (whole, name: string, index: string, pc: string) => {
                const start = debug.functions[Number(index)]?.startpc
                // the counter stands after the call
                return start === undefined
                    ? whole
                    : `at ${name} (${positionAt(start + Number(pc) - 1)})`
            }
        )
}
