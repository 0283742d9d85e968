/**
 * What goes over a board's USB serial line: Jacdac frames and, in between, the text of its log. A frame stands between
 * two marks, each of two bytes, and the byte that begins a mark is quoted where it occurs in a frame (jacdac-c,
 * source/jd_usb.c). Both sides of the line speak the same.
 */
import {
    crc,
    JD_DEVICE_IDENTIFIER_BROADCAST_HIGH_MARK,
    JD_FRAME_FLAG_COMMAND,
    JD_FRAME_FLAG_IDENTIFIER_IS_SERVICE_CLASS,
    JD_FRAME_FLAG_LOOPBACK,
    JD_SERVICE_INDEX_BROADCAST,
    jdpack,
    SRV_USB_BRIDGE,
    UsbBridgeQByte,
} from "jacdac-ts"
import type { UsbBridgeCmd } from "jacdac-ts"

/** The stock tool fills up each write to so many bytes; outside of a frame, zeros mean nothing. */
const WRITE_BYTES = 64
const MAX_FRAME_BYTES = 256
/** Of a frame's header: checksum, size, flags, device. */
const HEADER_BYTES = 12

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Takes bytes off the line apart. */
export class UsbReader {
    private quoting = false
    private frame: number[] | undefined
    private text: number[] = []

    constructor(
        private readonly on: {
            frame(frame: Uint8Array): void
            /** A line of the board's log. */
            line(text: string): void
        }
    ) {}

    feed(bytes: Uint8Array) {
        for (const byte of bytes) {
            if (this.quoting) {
                this.quoting = false
                this.mark(byte)
            } else if (byte === UsbBridgeQByte.Magic) this.quoting = true
            else this.take(byte)
        }
    }

    private mark(byte: number) {
        switch (byte) {
            case UsbBridgeQByte.LiteralMagic:
            case UsbBridgeQByte.Magic:
                this.take(UsbBridgeQByte.Magic)
                break
            case UsbBridgeQByte.FrameStart:
                this.frame = []
                break
            case UsbBridgeQByte.FrameEnd:
                this.endFrame()
                break
            case UsbBridgeQByte.SerialGap:
                this.endLine()
                this.on.line("[the log has a gap]")
                break
        }
    }

    private take(byte: number) {
        if (this.frame) {
            this.frame.push(byte)
            // it has lost its end
            if (this.frame.length > MAX_FRAME_BYTES) this.frame = undefined
        } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN)
            this.endLine()
        else if (byte !== 0) this.text.push(byte)
    }

    private endFrame() {
        const bytes = Uint8Array.from(this.frame ?? [])
        this.frame = undefined
        const size = HEADER_BYTES + (bytes[2] ?? 0)
        if (bytes.length < size) return
        const frame = bytes.slice(0, size)
        const sum = crc(frame.slice(2))
        if (frame[0] === (sum & 0xff) && frame[1] === sum >> 8)
            this.on.frame(frame)
    }

    private endLine() {
        if (this.text.length === 0) return
        const line = new TextDecoder().decode(Uint8Array.from(this.text))
        this.text = []
        // colours
        this.on.line(line.replace(/\x1b\[[0-9;]*m/g, ""))
    }
}

/** A frame as it goes over the line. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
    const bytes: number[] = [UsbBridgeQByte.Magic, UsbBridgeQByte.FrameStart]
    for (const byte of frame) {
        bytes.push(byte)
        if (byte === UsbBridgeQByte.Magic)
            bytes.push(UsbBridgeQByte.LiteralMagic)
    }
    bytes.push(UsbBridgeQByte.Magic, UsbBridgeQByte.FrameEnd)
    while (bytes.length % WRITE_BYTES !== 0) bytes.push(0)
    return Uint8Array.from(bytes)
}

/** A frame that the board's USB side keeps to itself: switches frames or the log on or off. It answers with the same. */
export function bridgeFrame(command: UsbBridgeCmd): Uint8Array {
    const frame = jdpack("u16 u8 u8 u32 u32 u8 u8 u16", [
        0,
        4,
        JD_FRAME_FLAG_IDENTIFIER_IS_SERVICE_CLASS |
            JD_FRAME_FLAG_COMMAND |
            JD_FRAME_FLAG_LOOPBACK,
        SRV_USB_BRIDGE,
        JD_DEVICE_IDENTIFIER_BROADCAST_HIGH_MARK,
        0,
        JD_SERVICE_INDEX_BROADCAST,
        command,
    ])
    const sum = crc(frame.slice(2))
    frame[0] = sum & 0xff
    frame[1] = sum >> 8
    return frame
}

/** Whether a frame is one of `bridgeFrame`. @returns its command */
export function bridgeCommand(frame: Uint8Array): UsbBridgeCmd | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    const isBridge =
        (frame[3] & JD_FRAME_FLAG_IDENTIFIER_IS_SERVICE_CLASS) !== 0 &&
        view.getUint32(4, true) === SRV_USB_BRIDGE
    return isBridge ? view.getUint16(14, true) : undefined
}
