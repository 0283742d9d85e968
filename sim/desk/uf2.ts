/** UF2 files, as far as the desk looks into them: where their bytes go, and for which chip (github.com/microsoft/uf2). */

const BLOCK_BYTES = 512
const DATA_OFFSET = 32
const MAGIC_START0 = 0x0a324655
const MAGIC_START1 = 0x9e5d5157
const MAGIC_END = 0x0ab16f30
const FLAG_FAMILY = 0x2000

/** The RP2040, in any board. */
export const RP2040_FAMILY = 0xe48bff56

export interface Uf2Block {
    address: number
    familyId: number | undefined
    data: Buffer
}

/** @throws Error for the user if it is not a complete UF2 file */
export function readUf2(file: Uint8Array): Uf2Block[] {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
    if (bytes.length < 4 || bytes.readUInt32LE(0) !== MAGIC_START0)
        throw new Error("not a UF2 file")
    if (bytes.length % BLOCK_BYTES !== 0)
        throw new Error("a UF2 file that is not whole")
    const blocks: Uf2Block[] = []
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
        const word = (offset: number) => bytes.readUInt32LE(at + offset)
        const size = word(16)
        if (
            word(0) !== MAGIC_START0 ||
            word(4) !== MAGIC_START1 ||
            word(BLOCK_BYTES - 4) !== MAGIC_END ||
            size > BLOCK_BYTES - DATA_OFFSET - 4
        )
            throw new Error("a damaged UF2 file")
        if (word(24) !== bytes.length / BLOCK_BYTES)
            throw new Error("a UF2 file that is not whole")
        blocks.push({
            address: word(12),
            familyId: word(8) & FLAG_FAMILY ? word(28) : undefined,
            data: bytes.subarray(at + DATA_OFFSET, at + DATA_OFFSET + size),
        })
    }
    return blocks
}

/** The bytes of a stretch of memory; undefined where the file has none. */
export function bytesAt(blocks: Uf2Block[], address: number, length: number) {
    const bytes = Buffer.alloc(length)
    let found = 0
    for (const block of blocks) {
        const from = Math.max(address, block.address)
        const to = Math.min(address + length, block.address + block.data.length)
        if (from >= to) continue
        block.data.copy(
            bytes,
            from - address,
            from - block.address,
            to - block.address
        )
        found += to - from
    }
    return found < length ? undefined : bytes
}
