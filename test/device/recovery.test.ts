/** The recovery policy, by the rows of docs/pico-w-runtime.md: what happened, how often, how long ago -> what to do. */
import { describe, expect, test } from "@devicescript/test"
import { Fault } from "../../src/link/fault"
import {
    CONNECT_LIMIT_MS,
    Decision,
    Leave,
    MAX_PAUSE_MS,
    MIN_PAUSE_MS,
    MIN_UPTIME_MS,
    Recovery,
} from "../../src/link/recovery"
import { Runtime } from "../../src/link/runtime"

/** Long after the chip's start, ms. */
const LATE = 3600000

const LEAVES = ["nothing", "quit", "close"]

/** A decision: `close, 2000`, `reset in 0`. */
function textOf(decision: Decision): string {
    return decision.reset
        ? `reset in ${decision.waitMs}`
        : `${LEAVES[decision.leave]}, ${decision.waitMs}`
}

const ALL: Fault[] = [
    Fault.NoNetwork,
    Fault.WifiJoinFinal,
    Fault.OutOfControlBlocks,
    Fault.Refused,
    Fault.ConnectTimeout,
    Fault.UnknownName,
    Fault.Tls,
    Fault.PeerClosed,
    Fault.PeerReset,
    Fault.ReplyTimeout,
    Fault.SendFailed,
    Fault.BadReply,
    Fault.Abandoned,
    Fault.Other,
]

/** A test of the decision about the last of several faults in a row, long after the start. */
function decides(
    what: string,
    runtime: Runtime,
    faults: Fault[],
    expected: string
) {
    test(`${what}: ${expected}`, () => {
        const recovery = new Recovery(runtime)
        let last: Decision = undefined
        for (const fault of faults) last = recovery.decide(fault, LATE, 0)
        expect(textOf(last)).toBe(expected)
    })
}

describe("a Pico W", () => {
    const pico = Runtime.PicoW
    decides("no address yet", pico, [Fault.NoNetwork], "nothing, 500")
    decides(
        "row 1, out of control blocks",
        pico,
        [Fault.OutOfControlBlocks],
        "reset in 0"
    )
    decides(
        "row 3, a name that does not resolve",
        pico,
        [Fault.ConnectTimeout],
        "close, 2000"
    )
    decides("row 5, refused", pico, [Fault.Refused], "nothing, 2000")
    decides(
        "row 5, refused again",
        pico,
        [Fault.Refused, Fault.Refused],
        "nothing, 4000"
    )
    decides(
        "row 5, a connect that times out after a refusal",
        pico,
        [Fault.Refused, Fault.ConnectTimeout],
        "close, 4000"
    )
    decides(
        "row 5, no active close after a refusal",
        pico,
        [Fault.Refused, Fault.ReplyTimeout],
        "reset in 0"
    )
    decides(
        "row 5, QUIT after a refusal",
        pico,
        [Fault.Refused, Fault.BadReply],
        "quit, 4000"
    )
    decides(
        "row 6, a connect that times out",
        pico,
        [Fault.ConnectTimeout],
        "close, 2000"
    )
    decides("row 8, sending failed", pico, [Fault.SendFailed], "reset in 0")
    decides(
        "row 10, the program was restarted",
        pico,
        [Fault.WarmStart],
        "reset in 0"
    )
    decides(
        "row 11, the peer closed",
        pico,
        [Fault.PeerClosed],
        "nothing, 2000"
    )
    decides("row 12, the peer reset", pico, [Fault.PeerReset], "nothing, 2000")
    decides("row 13, half-open once", pico, [Fault.ReplyTimeout], "close, 2000")
    decides(
        "row 13, half-open twice",
        pico,
        [Fault.ReplyTimeout, Fault.ReplyTimeout],
        "reset in 0"
    )
    decides(
        "row 13, half-open twice with others between",
        pico,
        [Fault.ReplyTimeout, Fault.PeerClosed, Fault.ReplyTimeout],
        "reset in 0"
    )
    decides(
        "row 15, a join that failed for good",
        pico,
        [Fault.WifiJoinFinal],
        "reset in 0"
    )
    decides("not RESP", pico, [Fault.BadReply], "quit, 2000")
    decides("laglight wants another", pico, [Fault.Abandoned], "quit, 2000")
    decides("anything else", pico, [Fault.Other], "quit, 2000")

    test("row 6: a connect is given up before lwIP does, after a slow DNS", () => {
        expect(CONNECT_LIMIT_MS < 17500).toBe(true)
        expect(CONNECT_LIMIT_MS > 13400).toBe(true)
    })
    test("row 10: the reset after a restart does not wait", () => {
        const decision = new Recovery(pico).decide(Fault.WarmStart, 11000, 0)
        expect(textOf(decision)).toBe("reset in 0")
    })
    test("a reset waits until the chip has been up for long enough", () => {
        const faults = [
            Fault.WifiJoinFinal,
            Fault.OutOfControlBlocks,
            Fault.SendFailed,
        ]
        for (const fault of faults) {
            const recovery = new Recovery(pico)
            expect(textOf(recovery.decide(fault, 10000, 0))).toBe(
                `reset in ${MIN_UPTIME_MS - 10000}`
            )
            expect(textOf(recovery.decide(fault, MIN_UPTIME_MS, 0))).toBe(
                "reset in 0"
            )
            expect(textOf(recovery.decide(fault, MIN_UPTIME_MS + 1, 0))).toBe(
                "reset in 0"
            )
        }
    })
    test("nothing is closed before a reset", () => {
        const recovery = new Recovery(pico)
        for (let i = 0; i < 3; ++i)
            for (const fault of ALL) {
                const decision = recovery.decide(fault, LATE, 0)
                if (decision.reset) expect(decision.leave).toBe(Leave.Nothing)
            }
    })
    test("row 5: nothing open is closed after a refusal, whatever comes", () => {
        for (const fault of ALL) {
            const recovery = new Recovery(pico)
            recovery.decide(Fault.Refused, LATE, 0)
            const decision = recovery.decide(fault, LATE, 0)
            // a connect that timed out was never open
            if (fault !== Fault.ConnectTimeout)
                expect(decision.leave === Leave.Close).toBe(false)
        }
    })
    test("rows 6 and 14: at least 2 s lie between sockets, whatever comes", () => {
        for (const fault of ALL) {
            const recovery = new Recovery(pico)
            for (let i = 0; i < 6; ++i) {
                const decision = recovery.decide(fault, LATE, 0)
                if (fault !== Fault.NoNetwork && !decision.reset)
                    expect(decision.waitMs >= 2000).toBe(true)
            }
        }
    })
})

describe("QUIT without an answer", () => {
    test("closes a sound Pico W's socket once", () => {
        const recovery = new Recovery(Runtime.PicoW)
        const quit = recovery.decide(Fault.BadReply, LATE, 0)
        const first = recovery.quitUnanswered(quit, LATE)
        expect(textOf(first)).toBe("close, 2000")
        const again = recovery.decide(Fault.BadReply, LATE, 0)
        expect(textOf(recovery.quitUnanswered(again, LATE))).toBe("reset in 0")
    })
    test("resets a Pico W that was refused before", () => {
        const recovery = new Recovery(Runtime.PicoW)
        recovery.decide(Fault.Refused, LATE, 0)
        const quit = recovery.decide(Fault.BadReply, LATE, 0)
        expect(textOf(recovery.quitUnanswered(quit, LATE))).toBe("reset in 0")
    })
    test("closes a host's", () => {
        const recovery = new Recovery(Runtime.Host)
        for (let i = 0; i < 3; ++i) {
            const quit = recovery.decide(Fault.BadReply, LATE, 0)
            const decision = recovery.quitUnanswered(quit, LATE)
            expect(decision.leave).toBe(Leave.Close)
            expect(decision.reset).toBe(false)
            expect(decision.waitMs).toBe(quit.waitMs)
        }
    })
})

describe("a host", () => {
    const host = Runtime.Host
    decides("no network", host, [Fault.NoNetwork], "nothing, 500")
    decides("refused", host, [Fault.Refused], "nothing, 2000")
    decides(
        "no answer to the connect",
        host,
        [Fault.ConnectTimeout],
        "close, 2000"
    )
    decides("half-open", host, [Fault.ReplyTimeout], "close, 2000")
    decides(
        "half-open twice",
        host,
        [Fault.ReplyTimeout, Fault.ReplyTimeout],
        "close, 4000"
    )
    decides("sending failed", host, [Fault.SendFailed], "close, 2000")
    decides("closed", host, [Fault.PeerClosed], "nothing, 2000")
    decides("not RESP", host, [Fault.BadReply], "quit, 2000")
    test("is never reset", () => {
        const recovery = new Recovery(host)
        for (let i = 0; i < 3; ++i)
            for (const fault of ALL)
                expect(recovery.decide(fault, LATE, 0).reset).toBe(false)
        expect(recovery.decide(Fault.WarmStart, LATE, 0).reset).toBe(false)
    })
})

describe("pauses", () => {
    test("double up to 30 s, and begin anew after a reading", () => {
        const recovery = new Recovery(Runtime.Host)
        const pauses: number[] = []
        for (let i = 0; i < 7; ++i)
            pauses.push(recovery.decide(Fault.PeerClosed, LATE, 0).waitMs)
        expect(pauses.join(" ")).toBe("2000 4000 8000 16000 30000 30000 30000")
        recovery.failures = 0
        expect(recovery.decide(Fault.PeerClosed, LATE, 0).waitMs).toBe(
            MIN_PAUSE_MS
        )
    })
    test("stay there, however long Redis is down", () => {
        const recovery = new Recovery(Runtime.Host)
        // a shift by more than 31 bits begins anew
        for (let i = 0; i < 100; ++i) {
            const { waitMs } = recovery.decide(Fault.PeerClosed, LATE, 0)
            if (i >= 4) expect(waitMs).toBe(MAX_PAUSE_MS)
        }
    })
    test("are spread at random by a tenth", () => {
        const recovery = new Recovery(Runtime.Host)
        expect(recovery.decide(Fault.PeerClosed, LATE, 0.5).waitMs).toBe(2100)
        expect(recovery.decide(Fault.PeerClosed, LATE, 1).waitMs).toBe(4400)
        for (let i = 0; i < 9; ++i) recovery.decide(Fault.PeerClosed, LATE, 0)
        expect(recovery.decide(Fault.PeerClosed, LATE, 1).waitMs).toBe(
            MAX_PAUSE_MS * 1.1
        )
    })
    test("do not grow while there is no network", () => {
        const recovery = new Recovery(Runtime.PicoW)
        for (let i = 0; i < 99; ++i)
            expect(recovery.decide(Fault.NoNetwork, LATE, 1).waitMs).toBe(500)
        expect(recovery.decide(Fault.PeerClosed, LATE, 0).waitMs).toBe(2000)
    })
    test("are whole milliseconds", () => {
        const recovery = new Recovery(Runtime.Host)
        const ms = recovery.decide(Fault.PeerClosed, LATE, 0.123456).waitMs
        expect(ms).toBe(Math.floor(ms))
    })
})
