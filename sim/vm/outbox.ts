/** Messages from a device's process to its parent. */
import type { FromDevice } from "./messages.ts"

/** Messages to the parent, gathered while the VM runs and sent as one. */
export class Outbox {
    private messages: FromDevice[] = []

    /** @param onOutput is told when a message is more than the device's regular announcement of itself */
    constructor(
        private readonly deviceTime: () => number,
        private readonly onOutput: () => void
    ) {}

    post(message: DistributiveOmit<FromDevice, "t">) {
        this.messages.push({ ...message, t: this.deviceTime() } as FromDevice)
        if (message.kind === "frame" ? isCommand(message.frame) : true)
            this.onOutput()
    }

    /** @param sent called when the parent has it all */
    flush(sent?: () => void) {
        const batch = this.messages
        this.messages = []
        if (!process.connected) return
        if (batch.length > 0 || sent)
            process.send!(batch, undefined, {}, () => sent?.())
    }
}

/** Byte 3 of a Jacdac frame holds its flags; bit 0 is set for commands, clear for reports. */
function isCommand(frame: Uint8Array) {
    return (frame[3] & 1) !== 0
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown
    ? Omit<T, K>
    : never
