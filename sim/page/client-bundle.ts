/** The browser's code, bundled in memory from its TypeScript: there is no build to remember. */
import { build, stop } from "esbuild"
import { fileURLToPath } from "node:url"

const ENTRY = fileURLToPath(new URL("client/main.ts", import.meta.url))

/** @returns one module; about 0.1 s */
export async function clientBundle() {
    try {
        const { outputFiles } = await build({
            entryPoints: [ENTRY],
            bundle: true,
            format: "esm",
            target: "es2022",
            write: false,
            logLevel: "silent",
        })
        return outputFiles[0].contents
    } finally {
        // or its process would stay as long as ours
        await stop()
    }
}
