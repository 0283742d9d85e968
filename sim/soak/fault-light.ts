/**
 * A light on a real Redis with a fault proxy in between, in real time; it keeps store of what is true, so that a test can
 * ask at any time whether the light has lied.
 */
import assert from "node:assert/strict"
import { FaultProxy } from "../faults/fault-proxy.ts"
import { buildFirmware } from "../firmware.ts"
import { claimsOf, falseClaims, levelFor, OFF } from "../light/claims.ts"
import type { Frame, Truth } from "../light/claims.ts"
import { SimulatedDevice } from "../vm/device.ts"
import type { DeviceOptions, LogRecord, Settings } from "../vm/device.ts"

/** As fast as the settings allow: a poll, and what it costs on a busy computer. */
export const POLL_MS = 100
export const STALE_MS = 1000
/** From the truth to the LEDs: the bus, and a computer with other things to do; ms. */
const DELAY_MS = 600
/** One LED for each entry. */
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
     * Creates the stream and its group, with a lag, and lights the light.
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

    /** Adds entries to the stream, or has some read, in one step. */
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

    /** Does what makes the lag another one. @param lag undefined: there will be none */
    async change(lag: number | undefined, act: () => Promise<unknown>) {
        const before = this.device.now
        await act()
        const last = this.truthList.at(-1)
        // somewhere between before and now: until now the old lag may be true, from before on the new one
        if (last && last.toMs === Infinity) last.toMs = this.device.now
        this.lag = lag ?? -1
        if (lag !== undefined)
            this.truthList.push({
                level: levelFor(lag, LAG_PER_LED),
                fromMs: before,
                toMs: Infinity,
            })
    }

    /** Whether the light says what is true, in words and on the LEDs (but for a wink). */
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
     * Waits until the light says what is true, in words and on the LEDs.
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

    /** The log's lines since a device time, in words for people. */
    linesSince(t: number): string[] {
        return this.device.logs
            .filter(log => log.t >= t && log.level === "log")
            .map(({ text }: LogRecord) => text)
    }

    /** What the light has claimed that was not true, a sentence each. */
    lies(): string[] {
        return falseClaims(
            claimsOf(this.frames, this.device.now),
            this.truthList,
            STALE_MS + DELAY_MS
        )
    }

    /** @throws if the light has ever lied, or the program has ended */
    mustBeHonest() {
        assert.deepEqual(this.panics, [])
        const lies = this.lies()
        assert.deepEqual(
            lies,
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
