/** The text for an error that ended a command. */

import { printableLines } from "./printable.ts"

/** Errors for the user: their message; others are bugs of this program: with their stack. */
export function errorMessage(error: unknown) {
    if (!(error instanceof Error)) return String(error)
    const isFault =
        /^(Type|Range|Reference|Syntax|Eval)Error$/.test(error.name) ||
        error.name === "AssertionError"
    return isFault ? error.stack : printableLines(error.message)
}
