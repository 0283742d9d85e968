/** Connects to HOST:PORT and sends back whatever arrives. */
import { connect } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"

const host = await readSetting("HOST", "localhost")
const port = await readSetting("PORT", 1)
const socket = await connect({ host, port })
while (true) {
    const piece = await socket.recv(60000)
    if (!piece) break
    await socket.send(piece)
}
console.log("end")
