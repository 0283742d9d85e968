/**
 * How room for replies is kept in the heap. Objects never move, and a new one goes into the lowest hole that it fits. What a
 * program makes when it starts would lie all over the heap, with the garbage of that time in between, and leave no hole for a
 * piece of a reply (1472 bytes) long before the heap is full.
 */

/** The VM collects its garbage when a quarter of its heap was allocated since the last time (gc_alloc.c), bytes. */
const COLLECT_AFTER = 16384
/** Bytes in a block of what is allocated here: no more than a piece of a reply. */
const BLOCK = 1400

/** Makes the VM collect its garbage now; there is no call for it. What is allocated next lies low in the heap again. */
export function tidy(): void {
    for (let bytes = 0; bytes <= COLLECT_AFTER; bytes += BLOCK)
        Buffer.alloc(BLOCK)
}

/** Holds the end of the heap while the program starts: what is made meanwhile lies below. */
export class Reserve {
    private blocks: Buffer[] = []

    /**
     * For the beginning of the program, when the heap is empty.
     * @param below bytes to leave for what the program makes
     * @param bytes to hold
     */
    constructor(below: number, bytes: number) {
        tidy()
        let first = blocks(below)
        this.blocks = blocks(bytes)
        first = undefined
        tidy()
    }

    /** Gives some of it, next to what was left, to what the program makes. */
    shrink(bytes: number): void {
        this.blocks.insert(0, -Math.idiv(bytes, BLOCK))
    }

    /** Gives it all to whoever needs it: replies. */
    release(): void {
        this.blocks = undefined
        tidy()
    }
}

function blocks(bytes: number): Buffer[] {
    const list: Buffer[] = []
    for (let i = Math.idiv(bytes, BLOCK); i > 0; --i)
        list.push(Buffer.alloc(BLOCK))
    return list
}
