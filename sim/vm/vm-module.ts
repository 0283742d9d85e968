/**
 * Cuts DeviceScript's VM out of the pinned command-line tool and loads it by itself.
 *
 * The package `@devicescript/cli` is one esbuild bundle, `built/devicescript-cli.cjs`. Inside it the VM
 * (the same C code as on a board, compiled to WebAssembly, with its JavaScript glue) is one CommonJS
 * block, written as
 *
 *     var require_devicescript_vm = __commonJS({
 *       "runtime/devicescript-vm/built/devicescript-vm.js"(exports, module2) { ... }
 *     });
 *
 * Loaded alone it needs none of the tool's fixed ports (8081-8083). This file is the only one that knows
 * how the bundle is laid out; a new version of the tool may change that, so the version is checked.
 */
import { readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { cachedFile } from "./cached-file.ts"
import type { WebAssemblyLike } from "./wasm-code.ts"

/** The one version of `@devicescript/cli` whose layout this file knows. */
export const PINNED_CLI_VERSION = "2.16.4"

const BLOCK_START = "var require_devicescript_vm = __commonJS("
const BLOCK_END = "\n});\n"
const BLOCK_PATH = "runtime/devicescript-vm/built/devicescript-vm.js"

const require = createRequire(import.meta.url)

/**
 * What the VM's glue code uses of its surroundings. Each is given in place of the global of that name, so
 * a test can drive time (`Date`, `setTimeout`) and nothing the VM prints reaches this process's output.
 */
export interface VmEnvironment {
    /** Only `now()` is used: milliseconds, fractions allowed. */
    Date: { now(): number }
    setTimeout(callback: () => void, ms: number): unknown
    clearTimeout(timer: unknown): void
    console: Pick<Console, "log" | "debug" | "warn" | "error">
    /** Asked for `fs`, `path`, `crypto`, `net` and `tls`. */
    require(name: string): unknown
    /** Default: this process's own. */
    WebAssembly?: WebAssemblyLike
}

/**
 * The part of the VM's Emscripten module that laglight uses (runtime/devicescript-vm/wasmpre.ts).
 * `ptr` arguments are byte addresses in `HEAPU8`.
 */
export interface VmModule {
    HEAPU8: Uint8Array
    _malloc(bytes: number): number
    _free(ptr: number): void

    /** Hands a socket event to the program: 1 open, 2 close, 3 error (text), 4 message (bytes). */
    _jd_em_tcpsock_on_event(event: number, ptr: number, bytes: number): void

    /** Called for each line the VM prints; console.* of the program carries a marker (see log-line.ts). */
    dmesg(line: string): void
    /** Called with a failure of the VM itself, or with an `ExitStatus` when the chip would reset. */
    error(error: unknown): void
    /** Called for each Jacdac frame that leaves the device. */
    sendPacket(frame: Uint8Array): void
    /** Called when the program ends: 0 for a restart it asked for, else a DEVS_PANIC_* code. */
    panicHandler(code: number): void
    flashLoad(): Uint8Array
    flashSave(image: Uint8Array): void

    /** Hands a Jacdac frame to the device and runs it; ignored while the VM is not started. */
    handlePacket(frame: Uint8Array): void
    /** Starts the VM: runs it from `setTimeout`. */
    devsStart(): void
    devsStop(): void
    devsIsRunning(): boolean
    /** 16 hexadecimal digits; must come before `devsStart`, and after `flashLoad` is set. */
    devsSetDeviceId(id: string): void
    /** Collect garbage on each allocation. */
    devsGcStress(on: boolean): void
    /** Writes a program to flash and starts it; 0 is success. */
    devsDeploy(bytecode: Uint8Array): number

    /** `port` is negative for TLS. 0 is success. */
    sockOpen(hostPtr: number, port: number): number
    sockWrite(ptr: number, bytes: number): number
    sockClose(): number
    sockIsAvailable(): boolean
}

/** The installed tool's files. @throws if another version than the pinned one is installed. */
export function cliFiles(): { version: string; bundle: string } {
    const manifest = require.resolve("@devicescript/cli/package.json")
    const { version } = JSON.parse(readFileSync(manifest, "utf8"))
    if (version !== PINNED_CLI_VERSION)
        throw new Error(
            `@devicescript/cli is ${version}, but sim/vm/vm-module.ts knows only ${PINNED_CLI_VERSION}: ` +
                `install that version, or check the markers in that file and change PINNED_CLI_VERSION`
        )
    return {
        version,
        bundle: join(dirname(manifest), "built", "devicescript-cli.cjs"),
    }
}

/**
 * The VM's CommonJS block as an object expression, in a file: to cut it out of 28 MB takes a quarter of a device's start.
 * @returns the file's path
 * @throws if the tool's version or layout is not the known one
 */
export function vmSourceFile(): string {
    const { version, bundle } = cliFiles()
    const { size, mtimeMs } = statSync(bundle)
    return cachedFile(
        `devicescript-vm-${version}-${size}-${Math.round(mtimeMs)}.js`,
        () => cutVmSource(bundle)
    )
}

function cutVmSource(bundle: string): string {
    // searched as bytes: turning 28 MB into a string would take longer than all the rest
    const bytes = readFileSync(bundle)
    const start = bytes.indexOf(BLOCK_START)
    const end = start < 0 ? -1 : bytes.indexOf(BLOCK_END, start)
    const source =
        end < 0
            ? ""
            : bytes.toString("utf8", start + BLOCK_START.length, end + 2)
    if (!source.includes(`"${BLOCK_PATH}"(exports, module`))
        throw new Error(
            `${bundle} does not hold the VM where sim/vm/vm-module.ts looks for it (marker "${BLOCK_START}"): ` +
                `is the package complete?`
        )
    return source
}

/**
 * Loads one VM. The C code keeps its state in the instance; use one process for each, as a chip has one.
 * @param sourceFile what `vmSourceFile` returned
 */
export async function loadVmModule(
    sourceFile: string,
    env: VmEnvironment
): Promise<VmModule> {
    const globals = {
        Date: env.Date,
        setTimeout: env.setTimeout,
        clearTimeout: env.clearTimeout,
        // the glue stops its timer with clearInterval
        clearInterval: env.clearTimeout,
        console: env.console,
        require: env.require,
        ...(env.WebAssembly && { WebAssembly: env.WebAssembly }),
        // Emscripten defines traps for names it dropped; they would land on our own global object
        globalThis: {},
        __filename: BLOCK_PATH,
        __dirname: dirname(BLOCK_PATH),
    }
    const block = new Function(
        ...Object.keys(globals),
        `"use strict"; return (${readFileSync(sourceFile, "utf8")})`
    )(...Object.values(globals)) as Record<
        string,
        (exports: object, module: { exports: unknown }) => void
    >
    const module = { exports: {} as unknown }
    block[BLOCK_PATH](module.exports as object, module)
    const factory = module.exports as (options: object) => Promise<VmModule>
    return factory({
        // Emscripten's own notes ("program exited ...") are no output of the device
        print: () => {},
        printErr: () => {},
        quit: (_status: number, reason: unknown) => {
            throw reason
        },
    })
}
