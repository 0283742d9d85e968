/**
 * `npm run traffic` as one file of JavaScript: tests start about ninety of them, and each is up in a quarter of the CPU time
 * that tsx and the Redis client's many files take. (One test of test/host/traffic/traffic.test.ts runs the source, as the command does.)
 */
import { createHash } from "node:crypto"
import { bundle } from "../../../../sim/bundle.ts"
import { cachedFile } from "../../../../sim/vm/cached-file.ts"

const MAIN = new URL("../../../../sim/traffic/main.ts", import.meta.url)
/** The one module of it that asks where it is: it starts the program beside it. */
const WORKER = new URL("orders/worker-process.ts", MAIN)

/** @returns the file's path */
export async function trafficProgram(): Promise<string> {
    const contents = await bundle(MAIN, {
        platform: "node",
        target: "node20",
        define: { "import.meta.url": JSON.stringify(WORKER.href) },
        // packages in CommonJS ask for Node's modules this way
        banner: {
            js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        },
    })
    const hash = createHash("sha256").update(contents).digest("hex")
    return cachedFile(`traffic-${hash.slice(0, 16)}.mjs`, () => contents)
}
