/**
 * Reads the program's heap out of the VM's memory: 64 KB, the same size and layout as on a board.
 *
 * The layout (runtime/devicescript/gc_alloc.c, 32-bit words, little endian):
 *
 *     gc_t    first_free, first_chunk, num_alloc, gc_threshold, curr_alloc, ctx
 *     chunk_t next (0), end            directly after gc_t; its blocks follow, up to `end`
 *     block   header: tag in the top byte, size in words below; then its data
 *
 * The VM exports no address of it, so it is recognised by its fixed numbers. It moves when a program
 * starts again, so each reading checks them.
 */
import type { MemoryReport } from "./messages.ts"

const HEAP_BYTES = 64 * 1024
const WORD = 4

/** Offsets in words from gc_t. */
const FIRST_CHUNK = 1
const GC_THRESHOLD = 3
const CURR_ALLOC = 4
const CHUNK = 6
const CHUNK_END = 7
const FIRST_BLOCK = 8

/** A collection is due when this many words were allocated since the last: a quarter of the heap. */
const THRESHOLD_WORDS = HEAP_BYTES / WORD / 4

const TAG_FREE = 0x01
const TAG_FINAL = 0x4f

const tagOf = (header: number) => header >>> 24
const sizeInWords = (header: number) => header & 0xffffff

export class HeapProbe {
    private gc = 0
    private allocatedBefore = 0
    private lowestFreeBytes = Infinity
    private peakLiveBytes = 0

    /** @param bytes gives the VM's whole memory; asked each time, since it moves when it grows */
    constructor(private readonly bytes: () => Uint8Array) {}

    /** Forgets the extremes: a new program starts. */
    reset() {
        this.lowestFreeBytes = Infinity
        this.peakLiveBytes = 0
        this.allocatedBefore = 0
    }

    /**
     * Walks the heap and takes its extremes into account.
     * @returns undefined while no program has a heap
     */
    sample(): MemoryReport | undefined {
        const bytes = this.bytes()
        const words = new Uint32Array(
            bytes.buffer,
            bytes.byteOffset,
            bytes.byteLength >> 2
        )
        if (!isHeap(words, this.gc)) this.gc = findHeap(words)
        if (!this.gc) return undefined

        let freeWords = 0
        let usedWords = 0
        let largestWords = 0
        const end = words[this.gc + CHUNK_END] >> 2
        for (let block = this.gc + FIRST_BLOCK; block < end;) {
            const header = words[block]
            const size = sizeInWords(header)
            // a size of 0 would never end; it is never written
            if (size === 0) return undefined
            if (tagOf(header) === TAG_FREE) {
                freeWords += size
                largestWords = Math.max(largestWords, size)
            } else usedWords += size
            block += size
        }

        const allocated = words[this.gc + CURR_ALLOC]
        // the counter falls only in a collection: what is used and older than it has survived it
        if (allocated < this.allocatedBefore)
            this.peakLiveBytes = Math.max(
                this.peakLiveBytes,
                (usedWords - allocated) * WORD
            )
        this.allocatedBefore = allocated
        this.lowestFreeBytes = Math.min(this.lowestFreeBytes, freeWords * WORD)

        return {
            usedBytes: usedWords * WORD,
            freeBytes: freeWords * WORD,
            largestFreeBytes: largestWords * WORD,
            lowestFreeBytes: this.lowestFreeBytes,
            peakLiveBytes: this.peakLiveBytes,
        }
    }
}

function findHeap(words: Uint32Array) {
    for (let at = 1; at < words.length - FIRST_BLOCK; at++)
        if (isHeap(words, at)) return at
    return 0
}

function isHeap(words: Uint32Array, gc: number) {
    if (gc === 0 || words[gc + GC_THRESHOLD] !== THRESHOLD_WORDS) return false
    const chunk = (gc + CHUNK) * WORD
    const end = chunk + HEAP_BYTES - WORD
    return (
        words[gc + FIRST_CHUNK] === chunk &&
        words[gc + CHUNK] === 0 &&
        words[gc + CHUNK_END] === end &&
        tagOf(words[end >> 2]) === TAG_FINAL
    )
}
