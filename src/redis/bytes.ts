/** Compares bytes. Pure. */

/** What has bytes: a text's can be looked at as a buffer's can (DeviceScript's runtime, buffer.c), without a copy. */
export type Bytes = Buffer | string

/** Whether so many bytes are the same; four of them at a time, and from the end, where names and IDs differ. */
export function sameBytes(
    bytes: Bytes,
    from: number,
    others: Bytes,
    othersFrom: number,
    length: number
): boolean {
    const a = bytes as Buffer
    const b = others as Buffer
    let left = length
    while (left >= 4) {
        left -= 4
        if (a.getAt(from + left, "i32") !== b.getAt(othersFrom + left, "i32"))
            return false
    }
    // what is left is less, and compared together with what follows it
    if (length >= 4)
        return left === 0 || a.getAt(from, "i32") === b.getAt(othersFrom, "i32")
    while (--left >= 0)
        if (a.getAt(from + left, "u8") !== b.getAt(othersFrom + left, "u8"))
            return false
    return true
}
