/**
 * A device's sockets on this computer's network, which hand replies over in pieces, in the device's own time. How is in
 * the module's query:
 * - `?cut` cuts each reply in two, the first after byte 1, the next after byte 2, and so on, from 1 again where a reply ends;
 * - `?drip` hands over byte by byte;
 * - `?trickle` does too, a byte in each millisecond: a piece comes in the very one in which a time limit ends;
 * - `?late` hands over 0.7 s late;
 * - `?once` hands over the first answer to TIME 3 s late, and the others at once;
 * - `?close` closes the connection in the middle of each fourth long reply, at other offsets each time.
 */
import hostSockets from "../../../../sim/vm/host-sockets.ts"
import type {
    SocketEvent,
    SocketHost,
    Sockets,
} from "../../../../sim/vm/sockets.ts"

/** File URLs for the option `socketsModule`. */
export const CUT_REPLIES = new URL("?cut", import.meta.url).href
export const DRIPPING_REPLIES = new URL("?drip", import.meta.url).href
export const TRICKLING_REPLIES = new URL("?trickle", import.meta.url).href
export const LATE_REPLIES = new URL("?late", import.meta.url).href
export const ONE_LATE_REPLY = new URL("?once", import.meta.url).href
export const CLOSING_REPLIES = new URL("?close", import.meta.url).href

/** Device time by which a reply is late. */
const LATE_MS = 700
const LATE_ONCE_MS = 3000
/** What is closed in the middle is at least so long: the answer to a whole poll, not one of the first on a connection. */
const LONG_BYTES = 300
const CLOSE_EVERY = 4
/** From one offset to the next at which a connection is closed. */
const CLOSE_STEP = 3

type Event = [event: SocketEvent, arg?: string | Uint8Array]

const mode = new URL(import.meta.url).search.slice(1)
/** Device time between two pieces. */
const PIECE_MS = mode === "trickle" ? 1 : 3

export default function cutSockets(host: SocketHost): Sockets {
    const waiting: Event[] = []
    let offset = 0
    let replies = 0
    let pumping = false
    let wasLate = false

    /** How late a reply is handed over, ms. */
    function lateBy(reply: Uint8Array) {
        if (mode === "late") return LATE_MS
        // seconds, of ten digits since 2001, and microseconds
        const hasTime = Buffer.from(reply).includes("*2\r\n$10\r\n")
        if (mode !== "once" || wasLate || !hasTime) return undefined
        wasLate = true
        return LATE_ONCE_MS
    }

    function pump() {
        const next = waiting.shift()
        pumping = next !== undefined
        if (!next) return
        host.emit(...next)
        if (next[0] === "close") sockets.close()
        host.clock.setTimeout(pump, PIECE_MS)
    }

    function events(bytes: Uint8Array): Event[] {
        if (mode === "drip" || mode === "trickle")
            return [...bytes].map(byte => ["data", Uint8Array.of(byte)])
        if (mode === "cut") {
            offset = offset + 1 < bytes.length ? offset + 1 : 1
            return [
                ["data", bytes.subarray(0, offset)],
                ["data", bytes.subarray(offset)],
            ]
        }
        const closes =
            bytes.length > LONG_BYTES && ++replies % CLOSE_EVERY === 0
        if (!closes) return [["data", bytes]]
        offset = (offset + CLOSE_STEP) % bytes.length
        return [["data", bytes.subarray(0, offset)], ["close"]]
    }

    const sockets = hostSockets({
        ...host,
        emit(event, arg) {
            const lateMs = arg instanceof Uint8Array ? lateBy(arg) : undefined
            if (lateMs !== undefined)
                return void host.clock.setTimeout(
                    () => host.emit(event, arg),
                    lateMs
                )
            if (arg instanceof Uint8Array) waiting.push(...events(arg))
            else waiting.push([event, arg])
            if (!pumping) pump()
        },
    })
    return {
        ...sockets,
        // what is still to come of a connection that the program has left reaches nobody
        open(...where) {
            waiting.length = 0
            return sockets.open(...where)
        },
        close() {
            waiting.length = 0
            return sockets.close()
        },
    }
}
