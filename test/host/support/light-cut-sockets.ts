/**
 * A device's sockets on this computer's network, which hand replies over in pieces, in the device's own time. How is in
 * the module's query: `?cut` cuts each reply in two, the first after byte 1, the next after byte 2, and so on, from 1 again
 * where a reply ends; `?drip` hands over byte by byte.
 */
import patientSockets from "./light-patient-sockets.ts"
import type { SocketEvent, SocketHost } from "../../../sim/vm/sockets.ts"

/** Device time between two pieces. */
const PIECE_MS = 3

const mode = new URL(import.meta.url).search.slice(1)

export default function cutSockets(host: SocketHost) {
    const waiting: [SocketEvent, string | Uint8Array | undefined][] = []
    let offset = 0
    let pumping = false

    function pump() {
        const next = waiting.shift()
        pumping = next !== undefined
        if (!next) return
        host.emit(...next)
        host.clock.setTimeout(pump, PIECE_MS)
    }

    function pieces(bytes: Uint8Array) {
        if (mode === "drip") return [...bytes].map(byte => Uint8Array.of(byte))
        offset = offset + 1 < bytes.length ? offset + 1 : 1
        return [bytes.subarray(0, offset), bytes.subarray(offset)]
    }

    return patientSockets({
        ...host,
        emit(event, arg) {
            if (arg instanceof Uint8Array)
                for (const piece of pieces(arg)) waiting.push([event, piece])
            else waiting.push([event, arg])
            if (!pumping) pump()
        },
    })
}

/** File URLs for the option `socketsModule`. */
export const CUT_REPLIES = new URL("?cut", import.meta.url).href
export const DRIPPING_REPLIES = new URL("?drip", import.meta.url).href
