/** The messages between a device's process and its parent, over Node's IPC channel. */

/** The first message to the process: how to make the device. */
export interface StartMessage {
    kind: "start"
    /** 16 hexadecimal digits. */
    deviceId: string
    gcStress: boolean
    /** Bytes in one piece of TCP data handed to the program, at most. */
    maxPieceBytes: number
    /** How long a driven clock waits for a host's answer, in real milliseconds. */
    answerWaitMs: number
    /** Path of the VM's code (see vm-module.ts). */
    vmSource: string
    /** File URL of a module that replaces host-sockets.ts (see sockets.ts). */
    socketsModule?: string
    clock: "real" | "driven"
    /** The device's time 0, in milliseconds since the Unix epoch. */
    originMs: number
    /** Where a driven clock stands, in device milliseconds. */
    nowMs: number
    /** Flash contents; empty is a new chip. */
    flash: Uint8Array
    /** Sample the heap after each turn of the VM. */
    heapReport: boolean
    /** Count steps and allocations. */
    countSteps: boolean
    /** The VM takes the time that the Pico W's chip takes (sim/chip.ts). */
    chipSpeed: boolean
}

export type ToDevice =
    | StartMessage
    | { kind: "frame"; frame: Uint8Array }
    | { kind: "deploy"; id: number; bytecode: Uint8Array }
    /** Answered with a `MemoryReport`; `resetExtremes`: the extremes are those from now on. */
    | { kind: "memory"; id: number; resetExtremes: boolean }
    /** Answered with `VmCounts`; undefined without `countSteps`. */
    | { kind: "counts"; id: number }
    /**
     * Run a driven clock up to `untilMs`, in device milliseconds; with `stopOnOutput` only to the moment
     * when the device next prints a line or sends a command (as it does to show its LEDs).
     */
    | { kind: "run"; id: number; untilMs: number; stopOnOutput: boolean }

/** `t` is the device's time in milliseconds; it goes on over a chip reset. */
export type FromDevice =
    | { kind: "frame"; t: number; frame: Uint8Array }
    | { kind: "dmesg"; t: number; line: string }
    | { kind: "panic"; t: number; code: number }
    /**
     * The VM has come to its end: a chip reset, or a failure of the VM itself. The process exits; what it wrote to flash
     * (128 KB, too much to tell of each write) is left for the next.
     */
    | {
          kind: "ended"
          t: number
          reason: "reset" | "crash"
          text: string
          flash: Uint8Array
      }
    | { kind: "done"; t: number; id: number; value?: unknown; error?: string }

/** The VM's heap, as a walk over its blocks finds it (sim/vm/heap.ts). */
export interface MemoryReport {
    /** Bytes in blocks that are in use or not yet collected. */
    usedBytes: number
    freeBytes: number
    /** The largest free block, in bytes: no larger object fits without a collection. */
    largestFreeBytes: number
    /**
     * The least `freeBytes` seen since the program started. Sampled with `heapReport` after each turn of
     * the VM and at each log line and socket write; without it only by the calls of `memory()`. Between
     * collections it counts what is not yet collected: for the program's true need use `gcStress`.
     */
    lowestFreeBytes: number
    /**
     * The most bytes that were in use after a garbage collection, as far as samples tell: the program's
     * true need. 0 until a collection was seen.
     */
    peakLiveBytes: number
}
