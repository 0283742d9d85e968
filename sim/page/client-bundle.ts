/** The browser's code. */
import { bundle } from "../bundle.ts"

const ENTRY = new URL("client/main.ts", import.meta.url)

/** @returns one module */
export async function clientBundle() {
    return (await bundle(ENTRY, { target: "es2022" })).contents
}
