/**
 * The link carries out what the recovery policy decides. Nothing here reaches a network: port 0 is refused by the socket
 * layer itself, at once, so that a connect takes as long as the link waits before it.
 */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { Address } from "../../src/link/address"
import { Fault, LinkError } from "../../src/link/fault"
import { Link, Talk } from "../../src/link/link"
import { WARM_START_MS } from "../../src/link/recovery"
import { Runtime } from "../../src/link/runtime"
import { Wifi } from "../../src/link/wifi"

const NOWHERE: Address = { host: "nowhere", port: 0, tls: false }

/** A conversation whose server closes after QUIT, or does not. */
class FakeTalk implements Talk {
    quits = 0

    constructor(private closes: boolean) {}

    async quit(): Promise<boolean> {
        this.quits++
        return this.closes
    }
}

/** A Wi-Fi that would say that its join is final, if it were asked. */
class FakeWifi {
    signs = 0

    works(): void {
        this.signs++
    }

    joinIsFinal(): boolean {
        return true
    }
}

function sound(): Link {
    return new Link(Runtime.Host, undefined)
}

/** How long a connect is put off, ms. */
async function pauseOf(link: Link): Promise<number> {
    const begin = ds.millis()
    try {
        await link.connect(NOWHERE)
    } catch (e) {
        return ds.millis() - begin
    }
    throw new Error("connected to nowhere")
}

function between(ms: number, low: number, high: number) {
    if (ms < low || ms > high)
        throw new Error(`${ms} ms, not from ${low} to ${high}`)
}

async function fail(link: Link, fault: Fault, talk: Talk) {
    await link.failed(new LinkError(fault, "a test"), talk)
}

describe("the next connect", () => {
    test("comes at once at first", async () => {
        between(await pauseOf(sound()), 0, 10)
    })
    test("row 14: leaves 100 ms after a socket that the server closed", async () => {
        const link = sound()
        const talk = new FakeTalk(true)
        await link.leave(talk)
        expect(talk.quits).toBe(1)
        between(await pauseOf(link), 100, 110)
    })
    test("leaves 2 s when the server did not close after QUIT", async () => {
        const link = sound()
        const talk = new FakeTalk(false)
        await link.leave(talk)
        expect(talk.quits).toBe(1)
        between(await pauseOf(link), 2000, 2210)
    })
    test("waits as long as the policy says", async () => {
        const link = sound()
        await fail(link, Fault.PeerClosed, new FakeTalk(true))
        between(await pauseOf(link), 2000, 2210)
        await fail(link, Fault.PeerClosed, undefined)
        between(await pauseOf(link), 4000, 4410)
        link.succeeded()
        await fail(link, Fault.PeerClosed, undefined)
        between(await pauseOf(link), 2000, 2210)
        await fail(link, Fault.PeerClosed, undefined)
        link.succeeded()
        await fail(link, Fault.PeerClosed, undefined)
        between(await pauseOf(link), 2000, 2210)
    })
    test("is not when other lights have theirs", async () => {
        const pauses: number[] = []
        for (let i = 0; i < 6; ++i) {
            const link = sound()
            await fail(link, Fault.PeerClosed, undefined)
            pauses.push(await pauseOf(link))
        }
        // each of 200 is as likely
        if (pauses.every(pause => pause === pauses[0]))
            throw new Error(`always ${pauses[0]} ms`)
    })
})

describe("a start", () => {
    test("row 10: that comes late matters to a Pico W alone", async () => {
        await ds.sleep(WARM_START_MS + 1)
        const link = sound()
        await link.start()
        between(await pauseOf(link), 0, 10)
    })
})

describe("QUIT", () => {
    test("is said where the policy says so", async () => {
        const talk = new FakeTalk(true)
        await fail(sound(), Fault.BadReply, talk)
        await fail(sound(), Fault.Abandoned, talk)
        await fail(sound(), Fault.Other, talk)
        expect(talk.quits).toBe(3)
    })
    test("is not said to whoever has gone, or is silent", async () => {
        const talk = new FakeTalk(true)
        await fail(sound(), Fault.PeerClosed, talk)
        await fail(sound(), Fault.PeerReset, talk)
        await fail(sound(), Fault.ReplyTimeout, talk)
        await fail(sound(), Fault.SendFailed, talk)
        expect(talk.quits).toBe(0)
    })
    test("needs somebody to say it to", async () => {
        const link = sound()
        // a connect that failed for a reason that nobody foresaw
        await fail(link, Fault.Other, undefined)
        between(await pauseOf(link), 2000, 2210)
    })
})

describe("Wi-Fi", () => {
    test("works, where a connect fails for another reason than the network", async () => {
        const wifi = new FakeWifi()
        const link = new Link(Runtime.PicoW, wifi as any as Wifi)
        let fault: Fault = undefined
        try {
            await link.connect(NOWHERE)
        } catch (e) {
            fault = (e as LinkError).fault
        }
        expect(fault).toBe(Fault.Other)
        expect(wifi.signs).toBe(1)
    })
})
