/** Finds the board's serial port and opens it, with messages for all errors. */
import type { Duplex } from "node:stream"
import { DeskError } from "./run-command.ts"

/** What the system reports about a port. */
export interface PortInfo {
    path: string
    manufacturer?: string
    serialNumber?: string
    vendorId?: string
    productId?: string
}

/** The part of the package `serialport` that is used; tests have one of their own. */
export interface SerialPorts {
    list(): Promise<PortInfo[]>
    /** @throws Error with the system's message */
    open(path: string): Promise<Duplex>
}

/** USB has no such thing, but the option is required; the stock tool uses the same. */
const BAUD_RATE = 1_500_000
/** DeviceScript's runtime gives itself a serial number JD and the device's id (devicescript-pico, src/usb_descriptors.c). */
const SERIAL_NUMBER = /^JD[0-9a-f]{16}$/i

/** The ports of this computer. @throws DeskError without the package, which is an optional one */
export async function systemSerialPorts(): Promise<SerialPorts> {
    let SerialPort: typeof import("serialport").SerialPort
    try {
        SerialPort = (await import("serialport")).SerialPort
    } catch {
        throw new DeskError(
            "the package serialport is missing, or has no build for this computer; npm install --include=optional installs it"
        )
    }
    return {
        list: () => SerialPort.list(),
        open: path =>
            new Promise((resolve, reject) => {
                const port = new SerialPort(
                    { path, baudRate: BAUD_RATE },
                    error => (error ? reject(error) : resolve(port))
                )
            }),
    }
}

/** @param wanted a port's path; without one, the only board there is @throws DeskError */
export async function findBoard(ports: SerialPorts, wanted?: string) {
    if (wanted) return wanted
    let all: PortInfo[]
    try {
        all = await ports.list()
    } catch (error) {
        throw new DeskError(
            `the serial ports cannot be listed (${(error as Error).message}); name the port: --serial PORT`
        )
    }
    const boards = all.filter(({ serialNumber }) =>
        SERIAL_NUMBER.test(serialNumber ?? "")
    )
    if (boards.length === 1) return boards[0].path
    if (boards.length > 1)
        throw new DeskError(
            `there are ${boards.length} boards (${boards.map(({ path }) => path).join(", ")}); name one: --serial PORT`
        )
    const others = all.map(({ path }) => path).join(", ")
    throw new DeskError(
        "no board was found on USB. Is it plugged in, with a cable that carries data? Is DeviceScript's runtime on it (npm run flash)? " +
            `It must not be in BOOTSEL mode. ${others ? `Other serial ports: ${others}; --serial PORT takes one of them all the same` : "There is no serial port at all"}`
    )
}

/** @throws DeskError */
export async function openBoard(
    ports: SerialPorts,
    path: string,
    platform: NodeJS.Platform = process.platform
): Promise<Duplex> {
    try {
        return await ports.open(path)
    } catch (error) {
        throw new DeskError(openError(path, (error as Error).message, platform))
    }
}

/** From the messages of Linux, macOS and Windows. */
function openError(path: string, message: string, platform: NodeJS.Platform) {
    const isDenied = /permission denied|EACCES|access denied/i.test(message)
    if (
        /lock|busy|temporarily unavailable|EBUSY/i.test(message) ||
        // on Windows this means that another program has the port open
        (isDenied && platform === "win32")
    )
        return `${path} is in use by another program (npm run watch or deploy in another window, VS Code, a serial monitor); close that first`
    if (isDenied)
        return `you may not open ${path}; add the udev rule of docs/hardware.md#linux, then unplug the board and plug it in again`
    if (/no such file|cannot find|ENOENT|file not found/i.test(message))
        return `there is no port ${path}; unplug the board, plug it in again, and leave the port's name out`
    return `${path} cannot be opened: ${message}`
}
