import * as ds from "@devicescript/core"
import { Address } from "./address"
import { Connection } from "./connection"
import { Fault, LinkError } from "./fault"
import {
    Decision,
    Leave,
    ORDERLY_PAUSE_MS,
    Recovery,
    WARM_START_MS,
} from "./recovery"
import { Runtime } from "./runtime"
import { Wifi } from "./wifi"

/** Whoever talks over the connection, as far as leaving it is concerned. */
export interface Talk {
    /** Says QUIT and waits for the server to close. @returns false if it did not */
    quit(): Promise<boolean>
}

/**
 * The way to Redis: one connection at a time, in the moments and with the care that the recovery policy asks for.
 */
export class Link {
    private recovery: Recovery
    /** No connect before this moment, ms since the program's start. */
    private notBefore = 0
    private labels = 0
    /** When the program was started, ms after the chip. */
    private startedAt = ds.millis()

    /** @param wifi undefined where the host sees to the network */
    constructor(
        public runtime: Runtime,
        private wifi: Wifi | undefined
    ) {
        this.recovery = new Recovery(runtime)
    }

    /** A program that the chip did not start may find sockets of the one before it: never returns then. */
    async start(): Promise<void> {
        if (this.runtime === Runtime.PicoW)
            if (this.startedAt > WARM_START_MS)
                await this.carryOut(
                    this.recovery.decide(Fault.WarmStart, ds.millis(), 0),
                    undefined,
                    "the program was restarted"
                )
    }

    /**
     * Waits for the moment, then tries once.
     * @throws LinkError
     */
    async connect(address: Address): Promise<Connection> {
        const pause = this.notBefore - ds.millis()
        if (pause > 0) await ds.sleep(pause)
        if (address.host.startsWith("*."))
            address = {
                ...address,
                host: this.freshLabel() + address.host.slice(1),
            }
        try {
            const connection = await Connection.open(address)
            this.wifi?.works()
            return connection
        } catch (e) {
            const error = e as LinkError
            if (error.fault !== Fault.NoNetwork) this.wifi?.works()
            else if (this.wifi?.joinIsFinal())
                throw new LinkError(
                    Fault.WifiJoinFinal,
                    "the Wi-Fi network cannot be joined: check WIFI_SSID and WIFI_PWD"
                )
            throw error
        }
    }

    /** A label that no DNS cache has seen: row 2 of docs/pico-w-runtime.md. */
    private freshLabel(): string {
        this.labels++
        return `x${Math.floor(Math.random() * 1000000000)}-${this.labels}`
    }

    /** A reading arrived, or the name of a server that is worth trying soon: the next failure is the first again. */
    succeeded(): void {
        this.recovery.failures = 0
    }

    /** Leaves a sound connection for another one. */
    async leave(talk: Talk): Promise<void> {
        if (await talk.quit()) this.notBefore = ds.millis() + ORDERLY_PAUSE_MS
        else
            await this.failed(
                new LinkError(
                    Fault.ReplyTimeout,
                    "the server did not close after QUIT"
                ),
                talk
            )
    }

    /**
     * Leaves what is left of the connection, as the policy says, and plans the next attempt. Does not return when the
     * chip is to be reset.
     * @param talk undefined when there was no connection
     */
    async failed(error: LinkError, talk: Talk | undefined): Promise<void> {
        await this.carryOut(
            this.recovery.decide(error.fault, ds.millis(), Math.random()),
            talk,
            error.message
        )
    }

    private async carryOut(
        decision: Decision,
        talk: Talk | undefined,
        why: string
    ): Promise<void> {
        if (decision.leave === Leave.Quit)
            if (talk !== undefined)
                if (!(await talk.quit()))
                    decision = this.recovery.quitUnanswered(
                        decision,
                        ds.millis()
                    )
        if (decision.leave === Leave.Close) Connection.closeNative()
        this.notBefore = ds.millis() + decision.waitMs
        if (!decision.reset) return
        console.log(
            `resetting the board in ${Math.ceil(decision.waitMs / 1000)} s: ${why}`
        )
        await ds.sleep(decision.waitMs > 0 ? decision.waitMs : 1)
        ds.reboot()
    }
}
