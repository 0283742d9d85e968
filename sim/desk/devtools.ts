/**
 * DeviceScript's own simulator, behind `devs devtools`: program and settings put onto it over devtools' WebSocket. Devtools
 * would compile by itself, and hears of no device meanwhile: if that takes 3 s it has given up the device that it was to
 * deploy to, and the deploy times out (jacdac-ts, JD_DEVICE_DISCONNECTED_DELAY). Here another process has compiled.
 */
import { setTimeout as sleep } from "node:timers/promises"
import {
    DeviceScriptManagerCmd,
    DeviceScriptManagerReg,
    JDBus,
    OutPipe,
    SettingsClient,
    SRV_DEVICE_SCRIPT_MANAGER,
    SRV_SETTINGS,
    WebSocketTransport,
} from "jacdac-ts"
import type { JDService } from "jacdac-ts"
import WebSocket from "ws"
import { WIFI_KEYS } from "../settings-table.ts"
import type { Deployment } from "./board.ts"
import { DeskError } from "./run-command.ts"

/** Fixed by devtools, which listens to this computer alone. */
const DEVTOOLS = "ws://127.0.0.1:8081/"
/** A device announces itself twice a second. */
const APPEAR_MS = 3000
const LOOK_MS = 50
/** For an answer over the socket; a busy computer loses some. */
const ATTEMPTS = 5

/**
 * Sends program and settings to the only device there, and starts it.
 * @returns the device's name on the bus: two letters and two digits
 * @throws DeskError if devtools does not run, or has not exactly one device
 */
export async function deployToDevtools(
    { bytecode, settings, knownKeys }: Deployment,
    url = DEVTOOLS
): Promise<string> {
    const transport = new WebSocketTransport(url, { protocols: [], WebSocket })
    const bus = new JDBus([transport], { disableRoleManager: true })
    try {
        await connect(transport)
        const manager = await onlyManager(bus)
        const { device } = manager
        const running = manager.register(DeviceScriptManagerReg.Running)
        const autostart = manager.register(DeviceScriptManagerReg.Autostart)
        await autostart.sendSetBoolAsync(false)
        await running.sendSetBoolAsync(false)
        await OutPipe.sendBytes(
            manager,
            DeviceScriptManagerCmd.DeployBytecode,
            bytecode
        )
        const client = new SettingsClient(
            device.services({ serviceClass: SRV_SETTINGS })[0]
        )
        for (const key of knownKeys) {
            if (settings.has(key)) continue
            // asked first: each deletion takes room in flash, also of what is not there
            const value = await withRetries(() => client.getValue(key))
            if (value && value.length > 0)
                await withRetries(() => client.deleteValue(key))
        }
        const bytes = new TextEncoder()
        for (const [key, json] of settings)
            // the simulator has no Wi-Fi
            if (!WIFI_KEYS.includes(key))
                await withRetries(() =>
                    client.setValue(key, bytes.encode(json))
                )
        client.unmount()
        await autostart.sendSetBoolAsync(true)
        await running.sendSetBoolAsync(true)
        return device.shortId
    } finally {
        await bus.stop()
        await transport.disconnect(true)
        transport.dispose()
    }
}

/** @throws DeskError */
async function connect(transport: WebSocketTransport) {
    try {
        await transport.connect(true)
    } catch {
        // said below
    }
    if (!transport.connected)
        throw new DeskError(
            "nobody answers on port 8081: start DeviceScript's tools with npx devs devtools, or open the folder in VS Code"
        )
}

/** The service that takes programs. @throws DeskError unless there is one device with it */
async function onlyManager(bus: JDBus): Promise<JDService> {
    const managers = () =>
        bus.services({ serviceClass: SRV_DEVICE_SCRIPT_MANAGER, lost: false })
    for (
        let left = APPEAR_MS;
        left > 0 && managers().length === 0;
        left -= LOOK_MS
    )
        await sleep(LOOK_MS)
    const found = managers()
    if (found.length === 0)
        throw new DeskError(
            "devtools has no device: start DeviceScript's simulator with npx devs vm --tcp"
        )
    if (found.length > 1)
        throw new DeskError(
            `devtools has ${found.length} devices: unplug or end all but one`
        )
    return found[0]
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
    for (let left = ATTEMPTS; ; left--)
        try {
            return await attempt()
        } catch (error) {
            if (left <= 1) throw error
        }
}
