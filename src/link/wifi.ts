import * as ds from "@devicescript/core"
import { FINAL_JOIN_SCANS } from "./recovery"

/**
 * Watches the board's Wi-Fi service for the one thing that connecting does not tell: a join that failed for good.
 * The runtime joins by itself, once; after a failed join it keeps scanning and never joins again, and nothing but a reset
 * of the chip helps (docs/pico-w-runtime.md row 15).
 */
export class Wifi {
    private role = new ds.Wifi("wifi")
    /** Scans in a row that saw a known network while there was no address. */
    private vainScans = 0

    /** Call before the program's first await. */
    constructor() {
        const self = this
        this.role.scanComplete.subscribe(found => {
            if (found[1] > 0) self.vainScans++
        })
        this.role.gotIp.subscribe(() => {
            self.vainScans = 0
        })
    }

    /** A socket got as far as the network: there is an address. */
    works(): void {
        this.vainScans = 0
    }

    /** Whether waiting any longer for an address is in vain. */
    joinIsFinal(): boolean {
        return this.vainScans >= FINAL_JOIN_SCANS
    }

    /** Hands the network's credentials to the runtime, which keeps them; the same ones again write nothing. */
    async addNetwork(name: string, password: string): Promise<void> {
        try {
            while (!this.role.isBound) await ds.sleep(100)
            await this.role.addNetwork(name, password)
        } catch (e: any) {
            console.log(`Wi-Fi: the credentials were not taken: ${e.message}`)
        }
    }
}
