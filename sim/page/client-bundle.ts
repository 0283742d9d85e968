/** The browser's code. */
import { bundle } from "../bundle.ts"

const ENTRY = new URL("client/main.ts", import.meta.url)

/** @returns one module */
export function clientBundle() {
    return bundle(ENTRY, { target: "es2022" })
}
