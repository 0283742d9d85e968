/** Changes functions of the VM's WebAssembly before that is compiled: it offers no other way to look, or to be looked into. */

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

type Change = (binary: Uint8Array) => Uint8Array

/** To be given to the VM in place of the global `WebAssembly`. */
export function webAssemblyWith(changes: Change[]): WebAssemblyLike {
    return {
        RuntimeError: WebAssembly.RuntimeError,
        instantiate: (binary, imports) =>
            WebAssembly.instantiate(
                changes.reduce((changed, change) => change(changed), binary),
                imports
            ),
    }
}

/** Instructions, as far as more than one file needs them (WebAssembly Core Specification, 5.4); a load with its alignment and offset. */
export const LOCAL_GET = 0x20
export const I32_CONST = 0x41
export const I32_LOAD = [0x28, 2, 0]
export const I32_ADD = 0x6a

const CODE_SECTION = 10
const HEADER_BYTES = 8

/**
 * @param changes of functions' bodies, by the names in the binary's own "name" section
 * @throws if a name is not there
 */
export function withFunctions(
    binary: Uint8Array,
    changes: Map<string, Change>
): Uint8Array {
    const module = new WebAssembly.Module(binary)
    const imported = WebAssembly.Module.imports(module).filter(
        ({ kind }) => kind === "function"
    ).length
    const [names] = WebAssembly.Module.customSections(module, "name")
    const bodies = new Map<number, Change>()
    for (const [index, name] of functionNames(new Uint8Array(names ?? []))) {
        const change = changes.get(name)
        if (change) bodies.set(index - imported, change)
    }
    if (bodies.size !== changes.size)
        throw new Error("the VM's functions are not named as expected")
    return inCodeSection(binary, bodies)
}

export function spliced(body: Uint8Array, at: number, added: number[]) {
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

export class Reader {
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

export function signedLeb(value: number) {
    const bytes: number[] = []
    // the last byte's bit 6 is the sign
    for (; value < -0x40 || value > 0x3f; value >>= 7)
        bytes.push((value & 0x7f) | 0x80)
    return [...bytes, value & 0x7f]
}
