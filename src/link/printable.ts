/** Makes text that others wrote (names, a server's words) safe for a log. Pure. */

/** Stands where a character was that must not be written. */
const REPLACEMENT = "?"

/**
 * The text with every character replaced that could begin a line of its own, move a terminal's cursor or turn the reading
 * direction: C0 and C1 controls, DEL, the line and paragraph separators, the bidirectional controls (Unicode 15, UAX 9).
 */
export function printable(text: string): string {
    let clean = ""
    let from = 0
    for (let i = 0; i < text.length; ++i) {
        const c = text.charCodeAt(i)
        if (c >= 0x20) {
            if (c < 0x7f) continue
            if (c > 0x9f) if (!turns(c)) continue
        }
        clean += text.slice(from, i) + REPLACEMENT
        from = i + 1
    }
    if (from === 0) return text
    return clean + text.slice(from)
}

function turns(c: number): boolean {
    if (c === 0x61c) return true
    if (c === 0x200e) return true
    if (c === 0x200f) return true
    if (c >= 0x2028) if (c <= 0x202e) return true
    if (c < 0x2066) return false
    return c <= 0x2069
}
