/** Whether the consumers need a look: each limit alone, at its edge, and when it is off. */
import { describe, expect, test } from "@devicescript/test"
import { complaint, Limits, ConsumerHealth } from "../../src/signal/health"

const OFF: Limits = {
    pendingMax: undefined,
    idleMaxS: undefined,
    pendingAgeS: undefined,
    stallS: undefined,
    deadStream: "",
    deadMax: 0,
}
const ALL: Limits = {
    pendingMax: 10,
    idleMaxS: 60,
    pendingAgeS: 30,
    stallS: 20,
    deadStream: "orders:dead",
    deadMax: 5,
}
const UNASKED: ConsumerHealth = {
    pending: undefined,
    consumers: undefined,
    longestIdleMs: undefined,
    oldestPendingMs: undefined,
    stalledMs: undefined,
    deadEntries: undefined,
    deadError: undefined,
    lagging: false,
}
const WELL: ConsumerHealth = {
    pending: 10,
    consumers: 2,
    longestIdleMs: 60000,
    oldestPendingMs: 30000,
    stalledMs: 20000,
    deadEntries: 5,
    deadError: undefined,
    lagging: true,
}

function said(
    health: Partial<ConsumerHealth>,
    limits: Partial<Limits>
): string {
    return complaint({ ...UNASKED, ...health }, { ...OFF, ...limits })
}

describe("all is well", () => {
    test("at the limits", () => {
        expect(complaint(WELL, ALL)).toBe(undefined)
    })
    test("where nothing was asked, or answered", () => {
        expect(complaint(UNASKED, ALL)).toBe(undefined)
        expect(complaint(UNASKED, OFF)).toBe(undefined)
    })
    test("where no limit is set", () => {
        expect(
            said(
                {
                    pending: 1000000,
                    consumers: 1,
                    longestIdleMs: 1e12,
                    oldestPendingMs: 1e12,
                    stalledMs: 1e12,
                },
                {}
            )
        ).toBe(undefined)
    })
    test("where the other limits are set", () => {
        expect(said({ pending: 99 }, { idleMaxS: 1, pendingAgeS: 1 })).toBe(
            undefined
        )
        expect(
            said({ longestIdleMs: 99000 }, { pendingMax: 1, pendingAgeS: 1 })
        ).toBe(undefined)
        expect(
            said({ oldestPendingMs: 99000 }, { pendingMax: 1, idleMaxS: 1 })
        ).toBe(undefined)
    })
    test("with no consumers and nothing to do", () => {
        expect(said({ consumers: 0 }, ALL)).toBe(undefined)
    })
})

describe("a complaint", () => {
    test("about pending entries", () => {
        expect(said({ pending: 11 }, ALL)).toBe("11 entries pending, limit 10")
        expect(said({ pending: 1 }, { pendingMax: 0 })).toBe(
            "1 entries pending, limit 0"
        )
        expect(said({ pending: 0 }, { pendingMax: 0 })).toBe(undefined)
    })
    test("about the oldest of them", () => {
        expect(said({ oldestPendingMs: 30001 }, ALL)).toBe(
            "the oldest pending entry is 30 s old, limit 30 s"
        )
        expect(said({ oldestPendingMs: 86400000 }, ALL)).toBe(
            "the oldest pending entry is 86400 s old, limit 30 s"
        )
    })
    test("about an idle consumer", () => {
        expect(said({ longestIdleMs: 60001 }, ALL)).toBe(
            "a consumer with pending entries has been idle for 60 s, limit 60 s"
        )
        expect(said({ longestIdleMs: 75999 }, ALL)).toBe(
            "a consumer with pending entries has been idle for 75 s, limit 60 s"
        )
    })
    test("about a group without consumers that lags", () => {
        expect(said({ consumers: 0, lagging: true }, ALL)).toBe(
            "entries are waiting and the group has no consumers"
        )
        expect(said({ consumers: 0, lagging: true, pending: 99 }, ALL)).toBe(
            "entries are waiting and the group has no consumers"
        )
    })
    test("about entries in the dead-letter stream, or why they cannot be counted", () => {
        expect(said({ deadEntries: 6 }, ALL)).toBe(
            "6 entries in orders:dead, limit 5"
        )
        expect(said({ deadError: "WRONGTYPE Operation" }, ALL)).toBe(
            "orders:dead: WRONGTYPE Operation; check DEAD_STREAM"
        )
    })
    test("of several the one about what is pending", () => {
        expect(
            said(
                { pending: 11, longestIdleMs: 99999, oldestPendingMs: 99999 },
                ALL
            )
        ).toBe("11 entries pending, limit 10")
    })
})

describe("a stall", () => {
    test("is told of beyond its limit, and only where there is one", () => {
        expect(said({ stalledMs: 20000 }, { stallS: 20 })).toBe(undefined)
        expect(said({ stalledMs: 20001 }, { stallS: 20 })).toBe(
            "stalled for 20 s: entries wait and none is delivered, limit 20 s"
        )
        expect(said({ stalledMs: 99000 }, { pendingMax: 1 })).toBe(undefined)
    })
})
