/**
 * TypeScript for a process, bundled into one JavaScript file: the process then starts in a third of the CPU time that it
 * takes to load a compiler first. What was bundled before is taken as it is while its sources read the same.
 */
import type { BuildOptions } from "esbuild"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { bundle } from "../bundle.ts"
import { cachedFile, cachePath, replaceCached } from "./cached-file.ts"

/** Packages, the bundler among them, change with it. */
const LOCK = fileURLToPath(new URL("../../package-lock.json", import.meta.url))

/** What a bundle was made of. */
interface Recipe {
    /** Paths of the sources outside of packages. */
    sources: string[]
    /** Of their contents. */
    hash: string
    file: string
}

const bundled = new Map<string, Promise<string>>()

/**
 * @param module URL of a module; its query stays with it
 * @returns file URL of the bundle, made once in the life of this process; a module in JavaScript stays what it is
 * @throws if it does not compile
 */
export async function runnable(module: string): Promise<string> {
    const { pathname, search } = new URL(module)
    if (!pathname.endsWith(".ts")) return module
    let file = bundled.get(pathname)
    if (!file) {
        file = bundledFile(module, { packages: "external" })
        bundled.set(pathname, file)
    }
    return pathToFileURL(await file).href + search
}

/**
 * @param module URL of TypeScript
 * @returns path of the bundle, whose name changes with its contents
 * @throws if it does not compile
 */
export async function bundledFile(
    module: string,
    options: BuildOptions
): Promise<string> {
    const name = basename(fileURLToPath(module), ".ts")
    const key = hashOf([module, JSON.stringify(options)])
    const recipeFile = `${name}-${key}.json`
    const recipe = readRecipe(cachePath(recipeFile))
    if (recipe) return recipe.file
    const { contents, sources } = await bundle(module, {
        platform: "node",
        target: "node20",
        sourcemap: "inline",
        sourcesContent: false,
        ...options,
    })
    const file = cachedFile(`${name}-${hashOf([contents])}.mjs`, () => contents)
    const made: Recipe = { sources, hash: hashOfFiles(sources), file }
    replaceCached(recipeFile, JSON.stringify(made))
    return file
}

/** @returns undefined if there is none, or what it describes is no longer so */
function readRecipe(path: string): Recipe | undefined {
    try {
        const recipe = JSON.parse(readFileSync(path, "utf8")) as Recipe
        const isTrue =
            existsSync(recipe.file) &&
            hashOfFiles(recipe.sources) === recipe.hash
        return isTrue ? recipe : undefined
    } catch {
        return undefined
    }
}

function hashOfFiles(paths: string[]) {
    return hashOf([LOCK, ...paths].map(path => readFileSync(path)))
}

function hashOf(contents: (string | Uint8Array)[]) {
    const hash = createHash("sha256")
    for (const part of contents) hash.update(part)
    return hash.digest("hex").slice(0, 16)
}
