/**
 * Ends a process, and removes its folder, when whoever started this guard has gone: stdin is a pipe from
 * there, and the system closes it at that process's end, even after SIGKILL.
 * Plain JavaScript, so that it starts at once. Arguments: process id, folder.
 */
import { rmSync } from "node:fs"

const [pid, folder] = process.argv.slice(2)

process.stdin.resume().once("close", () => {
    try {
        process.kill(Number(pid), "SIGKILL")
    } catch {
        // ESRCH: it has ended
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})
