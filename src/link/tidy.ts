/** Has the garbage collected where that keeps the heap in one piece. Pure. */

/** The VM collects its garbage when a quarter of its heap was allocated since the last time (gc_alloc.c), bytes. */
const COLLECT_AFTER = 16384
/** What is allocated to get there, bytes at a time: less than a piece of a reply, for which there is a hole. */
const BLOCK = 700

/** A piece of a reply, bytes: one TCP segment. */
const PIECE = 1460

let needed = true
/** Holds the room of replies between them. */
let room: Buffer[] = undefined

/** Where data comes no faster than it is read, there is room for it anyway: from now on `tidy` does nothing. */
export function needless(): void {
    needed = false
}

/**
 * Makes the VM collect its garbage now; there is no call for it. What is allocated next lies low in the heap again, in small
 * holes, and not in the middle of the room for replies.
 */
export function tidy(): void {
    if (!needed) return
    for (let bytes = 0; bytes <= COLLECT_AFTER; bytes += BLOCK)
        Buffer.alloc(BLOCK)
}

/**
 * Keeps room for so much of a reply as waited at the most, in pieces, until `letGo`: what is made meanwhile would lie in
 * the holes that pieces have left, and what of it stays would leave none that a piece fits.
 */
export function holdRoom(bytes: number): void {
    if (!needed) return
    const blocks: Buffer[] = []
    for (; bytes > PIECE; bytes -= PIECE) blocks.push(Buffer.alloc(PIECE))
    room = blocks
}

/** Gives the room to replies. */
export function letGo(): void {
    room = undefined
}
