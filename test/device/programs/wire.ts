/**
 * Connects to HOST:PORT, says hello, and reports what arrives: pieces, bytes, the largest piece, the
 * shortest time between pieces is the host's to measure; each byte must be one more than the last, modulo 251.
 * With ECHO it says nothing of its own and sends back whatever arrives.
 */
import * as ds from "@devicescript/core"
import { connect, Socket } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

const host = await readSetting("HOST", "localhost")
const port = await readSetting("PORT", 1)
const echo = await readSetting("ECHO", false)

let pieces = 0
let bytes = 0
let largest = 0
let wrong = 0

function take(piece: Buffer) {
    pieces++
    largest = Math.max(largest, piece.length)
    // the ends of each piece tell whether one is missing, doubled or out of order
    if (piece[0] !== bytes % 251) wrong++
    bytes += piece.length
    if (piece[piece.length - 1] !== (bytes - 1) % 251) wrong++
}

try {
    const socket: Socket = await connect({ host, port })
    console.log("open")
    if (!echo) await socket.send("hello\r\n")
    while (true) {
        const piece = await socket.recv(5000)
        if (!piece) {
            console.log(piece === null ? "end" : "silence")
            break
        }
        if (echo) await socket.send(piece)
        take(piece)
    }
} catch (e) {
    console.log(`error: ${(e as Error).message}`)
}
console.log(`pieces=${pieces} bytes=${bytes} largest=${largest} wrong=${wrong}`)
