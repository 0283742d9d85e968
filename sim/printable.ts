/** Makes text from others safe to print. */

/** Controls, line and paragraph separators, and what turns the reading direction. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** The same for a text of several lines, which are our own. */
export function printableLines(text: string) {
    return text
        .split("\n")
        .map(line => printable(line))
        .join("\n")
}

/** Names come from Redis and may contain anything; none of it may move the cursor. */
export function printable(text: string) {
    return text.replace(UNPRINTABLE, "\u{fffd}")
}
