/**
 * The process that compiles device code with the pinned DeviceScript tool, one program after the other. The first takes
 * as long as `devs build`; later ones a fraction of it, since Node has by then optimised the compiler.
 * Its parent (compiler.ts) is at the other end of the IPC channel; without a parent it exits.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { compileFunction } from "node:vm"
import { cliFiles } from "../vm/vm-module.ts"

export interface CompileOrder {
    /** Where to compile: the compiler writes to `.devicescript/bin` of it. */
    folder: string
    /** Path of the program from there. */
    entry: string
}

export interface CompileResult {
    /** What the compiler said, if the program does not compile. */
    error?: string
}

/** What is used of the tool; its package exports the command line alone. */
interface Tool {
    compileFile(
        entry: string,
        options: { quiet: boolean; outDir: string; flag: object }
    ): Promise<{ success: boolean; diagnostics: { formatted: string }[] }>
    setConsoleColors(on: boolean): void
}

function loadTool(): Tool {
    const { bundle } = cliFiles()
    const module = { exports: {} as Tool }
    compileFunction(
        `${readFileSync(bundle, "utf8")}
module.exports = { compileFile, setConsoleColors }`,
        ["exports", "require", "module", "__filename", "__dirname"],
        { filename: bundle }
    )(module.exports, createRequire(bundle), module, bundle, dirname(bundle))
    return module.exports
}

const tool = loadTool()
tool.setConsoleColors(false)

async function compile({ folder, entry }: CompileOrder) {
    // the tool takes all paths from where it runs
    process.chdir(folder)
    const { success, diagnostics } = await tool.compileFile(entry, {
        quiet: true,
        outDir: join(".devicescript", "bin"),
        flag: {},
    })
    if (!success)
        throw new Error(
            diagnostics.map(({ formatted }) => formatted).join("\n")
        )
}

process.on("disconnect", () => process.exit(0))
process.on("message", (order: CompileOrder) => {
    compile(order).then(
        () => process.send!({}),
        (error: Error) => process.send!({ error: error.message })
    )
})
