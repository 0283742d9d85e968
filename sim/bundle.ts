/** Bundles TypeScript with all its imports into one JavaScript module, in memory, so that there is no build step. */
import type { BuildOptions } from "esbuild"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"

let last: Promise<unknown> = Promise.resolve()

export interface Bundle {
    /** The JavaScript. */
    contents: Uint8Array
    /** Paths of the files that it was made of, those of packages excepted. */
    sources: string[]
}

/**
 * @param module file URL of the TypeScript
 * @returns after about 0.1 s
 * @throws if it does not compile
 */
export function bundle(
    module: string | URL,
    options: BuildOptions
): Promise<Bundle> {
    // one after the other: each stops the bundler's process, which would otherwise run as long as ours
    const result = last.then(async () => {
        // loaded when there is something to bundle, which is seldom
        const { build, stop } = await import("esbuild")
        try {
            const { outputFiles, metafile } = await build({
                entryPoints: [fileURLToPath(module)],
                bundle: true,
                format: "esm",
                logLevel: "silent",
                ...options,
                metafile: true,
                write: false,
            })
            return {
                contents: outputFiles[0].contents,
                sources: Object.keys(metafile.inputs)
                    .filter(path => !path.includes("node_modules/"))
                    .map(path => resolve(path)),
            }
        } finally {
            await stop()
        }
    })
    last = result.catch(() => {})
    return result
}
