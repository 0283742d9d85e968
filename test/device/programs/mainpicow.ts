/**
 * The firmware as it runs on a Pico W, for the VM: told that it is on one (as the board's own configuration tells), without
 * pins, beside a stand-in for the Wi-Fi service, which the VM has not. Sockets that behave as a Pico W's are the host's business (test/host/support/fake-pico-w).
 */
import * as ds from "@devicescript/core"
import { Server, startServer } from "@devicescript/server"
import { configureHardware } from "@devicescript/servers"
import { LEDS } from "../../../src/display/display"
import { LampPins, TrafficLight } from "../../../src/display/traffic-light"
import { laglight } from "../../../src/laglight"
import { thisRuntime } from "../../../src/link/runtime"

// boards/pico_w_laglight.board.json; the type knows nothing of it
configureHardware({ archId: "rp2040w" } as any)

/** What the board's pins take of the heap, bytes, and its own services; seen on the real runtime. */
const boardTakes = Buffer.alloc(2500)

/** In place of a network's name: the password is an order of the host's. */
const ORDER = "!fake"

/** Says what the host orders: `scan <networks> <known ones>`, `gotIp`, `lostIp`. */
class FakePicoWWifi extends Server implements ds.WifiServerSpec {
    constructor() {
        super(ds.Wifi.spec)
    }

    /** @param both the library hands over all arguments as one array, whatever its types say */
    async addNetwork(both: any): Promise<void> {
        const [name, order] = both as string[]
        if (name !== ORDER) {
            console.debug(`fake Wi-Fi: add network ${name}`)
            return
        }
        const words = order.split(" ")
        const spec = ds.Wifi.spec
        if (words[0] === "gotIp")
            await this.sendEvent(spec.lookup("gotIp").encode())
        else if (words[0] === "lostIp")
            await this.sendEvent(spec.lookup("lostIp").encode())
        else if (words[0] === "scan")
            await this.sendEvent(
                spec
                    .lookup("scanComplete")
                    .encode([parseInt(words[1]), parseInt(words[2])])
            )
    }

    reconnect(): void {}
    forgetNetwork(ssid: string): void {}
    forgetAllNetworks(): void {}
    setNetworkPriority(priority: number, ssid: string): void {}
    scan(): void {}
    reading(): number {
        return -60
    }
    enabled(): boolean {
        return true
    }
    set_enabled(value: boolean): void {}
    ipAddress(): Buffer {
        return Buffer.alloc(0)
    }
    eui48(): Buffer {
        return Buffer.alloc(6)
    }
    ssid(): string {
        return ""
    }
}

// the first service of the program: the host knows its index
startServer(new FakePicoWWifi())

if (boardTakes.length === 0) console.log("no board")
const leds: ds.OutputPin[] = []
for (let i = 0; i < LEDS; ++i) leds.push(undefined)
const lamps: LampPins = { green: undefined, yellow: undefined, red: undefined }

await laglight(
    thisRuntime(),
    { leds, awake: undefined },
    async settings => await TrafficLight.ifWanted(lamps, settings?.trafficLight)
)
