/** What a device's process tells its parent. */
import type { FromDevice } from "./messages.ts"

/** Messages to the parent, gathered while the VM runs and sent as one. */
export class Outbox {
    private messages: FromDevice[] = []
    private flashImage: Uint8Array | undefined

    /** @param onNews is told when a message is more than the device's regular announcement of itself */
    constructor(
        private readonly deviceTime: () => number,
        private readonly onNews: () => void
    ) {}

    post(message: DistributiveOmit<FromDevice, "t">) {
        const t = this.deviceTime()
        // saved after each setting, 128 KB each: the last one says it all
        if (message.kind === "flash") this.flashImage = message.image
        else this.messages.push({ ...message, t } as FromDevice)
        if (message.kind === "frame" ? isCommand(message.frame) : true)
            this.onNews()
    }

    /** @param sent called when the parent has it all */
    flush(sent?: () => void) {
        if (this.flashImage)
            // first, since nothing comes after the message that the VM has ended
            this.messages.unshift({
                kind: "flash",
                t: this.messages[0]?.t ?? this.deviceTime(),
                image: this.flashImage,
            })
        this.flashImage = undefined
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
