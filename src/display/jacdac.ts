/**
 * The program's services on the Jacdac bus: laglight tells what it shows, and heeds nobody. @devicescript/server would do, for
 * any service that there may be: with four times the bytes, and thirty calls for every announcement.
 */
import * as ds from "@devicescript/core"

/** What of DeviceScript's runtime serves the program's own device on the bus. */
type NativeServer = typeof ds & {
    /** Called for each packet that comes for it. */
    _onServerPacket(packet: ds.Packet): Promise<void>
    _serverSend(serviceIndex: number, packet: ds.Packet): Promise<void>
}

/** A service of the device. */
export interface Service {
    readonly spec: ds.ServiceSpec
    /** The registers' values, by the names of the specification. */
    registers(): any
    /** Carries out an action; missing where there is none. @returns false when it is none of the service's */
    act?(name: string, argument: any): Promise<boolean>
}

/** How often a device announces itself, ms. */
const ANNOUNCE_EVERY_MS = 500
/** The first byte of an announcement counts from 1 to 15 after a start, and stays (ControlAnnounceFlags). */
const STEADY = 15

const services: Service[] = []
/** The announcement, made once for all; undefined while it is not made of all services. */
let announced: ds.Packet | undefined = undefined

/** The service that each device has: who it is, and which others it offers. */
class ControlService implements Service {
    readonly spec = ds.Control.spec

    registers(): any {
        return {
            deviceDescription: "DeviceScript user-provided servers",
            productIdentifier: 0x355724dd,
            bootloaderProductIdentifier: 0x355724dd,
            firmwareVersion: ds._dcfgString("@version"),
            uptime: ds.millis() * 1000,
            statusCode: [0, 0],
        }
    }

    async act(name: string, argument: any): Promise<boolean> {
        switch (name) {
            case "announce":
                await sendReport(0, announcement())
                return true
            case "reset":
                ds.reboot()
                return true
            case "noop":
            case "identify":
            case "setStatusLight":
                return true
        }
        return false
    }
}

/** Starts a service. @returns its index, for `sendReport` */
export function startService(service: Service): number {
    if (services.length === 0) {
        services.push(new ControlService())
        ;(ds as NativeServer)._onServerPacket = onPacket
        announce.start()
    }
    services.push(service)
    announced = undefined
    return services.length - 1
}

/** Sends a packet from a service to whoever listens. */
export async function sendReport(
    serviceIndex: number,
    packet: ds.Packet
): Promise<void> {
    await (ds as NativeServer)._serverSend(serviceIndex, packet)
}

function announcement(): ds.Packet {
    const words: number[] = []
    for (const service of services) words.push(service.spec.classIdentifier)
    // its own class, which is 0, gives its place to flags, and to numbers that are 0
    words[0] = ds.ControlAnnounceFlags.SupportsACK + 1
    words.insert(1, 2)
    words[1] = 0
    words[2] = 0
    const spec: ds.PacketSpec = ds.Control.spec.lookup("announce")
    return (spec.response as ds.PacketSpec).encode(words)
}

async function announce(): Promise<void> {
    let starts = 1
    for (;;) {
        await ds.sleep(ANNOUNCE_EVERY_MS)
        if (announced === undefined) announced = announcement()
        if (starts < STEADY) starts++
        announced.payload[0] = starts
        await sendReport(0, announced)
    }
}

async function onPacket(packet: ds.Packet): Promise<void> {
    if (packet.isReport) return
    const index = packet.serviceIndex
    const service = services[index]
    if (service === undefined) return
    service.spec.assign(packet)
    const spec = packet.spec
    if (spec) {
        const name = spec.name
        if (packet.isAction) {
            if (service.act !== undefined)
                if (await service.act(name, packet.decode())) return
        } else {
            const value = service.registers()[name]
            if (value !== undefined) {
                // the light shows the lag, whoever writes what
                if (packet.isRegGet) await sendReport(index, spec.encode(value))
                return
            }
        }
    }
    await sendReport(index, packet.notImplemented())
}
