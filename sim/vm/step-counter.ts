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

/** The part of `WebAssembly` that the VM's glue code uses. */
export interface WebAssemblyLike {
    instantiate(binary: Uint8Array, imports: object): Promise<unknown>
    RuntimeError: ErrorConstructor
}

/** The part of this process's own that is used here; the compiler's libraries for Node lack it. */
const { WebAssembly } = globalThis as unknown as {
    WebAssembly: WebAssemblyLike & {
        Module: {
            new (binary: Uint8Array): object
            imports(module: object): { kind: string }[]
            customSections(module: object, name: string): ArrayBuffer[]
        }
    }
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
    /** To be given to the VM in place of the global of that name. */
    readonly webAssembly: WebAssemblyLike = {
        RuntimeError: WebAssembly.RuntimeError,
        instantiate: (binary, imports) =>
            WebAssembly.instantiate(withCounters(binary), imports),
    }
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
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const I32_CONST = 0x41
const I32_LOAD = [0x28, 2, 0]
const I32_STORE = [0x36, 2, 0]
const I32_ADD = 0x6a
const I32_SUB = 0x6b
const I32_MUL = 0x6c
const I32_AND = 0x71
const I32_LT_U = 0x49
const SELECT = 0x1b

const CODE_SECTION = 10
const HEADER_BYTES = 8

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
function withCounters(binary: Uint8Array): Uint8Array {
    const module = new WebAssembly.Module(binary)
    const imported = WebAssembly.Module.imports(module).filter(
        ({ kind }) => kind === "function"
    ).length
    const [names] = WebAssembly.Module.customSections(module, "name")
    const changes = new Map([
        ["devs_vm_exec_opcodes", countSteps],
        ["jd_gc_any_try_alloc", countAllocations],
    ])
    const bodies = new Map<number, (body: Uint8Array) => Uint8Array>()
    for (const [index, name] of functionNames(new Uint8Array(names ?? []))) {
        const change = changes.get(name)
        if (change) bodies.set(index - imported, change)
    }
    if (bodies.size !== changes.size)
        throw new Error("the VM's functions are not named as expected")
    return inCodeSection(binary, bodies)
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

function spliced(body: Uint8Array, at: number, added: number[]) {
    return Buffer.concat([
        body.subarray(0, at),
        Buffer.from(added),
        body.subarray(at),
    ])
}

/** Changes some of the bodies in the code section, and the sizes with them. */
function inCodeSection(
    binary: Uint8Array,
    changes: Map<number, (body: Uint8Array) => Uint8Array>
): Uint8Array {
    const reader = new Reader(binary)
    reader.at = HEADER_BYTES
    const out: Uint8Array[] = [binary.subarray(0, HEADER_BYTES)]
    while (reader.at < binary.length) {
        const start = reader.at
        const id = binary[reader.at++]
        const contents = reader.bytes(reader.leb())
        if (id !== CODE_SECTION) {
            out.push(binary.subarray(start, reader.at))
            continue
        }
        const section = new Reader(contents)
        const count = section.leb()
        const bodies: Uint8Array[] = [Buffer.from(leb(count))]
        for (let i = 0; i < count; i++) {
            const body = section.bytes(section.leb())
            const changed = changes.get(i)?.(body) ?? body
            bodies.push(Buffer.from(leb(changed.length)), changed)
        }
        const code = Buffer.concat(bodies)
        out.push(Buffer.from([id, ...leb(code.length)]), code)
    }
    return Buffer.concat(out)
}

/** The "name" section's list of functions. */
function* functionNames(section: Uint8Array): Generator<[number, string]> {
    const reader = new Reader(section)
    while (reader.at < section.length) {
        const kind = section[reader.at++]
        const part = new Reader(reader.bytes(reader.leb()))
        // 1: the names of functions
        if (kind !== 1) continue
        for (let count = part.leb(); count > 0; count--)
            yield [
                part.leb(),
                Buffer.from(part.bytes(part.leb())).toString("latin1"),
            ]
    }
}

class Reader {
    at = 0
    constructor(private readonly source: Uint8Array) {}

    /** An unsigned number in LEB128. */
    leb() {
        let value = 0
        for (let shift = 0; ; shift += 7) {
            const byte = this.source[this.at++]
            value |= (byte & 0x7f) << shift
            if (byte < 0x80) return value >>> 0
        }
    }

    bytes(count: number) {
        this.at += count
        return this.source.subarray(this.at - count, this.at)
    }
}

function leb(value: number) {
    const bytes: number[] = []
    for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
    return [...bytes, value]
}

function signedLeb(value: number) {
    const bytes: number[] = []
    // the last byte's bit 6 is the sign
    for (; value < -0x40 || value > 0x3f; value >>= 7)
        bytes.push((value & 0x7f) | 0x80)
    return [...bytes, value & 0x7f]
}
