/** Has the garbage collected where that keeps the heap in one piece. Pure. */

/** The VM collects its garbage when a quarter of its heap was allocated since the last time (gc_alloc.c), bytes. */
const COLLECT_AFTER = 16384
/** What is allocated to get there, bytes at a time: less than a piece of a reply, for which there is a hole. */
const BLOCK = 1000

let needed = true

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
