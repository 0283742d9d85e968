/** Lines of the log: safe, and no longer than the VM lets through. */
import { printable } from "./link/printable"

/** The VM cuts longer lines; names and server texts are cut before it does. Bytes. */
export const MAX_LINE = 290
/** What a name may take in a line, bytes: something is to be said of it there. */
const MAX_NAME = 90

/** Writes a line to the log, cut to what the VM lets through; it stays one line, whatever names and servers put into it. */
export function say(line: string): void {
    console.log(printable(cut(line, MAX_LINE)))
}

/** A target's name at the beginning of a line: `stream/group: `, or `stream: ` where no group is asked for. */
export function nameText(stream: string, group: string): string {
    return `${cut(stream, MAX_NAME)}${group && "/"}${cut(group, MAX_NAME)}: `
}

/** Cuts a text by bytes, at a character's end. */
function cut(text: string, bytes: number): string {
    if (text.byteLength <= bytes) return text
    bytes -= 3
    text = text.slice(0, bytes)
    for (;;) {
        const over = text.byteLength - bytes
        if (over <= 0) return text + "..."
        // a character has four at the most
        text = text.slice(0, text.length - Math.max(1, Math.idiv(over, 4)))
    }
}
