/** Has the garbage collected where that keeps the heap in one piece, and holds the room for replies. Pure. */

/** A piece of a reply, bytes: what the room for replies is made of. */
export const PIECE = 1460
/**
 * A third of what a piece takes of the heap (1472 bytes): more than the holes for small things have (src/heap.ts), which are
 * left alone by whatever is allocated here.
 */
export const THIRD = 476
/** The VM collects its garbage when a quarter of its heap was allocated since the last time (gc_alloc.c), bytes. */
const COLLECT_AFTER = 16384
/** So much of the room is held in thirds, pieces: of a place where something lies, what is left is held too. */
const SPLIT = 6
/** So many thirds of that are held; what lies in the room for a while must not be what the heap is full by. */
const THIRDS = 10

let needed = true
/** Holds the room for replies. */
let room: (Buffer | undefined)[] | undefined = undefined
/** How many pieces have room. */
let pieces = 0
let isHeld = false

/** Where data comes no faster than it is read, there is room for it anyway: from now on nothing here does anything. */
export function needless(): void {
    needed = false
}

/**
 * Makes the VM collect its garbage now; there is no call for it. What is allocated next lies low in the heap again, in small
 * holes, and not in the room for replies. Nothing while that is held: nothing can lie there then.
 * @param block what is allocated to get there, bytes at a time: `PIECE`, or `THIRD` where replies may have left no more
 */
export function tidy(block: number): void {
    if (!needed) return
    if (isHeld) return
    for (let bytes = 0; bytes <= COLLECT_AFTER; bytes += block)
        Buffer.alloc(block)
}

/** @param blocks hold the room for replies until the first are asked for: as many as it has pieces */
export function keepRoom(blocks: Buffer[]): void {
    if (!needed) return
    room = blocks
    pieces = blocks.length
    isHeld = true
}

/** Has the garbage collected, and holds the room for replies until `letGo`: what is made meanwhile lies elsewhere. */
export function holdRoom(): void {
    if (!needed) return
    if (room === undefined) return
    letGo()
    tidy(PIECE)
    const whole = pieces - SPLIT
    for (let i = 0; i < whole + THIRDS; ++i)
        room[i] = Buffer.alloc(i < whole ? PIECE : THIRD)
    isHeld = true
}

/** Gives the room to replies. */
export function letGo(): void {
    isHeld = false
    if (room === undefined) return
    // the array is used again: a new one would leave garbage, growing, where there should be none
    for (let i = 0; i < room.length; ++i) room[i] = undefined
}
