/** What goes into a simulated device and comes out of it (device.ts). */
import type { EncodedSettings, SettingValue } from "../settings-file.ts"
import type { SimulatedDevice } from "./device.ts"
import type { LogLevel } from "./log-line.ts"

/** Plain values, or what `parseSettings` and `readSettingsFiles` return. */
export type Settings = Record<string, SettingValue> | EncodedSettings

export interface DeviceOptions {
    bytecode: Uint8Array
    /** In place before the program starts. Default: none. */
    settings?: Settings
    /** Collect garbage at each allocation: finds what the program fails to keep. Slow. */
    gcStress?: boolean
    /** Bytes in one piece of TCP data handed to the program. Default 1460, as on the board. */
    maxPieceBytes?: number
    /**
     * How long a driven clock waits for a host's answer before it runs on without, in real milliseconds. Default 1000;
     * more, on a busy computer, where an answer certainly comes.
     */
    answerWaitMs?: number
    /** File URL of a module that stands in for the network (default export: `SocketsFactory`). */
    socketsModule?: string
    /** "driven": time stands still but for `runFor` and the `waitFor...` helpers. Default "real". */
    clock?: "real" | "driven"
    /** 16 hexadecimal digits. Default: random. */
    deviceId?: string
    /** Sample the heap after each turn of the VM, for `memory()`'s extremes. Default false. */
    heapReport?: boolean
    /** Count the VM's steps and allocations, for `counts()`. Costs a tenth more CPU time. Default false. */
    countSteps?: boolean
    /**
     * The VM is as slow as on the Pico W's chip, whose prices sim/chip.ts knows: what it does takes device time, while data
     * goes on arriving, a piece each ms, and nothing makes the sender wait. With a driven clock only. Default false.
     */
    chipSpeed?: boolean
    /** Called before the device has power: attach listeners here to miss nothing of the program's start. */
    onCreated?: (device: SimulatedDevice) => void
}

/** All times `t` are device milliseconds since `start()`; they go on over a restart. */
export interface DeviceEvents {
    /** The lit LEDs have changed: "1" lit, "0" dark, LED1 first. */
    leds: [leds: string, t: number]
    /** A line of console.log, debug, warn or error, cut by the VM at about 290 bytes. */
    log: [LogRecord]
    /** What was given to console.data: an object, or one as JSON text. */
    data: [DataRecord]
    /** Any line of the VM's log, raw. */
    dmesg: [line: string, t: number]
    /** The program begins, from its first statement. */
    program: [{ t: number; name: string }]
    /**
     * The program died; the VM starts it again in about 5 s. Code -1: the VM itself died, and stays dead
     * ("exit" follows), as the board does: it blinks with interrupts off for 97 days (devicescript-pico,
     * src/platform.c, hw_panic).
     */
    panic: [{ t: number; code: number; text: string }]
    /** The chip was reset: the VM starts anew, as from power-on, with the same flash. */
    restart: [{ t: number; count: number }]
    /** The device's process is gone for good. */
    exit: [{ reason: "stopped" | "crash" | "killed"; text: string }]
}

export interface LogRecord {
    t: number
    level: LogLevel
    text: string
}

export interface DataRecord {
    t: number
    /** undefined if the VM has cut the text: objects at 100 bytes, text (JSON.stringify) at about 290. */
    record: unknown
    /** As printed. */
    text: string
}

export interface FrameRecord {
    t: number
    leds: string
}

export interface WaitOptions {
    /** Take what happened since this device time (ms) into account too. Default: from now on. */
    since?: number
}
