/**
 * Counts what the VM does, exactly: its steps and its allocations. It offers no way to ask, so four counters are put into
 * its WebAssembly before that is compiled, at the two places that every step and every allocation passes:
 *
 *     devs_vm_exec_opcodes(ctx)             runtime/devicescript/vm_main.c: one turn of its loop is one step; it begins anew
 *                                           after each pause of a fiber, with 131,072 steps to go
 *     jd_gc_any_try_alloc(gc, tag, bytes)   runtime/devicescript/gc_alloc.c: one block of the heap
 *
 * Both are found by their names in the binary's own "name" section. The counters lie where Emscripten puts nothing: its
 * static data begins at 1024. test/host/simulator/step-counter.test.ts proves the counts.
 */

import {
    I32_ADD,
    I32_CONST,
    I32_LOAD,
    LOCAL_GET,
    Reader,
    signedLeb,
    spliced,
    withFunctions,
} from "./wasm-code.ts"

/** The VM ends a program that has taken so many steps without a pause (DEVS_MAX_STEPS). */
export const MAX_STEPS = 131_072

/** What the VM has done since it started; a reset of the chip starts it anew. */
export interface VmCounts {
    /** Instructions of the bytecode that were executed. */
    steps: number
    /** The most steps between two pauses of a fiber, since the counts were last asked for. */
    longestRun: number
    /** Blocks of the heap that were allocated. */
    allocations: number
    /** Their bytes, headers included, rounded up to words of 4 as the heap does. */
    allocatedBytes: number
    /** Those of them that the VM needs for calls: a frame for each, and a bound function for each method of an object. */
    callBytes: number
}

/** Addresses of the counters, words of 32 bits. */
const STEPS = 512
const FEWEST_LEFT = 516
const ALLOCATIONS = 520
const ALLOCATED_BYTES = 524
const CALL_BYTES = 528

/** Tags of blocks (runtime/devicescript/devs_objects.h): 7 is a bound function, 8 a call's frame. */
const TAG_MASK = 0xf
const FIRST_CALL_TAG = 7
const CALL_TAGS = 2

export class StepCounter {
    private readonly totals = new Map<number, { seen: number; sum: number }>()

    /** @param memory the VM's whole memory; to be asked before a counter of 32 bits has come full circle */
    read(memory: Uint8Array): VmCounts {
        const words = new DataView(memory.buffer, memory.byteOffset)
        const total = (address: number) => this.total(words, address)
        const fewestLeft = words.getUint32(FEWEST_LEFT, true)
        words.setUint32(FEWEST_LEFT, 0, true)
        return {
            steps: total(STEPS),
            // 0: no step was taken
            longestRun: fewestLeft === 0 ? 0 : MAX_STEPS - fewestLeft + 1,
            allocations: total(ALLOCATIONS),
            allocatedBytes: total(ALLOCATED_BYTES),
            callBytes: total(CALL_BYTES),
        }
    }

    /** Steps and allocations so far: what takes the chip's time. As `read`, but leaves the longest run alone. */
    work(memory: Uint8Array): { steps: number; allocations: number } {
        const words = new DataView(memory.buffer, memory.byteOffset)
        return {
            steps: this.total(words, STEPS),
            allocations: this.total(words, ALLOCATIONS),
        }
    }

    private total(words: DataView, address: number) {
        const last = this.totals.get(address) ?? { seen: 0, sum: 0 }
        const seen = words.getUint32(address, true)
        const sum = last.sum + ((seen - last.seen) >>> 0)
        this.totals.set(address, { seen, sum })
        return sum
    }
}

/** WebAssembly's instructions, as far as they are needed here (WebAssembly Core Specification, 5.4). */
const BLOCK = [0x02, 0x40]
const LOOP = [0x03, 0x40]
const LOCAL_SET = 0x21
const I32_STORE = [0x36, 2, 0]
const I32_SUB = 0x6b
const I32_MUL = 0x6c
const I32_AND = 0x71
const I32_LT_U = 0x49
const SELECT = 0x1b

/** `i32.const value` */
const constant = (value: number) => [I32_CONST, ...signedLeb(value)]
/** The word at an address. */
const load = (address: number) => [...constant(address), ...I32_LOAD]
/** `[address] += amount` */
const add = (address: number, amount: number[]) => [
    ...[...constant(address), ...load(address), ...amount],
    ...[I32_ADD, ...I32_STORE],
]

/** @throws if the binary is not the one that is known */
export function withCounters(binary: Uint8Array): Uint8Array {
    return withFunctions(
        binary,
        new Map([
            ["devs_vm_exec_opcodes", countSteps],
            ["jd_gc_any_try_alloc", countAllocations],
        ])
    )
}

/** At the beginning of each turn of the loop. The steps left are in a local that is set to 131,072 just before. */
function countSteps(body: Uint8Array) {
    const text = Buffer.from(body)
    const before = Buffer.from([...constant(MAX_STEPS), LOCAL_SET])
    const at = text.indexOf(before)
    const left = text[at + before.length]
    const start = at + before.length + 1
    const loop = Buffer.from([...BLOCK, ...LOOP])
    const end = start + loop.length
    if (
        at < 0 ||
        text.indexOf(before, at + 1) >= 0 ||
        !text.subarray(start, end).equals(loop)
    )
        throw new Error("the VM's loop is not as expected")
    const stepsLeft = [LOCAL_GET, left]
    // one less than 0, "none yet", is the largest number without a sign: it gives way to any other
    const isFewer = [
        ...[...stepsLeft, ...constant(1), I32_SUB],
        ...[...load(FEWEST_LEFT), ...constant(1), I32_SUB],
        I32_LT_U,
    ]
    return spliced(body, end, [
        ...add(STEPS, constant(1)),
        ...[...constant(FEWEST_LEFT), ...stepsLeft, ...load(FEWEST_LEFT)],
        ...[...isFewer, SELECT, ...I32_STORE],
    ])
}

/** At the beginning of the function, whose second and third parameter are the tag and the number of bytes. */
function countAllocations(body: Uint8Array) {
    const reader = new Reader(body)
    for (let groups = reader.leb(); groups > 0; groups--) {
        reader.leb()
        reader.at++
    }
    const size = [
        ...[LOCAL_GET, 2, ...constant(3), I32_ADD],
        ...[...constant(-4), I32_AND],
    ]
    const isForCall = [
        ...[LOCAL_GET, 1, ...constant(TAG_MASK), I32_AND],
        ...[...constant(FIRST_CALL_TAG), I32_SUB],
        ...[...constant(CALL_TAGS), I32_LT_U],
    ]
    return spliced(body, reader.at, [
        ...add(ALLOCATIONS, constant(1)),
        ...add(ALLOCATED_BYTES, size),
        ...add(CALL_BYTES, [...size, ...isForCall, I32_MUL]),
    ])
}
