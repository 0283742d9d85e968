/** Which Redis server to run: the one that REDIS_SERVER names, else one that is installed, else one that was built for this project. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { promisify } from "node:util"
import { BUILT_SERVER, buildServer } from "./build-server.ts"
import type { BuildOptions } from "./build-server.ts"
import { NoServerError } from "./no-server-error.ts"

const run = promisify(execFile)

/** The names under which the server is installed; looked up on PATH in this order. */
const COMMANDS =
    process.platform === "win32"
        ? ["redis-server", "valkey-server", "memurai"]
        : ["redis-server", "valkey-server"]

export interface ServerBinary {
    /** What to spawn: a name on PATH or a path. */
    command: string
    /** "Redis" or "Valkey". */
    product: string
    /** "7.0.15" */
    version: string
}

export type FindOptions = BuildOptions

/**
 * The first of: the one that the environment variable REDIS_SERVER names, a server on PATH, the one built earlier, one fetched
 * and built now (minutes).
 * @throws NoServerError if there is none and none can be built; Error if the one that is named does not run
 */
export async function findServerBinary({
    onProgress = () => {},
    signal,
}: FindOptions = {}): Promise<ServerBinary> {
    const named = process.env.REDIS_SERVER
    if (named) {
        const found = await identify(named, signal)
        if (found) return found
        throw new Error(
            `REDIS_SERVER is "${named}", and no Redis server runs by that name: correct or unset it`
        )
    }
    for (const command of COMMANDS) {
        const found = await identify(command, signal)
        if (found) return found
    }
    if (!existsSync(BUILT_SERVER)) await buildServer({ onProgress, signal })
    const built = await identify(BUILT_SERVER, signal)
    if (!built)
        throw new NoServerError("the one built for this project does not run")
    return built
}

/** Product and version from a command's output (`Redis server v=7.0.15 sha=...`), or undefined if it does not run. */
async function identify(
    command: string,
    signal?: AbortSignal
): Promise<ServerBinary | undefined> {
    try {
        const { stdout } = await run(command, ["--version"], { signal })
        const said = /^(\S+) server v=(\S+)/.exec(stdout)
        return {
            command,
            product: said?.[1] ?? "Redis",
            version: said?.[2] ?? "unknown",
        }
    } catch {
        signal?.throwIfAborted()
        // it is not there, or not made for this computer
        return undefined
    }
}
