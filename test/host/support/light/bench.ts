/**
 * A light under test: the real firmware in DeviceScript's VM, by default on a clock that only the test drives. Such a
 * light stands still while a test changes Redis, waits for real replies, and needs milliseconds for a second of its life.
 */
import assert from "node:assert/strict"
import { after } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { buildFirmware } from "../../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../../sim/vm/device.ts"
import type {
    DataRecord,
    DeviceOptions,
    FrameRecord,
    LogRecord,
    Settings,
} from "../../../../sim/vm/device.ts"
import type { Cycle, Shown } from "./patterns.ts"
import { assertBar, assertCycle, POWER_ON } from "./patterns.ts"

/** A target's data record (docs/monitoring.md); null for what is not in it. */
export interface Reading {
    stream: string
    group: string
    /** What is counted, where it is not the lag. */
    show?: string
    lag: number | null
    low: number | null
    high: number | null
    known: string | null
    level: number | null
    pending: number | null
    consumers: number | null
    condition: string
    /** Why there is no lag. */
    reason?: string
    /** What is wrong with the consumers. */
    complaint?: string
    /** Rights that would make it exact. */
    missing?: string
}

/** What a record does not say is not known. */
const NOT_KNOWN = {
    lag: null,
    low: null,
    high: null,
    known: null,
    level: null,
    pending: null,
    consumers: null,
}

/** @param record as it was parsed @throws AssertionError for one that was cut */
export function readingOf({ record, text }: DataRecord): Reading {
    assert.ok(record, `a data record was cut: ${text}`)
    return { ...NOT_KNOWN, ...(record as Reading) }
}

/** docs/design.md: the VM cuts longer lines. */
const MAX_LINE = 290

/** How far a driven clock goes between two looks at a condition. */
const STEP_MS = 20
/** From a program's start to the end of its power-on sweep: settings 0.6 s, services 0.5 s, the sweep, and a margin. */
const SWEPT_MS = 5000

/** An answer certainly comes, however busy the computer. For a test in which none comes on purpose there is `impatient`. */
const PATIENCE_MS = 15_000
export const impatient: Partial<DeviceOptions> = { answerWaitMs: undefined }

const { bytecode } = await buildFirmware()

const closing: (() => Promise<unknown>)[] = []
after(() => Promise.all(closing.map(close => close())))

/** Has something stopped at the end of the file. */
export function closeAtEnd<T extends { stop(): Promise<unknown> }>(
    resource: T
): T {
    closing.push(() => resource.stop())
    return resource
}

export class Light {
    device!: SimulatedDevice
    /** What the program has logged, recorded and shown since it last started. */
    lines: LogRecord[] = []
    records: DataRecord[] = []
    frames: FrameRecord[] = []
    /** What ended or restarted the program, which no test here expects. */
    private readonly mishaps: string[] = []
    private isDriven = true
    private isSwept = false

    /** Resolves when the program has begun; it is stopped, and its conduct checked, at the end of the file. */
    static async start(
        settings: Settings,
        options: Partial<DeviceOptions> = {}
    ): Promise<Light> {
        const light = new Light()
        light.isDriven = options.clock !== "real"
        closing.push(() => light.stop())
        await SimulatedDevice.start({
            bytecode,
            clock: "driven",
            answerWaitMs: PATIENCE_MS,
            settings,
            ...options,
            onCreated: device => light.attach(device),
        })
        return light
    }

    private attach(device: SimulatedDevice) {
        this.device = device
        device.on("program", ({ t }) => {
            this.isSwept = false
            this.lines = []
            this.records = []
            this.frames = [{ t, leds: "0000000000" }]
        })
        device.on("log", line => this.lines.push(line))
        device.on("data", record => this.records.push(record))
        device.on("leds", (leds, t) => this.frames.push({ t, leds }))
        device.on("panic", ({ t, text }) =>
            this.mishaps.push(`${t} ms: ${text}`)
        )
        device.on("restart", ({ t }) => this.mishaps.push(`${t} ms: a reset`))
    }

    /** Other settings; the program starts anew. */
    async configure(settings: Settings) {
        await this.device.deploySettings(settings)
    }

    /** Lets so much of the device's time pass. */
    async run(ms: number) {
        await (this.isDriven ? this.device.runFor(ms) : sleep(ms))
    }

    /** Runs until `probe` finds something, and not much longer. @throws with the device's history */
    async until<T>(
        probe: () => T | undefined,
        limitMs: number,
        what: string | (() => string)
    ): Promise<T> {
        if (!this.isDriven) return this.device.until(probe, limitMs, what)
        const end = this.device.now + limitMs
        for (;;) {
            const found = probe()
            if (found !== undefined) return found
            if (this.device.now >= end) return this.device.until(probe, 0, what)
            await this.device.runFor(STEP_MS)
        }
    }

    /** The data records of the program about its targets, or those after `since` (device time). */
    readings(since = -1): Reading[] {
        return this.records
            .filter(({ t }) => t > since)
            .map(readingOf)
            .filter(({ stream }) => stream !== undefined)
    }

    /** What each data record of the program says the light shows: a target's condition, or what the device is busy with. */
    statuses(): string[] {
        return this.records
            .map(({ record }) => record as { link: string; condition?: string })
            .map(({ link, condition }) => condition ?? link)
            .filter(status => status !== "up")
    }

    /** The last data record, of one target if `stream` is given. */
    reading(stream?: string): Reading | undefined {
        return this.readings().findLast(
            reading => stream === undefined || reading.stream === stream
        )
    }

    /** Runs until the last data record has these fields: a driven clock stops at each line of the program, not in between. */
    async reads(
        wanted: Partial<Reading>,
        limitMs = 5000,
        stream = wanted.stream
    ) {
        return this.device.until(
            () => {
                const reading = this.reading(stream)
                return reading && matches(reading, wanted) ? reading : undefined
            },
            limitMs,
            () =>
                `a reading like ${JSON.stringify(wanted)}, got ${JSON.stringify(this.reading(stream))}`
        )
    }

    /** Lines of the program's log, or those after `since`; those for developers only if asked for. */
    said(since = -1, levels: string[] = ["log"]): string[] {
        return this.lines
            .filter(({ t, level }) => t > since && levels.includes(level))
            .map(({ text }) => text)
    }

    /** Runs until a line of the program's log matches. */
    async says(pattern: RegExp, limitMs = 5000, since = -1) {
        return this.device.until(
            () => this.said(since).find(line => pattern.test(line)),
            limitMs,
            `a log line like ${pattern}`
        )
    }

    /** Runs until the power-on sweep is over. @returns its frames, and how long each was shown */
    async sweep(): Promise<Shown[]> {
        const last = POWER_ON.length - 1
        const start = await this.until(
            () => {
                const start = this.frames.findIndex((_, i) =>
                    POWER_ON.every(
                        ([leds], k) => this.frames[i + k]?.leds === leds
                    )
                )
                return start < 0 ? undefined : start
            },
            SWEPT_MS,
            "the power-on sweep"
        )
        await this.run(POWER_ON[last][1])
        this.isSwept = true
        return this.shown(this.frames[start].t, this.device.now).slice(
            0,
            last + 1
        )
    }

    /** Runs for a while. @returns what the LEDs showed, and how long; the first and the last are cut off by the watching */
    async watch(ms: number): Promise<Shown[]> {
        const from = this.device.now
        await this.run(ms)
        return this.shown(from, this.device.now)
    }

    /** What the LEDs showed between two moments of device time. */
    shown(from: number, to: number): Shown[] {
        const shown: Shown[] = []
        for (const [i, { t, leds }] of this.frames.entries()) {
            const until = this.frames[i + 1]?.t ?? to
            const ms = Math.min(until, to) - Math.max(t, from)
            if (ms > 0) shown.push([leds, ms])
        }
        return shown
    }

    /** Watches (after the power-on sweep), and compares with a pattern: see `assertCycle`. */
    async shows(cycle: Cycle, what?: string) {
        if (!this.isSwept) await this.sweep()
        const length = cycle.reduce((sum, [, ms]) => sum + ms, 0)
        assertCycle(await this.watch(2.5 * length), cycle, what)
    }

    /** Watches a bar for two heartbeats: nothing but the bar, and LED1 inverted for 100 ms every 2 s. */
    async showsBar(leds: string) {
        if (!this.isSwept) await this.sweep()
        assertBar(await this.watch(5000), leds)
    }

    /** The program never died, was never restarted, and no line of its log was too long. */
    assertSound() {
        assert.deepEqual(this.mishaps, [], "the program never ends")
        for (const { text } of [...this.device.logs, ...this.device.records]) {
            const bytes = Buffer.byteLength(text)
            assert.ok(bytes <= MAX_LINE, `a line of ${bytes} bytes: ${text}`)
        }
    }

    async stop() {
        await this.device.stop()
        this.assertSound()
    }
}

function matches(reading: Reading, wanted: Partial<Reading>) {
    return Object.entries(wanted).every(
        ([key, value]) => reading[key as keyof Reading] === value
    )
}
