/**
 * The Pico W's Wi-Fi as its runtime drives it (devicescript's network/wifi.c, devicescript-pico's wifi_impl.c): it joins
 * once, and what fails then is final (docs/pico-w-runtime.md row 15).
 *
 * The service itself runs in the program (test/device/programs/mainpicow.ts), for the VM has none; this tells it what to
 * say, by a command on the Jacdac bus.
 */
import type { Clock } from "../../../../sim/vm/clock.ts"
import { troubleAt } from "./world.ts"
import type { ReportBody, World } from "./world.ts"

/** The fake board's Jacdac id; the service's address on the bus follows from it. */
export const DEVICE_ID = "1122334455667788"
/** Where the VM announces the services of a program on the device with the id above. */
export const SERVICES_ID = "e9712831f22f5553"
/** The Wi-Fi service is the first that the program starts; 0 is the control service. */
const SERVICE_INDEX = 1

/** The Jacdac command `add_network`, which the stand-in service takes orders by. */
const ADD_NETWORK = 0x81
/** In place of a network's name: what follows is an order. */
export const ORDER = "!fake"

/** When the radio scans for the first time after power-on, ms. */
const FIRST_SCAN_MS = 2000
/** Between two scans, ms. */
const SCAN_EVERY_MS = 10_200
/** How long a scan takes, ms. */
const SCAN_MS = 50
/** From losing an access point that is still there to the address, ms. */
const REJOIN_MS = 200
/** From the access point's end to the moment when the radio notices, ms. */
const BEACON_LOSS_MS = 1500

export class FakeWifi {
    private address = false
    /** A join was begun. It never ends when it fails. */
    private joining = false

    constructor(
        private readonly world: World,
        private readonly clock: Clock,
        private readonly report: (body: ReportBody) => void
    ) {
        clock.setTimeout(() => this.scan(), FIRST_SCAN_MS)
    }

    hasAddress() {
        return this.address
    }

    /** The access point has gone. */
    networkLost() {
        this.clock.setTimeout(() => {
            if (!this.isThere()) this.lose()
        }, BEACON_LOSS_MS)
    }

    /** The access point has sent the board away, and lets it in again. */
    sentAway() {
        if (this.address) this.lose()
    }

    private scan() {
        if (!this.address)
            this.clock.setTimeout(() => {
                if (this.address) return
                const known = this.isThere() ? 1 : 0
                this.tell(`scan ${3 + known} ${known}`)
                if (known && !this.joining) this.join(this.world.dhcpMs)
            }, SCAN_MS)
        this.clock.setTimeout(() => this.scan(), SCAN_EVERY_MS)
    }

    private lose() {
        if (!this.address && !this.joining) return
        this.address = false
        this.tell("lostIp")
        this.join(REJOIN_MS)
    }

    private join(ms: number) {
        this.joining = true
        // nobody there, or the password is wrong: the runtime thinks for ever that it is joining
        if (
            !this.isThere() ||
            troubleAt(this.world, "wrong-password", this.now())
        )
            return
        this.clock.setTimeout(() => {
            if (!this.isThere()) return
            this.address = true
            if (this.world.tellsAddress) this.tell("gotIp")
        }, ms)
    }

    private isThere() {
        return !troubleAt(this.world, "ap-out", this.now())
    }

    private tell(event: string) {
        this.report({ what: "wifi", event })
        // vm-process.ts takes it for a frame from the bus
        process.emit(
            "message",
            { kind: "frame", frame: orderFrame(event) },
            undefined as never
        )
    }

    private now() {
        return this.clock.now() - this.world.originMs
    }
}

/** A Jacdac frame with one command to the stand-in service (jacdac protocol reference, "frames"). */
function orderFrame(order: string) {
    const payload = Buffer.from(`${ORDER}\0${order}\0`)
    const packetBytes = 4 + payload.length
    const frame = Buffer.alloc(12 + packetBytes)
    frame[2] = frame.length - 12
    // the frame's flag "command"
    frame[3] = 1
    Buffer.from(SERVICES_ID, "hex").copy(frame, 4)
    frame[12] = payload.length
    frame[13] = SERVICE_INDEX
    frame.writeUInt16LE(ADD_NETWORK, 14)
    payload.copy(frame, 16)
    frame.writeUInt16LE(crc16(frame.subarray(2)), 0)
    return new Uint8Array(frame)
}

/** CRC-16-CCITT from 0xffff, as Jacdac uses it. */
function crc16(bytes: Uint8Array) {
    let crc = 0xffff
    for (const byte of bytes) {
        crc ^= byte << 8
        for (let bit = 0; bit < 8; bit++)
            crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
    }
    return crc
}
