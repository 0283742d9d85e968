/** What goes into a simulated device and comes out of it (device.ts). */
import type { EventEmitter } from "node:events"
import { LEDS } from "../../src/display/display.ts"
import type { EncodedSettings, SettingValue } from "../settings-file.ts"
import type { LogLevel } from "./log-line.ts"

/** No LED is lit. */
export const DARK = "0".repeat(LEDS)

/** Plain values, or what `parseSettings` and `readSettingsFiles` return. */
export type Settings = Record<string, SettingValue> | EncodedSettings

/** A device as seen from outside: the simulated one (device.ts), or a board on USB (sim/desk/board.ts). */
export interface Device extends EventEmitter<DeviceEvents> {
    /** Which LEDs are lit, LED1 first: "1110000000". */
    readonly leds: string
    /** Device time, ms. */
    readonly now: number
    /** Log lines so far, as far as they are kept. */
    readonly logs: readonly LogRecord[]
    /** Resets so far, as far as they were seen. */
    readonly restarts: number
    /** Asks the chip to reset itself. */
    reset(): Promise<void>
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
    /** The line to a board has closed: it is unplugged, or resets itself. A simulated device has no line. */
    gone: []
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
