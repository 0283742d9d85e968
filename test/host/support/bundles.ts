/**
 * Tests, and the commands that they run, as JavaScript: a process then starts in a fraction of the CPU time that it takes to
 * load a compiler and, one by one, the files of the Redis client. (The sources as npm runs them: test/host/docs/commands.test.ts.)
 */
import type { BuildOptions } from "esbuild"
import { readFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { bundledFile } from "../../../sim/vm/process-bundle.ts"

const ROOT = new URL("../../../", import.meta.url)

/** Our own sources find other files from where they themselves lie, not from where the bundle does. */
const OWN = /[\\/](?:sim|src|test)[\\/][^:]*\.ts$/

export const BUNDLE_OPTIONS: BuildOptions = {
    platform: "node",
    target: "node20",
    // too large, or not made for it
    external: [
        "@devicescript/*",
        "esbuild",
        "playwright-core",
        "redis-memory-server",
        "serialport",
        "tsx",
        "typescript",
    ],
    define: { "import.meta.url": "sourceUrl" },
    plugins: [
        {
            name: "source URLs",
            setup: ({ onLoad }) =>
                onLoad({ filter: OWN }, async ({ path }) => ({
                    loader: "ts",
                    // in the first line, so that the others keep their numbers
                    contents: `const sourceUrl = ${JSON.stringify(pathToFileURL(path).href)}; ${await readFile(path, "utf8")}`,
                })),
        },
    ],
    // packages in CommonJS ask for Node's modules this way
    banner: {
        js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
}

/**
 * @param script path of a command from the project's folder, such as sim/start.ts
 * @returns path of the bundle, for `node` to run
 */
export function bundledScript(script: string): Promise<string> {
    return bundledFile(new URL(script, ROOT).href, {
        ...BUNDLE_OPTIONS,
        sourcemap: false,
    })
}
