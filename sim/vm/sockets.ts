/** What stands between a program's `connect()` and a network. One socket at a time, as on the board. */
import type { Clock } from "./clock.ts"

export type SocketEvent = "open" | "close" | "error" | "data"

/** The device's side, handed to a sockets module. */
export interface SocketHost {
    /**
     * Tells the program. `arg` is the text of an error or the bytes of data. Safe at any moment: an event
     * raised while the VM runs is delivered right after.
     */
    emit(event: SocketEvent, arg?: string | Uint8Array): void
    /** Use this one for time and timers, so that a driven clock drives the network too. */
    clock: Clock
    /** Bytes in one "data" event, at most. */
    maxPieceBytes: number
    /** How long a driven clock waits for a host's answer, in real milliseconds. */
    answerWaitMs: number
}

/** The network's side. Each function returns 0, or a negative number for a failure. */
export interface Sockets {
    open(host: string, port: number, tls: boolean): number
    write(bytes: Uint8Array): number
    close(): number
    /** Whether there is a network at all (default true); without, `connect()` throws at once. */
    isAvailable?(): boolean
}

/** The default export of a module given as `socketsModule`. */
export type SocketsFactory = (host: SocketHost) => Sockets
