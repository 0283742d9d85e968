/**
 * A light on a real Redis with a fault proxy in between, in real time. It records the true lag, so that a test can ask at
 * any time whether the light has shown a false bar.
 */
import assert from "node:assert/strict"
import { FaultProxy } from "../faults/fault-proxy.ts"
import { buildFirmware } from "../firmware.ts"
import { claimsOf, falseClaims, levelFor, OFF } from "../light/claims.ts"
import type { Frame, Truth } from "../light/claims.ts"
import { SimulatedDevice } from "../vm/device.ts"
import type { DeviceOptions, LogRecord, Settings } from "../vm/device.ts"

/** As fast as the settings allow, even on a busy computer. */
export const POLL_MS = 100
export const STALE_MS = 1000
/** From a change of the lag to the LEDs, besides the poll: the bus, and a busy computer; ms. */
const DELAY_MS = 600
/** One LED per entry. */
const LAG_PER_LED = 1

/** Sets the group's lag to ARGV[1] in one step: entries are added, or read. Returns nothing. */
const SET_LAG = `
    local key, wanted = KEYS[1], tonumber(ARGV[1])
    local groups = redis.call("XINFO", "GROUPS", key)
    local last
    for i = 1, #groups[1], 2 do
        if groups[1][i] == "last-delivered-id" then last = groups[1][i + 1] end
    end
    local lag = #redis.call("XRANGE", key, "(" .. last, "+")
    for i = lag + 1, wanted do redis.call("XADD", key, "*", "job", i) end
    if lag > wanted then
        redis.call("XREADGROUP", "GROUP", "staff", "ann", "COUNT", lag - wanted, "NOACK", "STREAMS", key, ">")
    end`

/** Sends a command to Redis. */
export interface Commands {
    sendCommand(command: string[]): Promise<unknown>
}

export class FaultLight {
    readonly frames: Frame[] = [{ t: 0, leds: OFF }]
    readonly panics: string[] = []
    /** The true lag, in entries; -1 while there is none. */
    lag = 0
    private lastStatus = ""
    private readonly truthList: Truth[] = []

    /**
     * Creates the stream and its group, with a lag, and starts the light.
     * @param client connected to the Redis (and the database) behind the proxy
     */
    static async start(
        client: Commands,
        redisPort: number,
        stream: string,
        lag: number,
        settings: Settings & object = {},
        options: Pick<DeviceOptions, "heapReport"> = {}
    ): Promise<FaultLight> {
        await client.sendCommand([
            ...["XGROUP", "CREATE", stream, "staff", "$", "MKSTREAM"],
        ])
        const proxy = await FaultProxy.start({ port: redisPort })
        let light!: FaultLight
        await SimulatedDevice.start({
            ...options,
            bytecode: (await buildFirmware()).bytecode,
            settings: {
                REDIS_HOST: proxy.host,
                REDIS_PORT: proxy.port,
                STREAM: stream,
                GROUP: "staff",
                POLL_MS,
                STALE_MS,
                LAG_PER_LED,
                ...settings,
            },
            onCreated: device =>
                (light = new FaultLight(client, stream, proxy, device)),
        })
        await light.setLag(lag)
        return light
    }

    private constructor(
        public client: Commands,
        readonly stream: string,
        readonly proxy: FaultProxy,
        readonly device: SimulatedDevice
    ) {
        device.on("leds", (leds, t) => this.frames.push({ t, leds }))
        device.on("restart", ({ t }) => this.frames.push({ t, leds: OFF }))
        device.on("program", ({ t }) => this.frames.push({ t, leds: OFF }))
        device.on("log", ({ text }) => {
            if (text.startsWith(`${stream}/`) || text.startsWith("light: "))
                this.lastStatus = text
        })
        device.on("panic", ({ text }) => this.panics.push(text))
    }

    /** Adds entries to the stream, or reads some, in one step. */
    async setLag(lag: number) {
        await this.change(lag, () =>
            this.client.sendCommand([
                "EVAL",
                SET_LAG,
                "1",
                this.stream,
                `${lag}`,
            ])
        )
    }

    /** Runs `act`, which changes the lag. @param lag after it; undefined: there is none */
    async change(lag: number | undefined, act: () => Promise<unknown>) {
        const before = this.device.now
        await act()
        const last = this.truthList.at(-1)
        // the change is between `before` and now: meanwhile the old and the new lag count as true
        if (last && last.toMs === Infinity) last.toMs = this.device.now
        this.lag = lag ?? -1
        if (lag !== undefined)
            this.truthList.push({
                level: levelFor(lag, LAG_PER_LED),
                fromMs: before,
                toMs: Infinity,
            })
    }

    /** Whether log and LEDs (except for a wink) show the true lag. */
    get isRight() {
        return (
            this.lastStatus.includes(`: lag ${this.lag}, `) &&
            this.device.leds === this.bar
        )
    }

    /** The lag's bar on the LEDs: "1110000000". */
    get bar() {
        const level = levelFor(this.lag, LAG_PER_LED)
        return "1".repeat(level).padEnd(10, "0")
    }

    /**
     * Waits until log and LEDs show the true lag.
     * @param since log lines from this device time on count
     * @returns how long it took, ms
     */
    async untilRight(limitMs: number, since: number): Promise<number> {
        const from = this.device.now
        await this.device.waitForLog(
            new RegExp(`: lag ${this.lag}, `),
            limitMs,
            { since }
        )
        // the bar itself, between winks
        await this.device.waitForLeds(this.bar, 2500)
        return this.device.now - from
    }

    /** The log's lines since a device time, without debug lines. */
    linesSince(t: number): string[] {
        return this.device.logs
            .filter(log => log.t >= t && log.level === "log")
            .map(({ text }: LogRecord) => text)
    }

    /** Bars that the light has shown and that were not true, a sentence each. */
    falseBars(): string[] {
        return falseClaims(
            claimsOf(this.frames, this.device.now),
            this.truthList,
            STALE_MS + DELAY_MS
        )
    }

    /** @throws if the light has ever shown a false bar, or the program has ended */
    assertNoFalseBar() {
        assert.deepEqual(this.panics, [])
        const falseBars = this.falseBars()
        assert.deepEqual(
            falseBars,
            [],
            this.device.logs
                .map(({ t, text }) => `${Math.round(t)} ${text}`)
                .join("\n")
        )
    }

    async stop() {
        await this.device.stop()
        await this.proxy.stop()
    }
}
