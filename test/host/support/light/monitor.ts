/** What a Redis server is asked, as its MONITOR tells. */
import { once } from "node:events"
import { connect } from "node:net"
import { createInterface } from "node:readline"

/** `1700000000.123456 [0 127.0.0.1:5000] "XLEN" "jobs"` */
const LINE = /^\+\d+\.\d+ \[\d+ [^\]]+\] (.*)/

/** Resolves when it listens. */
export async function monitor({ port }: { port: number }) {
    const socket = connect(port, "127.0.0.1")
    const commands: string[][] = []
    const lines = createInterface(socket)
    const listening = once(lines, "line")
    socket.write("MONITOR\r\n")
    await listening
    lines.on("line", line => {
        const words = LINE.exec(line)?.[1].match(/"(?:[^"\\]|\\.)*"/g)
        if (words) commands.push(words.map(word => word.slice(1, -1)))
    })
    return {
        /** Commands so far, the words as MONITOR quotes them. */
        commands,
        async stop() {
            socket.destroy()
        },
    }
}
