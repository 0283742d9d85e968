/**
 * Does with sockets what the setting STEPS says, one word after the other, without any care: the fake Pico W must tell.
 *
 * `connect HOST PORT MS`, `tls HOST PORT MS`, `start HOST PORT MS` (a connect that is not waited for), `send BYTES TIMES`,
 * `quit`, `ask` (XINFO GROUPS), `recv MS`, `close` (the socket), `native` (whatever socket the runtime has), `sleep MS`,
 * `visit HOST` (connect, QUIT, and wait for the close), `restart` (the program), `reboot` (the chip), `read N` (XREAD COUNT N, and all of its reply).
 */
import * as ds from "@devicescript/core"
import { connect, Socket } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

/** Long enough for Wi-Fi and DHCP. */
const READY_MS = 3000
/** More steps than any test has. */
const STEPS = 40

const words = (await readSetting("STEPS", "")).split(" ")
/** After a restart of the program: what it does then. */
const again = (await readSetting("AGAIN", "")).split(" ")
let at = 0
let socket: Socket = undefined

async function open(name: string, host: string, port: number, ms: number) {
    try {
        socket = await connect({
            host,
            port,
            proto: name === "tls" ? "tls" : "tcp",
            timeout: ms,
        })
        console.log(`${name}: open`)
    } catch (e: any) {
        console.log(`${name}: ${e.message}`)
    }
}

async function send(bytes: Buffer, times: number) {
    for (let i = 1; i <= times; ++i) {
        try {
            await socket.send(bytes)
        } catch (e: any) {
            console.log(`send ${i}: ${e.message}`)
            return
        }
    }
    console.log("sent")
}

async function receive(ms: number) {
    let pieces = 0
    let bytes = 0
    let largest = 0
    let end = ""
    try {
        while (!end) {
            const piece = await socket.recv(ms)
            if (piece === undefined) end = "silence"
            else if (piece === null) end = "null"
            else {
                pieces++
                bytes += piece.length
                largest = Math.max(largest, piece.length)
            }
        }
    } catch (e: any) {
        end = e.message
    }
    console.log(`recv: ${pieces} pieces, ${bytes} bytes, ${largest}: ${end}`)
}

/** Keeps what comes, as a program does that wants the whole reply. */
async function hoard(ms: number) {
    const pieces: Buffer[] = []
    for (;;) {
        const piece = await socket.recv(ms)
        if (!piece) break
        pieces.push(piece)
    }
    console.log(`hoarded ${pieces.length} pieces`)
}

async function step(list: string[]) {
    const name = list[at]
    const host = list[at + 1]
    const port = parseInt(list[at + 2])
    const ms = parseInt(list[at + 3])
    switch (name) {
        case "connect":
        case "tls":
            await open(name, host, port, ms)
            at += 4
            return
        case "start":
            open.start(name, host, port, ms)
            await ds.sleep(1)
            at += 4
            return
        case "send":
            await send(Buffer.alloc(parseInt(host)), port)
            at += 3
            return
        case "ask":
            await send(
                Buffer.from(
                    "*3\r\n$5\r\nXINFO\r\n$6\r\nGROUPS\r\n$4\r\njobs\r\n"
                ),
                1
            )
            break
        case "quit":
            await send(Buffer.from("*1\r\n$4\r\nQUIT\r\n"), 1)
            break
        case "read":
            await send(
                Buffer.from(
                    `*6\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$${host.length}\r\n${host}\r\n$7\r\nSTREAMS\r\n$4\r\njobs\r\n$1\r\n0\r\n`
                ),
                1
            )
            at += 2
            return
        case "visit":
            await open("visit", host, 6379, 16000)
            await send(Buffer.from("*1\r\n$4\r\nQUIT\r\n"), 1)
            await receive(1000)
            at += 2
            return
        case "recv":
            await receive(parseInt(host))
            at += 2
            return
        case "hoard":
            await hoard(parseInt(host))
            at += 2
            return
        case "sleep":
            await ds.sleep(parseInt(host))
            at += 2
            return
        case "close":
            await socket.close()
            break
        case "native":
            console.log(`native: ${(ds as any)._socketClose()}`)
            break
        case "restart":
            ds.restart()
            break
        case "reboot":
            ds.reboot()
            break
    }
    at++
}

await ds.sleep(ds.millis() > READY_MS ? 10 : READY_MS)
const list = ds.millis() > 2 * READY_MS ? again : words
console.log(`naive at ${ds.millis()}`)
for (let i = 0; i < STEPS && at < list.length; ++i) await step(list)
console.log("done")
