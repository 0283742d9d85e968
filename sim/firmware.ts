/** Compiles device code to bytecode with the pinned DeviceScript compiler, or takes what it made before. */
import { createHash } from "node:crypto"
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { compile as compileIn } from "./compiler/compiler.ts"
import { cliFiles } from "./vm/vm-module.ts"

export interface Firmware {
    bytecode: Uint8Array
    sizeBytes: number
    /** Path of the bytecode; the compiler's debug information is `bytecode-dbg.json` beside it. */
    file: string
}

export interface FirmwareOptions {
    /** Path from the repository's root. Default `src/main.ts`. */
    entry?: string
    /** Where to build. Default: a folder of its own for each entry, in `.devicescript/laglight`. */
    outDir?: string
}

const ROOT = fileURLToPath(new URL("..", import.meta.url))

/** Where the compiler writes, in the folder it runs in. */
const BYTECODE_FILE = join(".devicescript", "bin", "bytecode.devs")
const DEBUG_FILE = join(".devicescript", "bin", "bytecode-dbg.json")
/** Holds the configuration that the bytecode was made with. */
const CONFIG_FILE = "built-with.json"

/** Folders that device code may come from. */
const SOURCE_FOLDERS = ["src", "test/device"]
/** What else changes a program: boards, services of one's own. */
const CONFIGURATION = ["boards", "services", "devsconfig.json"]
/** Its name and version go into the program. */
const MANIFEST = "package.json"
/** The libraries come with the compiler and change only with it. */
const LIBRARIES = /node_modules.@devicescript/

/** A lock whose holder lives, but has held it this long, is taken for left over (a build takes 2 to 5 s). */
const LOCK_STALE_MS = 120_000

/** @throws with what the compiler said, if the code does not compile */
export async function buildFirmware({
    entry = "src/main.ts",
    outDir = join(".devicescript", "laglight", entryName(entry)),
}: FirmwareOptions = {}): Promise<Firmware> {
    const out = resolve(ROOT, outDir)
    const ready = upToDate(out, configuration(entry))
    if (ready) return ready
    mkdirSync(out, { recursive: true })
    return locked(join(out, "build.lock"), async () => {
        const config = configuration(entry)
        // another process may have built it while this one waited
        const built = upToDate(out, config)
        if (built) return built
        rmSync(join(out, CONFIG_FILE), { force: true })
        await compile(entry, out)
        writeFileSync(join(out, CONFIG_FILE), config)
        return firmwareIn(out)
    })
}

/** `test/device/programs/blink.ts` becomes `test-device-programs-blink`. */
function entryName(entry: string) {
    return entry.replace(/\.tsx?$/, "").replace(/[^\w]+/g, "-")
}

function firmwareIn(out: string): Firmware {
    const file = join(out, BYTECODE_FILE)
    const bytecode = new Uint8Array(readFileSync(file))
    return { bytecode, sizeBytes: bytecode.length, file }
}

/** What was built before, if every source still reads as the compiler saw it. */
function upToDate(out: string, config: string): Firmware | undefined {
    if (readIfPresent(join(out, CONFIG_FILE)) !== config) return undefined
    let debug: DebugInformation
    try {
        debug = JSON.parse(readFileSync(join(out, DEBUG_FILE), "utf8"))
    } catch {
        // another process has just begun to build anew
        return undefined
    }
    const changed = debug.sources.some(
        ({ path, text }) =>
            !LIBRARIES.test(path) && readIfPresent(join(out, path)) !== text
    )
    if (changed) return undefined
    const firmware = firmwareIn(out)
    const sha256 = createHash("sha256").update(firmware.bytecode).digest("hex")
    return sha256 === debug.binarySHA256 ? firmware : undefined
}

/** What this file uses of the compiler's debug information. */
interface DebugInformation {
    /** All sources, type-only ones included; paths from the folder of the build. */
    sources: { path: string; text: string }[]
    binarySHA256: string
}

/** Everything but the sources that the bytecode depends on, as one text. */
function configuration(entry: string) {
    const files = CONFIGURATION.flatMap(name => filesIn(join(ROOT, name)))
    const manifest = JSON.parse(readFileSync(join(ROOT, MANIFEST), "utf8"))
    return JSON.stringify({
        compiler: cliFiles().version,
        entry,
        name: manifest.name,
        version: manifest.version,
        files: files.map(file => [
            relative(ROOT, file),
            readFileSync(file, "utf8"),
        ]),
    })
}

function filesIn(path: string): string[] {
    if (!existsSync(path)) return []
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path)
        .sort()
        .flatMap(name => filesIn(join(path, name)))
}

/**
 * DeviceScript's compiler takes no output folder (its option --out-dir is broken): it writes to `.devicescript/bin`
 * and, for the libraries' sources, to `node_modules/@devicescript`, both in the current folder, each file
 * emptied before it is filled. So each entry is built in a folder of its own that shows the same sources;
 * builds of different entries, and of an editor, then never read each other's half-written files.
 */
async function compile(entry: string, out: string) {
    for (const name of [...SOURCE_FOLDERS, ...CONFIGURATION, MANIFEST])
        mirror(join(ROOT, name), join(out, name))
    try {
        await compileIn({ folder: out, entry })
    } catch (error) {
        throw new Error(
            `${entry} does not compile:\n${(error as Error).message.trim()}`
        )
    }
}

/** Shows a folder at another place; copies a file. */
function mirror(source: string, target: string) {
    if (!existsSync(source)) return
    rmSync(target, { force: true })
    mkdirSync(dirname(target), { recursive: true })
    if (statSync(source).isDirectory()) symlinkSync(source, target, "junction")
    else copyFileSync(source, target)
}

/** Runs `work` while no other process holds the lock file. */
async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
    while (!tryLock(file)) await sleep(50)
    try {
        return await work()
    } finally {
        rmSync(file, { force: true })
    }
}

/** Creating a file that must not exist works for one process at a time. It holds that process's id. */
function tryLock(file: string) {
    try {
        writeFileSync(file, String(process.pid), { flag: "wx" })
        return true
    } catch {
        if (isLeftOver(file)) rmSync(file, { force: true })
        return false
    }
}

function isLeftOver(lock: string) {
    try {
        if (Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS) return true
        const holder = Number(readFileSync(lock, "utf8"))
        // empty: its holder is just about to write
        if (holder > 0) process.kill(holder, 0)
        return false
    } catch (error) {
        // ESRCH: the holder was killed; ENOENT: it has just let go
        return (error as NodeJS.ErrnoException).code === "ESRCH"
    }
}

function readIfPresent(file: string) {
    return existsSync(file) ? readFileSync(file, "utf8") : undefined
}
