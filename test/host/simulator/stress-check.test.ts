/** The quicker check of the heap under GC stress (sim/vm/stress-check.ts) finds what the VM's own one finds. */
import assert from "node:assert/strict"
import { createRequire } from "node:module"
import { describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { DrivenClock } from "../../../sim/vm/clock.ts"
import { withWordCheck } from "../../../sim/vm/stress-check.ts"
import { loadVmModule, vmSourceFile } from "../../../sim/vm/vm-module.ts"
import { webAssemblyWith } from "../../../sim/vm/wasm-code.ts"

/** What fills the free part of the heap. */
const FREE_FILL = 0x37
/** A run of it that long is nothing else. */
const RUN_BYTES = 4096

/** Runs a program under GC stress for two seconds. @returns what the VM complains of, if a free byte is written to half-way */
async function complaintAt(
    offset: number | undefined,
    changes: Parameters<typeof webAssemblyWith>[0]
) {
    const { bytecode } = await buildFirmware({
        entry: "test/device/programs/blink.ts",
    })
    const clock = new DrivenClock(0)
    const lines: string[] = []
    const vm = await loadVmModule(vmSourceFile(), {
        Date: clock,
        setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
        clearTimeout(timer) {
            clock.clearTimeout(timer as object)
            // Emscripten's own, while it loads, is Node's, and would keep this process alive
            clearInterval(timer as NodeJS.Timeout)
        },
        console: { log() {}, debug() {}, warn() {}, error() {} },
        require: createRequire(import.meta.url),
        WebAssembly: webAssemblyWith(changes),
    })
    vm.flashLoad = () => new Uint8Array(0)
    vm.flashSave = () => {}
    vm.dmesg = line => lines.push(line)
    vm.sendPacket = () => {}
    vm.panicHandler = () => {}
    vm.error = () => clock.stop()
    vm.devsGcStress(true)
    vm.devsSetDeviceId("0123456789abcdef")
    vm.devsStart()
    assert.equal(vm.devsDeploy(bytecode), 0)
    await clock.runUntil(1000, () => {})
    if (offset !== undefined) {
        const memory = Buffer.from(vm.HEAPU8.buffer)
        const free = memory.lastIndexOf(Buffer.alloc(RUN_BYTES, FREE_FILL))
        assert.ok(free > 0, "a free block")
        // the last run ends with the heap's last block, and so at a word's end
        memory[free + offset] ^= 1
    }
    await clock.runUntil(2000, () => {})
    vm.devsStop()
    return lines.find(line => /corruption/.test(line))
}

describe("a free byte that is written to", () => {
    for (const [how, changes] of [
        ["the VM's own check", []],
        ["the quicker one", [withWordCheck]],
    ] as const)
        test(`is found by ${how}, wherever it is in its word; a heap in order is not complained of`, async () => {
            assert.equal(await complaintAt(undefined, [...changes]), undefined)
            for (const offset of [0, 1, 2, 3, 1000, RUN_BYTES - 1])
                assert.match(
                    (await complaintAt(offset, [...changes])) ?? "nothing",
                    /block corruption/,
                    `at ${offset}`
                )
        })
})
