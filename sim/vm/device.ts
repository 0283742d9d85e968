/**
 * A simulated device: laglight's bytecode in DeviceScript's own VM, in a process of its own, on a Jacdac
 * bus of its own. It needs no port, so that any number can run side by side.
 */
import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"
import type { JDBus } from "jacdac-ts"
import { encodeSettings } from "../settings-file.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { parseDataText } from "./data-text.ts"
import { DARK } from "./device-types.ts"
import type {
    DataRecord,
    DeviceEvents,
    Device,
    FrameRecord,
    LogRecord,
    Settings,
    WaitOptions,
} from "./device-types.ts"
import { History } from "./history.ts"
import { JacdacHost } from "./jacdac-host.ts"
import { panicText, parseLogLine } from "./log-line.ts"
import type { FromDevice, MemoryReport } from "./messages.ts"
import type { VmCounts } from "./step-counter.ts"
import { processFiles, VmLink } from "./vm-link.ts"
import type { ProcessFiles } from "./vm-link.ts"

export type * from "./device-types.ts"
export type { MemoryReport } from "./messages.ts"
export type { VmCounts } from "./step-counter.ts"

/** A TCP segment on the board's network, in bytes. */
const SEGMENT_BYTES = 1460

/**
 * Tells the program that its data comes in pieces of one segment, and no faster than it reads them: it may ask for more than
 * its heap holds. Other runtimes do not say so.
 */
const PACED_KEY = "SIM_PACED"

/** How long a driven clock waits for a host's answer, in real time. */
const ANSWER_WAIT_MS = 1000

/** How long the device may take for a deploy. Much: a test machine can be busy. */
const DEPLOY_TIMEOUT_MS = 20_000

/** Records shown when a wait fails. */
const HISTORY_SHOWN = 20

/** What is waited for, as text for an error; a function is called when the wait has failed. */
type What = string | (() => string)

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
     * The VM is as slow as on the Pico W's chip, by the costs in sim/chip.ts: what it does takes device time, while data
     * goes on arriving, a piece each ms, and nothing makes the sender wait. With a driven clock only. Default false.
     */
    chipSpeed?: boolean
    /** Called before the device starts: attach listeners here to miss no event of the program's start. */
    onCreated?: (device: SimulatedDevice) => void
}

export class SimulatedDevice
    extends EventEmitter<DeviceEvents>
    implements Device
{
    /** All log lines, data records and changes of the LEDs so far (the last 5000 of each). */
    readonly logs: readonly LogRecord[]
    readonly records: readonly DataRecord[]
    readonly frames: readonly FrameRecord[]
    /** Resets of the chip so far. */
    restarts = 0

    private readonly logHistory = new History<LogRecord>()
    private readonly dataHistory = new History<DataRecord>()
    private readonly frameHistory = new History<FrameRecord>()
    private readonly deviceId: string
    private readonly originMs = performance.timeOrigin + performance.now()
    private readonly host: JacdacHost
    private files!: ProcessFiles
    private link!: VmLink
    private flash: Uint8Array = new Uint8Array(0)
    private currentLeds = DARK
    private lastT = 0
    private lastLine = ""
    private programsStarted = 0
    private settingsKeys: string[] = []
    private ended: DeviceEvents["exit"][0] | undefined
    private stopping: Promise<void> | undefined
    /** Told after each message of the device, and at its end. */
    private readonly activity = new EventEmitter<{ any: [] }>()

    /** Resolves when the settings are in place and the program has begun. @throws if either fails */
    static async start(options: DeviceOptions): Promise<SimulatedDevice> {
        const device = new SimulatedDevice(options)
        options.onCreated?.(device)
        try {
            await device.powerOn()
            await device.host.writeSettings(
                device.acceptSettings(options.settings ?? {}),
                []
            )
            await device.deployProgram(options.bytecode)
            return device
        } catch (error) {
            await device.stop()
            throw error
        }
    }

    private constructor(private readonly options: DeviceOptions) {
        super()
        this.activity.setMaxListeners(0)
        this.logs = this.logHistory.records
        this.records = this.dataHistory.records
        this.frames = this.frameHistory.records
        this.frameHistory.add({ t: 0, leds: DARK })
        this.deviceId = options.deviceId ?? randomBytes(8).toString("hex")
        this.host = new JacdacHost(
            this.deviceId,
            frame => this.link.send({ kind: "frame", frame }),
            leds => this.showLeds(leds)
        )
    }

    /** Which LEDs the program lights, LED1 first: "1110000000". */
    get leds() {
        return this.currentLeds
    }

    /** Device time in milliseconds since `start()`; with a driven clock, as of its last sign of life. */
    get now() {
        return this.isDriven
            ? this.lastT
            : performance.timeOrigin + performance.now() - this.originMs
    }

    /** The process of the VM; another one after each reset. */
    get pid() {
        return this.link.pid
    }

    /** The Jacdac bus, for whatever else is on it. */
    get bus(): JDBus {
        return this.host.bus
    }

    /** Writes these settings, deletes those of the last deploy that are no longer there, and restarts the program. */
    async deploySettings(settings: Settings) {
        await this.settled()
        const before = this.settingsKeys
        const encoded = this.acceptSettings(settings)
        const obsolete = before.filter(key => !this.settingsKeys.includes(key))
        const begun = this.programBegins()
        await this.host.setRunning(false)
        await this.host.writeSettings(encoded, obsolete)
        await this.host.setRunning(true)
        await begun()
    }

    /** Replaces the program, keeps the settings. @throws if the VM refuses it */
    async deployProgram(bytecode: Uint8Array) {
        const begun = this.programBegins()
        await this.link.request("deploy", { bytecode })
        await begun()
    }

    /** Asks the chip to reset itself, as a dashboard would. Resolves when it has; the program begins 1.1 s later. */
    async reset() {
        await this.settled()
        const before = this.restarts
        await this.host.reset()
        await this.until(
            () => this.restarts > before || undefined,
            DEPLOY_TIMEOUT_MS,
            "the reset"
        )
    }

    /** @param resetExtremes extremes reported later are those from now on */
    async memory({ resetExtremes = false } = {}): Promise<MemoryReport> {
        const report = await this.link.request("memory", { resetExtremes })
        if (!report) throw new Error("no program is running: there is no heap")
        return report as MemoryReport
    }

    /** What the VM has done so far. @throws without the option `countSteps` */
    async counts(): Promise<VmCounts> {
        const counts = await this.link.request("counts", {})
        if (!counts) throw new Error("counts() needs the option countSteps")
        return counts as VmCounts
    }

    /** Lets a driven clock run this many milliseconds, resets included. */
    async runFor(virtualMs: number) {
        if (!this.isDriven)
            throw new Error(`runFor() needs the option clock: "driven"`)
        const target = this.lastT + virtualMs
        while (this.lastT < target) await this.runTo(target, false)
    }

    /** Ends the device. Nothing of it is left behind; may be called again. */
    stop(): Promise<void> {
        return (this.stopping ??= (async () => {
            await this.link?.kill()
            await this.host.stop()
            this.finish({ reason: "stopped", text: "" })
        })())
    }

    /**
     * Waits for the LEDs to be, or to become, as wanted.
     * @param timeoutMs in device time
     * @returns the LEDs that matched
     */
    async waitForLeds(
        wanted: string | ((leds: string) => boolean),
        timeoutMs: number,
        { since }: WaitOptions = {}
    ): Promise<FrameRecord> {
        const matches =
            typeof wanted === "string"
                ? (leds: string) => leds === wanted
                : wanted
        const next = this.frameHistory.reader(since, 1)
        return this.until(
            () => next().find(frame => matches(frame.leds)),
            timeoutMs,
            typeof wanted === "string" ? `LEDs ${wanted}` : "the LEDs"
        )
    }

    /** Waits for a log line. @param timeoutMs in device time */
    async waitForLog(
        pattern: RegExp,
        timeoutMs: number,
        { since }: WaitOptions = {}
    ): Promise<LogRecord> {
        const next = this.logHistory.reader(since, 0)
        return this.until(
            () => next().find(log => pattern.test(log.text)),
            timeoutMs,
            `a log line like ${pattern}`
        )
    }

    /** Waits for a record of console.data. @param timeoutMs in device time */
    async waitForData(
        matches: (record: unknown) => boolean,
        timeoutMs: number,
        { since }: WaitOptions = {}
    ): Promise<DataRecord> {
        const next = this.dataHistory.reader(since, 0)
        return this.until(
            () => next().find(({ record }) => matches(record)),
            timeoutMs,
            "a data record"
        )
    }

    /**
     * Waits until `probe` returns something other than undefined; asked after each sign of life.
     * @param what for the message of the error
     */
    async until<T>(
        probe: () => T | undefined,
        timeoutMs: number,
        what: What
    ): Promise<T> {
        return this.isDriven
            ? this.untilDriven(probe, timeoutMs, what)
            : this.untilReal(probe, timeoutMs, what)
    }

    /** One run of a driven clock; may end early, by a reset or (with `stopOnOutput`) at something to look at. */
    private async runTo(untilMs: number, stopOnOutput: boolean) {
        this.mustLive()
        const { link } = this
        try {
            await link.request("run", { untilMs, stopOnOutput })
        } catch (error) {
            // a reset ends the process, and there is another one by now
            if (link !== this.link) return
            this.mustLive()
            throw error
        }
    }

    private get isDriven() {
        return this.options.clock === "driven"
    }

    private async powerOn() {
        this.files = await processFiles(this.options.socketsModule)
        if (this.stopping) throw new Error("the device was stopped")
        this.boot()
        await this.settled()
    }

    /** Starts the VM's process from what is in flash. */
    private boot() {
        const { options } = this
        const link = (this.link = new VmLink(this.files, {
            deviceId: this.deviceId,
            gcStress: options.gcStress ?? false,
            maxPieceBytes: options.maxPieceBytes ?? SEGMENT_BYTES,
            answerWaitMs: options.answerWaitMs ?? ANSWER_WAIT_MS,
            clock: options.clock ?? "real",
            originMs: this.originMs,
            nowMs: this.lastT,
            flash: this.flash,
            heapReport: options.heapReport ?? false,
            countSteps: options.countSteps ?? false,
            chipSpeed: options.chipSpeed ?? false,
        }))
        link.on("message", message => {
            // a killed process may have messages on the way
            if (link === this.link && !this.ended && !this.stopping)
                this.receive(message)
        })
        link.on("exit", ({ text }) => {
            if (link === this.link && !this.stopping)
                this.finish({ reason: "killed", text })
        })
    }

    /** Resolves when the device is on the bus. */
    private settled() {
        return this.until(
            () => this.host.isAnnounced || undefined,
            DEPLOY_TIMEOUT_MS,
            "the device to announce itself"
        )
    }

    /** Call before what starts the program, and the result after. */
    private programBegins() {
        const before = this.programsStarted
        return () =>
            this.until(
                () => this.programsStarted > before || undefined,
                DEPLOY_TIMEOUT_MS,
                "the program to begin"
            )
    }

    private acceptSettings(settings: Settings): EncodedSettings {
        const encoded = new Map(
            settings instanceof Map ? settings : encodeSettings(settings)
        )
        const { maxPieceBytes = SEGMENT_BYTES, chipSpeed } = this.options
        if (maxPieceBytes <= SEGMENT_BYTES && !chipSpeed)
            encoded.set(PACED_KEY, "true")
        this.settingsKeys = [...encoded.keys()].map(key => key.trim())
        return encoded
    }

    private receive(message: FromDevice) {
        this.lastT = Math.max(this.lastT, message.t)
        this.host.advance(this.lastT)
        switch (message.kind) {
            case "frame":
                this.host.receive(message.frame)
                break
            case "dmesg":
                this.receiveLine(message.line, message.t)
                break
            case "panic":
                // 0: the program asked to be started again
                if (message.code !== 0)
                    this.emit("panic", {
                        t: message.t,
                        code: message.code,
                        text: panicText(message.code),
                    })
                break
            case "ended":
                this.flash = message.flash
                if (message.reason === "reset") this.restart(message.t)
                else this.crash(message.t, message.text)
                break
        }
        this.activity.emit("any")
    }

    private receiveLine(line: string, t: number) {
        this.lastLine = line
        this.emit("dmesg", line, t)
        const parsed = parseLogLine(line)
        switch (parsed.kind) {
            case "log": {
                const record = { t, level: parsed.level, text: parsed.text }
                this.logHistory.add(record)
                this.emit("log", record)
                break
            }
            case "data": {
                const { text } = parsed
                const record = { t, record: parseDataText(text), text }
                this.dataHistory.add(record)
                this.emit("data", record)
                break
            }
            case "program":
                this.programsStarted++
                // pins float when a program starts
                this.showLeds(DARK)
                this.emit("program", { t, name: parsed.text })
                break
        }
    }

    private showLeds(leds: string) {
        if (leds === this.currentLeds) return
        this.currentLeds = leds
        this.frameHistory.add({ t: this.lastT, leds })
        this.emit("leds", leds, this.lastT)
    }

    private restart(t: number) {
        this.restarts++
        this.host.forgetDevices()
        this.showLeds(DARK)
        this.boot()
        this.emit("restart", { t, count: this.restarts })
    }

    private crash(t: number, failure: string) {
        // a C assertion says where it is in its last line
        const text = `${failure}; ${this.lastLine}`
        this.emit("panic", { t, code: -1, text })
        this.finish({ reason: "crash", text })
    }

    private finish(exit: DeviceEvents["exit"][0]) {
        if (this.ended) return
        this.ended = exit
        this.emit("exit", exit)
        this.activity.emit("any")
    }

    private mustLive() {
        if (this.ended) throw new Error(this.endText())
    }

    private endText() {
        const { reason, text } = this.ended!
        return `the device ended: ${reason}. ${text}`.trim()
    }

    private untilReal<T>(
        probe: () => T | undefined,
        timeoutMs: number,
        what: What
    ) {
        return new Promise<T>((resolve, reject) => {
            const settle = () => {
                clearTimeout(timer)
                this.activity.off("any", look)
            }
            const fail = (why: string) => {
                settle()
                reject(this.failure(what, why))
            }
            const look = () => {
                const found = probe()
                if (found !== undefined) {
                    settle()
                    resolve(found)
                } else if (this.ended) fail(this.endText())
            }
            const timer = setTimeout(
                () => fail(`not within ${timeoutMs} ms`),
                timeoutMs
            )
            this.activity.on("any", look)
            look()
        })
    }

    private async untilDriven<T>(
        probe: () => T | undefined,
        timeoutMs: number,
        what: What
    ) {
        const deadline = this.lastT + timeoutMs
        for (;;) {
            const found = probe()
            if (found !== undefined) return found
            if (this.ended) throw this.failure(what, this.endText())
            if (this.lastT >= deadline)
                throw this.failure(what, `not within ${timeoutMs} device ms`)
            // if it ends meanwhile, the next turn says so
            await this.runTo(deadline, true).catch(error => {
                if (!this.ended) throw error
            })
        }
    }

    private failure(what: What, why: string) {
        return new Error(
            [
                `waited for ${typeof what === "string" ? what : what()}: ${why} (device time ${Math.round(this.now)} ms)`,
                ...this.frameHistory.lines(HISTORY_SHOWN, ({ leds }) => leds),
                ...this.logHistory.lines(
                    HISTORY_SHOWN,
                    ({ level, text }) => `${level}: ${text}`
                ),
            ].join("\n")
        )
    }
}
