/**
 * Under GC stress the VM looks at each free byte of its heap before each allocation, for one that somebody has written to
 * (`validate_heap`, runtime/devicescript/gc_alloc.c), and after the collection it fills them all anew. Most of the time goes
 * there. It looks at words of 4 bytes instead, of which a free block consists, and fills by WebAssembly's own instruction.
 * test/host/simulator/stress-check.test.ts proves that it finds what it found. On corruption the VM prints the whole word in
 * place of the byte.
 */
import {
    I32_ADD,
    I32_CONST,
    I32_LOAD,
    LOCAL_GET,
    signedLeb,
    spliced,
    withFunctions,
} from "./wasm-code.ts"

const LOAD_BYTE = [0x2d, 0, 0]
const TEE = 0x22
const NOT_EQUAL = 0x47
const BRANCH_IF = 0x0d

/** What fills a free byte: `FREE_FILL`. */
const FILL = 0x37
const WORD_FILL = 0x37373737

/** No locals; `memory.fill(to, value, bytes)`; returns `to`. */
const MEMORY_FILL = Uint8Array.of(
    ...[0, LOCAL_GET, 0, LOCAL_GET, 1, LOCAL_GET, 2],
    ...[0xfc, 11, 0, LOCAL_GET, 0, 0x0b]
)

/** @throws if the binary is not the one that is known */
export function withWordCheck(binary: Uint8Array): Uint8Array {
    return withFunctions(
        binary,
        new Map<string, (body: Uint8Array) => Uint8Array>([
            // the compiler has put validate_heap into it
            ["jd_gc_any_try_alloc", checkWords],
            ["__memset", () => MEMORY_FILL],
        ])
    )
}

/** `if (data[i] != FREE_FILL) ...; i + 1` becomes `if (*(int *)(data + i) != ...) ...; i + 4`. */
function checkWords(body: Uint8Array) {
    const text = Buffer.from(body)
    const compared = Buffer.from([I32_CONST, FILL, NOT_EQUAL, BRANCH_IF])
    const at = text.indexOf(compared)
    const load = at - 2 - LOAD_BYTE.length
    // the branch's depth, and the index
    const step = at + compared.length + 3
    if (
        at < 0 ||
        text.indexOf(compared, at + 1) >= 0 ||
        !text.subarray(load, at - 2).equals(Buffer.from(LOAD_BYTE)) ||
        text[at - 2] !== TEE ||
        text[step - 2] !== LOCAL_GET ||
        !text
            .subarray(step, step + 3)
            .equals(Buffer.from([I32_CONST, 1, I32_ADD]))
    )
        throw new Error("the VM's check of its heap is not as expected")
    const changed = Buffer.from(body)
    changed.set(I32_LOAD, load)
    changed[step + 1] = 4
    return spliced(
        Buffer.concat([changed.subarray(0, at + 1), changed.subarray(at + 2)]),
        at + 1,
        signedLeb(WORD_FILL)
    )
}
