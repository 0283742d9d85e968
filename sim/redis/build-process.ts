/**
 * The process in which redis-memory-server fetches and builds a server (started by build-server.ts).
 * Arguments: version, folder. Sends one BuildResult and exits.
 */
import { rmSync } from "node:fs"
import { createRequire } from "node:module"
import { RedisBinary } from "redis-memory-server"
import { ACCEPT_VARIABLE, checkArchive } from "./archive.ts"

export interface BuildResult {
    /** What went wrong, in one short line. */
    error?: string
}

const ERROR_MAX_CHARACTERS = 260
const DOWNLOAD = "redis-memory-server/lib/util/RedisBinaryDownload.js"

const [version, downloadDir] = process.argv.slice(2)

// whoever started this has died: take make and its compilers along
process.on("disconnect", () =>
    process.platform === "win32"
        ? process.exit(1)
        : process.kill(-process.pid, "SIGKILL")
)

// between the download and the compiler; CommonJS, whose default Node and bundlers see in different places
const { default: RedisBinaryDownload } = createRequire(import.meta.url)(
    DOWNLOAD
) as typeof import("redis-memory-server/lib/util/RedisBinaryDownload.js")
const { prototype } = RedisBinaryDownload
const fetchArchive = prototype.download
prototype.download = async function (url: string) {
    const archive = await fetchArchive.call(this, url)
    try {
        checkArchive(archive, version, process.env[ACCEPT_VARIABLE])
    } catch (error) {
        rmSync(archive, { force: true })
        throw error
    }
    return archive
}

let result: BuildResult = {}
try {
    await RedisBinary.getPath({ version, downloadDir })
} catch (error) {
    const [firstLine] = String((error as Error).message || error).split("\n")
    result = { error: firstLine.slice(0, ERROR_MAX_CHARACTERS) }
}
process.send!(result, undefined, {}, () => process.exit(0))
