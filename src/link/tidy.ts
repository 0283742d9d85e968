/** Has the garbage collected where that keeps the heap in one piece. Pure. */

/** The VM collects its garbage when a quarter of its heap was allocated since the last time (gc_alloc.c), bytes. */
const COLLECT_AFTER = 16384
/** What is allocated to get there, bytes at a time: less than a piece of a reply, for which there is a hole. */
const BLOCK = 700

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

/** These hold the room for replies until the first are asked for. */
export function keepRoom(blocks: Buffer[]): void {
    if (needed) room = blocks
}

/**
 * Keeps room for replies until `letGo`: what is made meanwhile would lie in the holes that their pieces have left, and what
 * of it stays would leave none that a piece fits.
 * @param bytes how much of a reply waited at the most
 * @param piece the largest piece of it, bytes
 */
export function holdRoom(bytes: number, piece: number): void {
    if (!needed) return
    const blocks: Buffer[] = []
    for (; bytes > piece; bytes -= piece) blocks.push(Buffer.alloc(piece))
    room = blocks
}

/** Gives the room to replies. */
export function letGo(): void {
    room = undefined
}
