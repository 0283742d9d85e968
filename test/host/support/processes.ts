/** Processes of this computer, for tests that nothing is left behind. Not for Windows. */
import { execFile } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"

/** The end of somebody else's child is no event: how often to look. */
const LOOK_MS = 20

/** The ids of all living processes below this one. */
export async function descendants(pid: number): Promise<number[]> {
    const table = await processTable()
    const found = [pid]
    // children are appended while the list is walked
    for (const parent of found)
        found.push(...table.filter(p => p.ppid === parent).map(p => p.pid))
    return found.slice(1)
}

/** Resolves when all of these have ended. @throws Error naming those that live on */
export async function allGone(pids: number[], timeoutMs: number) {
    const deadline = Date.now() + timeoutMs
    for (;;) {
        const alive = (await processTable()).filter(p => pids.includes(p.pid))
        if (alive.length === 0) return
        if (Date.now() > deadline)
            throw new Error(
                `left behind: ${alive.map(p => `${p.pid} ${p.command}`).join("; ")}`
            )
        await sleep(LOOK_MS)
    }
}

/** Without those that have ended and only wait to be noticed by their parent. */
async function processTable() {
    const { stdout } = await promisify(execFile)("ps", [
        "-A",
        "-o",
        "pid=,ppid=,stat=,args=",
    ])
    return stdout
        .trim()
        .split("\n")
        .map(line => {
            const [, pid, ppid, stat, command] =
                /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
            return { pid: Number(pid), ppid: Number(ppid), stat, command }
        })
        .filter(({ stat }) => stat && !stat.startsWith("Z"))
}
