/**
 * Runs all tests as `node --test` does, each file in a process of its own, but not in the order of the alphabet: those that
 * wait long for something begin first, beside those that keep a processor busy. They are bundled before, all at once, as
 * each process would have to load a compiler otherwise. Its last lines are the test runner's own.
 */
import { build, stop } from "esbuild"
import { readdirSync, rmSync } from "node:fs"
import { run } from "node:test"
import { spec, tap } from "node:test/reporters"
import { fileURLToPath } from "node:url"
import { BUNDLE_OPTIONS } from "./bundles.ts"

const HOST = fileURLToPath(new URL("..", import.meta.url))

/** More than processors: at any moment half of them wait for a server, a device or a browser. */
const AT_ONCE = 4

/** Long ones, the longest waits first; those that need DeviceScript's fixed ports are apart. The others follow. */
const FIRST = [
    "light/any-fault-soak",
    "docs/commands",
    "device-tests",
    "light/faults",
    "page/page",
    "light/hostile",
    "desk/bundle",
    "simulator/simulator",
    "redis/lag-lies",
    "light/leaks",
    "redis/lag-random",
    "board/faults",
    "desk/devtools",
    "traffic/orders",
    "traffic/traffic",
    "page/door",
    "redis/lag-vectors",
    "desk/deploy",
    "redis/sentinel",
    "redis/tls",
    "redis/wire",
    "desk/check",
].map(name => `${name}.test.ts`)

const all = (readdirSync(HOST, { recursive: true }) as string[])
    .map(name => name.replaceAll("\\", "/"))
    .filter(name => name.endsWith(".test.ts"))
    .sort()
/** Within the project, so that its packages are found from there. */
const BUNDLES = fileURLToPath(
    new URL("../../../.devicescript/laglight/tests/", import.meta.url)
)

const missing = FIRST.filter(name => !all.includes(name))
if (missing.length > 0)
    throw new Error(`there is no test ${missing.join(", ")}`)

rmSync(BUNDLES, { recursive: true, force: true })
await build({
    ...BUNDLE_OPTIONS,
    entryPoints: all.map(name => `${HOST}${name}`),
    outbase: HOST,
    outdir: BUNDLES,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    splitting: true,
    sourcemap: true,
    sourcesContent: false,
})
await stop()

// no test needs a certificate authority of this machine, and each process would read them all as it starts
delete process.env.NODE_EXTRA_CA_CERTS

run({
    files: [...new Set([...FIRST, ...all])].map(
        name => `${BUNDLES}${name.replace(/ts$/, "mjs")}`
    ),
    concurrency: AT_ONCE,
})
    .on("test:fail", ({ todo }) => {
        if (todo === undefined || todo === false) process.exitCode = 1
    })
    // as `node --test` has it: for people, and for programs
    .compose(process.stdout.isTTY ? new spec() : tap)
    .pipe(process.stdout)
