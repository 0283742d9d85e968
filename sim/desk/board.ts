/**
 * A board on USB, with the same interface as the simulator: its `led` service, its log, its settings. It may disconnect
 * (unplugged, or reset by its own firmware) and come back: then `attach` it to its line again.
 */
import { createHash } from "node:crypto"
import { EventEmitter } from "node:events"
import type { Duplex } from "node:stream"
import {
    DeviceScriptManagerCmd,
    DeviceScriptManagerReg,
    JDBus,
    OutPipe,
    Packet,
    SettingsClient,
    SRV_DEVICE_SCRIPT_MANAGER,
    SRV_SETTINGS,
    UsbBridgeCmd,
} from "jacdac-ts"
import type { JDService } from "jacdac-ts"
import type { EncodedSettings } from "../settings-file.ts"
import { parseDataText } from "../vm/data-text.ts"
import { DARK } from "../vm/device-types.ts"
import type { Device, DeviceEvents, LogRecord } from "../vm/device-types.ts"
import { JacdacHost } from "../vm/jacdac-host.ts"
import { parseLogLine } from "../vm/log-line.ts"
import { DeskError } from "./run-command.ts"
import {
    bridgeCommand,
    bridgeFrame,
    encodeFrame,
    UsbReader,
} from "./usb-framing.ts"

export interface Deployment {
    bytecode: Uint8Array
    /** Wi-Fi credentials included. */
    settings: EncodedSettings
    /** All keys that the firmware knows: those not in `settings` are deleted on the board. */
    knownKeys: string[]
    /** Called with 0 to 1 while the program is sent. */
    onProgress?: (part: number) => void
}

/** How often frames and log are requested from the board, until they come. */
const HELLO_MS = 100
/** Between two turns of the bus's clock. */
const TICK_MS = 20
/** Log lines kept for a view that comes late. */
const LOG_LINES = 100
/** For an answer to one question over USB. */
const ATTEMPTS = 5
/** For a program to begin after a deploy. */
const BEGIN_MS = 10_000

export class Board extends EventEmitter<DeviceEvents> implements Device {
    leds = DARK
    readonly logs: LogRecord[] = []
    /** Times that the board went and came back. */
    restarts = 0

    private readonly originMs = performance.now()
    private line: Duplex | undefined
    private host: JacdacHost | undefined
    private deviceId: string | undefined
    private programs = 0
    private readonly timer: NodeJS.Timeout

    constructor() {
        super()
        this.setMaxListeners(0)
        this.timer = setInterval(() => this.host?.advance(this.now), TICK_MS)
        this.timer.unref()
    }

    /** Milliseconds since this object was made. */
    get now() {
        return performance.now() - this.originMs
    }

    /**
     * Connects to the board at the other end of a line. Resolves when it has announced itself.
     * @throws DeskError if it does not within `timeoutMs`
     */
    async attach(line: Duplex, timeoutMs = 10_000) {
        this.line = line
        const isReturn = this.host !== undefined
        let answers = 0
        const reader = new UsbReader({
            frame: frame => {
                answers++
                if (bridgeCommand(frame) === undefined) this.receive(frame)
            },
            line: text => this.receiveLine(text),
        })
        line.on("data", (bytes: Uint8Array) => reader.feed(bytes))
        line.once("error", () => this.detach(line))
        line.once("close", () => this.detach(line))
        const hello = setInterval(() => {
            // normally once is enough; a board that has just started may miss it
            this.write(bridgeFrame(UsbBridgeCmd.EnablePackets))
            this.write(bridgeFrame(UsbBridgeCmd.EnableLog))
        }, HELLO_MS)
        try {
            await this.until(
                () => {
                    if (answers > 0) clearInterval(hello)
                    return this.host?.isAnnounced
                },
                timeoutMs,
                () =>
                    answers > 0
                        ? "the board answers, but runs no DeviceScript that takes programs: npm run flash puts it there"
                        : "the board does not answer: is DeviceScript's runtime on it? npm run flash puts it there"
            )
        } finally {
            clearInterval(hello)
        }
        if (isReturn) {
            this.restarts++
            this.emit("restart", { t: this.now, count: this.restarts })
        }
    }

    /** Sends program and settings where they differ from what the board has, and starts it. */
    async deploy({
        bytecode,
        settings,
        knownKeys,
        onProgress,
    }: Deployment): Promise<{ programSent: boolean }> {
        const host = this.present()
        const manager = this.service(SRV_DEVICE_SCRIPT_MANAGER)
        const hash = manager.register(DeviceScriptManagerReg.ProgramSha256)
        await withRetries(() => hash.refresh())
        const isSame = Buffer.from(hash.data ?? []).equals(
            createHash("sha256").update(bytecode).digest()
        )
        const before = this.programs
        await withRetries(() => host.setRunning(false))
        if (!isSame)
            await OutPipe.sendBytes(
                manager,
                DeviceScriptManagerCmd.DeployBytecode,
                bytecode,
                onProgress
            )
        await this.deleteOthers(settings, knownKeys)
        await host.writeSettings(settings, [])
        await withRetries(() => host.setRunning(true))
        await this.until(
            () => this.programs > before,
            BEGIN_MS,
            () =>
                "the program was sent, but the board does not say that it begins"
        )
        return { programSent: !isSame }
    }

    /** The Jacdac bus with the board on it. */
    get bus(): JDBus {
        return this.present().bus
    }

    /** Asks the chip to reset itself; the line closes, or the program begins anew. */
    async reset() {
        await this.present().reset()
    }

    /** Ends all of it; the line is closed. */
    async stop() {
        clearInterval(this.timer)
        const { line, host } = this
        this.line = undefined
        this.host = undefined
        line?.destroy()
        await host?.stop()
    }

    /** Resolves when `probe` says so; asked often. @throws DeskError with `why` */
    async until(
        probe: () => boolean | undefined,
        timeoutMs: number,
        why: () => string
    ) {
        const deadline = performance.now() + timeoutMs
        while (!probe()) {
            if (!this.line) throw new DeskError("the board has gone")
            if (performance.now() > deadline) throw new DeskError(why())
            await new Promise(resolve => setTimeout(resolve, TICK_MS))
        }
    }

    private write(frame: Uint8Array) {
        if (this.line?.writable) this.line.write(encodeFrame(frame))
    }

    private detach(line: Duplex) {
        if (this.line !== line) return
        this.line = undefined
        this.host?.forgetDevices()
        this.showLeds(DARK)
        this.emit("gone")
    }

    private receive(frame: Uint8Array) {
        if (!this.host) {
            // the one that takes programs is the board; others may be on its bus
            const board = Packet.fromFrame(frame, 0).find(
                packet =>
                    packet.isAnnounce &&
                    announces(packet, SRV_DEVICE_SCRIPT_MANAGER)
            )
            if (!board) return
            this.deviceId = board.deviceIdentifier
            this.host = new JacdacHost(
                this.deviceId,
                answer => this.write(answer),
                leds => this.showLeds(leds)
            )
        }
        this.host.advance(this.now)
        this.host.receive(frame)
    }

    private receiveLine(line: string) {
        const t = this.now
        this.emit("dmesg", line, t)
        const parsed = parseLogLine(line)
        switch (parsed.kind) {
            case "log": {
                const record = { t, level: parsed.level, text: parsed.text }
                this.logs.push(record)
                if (this.logs.length > LOG_LINES) this.logs.shift()
                this.emit("log", record)
                break
            }
            case "data":
                this.emit("data", {
                    t,
                    record: parseDataText(parsed.text),
                    text: parsed.text,
                })
                break
            case "program":
                this.programs++
                this.showLeds(DARK)
                this.emit("program", { t, name: parsed.text })
                break
        }
    }

    private showLeds(leds: string) {
        if (leds === this.leds) return
        this.leds = leds
        this.emit("leds", leds, this.now)
    }

    /** Settings that an earlier deploy left there, and that would still hold. */
    private async deleteOthers(settings: EncodedSettings, knownKeys: string[]) {
        const client = new SettingsClient(this.service(SRV_SETTINGS))
        for (const key of knownKeys) {
            if (settings.has(key)) continue
            // asked first: each deletion takes room in flash, also of what is not there
            const value = await withRetries(() => client.getValue(key))
            if (value && value.length > 0)
                await withRetries(async () => {
                    await client.deleteValue(key)
                    const rest = await client.getValue(key)
                    if (rest && rest.length > 0)
                        throw new Error(`${key} cannot be deleted`)
                })
        }
        client.unmount()
    }

    private service(serviceClass: number): JDService {
        const device = this.present().bus.device(this.deviceId!, true)
        const service = device?.services({ serviceClass })[0]
        if (!service) throw new DeskError("the board has gone")
        return service
    }

    private present() {
        if (!this.host || !this.line) throw new DeskError("the board has gone")
        return this.host
    }
}

/** Whether an announcement lists a service; classes follow 4 bytes of flags. */
function announces(packet: Packet, serviceClass: number) {
    const { data } = packet
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 4; at + 4 <= data.length; at += 4)
        if (view.getUint32(at, true) === serviceClass) return true
    return false
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
    for (let left = ATTEMPTS; ; left--)
        try {
            return await attempt()
        } catch (error) {
            if (left <= 1) throw error
        }
}
