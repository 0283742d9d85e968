/** What a command says of the error that ended it. */

import { printableLines } from "./printable.ts"

/** Errors made for the user are a message; others are faults of this program and come with their stack. */
export function errorMessage(error: unknown) {
    if (!(error instanceof Error)) return String(error)
    const isFault =
        /^(Type|Range|Reference|Syntax|Eval)Error$/.test(error.name) ||
        error.name === "AssertionError"
    return isFault ? error.stack : printableLines(error.message)
}
