/** The USB line's framing, and the serial port's troubles in words. */
import assert from "node:assert/strict"
import { Duplex } from "node:stream"
import { describe, test } from "node:test"
import fc from "fast-check"
import { crc, UsbBridgeCmd } from "jacdac-ts"
import { findBoard, openBoard } from "../../../sim/desk/serial-port.ts"
import type { PortInfo, SerialPorts } from "../../../sim/desk/serial-port.ts"
import {
    bridgeCommand,
    bridgeFrame,
    encodeFrame,
    UsbReader,
} from "../../../sim/desk/usb-framing.ts"

/** A Jacdac frame with this payload, its size and checksum right. */
function frameOf(payload: Uint8Array) {
    const frame = new Uint8Array(12 + payload.length)
    frame[2] = payload.length
    frame.set(payload, 12)
    const sum = crc(frame.slice(2))
    frame[0] = sum & 0xff
    frame[1] = sum >> 8
    return frame
}

function reader() {
    const frames: Uint8Array[] = []
    const lines: string[] = []
    return {
        frames,
        lines,
        reader: new UsbReader({
            frame: frame => frames.push(frame),
            line: line => lines.push(line),
        }),
    }
}

describe("the USB line", () => {
    const payload = fc
        .uint8Array({ minLength: 4, maxLength: 236 })
        .chain(bytes =>
            // many of the byte that has to be quoted
            fc.constant(bytes.map(byte => (byte > 200 ? 0xfe : byte)))
        )
    const text = fc.string({ unit: fc.constantFrom(..."ab >#☃"), minLength: 1 })

    test("carries frames and log lines, however it is cut", () => {
        fc.assert(
            fc.property(
                fc.array(fc.oneof(payload, text), { maxLength: 8 }),
                fc.integer({ min: 1, max: 70 }),
                (items, pieceBytes) => {
                    const { reader: usb, frames, lines } = reader()
                    const bytes = Buffer.concat(
                        items.map(item =>
                            typeof item === "string"
                                ? Buffer.from(`${item}\r\n`)
                                : encodeFrame(frameOf(item))
                        )
                    )
                    for (let at = 0; at < bytes.length; at += pieceBytes)
                        usb.feed(bytes.subarray(at, at + pieceBytes))
                    const isText = (item: unknown) => typeof item === "string"
                    assert.deepEqual(lines, items.filter(isText))
                    assert.deepEqual(
                        frames,
                        items
                            .filter(item => typeof item !== "string")
                            .map(frameOf)
                    )
                }
            )
        )
    })

    test("survives whatever else is on it", () => {
        fc.assert(
            fc.property(
                fc.array(
                    fc.oneof(
                        fc.constant(0xfe),
                        fc.integer({ min: 0xf0, max: 0xff }),
                        fc.nat(255)
                    ),
                    {
                        maxLength: 600,
                    }
                ),
                noise => {
                    const { reader: usb, frames } = reader()
                    usb.feed(Uint8Array.from(noise))
                    // a frame that is not whole ends where the next begins
                    const good = frameOf(Uint8Array.of(1, 2, 3, 4))
                    usb.feed(encodeFrame(frameOf(Uint8Array.of(0, 0, 0, 0))))
                    usb.feed(encodeFrame(good))
                    assert.deepEqual(frames.at(-1), good)
                }
            )
        )
    })

    test("drops a frame with a wrong checksum", () => {
        const { reader: usb, frames } = reader()
        const frame = frameOf(Uint8Array.of(1, 2, 3, 4))
        frame[13]++
        usb.feed(encodeFrame(frame))
        assert.deepEqual(frames, [])
    })

    test("takes colours out of the log", () => {
        const { reader: usb, lines } = reader()
        usb.feed(Buffer.from("\x1b[32m> jobs/staff: lag 3\x1b[0m\r\n"))
        assert.deepEqual(lines, ["> jobs/staff: lag 3"])
    })

    test("has frames of its own, for switching", () => {
        const { reader: usb, frames } = reader()
        usb.feed(encodeFrame(bridgeFrame(UsbBridgeCmd.EnableLog)))
        assert.equal(bridgeCommand(frames[0]), UsbBridgeCmd.EnableLog)
        assert.equal(
            bridgeCommand(frameOf(Uint8Array.of(1, 2, 3, 4))),
            undefined
        )
    })
})

describe("the serial port", () => {
    const PICO = { path: "/dev/ttyACM0", serialNumber: "JD3f00f1a2b4c5d6e7" }
    const OTHER = { path: "/dev/ttyS0" }

    function ports(list: PortInfo[] | Error, failure?: string): SerialPorts {
        return {
            async list() {
                if (list instanceof Error) throw list
                return list
            },
            async open() {
                if (failure) throw new Error(failure)
                return new Duplex({ read() {} })
            },
        }
    }

    test("is that of the only board", async () => {
        assert.equal(await findBoard(ports([OTHER, PICO])), "/dev/ttyACM0")
        assert.equal(await findBoard(ports([]), "COM7"), "COM7")
    })

    test("is asked for when there are several boards", async () => {
        await assert.rejects(
            findBoard(ports([PICO, { ...PICO, path: "/dev/ttyACM1" }])),
            {
                message:
                    "there are 2 boards (/dev/ttyACM0, /dev/ttyACM1); name one: --serial PORT",
            }
        )
    })

    const MISSING =
        "no board was found on USB. Is it plugged in, with a cable that carries data? Is DeviceScript's runtime on it (npm run flash)? It must not be in BOOTSEL mode. "
    test("is missed in words", async () => {
        await assert.rejects(findBoard(ports([])), {
            message: `${MISSING}There is no serial port at all`,
        })
        await assert.rejects(findBoard(ports([OTHER])), {
            message: `${MISSING}Other serial ports: /dev/ttyS0; --serial PORT takes one of them all the same`,
        })
        await assert.rejects(
            findBoard(ports(new Error("spawn udevadm ENOENT"))),
            {
                message:
                    "the serial ports cannot be listed (spawn udevadm ENOENT); name the port: --serial PORT",
            }
        )
    })

    const TAKEN = (path: string) =>
        `${path} is in use by another program (npm run watch or deploy in another window, VS Code, a serial monitor); close that first`
    for (const [platform, path, said, message] of [
        [
            "linux",
            "/dev/ttyACM0",
            "Error: Permission denied, cannot open /dev/ttyACM0",
            "you may not open /dev/ttyACM0; add the udev rule of docs/hardware.md#linux, then unplug the board and plug it in again",
        ],
        [
            "linux",
            "/dev/ttyACM0",
            "Error Resource temporarily unavailable Cannot lock port",
            TAKEN("/dev/ttyACM0"),
        ],
        [
            "darwin",
            "/dev/cu.usbmodem1",
            "Error Resource busy, cannot open /dev/cu.usbmodem1",
            TAKEN("/dev/cu.usbmodem1"),
        ],
        ["win32", "COM3", "Opening COM3: Access denied", TAKEN("COM3")],
        [
            "win32",
            "COM3",
            "Opening COM3: File not found",
            "there is no port COM3; unplug the board, plug it in again, and leave the port's name out",
        ],
        [
            "linux",
            "/dev/ttyACM0",
            "Error: Input/output error",
            "/dev/ttyACM0 cannot be opened: Error: Input/output error",
        ],
    ] as const)
        test(`says what is the matter on ${platform}: ${said}`, async () => {
            await assert.rejects(openBoard(ports([], said), path, platform), {
                message,
            })
        })
})
