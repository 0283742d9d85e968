/** Caches files that take long to make and never change, beside the firmware's builds. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** Within the project, so that its packages are found from there. */
const FOLDER = fileURLToPath(
    new URL("../../.devicescript/laglight/processes", import.meta.url)
)

export const cachePath = (name: string) => join(FOLDER, name)

/**
 * @param name unique to the contents, such as a hash of them
 * @returns the file's path
 */
export function cachedFile(name: string, make: () => string | Uint8Array) {
    const file = cachePath(name)
    return existsSync(file) ? file : replaceCached(name, make())
}

/** @returns the file's path */
export function replaceCached(name: string, contents: string | Uint8Array) {
    const file = cachePath(name)
    mkdirSync(FOLDER, { recursive: true })
    // atomically: another process may be about to read it
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, contents)
    renameSync(draft, file)
    return file
}
