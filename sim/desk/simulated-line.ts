/** A simulated device at the end of a USB line, as a board would be: for trying things without one, and for tests. */
import { Duplex } from "node:stream"
import { FRAME_PROCESS, UsbBridgeCmd } from "jacdac-ts"
import type { JDFrameBuffer } from "jacdac-ts"
import type { SimulatedDevice } from "../vm/device.ts"
import { bridgeCommand, encodeFrame, UsbReader } from "./usb-framing.ts"

/** The host's end of the line. Closing it leaves the device running; its end closes the line. */
export function lineTo(device: SimulatedDevice): Duplex {
    let sendsFrames = false
    let sendsLog = false
    const reader = new UsbReader({
        frame: frame => {
            const command = bridgeCommand(frame)
            if (command === undefined) {
                const copy: JDFrameBuffer = frame
                copy._jacdac_sender = "usb"
                void device.bus.sendFrameAsync(copy)
                return
            }
            if (command === UsbBridgeCmd.EnablePackets) sendsFrames = true
            if (command === UsbBridgeCmd.EnableLog) sendsLog = true
            line.push(encodeFrame(frame))
        },
        line: () => {},
    })
    const fromDevice = (frame: JDFrameBuffer) => {
        if (sendsFrames && frame._jacdac_sender === "vm")
            line.push(encodeFrame(frame))
    }
    const fromLog = (text: string) => {
        // a line's colours and its end, as the board prints them
        if (sendsLog) line.push(Buffer.from(`\x1b[32m${text}\x1b[0m\r\n`))
    }
    const line = new Duplex({
        read() {},
        write(bytes: Uint8Array, _encoding, done) {
            reader.feed(bytes)
            done()
        },
        destroy(error, done) {
            device.bus.off(FRAME_PROCESS, fromDevice)
            device.off("dmesg", fromLog)
            done(error)
        },
    })
    device.bus.on(FRAME_PROCESS, fromDevice)
    device.on("dmesg", fromLog)
    // a reset takes USB down with it
    device.once("restart", () => line.destroy())
    device.once("exit", () => line.destroy())
    return line
}
