/** One of the project's scripts, in a process as its npm command starts it. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { bundledScript } from "../bundles.ts"

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url))
/** What hangs is ended hard. */
const TIMEOUT_MS = 180_000

export interface ScriptOptions {
    /** The script is interrupted, as by Ctrl-C, once its stdout matches; else it runs to its end. */
    wanted?: RegExp
    env?: NodeJS.ProcessEnv
    /** The source is run, just as by npm, rather than its bundle, which starts faster. Default false. */
    isSource?: boolean
}

/** @param script its path, from the project's folder */
export async function runScript(
    script: string,
    args: string[],
    { wanted, env = {}, isSource = false }: ScriptOptions = {}
) {
    // a test runner's settings are not for this process
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
    const program = isSource
        ? ["sim/run.cjs", script]
        : [await bundledScript(script)]
    const child = spawn(process.execPath, [...program, ...args], {
        cwd: ROOT,
        env: { ...inherited, ...env },
        stdio: ["ignore", "pipe", "pipe"],
    })
    let [stdout, stderr] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", text => {
        stdout += text
        if (wanted?.test(stdout)) child.kill("SIGINT")
    })
    child.stderr.setEncoding("utf8").on("data", text => (stderr += text))
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS)
    const code = await new Promise(resolve => child.once("close", resolve))
    clearTimeout(timer)
    return { code, stdout, stderr }
}
