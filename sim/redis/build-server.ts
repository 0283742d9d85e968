/**
 * Fetches and builds a Redis server inside this project, by way of redis-memory-server. Nothing is
 * installed: all of it stays in `node_modules/.cache`.
 *
 * The package works in a process of its own (build-process.ts): it prints to stdout, holds a lock that
 * only the end of its process releases, and starts compilers that must end with us.
 */
import { execFile, fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { createRequire } from "node:module"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { PINNED_VERSION } from "./archive.ts"
import type { BuildResult } from "./build-process.ts"
import { NoServerError } from "./no-server-error.ts"

const VERSION = process.env.REDISMS_VERSION ?? PINNED_VERSION

const ROOT = fileURLToPath(new URL("../..", import.meta.url))
const DOWNLOAD_DIR =
    process.env.REDISMS_DOWNLOAD_DIR ??
    join(ROOT, "node_modules/.cache/redis-memory-server/redis-binaries")

/** Where redis-memory-server leaves what it built. */
export const BUILT_SERVER = join(
    DOWNLOAD_DIR,
    VERSION,
    process.platform === "win32" ? "memurai.exe" : "redis-server"
)

/** A download without progress for this long has stalled. */
const STALL_MS = 30_000
/** More than any build takes. */
const BUILD_MS = 20 * 60_000

const BUILD_PROCESS = fileURLToPath(
    new URL("build-process.ts", import.meta.url)
)
// by its file, since a bare name is looked up from the current folder
const TSX = pathToFileURL(
    createRequire(import.meta.url).resolve("tsx")
).toString()

export interface BuildOptions {
    /** Called with a text for each step that takes time. */
    onProgress?: (text: string) => void
    /** Stops a download or a build. */
    signal?: AbortSignal
}

/** @throws NoServerError if there is no compiler, no network, or the build fails */
export async function buildServer({
    onProgress = () => {},
    signal,
}: BuildOptions): Promise<void> {
    await requireTools()
    signal?.throwIfAborted()
    onProgress(
        `no Redis on PATH: fetching Redis ${VERSION} into node_modules/.cache (once)`
    )
    const child = fork(BUILD_PROCESS, [VERSION, DOWNLOAD_DIR], {
        cwd: ROOT,
        execArgv: ["--import", TSX],
        // a group of its own, so that make and its compilers can be ended with it
        detached: process.platform !== "win32",
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        env: {
            MAKEFLAGS: `-j${availableParallelism()}`,
            ...process.env,
            // certificates are checked, whatever the environment says: the package does not unless npm is told to
            npm_config_strict_ssl: "true",
            NODE_TLS_REJECT_UNAUTHORIZED: undefined,
            // says on stderr which step it has come to
            REDISMS_DEBUG: "1",
        },
    })
    const end = () => endGroup(child)
    signal?.addEventListener("abort", end)
    process.once("exit", end)
    try {
        const { error } = await resultOf(child, onProgress)
        signal?.throwIfAborted()
        if (error) throw new NoServerError(`building one failed (${error})`)
    } finally {
        signal?.removeEventListener("abort", end)
        process.off("exit", end)
    }
}

/** Asked before the download, so that the answer comes at once and needs no network. */
async function requireTools() {
    if (process.platform === "win32") return
    for (const tool of ["make", "cc"])
        try {
            await promisify(execFile)(tool, ["--version"])
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code === "ENOENT")
                throw new NoServerError(
                    `there is no \`${tool}\` here to build one with`
                )
        }
}

function resultOf(child: ChildProcess, onProgress: (text: string) => void) {
    return new Promise<BuildResult>(resolve => {
        let result: BuildResult = { error: "it ended early" }
        const give = (error: string) => {
            result = { error }
            endGroup(child)
        }
        let timer = setTimeout(give, STALL_MS, "nothing came for 30 s")
        const said = (line: string) => {
            clearTimeout(timer)
            if (line.includes("makeInstall")) {
                onProgress(`building Redis ${VERSION} (a minute or two)`)
                timer = setTimeout(give, BUILD_MS, "it took too long")
                return
            }
            timer = setTimeout(give, STALL_MS, "nothing came for 30 s")
            if (line.startsWith("Downloading")) onProgress(line.trim())
        }
        for (const stream of [child.stdout!, child.stderr!])
            createInterface(stream).on("line", said)
        child.once("message", (message: BuildResult) => (result = message))
        child.once("error", error => (result = { error: error.message }))
        child.once("close", () => {
            clearTimeout(timer)
            resolve(result)
        })
    })
}

function endGroup(child: ChildProcess) {
    if (!child.pid || process.platform === "win32") child.kill("SIGKILL")
    else
        try {
            process.kill(-child.pid, "SIGKILL")
        } catch {
            // ESRCH: it has ended
        }
}
