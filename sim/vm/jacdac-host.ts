/**
 * The Jacdac side of a simulated device: what a dashboard or the deploying tool would do over USB.
 * Uses jacdac-ts; frames come and go through `receive` and the `send` callback.
 */
import {
    ControlCmd,
    DeviceScriptManagerReg,
    FRAME_SEND,
    JDBus,
    LedReg,
    Packet,
    PACKET_PROCESS,
    SettingsClient,
    SRV_CONTROL,
    SRV_DEVICE_SCRIPT_MANAGER,
    SRV_LED,
    SRV_SETTINGS,
    SRV_WIFI,
    WifiCmd,
} from "jacdac-ts"
import type { JDService, Scheduler } from "jacdac-ts"
import type { EncodedSettings } from "../settings-file.ts"

/** Bytes for one pixel in the `pixels` register of a `led` service: red, green, blue. */
const PIXEL_BYTES = 3

/** Attempts in all if acknowledgements are lost; a busy computer loses some. */
const ATTEMPTS = 10

export class JacdacHost {
    readonly bus: JDBus
    private readonly time: BusTime

    /**
     * @param send takes each frame from the bus to the device
     * @param onLeds is told the lit pixels each time the program writes them, as "1" and "0"
     */
    constructor(
        private readonly deviceId: string,
        send: (frame: Uint8Array) => void,
        onLeds: (leds: string) => void
    ) {
        this.time = new BusTime()
        this.bus = new JDBus([], {
            scheduler: this.time,
            disableRoleManager: true,
        })
        this.bus.on(FRAME_SEND, send)
        this.bus.on(PACKET_PROCESS, (packet: Packet) => {
            // a program reports its register, or writes it through a role of its own: a command on the bus
            if (
                (packet.isReport
                    ? packet.isRegisterGet
                    : packet.isRegisterSet) &&
                packet.serviceClass === SRV_LED &&
                packet.registerIdentifier === LedReg.Pixels
            )
                onLeds(litPixels(packet.data))
        })
    }

    /** A frame from the device. */
    receive(frame: Uint8Array) {
        this.bus.processFrame(frame, "vm")
    }

    /** The device's time in milliseconds: the bus goes by it, so that a device that stands still is not lost. */
    advance(ms: number) {
        this.time.advance(ms)
    }

    /** The device's process has ended; nothing of it is on the bus. */
    forgetDevices() {
        for (const device of this.bus.devices({ ignoreInfrastructure: true }))
            this.bus.removeDevice(device.deviceId)
    }

    /** Whether the device has announced the services that a deploy needs. */
    get isAnnounced() {
        return !!this.service(SRV_SETTINGS)
    }

    /** As the stock tool does it (cli/src/deploy.ts): Wi-Fi credentials go to the Wi-Fi service, if there is one. */
    async writeSettings(settings: EncodedSettings, obsolete: string[]) {
        const client = new SettingsClient(this.require(SRV_SETTINGS))
        const bytes = new TextEncoder()
        for (const key of obsolete)
            if (!isWifi(key)) await client.deleteValue(key)
        for (const [key, json] of settings)
            if (!isWifi(key))
                await withRetries(() =>
                    client.setValue(key, bytes.encode(json))
                )
        client.unmount()

        const ssid = settings.get("WIFI_SSID")
        if (ssid === undefined) return
        const password = settings.get("WIFI_PWD") ?? '""'
        for (const wifi of this.services(SRV_WIFI))
            await withRetries(() =>
                wifi.sendCmdPackedAsync(
                    WifiCmd.AddNetwork,
                    [JSON.parse(ssid), JSON.parse(password)],
                    true
                )
            )
    }

    /** Stops the program, or starts it from its beginning. */
    async setRunning(running: boolean) {
        const manager = this.require(SRV_DEVICE_SCRIPT_MANAGER)
        for (const code of [
            DeviceScriptManagerReg.Autostart,
            DeviceScriptManagerReg.Running,
        ])
            await manager.register(code).sendSetBoolAsync(running)
    }

    /** Asks the chip to reset itself. */
    async reset() {
        await this.require(SRV_CONTROL).sendCmdAsync(ControlCmd.Reset)
    }

    async stop() {
        await this.bus.stop()
        this.time.stop()
    }

    private services(serviceClass: number): JDService[] {
        return (
            this.bus.device(this.deviceId, true)?.services({ serviceClass }) ??
            []
        )
    }

    private service(serviceClass: number): JDService | undefined {
        return this.services(serviceClass)[0]
    }

    private require(serviceClass: number): JDService {
        const service = this.service(serviceClass)
        if (!service)
            throw new Error(
                `the device is not on the bus, or without service 0x${serviceClass.toString(16)}`
            )
        return service
    }
}

function isWifi(key: string) {
    return key === "WIFI_SSID" || key === "WIFI_PWD"
}

/** "1" for each pixel with a byte other than 0. */
function litPixels(bytes: Uint8Array) {
    let leds = ""
    for (let i = 0; i < bytes.length; i += PIXEL_BYTES)
        leds += bytes.subarray(i, i + PIXEL_BYTES).some(b => b > 0) ? "1" : "0"
    return leds
}

async function withRetries(attempt: () => Promise<void>) {
    for (let left = ATTEMPTS; ; left--)
        try {
            return await attempt()
        } catch (error) {
            if (left <= 1) throw error
        }
}

/**
 * The bus's clock and timers. What it counts is the device's time, which for a driven clock is not ours:
 * intervals fire as that time goes by. Timeouts (waits for an answer) are real. None keeps Node running.
 */
class BusTime implements Scheduler {
    private nowMs = 0
    private readonly intervals = new Set<{
        callback: () => void
        periodMs: number
        dueMs: number
    }>()
    private readonly timeouts = new Set<NodeJS.Timeout>()

    get timestamp() {
        return this.nowMs
    }

    advance(toMs: number) {
        this.nowMs = Math.max(this.nowMs, toMs)
        for (const interval of this.intervals)
            if (interval.dueMs <= this.nowMs) {
                interval.dueMs = this.nowMs + interval.periodMs
                interval.callback()
            }
    }

    resetTime() {}

    setTimeout(callback: (...args: unknown[]) => void, ms: number) {
        const timer = setTimeout(() => {
            this.timeouts.delete(timer)
            callback()
        }, ms)
        timer.unref()
        this.timeouts.add(timer)
        return timer
    }

    clearTimeout(timer: NodeJS.Timeout) {
        clearTimeout(timer)
        this.timeouts.delete(timer)
    }

    setInterval(callback: (...args: unknown[]) => void, periodMs: number) {
        const interval = {
            callback: () => callback(),
            periodMs,
            dueMs: this.nowMs + periodMs,
        }
        this.intervals.add(interval)
        return interval
    }

    clearInterval(interval: never) {
        this.intervals.delete(interval)
    }

    stop() {
        for (const timer of this.timeouts) clearTimeout(timer)
        this.timeouts.clear()
        this.intervals.clear()
    }
}
