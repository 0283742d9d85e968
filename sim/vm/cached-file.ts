/** Caches files that take long to make and never change, beside the firmware's builds. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** Within the project, so that its packages are found from there. */
const FOLDER = fileURLToPath(
    new URL("../../.devicescript/laglight/processes", import.meta.url)
)

/**
 * @param name unique to the contents, such as a hash of them
 * @returns the file's path
 */
export function cachedFile(name: string, make: () => string | Uint8Array) {
    const file = join(FOLDER, name)
    if (existsSync(file)) return file
    const contents = make()
    mkdirSync(FOLDER, { recursive: true })
    // atomically: another process may be about to read it
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, contents)
    renameSync(draft, file)
    return file
}
