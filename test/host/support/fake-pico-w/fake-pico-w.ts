/** A device that believes to be a Pico W, in a scripted world, on a clock that jumps from event to event. */
import { buildFirmware } from "../../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../../sim/vm/device.ts"
import type { Settings } from "../../../../sim/vm/device.ts"
import {
    claimsOf,
    falseClaims,
    firstTrueClaim,
    levelFor,
    OFF,
} from "../../../../sim/light/claims.ts"
import type { Frame, Truth } from "../../../../sim/light/claims.ts"
import { DEVICE_ID } from "./fake-wifi.ts"
import { makeWorld, REPORT_MARK } from "./world.ts"
import type { Report, World, WorldOptions } from "./world.ts"

const PROGRAMS = "test/device/programs"
const SOCKETS = new URL("fake-pico-w-sockets.ts", import.meta.url)

/** What the settings of the firmware say if a test does not. */
export const FIRMWARE_SETTINGS = {
    REDIS_HOST: "redis.lan",
    STREAM: "jobs",
    GROUP: "staff",
    LAG_PER_LED: 1,
}
/** STALE_MS where neither it nor POLL_MS is set. */
const STALE_MS = 5000
/** A reading is shown a little later than it was true: a round trip, and the turns of the VM. */
const DELAY_MS = 150

export interface FakePicoWOptions {
    world?: WorldOptions
    /** A file of test/device/programs. Default: the firmware. */
    program?: string
    settings?: Settings & object
}

const running = new Set<FakePicoW>()

/** For `after()`. */
export async function stopAll() {
    await Promise.all([...running].map(picoW => picoW.stop()))
}

export class FakePicoW {
    readonly reports: Report[] = []
    readonly frames: Frame[] = [{ t: 0, leds: OFF }]
    readonly panics: string[] = []

    static async start(options: FakePicoWOptions = {}): Promise<FakePicoW> {
        const { program = "mainpicow", settings = {} } = options
        const { bytecode } = await buildFirmware({
            entry: `${PROGRAMS}/${program}.ts`,
        })
        const world = makeWorld(options.world)
        // where the device's own clock starts, to the ms
        world.originMs = performance.timeOrigin + performance.now()
        const url = new URL(SOCKETS)
        url.searchParams.set("world", JSON.stringify(world))
        let picoW!: FakePicoW
        await SimulatedDevice.start({
            bytecode,
            settings:
                program === "mainpicow"
                    ? { ...FIRMWARE_SETTINGS, ...settings }
                    : settings,
            clock: "driven",
            socketsModule: url.href,
            deviceId: DEVICE_ID,
            onCreated: device => (picoW = new FakePicoW(device, world)),
        })
        return picoW
    }

    private constructor(
        readonly device: SimulatedDevice,
        readonly world: World
    ) {
        running.add(this)
        device.on("leds", (leds, t) => this.frames.push({ t, leds }))
        // dark because nothing runs is not dark for a lag of 0
        device.on("restart", ({ t }) => this.frames.push({ t, leds: OFF }))
        device.on("program", ({ t }) => this.frames.push({ t, leds: OFF }))
        device.on("panic", ({ t, text }) =>
            this.panics.push(`${Math.round(t)} ms: ${text}`)
        )
        device.on("dmesg", line => {
            const at = line.indexOf(REPORT_MARK)
            if (at >= 0)
                this.reports.push(
                    JSON.parse(line.slice(at + REPORT_MARK.length))
                )
        })
    }

    get now() {
        return this.device.now
    }

    /** The reports of one kind, in order. */
    reportsOf<W extends Report["what"]>(what: W) {
        return this.reports.filter(
            (report): report is Report & { what: W } => report.what === what
        )
    }

    /** Why the device is dead; undefined if it lives. */
    get verdict() {
        return this.reportsOf("hung").at(0)?.why
    }

    async stop() {
        running.delete(this)
        await this.device.stop()
    }

    /** The truth up to now, as levels of the light. */
    truths(lagPerLed: number): Truth[] {
        const { lags } = this.world.redis
        return lags.map(([fromMs, lag], i) => ({
            level: levelFor(lag, lagPerLed),
            fromMs,
            toMs: lags[i + 1]?.[0] ?? Infinity,
        }))
    }

    /** What the light claimed that was not true. @returns a sentence for each */
    lies({ staleMs = STALE_MS, lagPerLed = 1 } = {}): string[] {
        return falseClaims(
            claimsOf(this.frames, this.now),
            this.truths(lagPerLed),
            staleMs + DELAY_MS
        )
    }

    /** How long after `t` the light first claimed what was true, ms; Infinity if it has not. */
    recoveryAfter(t: number, lagPerLed = 1): number {
        const at = firstTrueClaim(
            claimsOf(this.frames, this.now),
            this.truths(lagPerLed),
            t
        )
        return at === undefined ? Infinity : at - t
    }

    /** All that happened on the board, a line each: for a failing test. */
    story(): string {
        const lines = [
            ...this.reports.map(({ t, ...body }) => ({
                t,
                text: JSON.stringify(body),
            })),
            ...this.device.logs
                .filter(
                    ({ level, text }) =>
                        level !== "debug" && !text.includes(REPORT_MARK)
                )
                .map(({ t, text }) => ({ t, text: `  ${text}` })),
        ].sort((a, b) => a.t - b.t)
        return lines
            .slice(-60)
            .map(({ t, text }) => `${Math.round(t)} ms  ${text}`)
            .join("\n")
    }
}
