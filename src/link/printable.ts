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
        if (c >= 0x20 && (c < 0x7f || (c > 0x9f && !turns(c)))) continue
        clean += text.slice(from, i) + REPLACEMENT
        from = i + 1
    }
    return from === 0 ? text : clean + text.slice(from)
}

function turns(c: number): boolean {
    return (
        c === 0x61c ||
        c === 0x200e ||
        c === 0x200f ||
        (c >= 0x2028 && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069)
    )
}
