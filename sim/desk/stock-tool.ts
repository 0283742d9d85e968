/**
 * Runs DeviceScript's own command-line tool in a copy of the project that only this user can read, and that is gone
 * afterwards; and gives it the runtime image that it would download.
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { BOARD } from "../board.ts"
import type { CommandOptions } from "../command-line.ts"
import { cliFiles } from "../vm/vm-module.ts"
import { DeskError } from "./run-command.ts"
import { bytesAt, readUf2, RP2040_FAMILY } from "./uf2.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** Where the tool keeps downloads, and the runtime's name there (`bareUrl` of its rp2040w; used while younger than a day). */
const CACHE = join(".devicescript", "cache")
const RUNTIME_NAME = "devicescript-rp2040w-pico_w.uf2"
const CACHE_MS = 24 * 3600_000
/** The same with our board's configuration in it, as the tool leaves it. */
export const BOARD_RUNTIME = join(CACHE, `devicescript-rp2040w-${BOARD}.uf2`)
export const RUNTIME_PAGE =
    "https://github.com/microsoft/devicescript-pico/releases/latest"
/** Of the tool's rp2040w: the board's configuration, and where program and settings go. */
const CONFIG_ADDRESS = 0x100dc000
const STORAGE_ADDRESS = 0x100e0000
/** "DCFG" and four bytes more. */
const CONFIG_MAGIC = Buffer.from("444346470a9bb4ca", "hex")

/** What the tool needs of the project. */
const SOURCES = ["src", "boards", "services", "devsconfig.json", "package.json"]
/** The tool's ports (8081 to 8083) are fixed; another one may be at work. */
const EXIT_PORT_IN_USE = 100
const PORT_ATTEMPTS = 60
/** The tool gives its own device two seconds to appear. */
const SLOW_ATTEMPTS = 3

export interface ToolOptions {
    /** DeviceScript's runtime for the Pico W. Default: as the tool downloads it. */
    runtimeFile?: string
    /** The SHA-256 of a downloaded runtime that is accepted though it is another one than the first. */
    acceptedRuntime?: string
    onProgress: (text: string) => void
}

/**
 * Runs the tool with a command that needs the runtime.
 * @param prepare is given the folder before, `finish` after
 * @throws DeskError if the runtime cannot be had or is none, if the tool's ports stay taken, if it fails
 */
export async function withStockTool<T>(
    command: string[],
    { runtimeFile, acceptedRuntime, onProgress }: ToolOptions,
    prepare: (scratch: string) => void,
    finish: (scratch: string) => T
): Promise<T> {
    if (runtimeFile !== undefined) checkRuntime(runtimeFile)
    const scratch = mkdtempSync(join(tmpdir(), "laglight-tool-"))
    const remove = () => rmSync(scratch, { recursive: true, force: true })
    process.once("exit", remove)
    try {
        for (const name of SOURCES)
            mirror(join(ROOT, name), join(scratch, name))
        prepare(scratch)
        const image = runtimeFile ?? join(ROOT, CACHE, RUNTIME_NAME)
        const isFresh = runtimeFile !== undefined || isYoung(image)
        if (isFresh) provideRuntime(scratch, image)
        let made = await runTool(scratch, command, onProgress)
        if (made.offline && !isFresh && existsSync(image)) {
            const day = statSync(image).mtime.toISOString().slice(0, 10)
            onProgress(`no internet: the runtime downloaded on ${day} is used`)
            provideRuntime(scratch, image)
            made = await runTool(scratch, command, onProgress)
        } else if (!made.offline && !isFresh) {
            pinRuntime(
                join(scratch, CACHE, RUNTIME_NAME),
                join(ROOT, CACHE),
                acceptedRuntime
            )
            keepRuntime(scratch)
        }
        if (made.offline)
            throw new DeskError(
                `DeviceScript's runtime could not be downloaded (${made.offline}). Without internet: get ${RUNTIME_NAME} ` +
                    `from ${RUNTIME_PAGE} on another computer, and name it with --runtime FILE`
            )
        return finish(scratch)
    } finally {
        process.off("exit", remove)
        remove()
    }
}

/** Shows a folder at another place; copies a file. */
function mirror(source: string, target: string) {
    if (!existsSync(source)) return
    if (statSync(source).isDirectory()) symlinkSync(source, target, "junction")
    else copyFileSync(source, target)
}

function isYoung(file: string) {
    return existsSync(file) && Date.now() - statSync(file).mtimeMs < CACHE_MS
}

/** @throws DeskError if the file is not a runtime for a Pico W */
function checkRuntime(file: string) {
    const refuse = (why: string) => {
        throw new DeskError(
            `--runtime ${file}: ${why}; it should be ${RUNTIME_NAME} from ${RUNTIME_PAGE}`
        )
    }
    if (!existsSync(file)) return refuse("there is no such file")
    let blocks
    try {
        blocks = readUf2(readFileSync(file))
    } catch (error) {
        return refuse((error as Error).message)
    }
    if (blocks[0].familyId !== RP2040_FAMILY)
        return refuse("it is for another chip than the RP2040")
    if (bytesAt(blocks, STORAGE_ADDRESS, 4))
        return refuse(
            "it holds a program and settings already, a bundle and not a runtime"
        )
    const config = bytesAt(blocks, CONFIG_ADDRESS, CONFIG_MAGIC.length)
    if (!config?.equals(CONFIG_MAGIC))
        return refuse("it holds no configuration of a DeviceScript board")
}

/** Puts an image where the tool looks first; a new date keeps it from downloading another. */
function provideRuntime(scratch: string, image: string) {
    mkdirSync(join(scratch, CACHE), { recursive: true })
    const target = join(scratch, CACHE, RUNTIME_NAME)
    copyFileSync(image, target)
    const now = new Date()
    utimesSync(target, now, now)
}

/** The first runtime that was downloaded here is trusted; another needs this option. */
export const ACCEPT_RUNTIME: CommandOptions = {
    "accept-runtime": {
        type: "string",
        value: "SHA256",
        help: "accept a downloaded runtime that is another one than the first that was downloaded here",
    },
}

/**
 * The project publishes no checksum of its runtime, and "latest" is what the tool downloads: the first is trusted, its
 * SHA-256 noted beside it, and any other refused until somebody says that it is right.
 * @throws DeskError
 */
export function pinRuntime(
    image: string,
    cache: string,
    accepted: string | undefined
) {
    const note = join(cache, `${RUNTIME_NAME}.sha256`)
    const found = createHash("sha256").update(readFileSync(image)).digest("hex")
    const wanted = existsSync(note)
        ? readFileSync(note, "utf8").trim()
        : undefined
    if (
        wanted !== undefined &&
        wanted !== found &&
        accepted?.toLowerCase() !== found
    )
        throw new DeskError(
            `DeviceScript's runtime is another one than the first that was downloaded here: its SHA-256 is ${found}, and was ${wanted}. ` +
                `If ${RUNTIME_PAGE} has a new release, accept it with --accept-runtime ${found}; else nothing of it should get onto a board`
        )
    mkdirSync(cache, { recursive: true })
    writeFileSync(note, `${found}\n`)
}

/** Keeps the download for the next time: a runtime holds no secrets. */
function keepRuntime(scratch: string) {
    mkdirSync(join(ROOT, CACHE), { recursive: true })
    copyFileSync(
        join(scratch, CACHE, RUNTIME_NAME),
        join(ROOT, CACHE, RUNTIME_NAME)
    )
}

/** @throws DeskError if the tool fails for another reason than the download; that one is returned */
async function runTool(
    scratch: string,
    command: string[],
    onProgress: (text: string) => void
): Promise<{ offline?: string }> {
    let slow = 0
    for (let attempt = 1; ; attempt++) {
        const { code, output } = await tool(scratch, command)
        if (code === 0) return {}
        if (code === EXIT_PORT_IN_USE) {
            if (attempt === 1)
                onProgress(
                    "waiting: another DeviceScript tool (VS Code?) uses port 8081, 8082 or 8083"
                )
            if (attempt >= PORT_ATTEMPTS)
                throw new DeskError(
                    "another program uses port 8081, 8082 or 8083, which DeviceScript's tool needs; " +
                        "close it (VS Code's DeviceScript extension, devs devtools) and try again"
                )
            await sleep(1000)
            continue
        }
        const offline = /fetch failed|can't fetch: .*/.exec(output)
        if (offline) return { offline: offline[0] }
        if (/no service/.test(output) && ++slow < SLOW_ATTEMPTS) continue
        throw new DeskError(
            `DeviceScript's tool failed (exit code ${code}):\n${output.trim()}`
        )
    }
}

async function tool(scratch: string, command: string[]) {
    const { bundle } = cliFiles()
    const child = spawn(
        process.execPath,
        [
            join(dirname(dirname(bundle)), "devicescript"),
            "--ci",
            "--no-colors",
            "--quiet",
            ...command,
        ],
        {
            cwd: scratch,
            stdio: ["ignore", "pipe", "pipe"],
            // what it downloads goes onto a board: certificates are checked, whatever the environment says
            env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: undefined },
        }
    )
    const killer = () => child.kill("SIGKILL")
    process.once("exit", killer)
    let output = ""
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", text => (output += text))
    const code = await new Promise<number | null>((resolve, reject) => {
        child.once("error", reject)
        child.once("close", resolve)
    })
    process.off("exit", killer)
    return { code, output }
}
