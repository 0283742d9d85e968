/** What can go wrong between a device and Redis, as data, and what it does to the bytes of a reply. */

/**
 * Offsets count bytes from the server to the client, from the moment the fault is set (existing
 * connections) or from the first byte (new ones). With `per: "reply"` they start at 0 again whenever the
 * client has sent something.
 */
interface At {
    per?: "connection" | "reply"
}

export type Fault =
    /** Everything passes. */
    | { kind: "none" }
    /** Nothing listens: new connections are refused. Existing ones stay open. */
    | { kind: "refuse" }
    /** Existing connections are reset, and new ones as soon as they are made. */
    | { kind: "cut" }
    /** SYNs stay unanswered, as from a host that is off: connecting hangs. Linux only. Existing connections stay open. */
    | { kind: "no-answer" }
    /** New connections are accepted and never get a byte, not even later. Existing ones stay open. */
    | { kind: "silent" }
    /** FIN after this many bytes: 0 closes instead of the first byte. */
    | ({ kind: "close"; after: number } & At)
    /** RST after this many bytes. */
    | ({ kind: "reset"; after: number } & At)
    /** Every byte comes this much later, in order; with `bothWays`, what the client sends does too. */
    | { kind: "delay"; ms: number; bothWays?: boolean }
    /** Pieces of at most `bytes`, each its own segment; `bytes: 1` drips. */
    | { kind: "pieces"; bytes: number; everyMs: number }
    /** A pause at this offset; nothing is lost. */
    | ({ kind: "split"; at: number; pauseMs: number } & At)
    /** As split, at 1 in the first reply, at 2 in the next, ... and from 1 again when a reply is shorter. */
    | { kind: "sweep"; pauseMs: number }
    /** One byte is changed: XORed, with 0x20 by default. */
    | ({ kind: "corrupt"; at: number; xor?: number } & At)
    /** What arrives in one piece arrives twice. */
    | { kind: "duplicate" }
    /** What the client sends does not reach the server. */
    | { kind: "swallow" }
    /** Existing connections are dead: nothing passes, and neither side is notified. New ones work: as if the server was restarted while the cable was unplugged. */
    | { kind: "half-open" }
    /** Nothing passes, not even a close; connections made meanwhile stay dead. New ones are accepted (by the proxy) and silent. */
    | { kind: "black-hole" }

/** A client that finds data and a reset at once reports the data and an ordinary close (libuv does). */
const BEFORE_RESET_MS = 20

/** What to do instead of passing a chunk on. */
export type Step =
    { send: Buffer } | { waitMs: number } | { end: "fin" | "rst" }

/** The position of a chunk. */
export interface Position {
    /** Of its first byte, see At. */
    connection: number
    reply: number
    /** Replies since the fault was set, this one included. */
    replies: number
}

/** @returns the steps for a chunk from the server, and whether the fault was applied to it */
export function stepsFor(
    fault: Fault,
    chunk: Buffer,
    position: Position
): { steps: Step[]; applied: boolean } {
    const pass = { steps: [{ send: chunk }], applied: false }
    switch (fault.kind) {
        case "close":
        case "reset": {
            const keep = fault.after - start(fault, position)
            if (keep < 0 || keep > chunk.length) return pass
            const steps = sends(chunk.subarray(0, keep))
            if (fault.kind === "close") steps.push({ end: "fin" })
            else steps.push({ waitMs: BEFORE_RESET_MS }, { end: "rst" })
            return { steps, applied: true }
        }
        case "delay":
            // the connection does the waiting: it knows when the chunk came
            return { ...pass, applied: true }
        case "pieces":
            return { steps: pieces(chunk, fault), applied: true }
        case "split":
            return split(
                chunk,
                fault.at - start(fault, position),
                fault.pauseMs
            )
        case "sweep": {
            // a reply of n bytes has n - 1 places to cut
            const end = position.reply + chunk.length
            const at = 1 + ((position.replies - 1) % Math.max(1, end - 1))
            return split(chunk, at - position.reply, fault.pauseMs)
        }
        case "corrupt": {
            const at = fault.at - start(fault, position)
            if (at < 0 || at >= chunk.length) return pass
            const altered = Buffer.from(chunk)
            altered[at] ^= fault.xor ?? 0x20
            return { steps: [{ send: altered }], applied: true }
        }
        case "duplicate":
            return { steps: [{ send: chunk }, { send: chunk }], applied: true }
        default:
            return pass
    }
}

function start({ per = "connection" }: At, position: Position) {
    return position[per]
}

function split(chunk: Buffer, at: number, pauseMs: number) {
    if (at < 0 || at >= chunk.length)
        return { steps: [{ send: chunk }], applied: false }
    return {
        steps: [
            ...sends(chunk.subarray(0, at)),
            { waitMs: pauseMs },
            { send: chunk.subarray(at) },
        ],
        applied: true,
    }
}

function pieces(
    chunk: Buffer,
    { bytes, everyMs }: { bytes: number; everyMs: number }
) {
    const steps: Step[] = []
    for (let i = 0; i < chunk.length; i += bytes)
        steps.push({ send: chunk.subarray(i, i + bytes) }, { waitMs: everyMs })
    return steps
}

/** A send of nothing is no segment. */
function sends(bytes: Buffer): Step[] {
    return bytes.length > 0 ? [{ send: bytes }] : []
}
