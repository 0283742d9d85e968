/**
 * A port on which connecting hangs, as with a host that is switched off. Linux drops a SYN when the queue of
 * connections that wait to be accepted is full; so a process listens with the shortest queue, is stopped
 * before it can accept, and the queue is filled.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"

const HOST = "127.0.0.1"

/** A queue of length 1 takes two connections on Linux; one more to be sure. */
const FILL = 3

/** The listener stops itself (SIGSTOP) in the callback of listen(). */
const LISTENER = `
    require("node:net").createServer().listen(
        { host: ${JSON.stringify(HOST)}, port: Number(process.argv[1]), backlog: 1 },
        () => {
            require("node:fs").writeSync(1, "listening")
            process.kill(process.pid, "SIGSTOP")
        }
    )`

/** Resolves when connecting to the port hangs. @throws Error if the port is taken */
export async function listenUnanswered(port: number) {
    const child = spawn(process.execPath, ["-e", LISTENER, String(port)], {
        stdio: ["ignore", "pipe", "inherit"],
    })
    const killer = () => child.kill("SIGKILL")
    process.once("exit", killer)
    const exited = once(child, "exit")
    const isListening = await Promise.race([
        once(child.stdout, "data").then(() => true),
        exited.then(() => false),
    ])
    if (!isListening) throw new Error(`cannot listen on port ${port}`)
    const fillers = Array.from({ length: FILL }, () =>
        connect({ host: HOST, port }).on("error", () => {})
    )
    // the first ones get through, in order; the last stays unanswered
    await Promise.all(
        fillers.slice(0, -1).map(filler => once(filler, "connect"))
    )
    return {
        async stop() {
            process.off("exit", killer)
            for (const filler of fillers) filler.destroy()
            child.kill("SIGKILL")
            await exited
        },
    }
}
