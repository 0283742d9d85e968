/**
 * TypeScript for a device's process, bundled into one JavaScript file: the process then starts in a third of the CPU time
 * that it takes to load a compiler first.
 */
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { bundle } from "../bundle.ts"
import { cachedFile } from "./cached-file.ts"

const bundled = new Map<string, Promise<string>>()

/**
 * @param module URL of a module; its query stays with it
 * @returns file URL of the bundle, made once in the life of this process; a module in JavaScript stays what it is
 * @throws if it does not compile
 */
export async function runnable(module: string): Promise<string> {
    const { pathname, search } = new URL(module)
    if (!pathname.endsWith(".ts")) return module
    let file = bundled.get(pathname)
    if (!file) {
        file = write(module)
        bundled.set(pathname, file)
    }
    return pathToFileURL(await file).href + search
}

/** Named after its contents, so that one which is there is right, whoever wrote it. */
async function write(module: string) {
    const contents = await bundle(module, {
        platform: "node",
        target: "node20",
        sourcemap: "inline",
        packages: "external",
    })
    const hash = createHash("sha256").update(contents).digest("hex")
    const name = basename(fileURLToPath(module), ".ts")
    return cachedFile(`${name}-${hash.slice(0, 16)}.mjs`, () => contents)
}
