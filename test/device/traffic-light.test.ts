/** The traffic light's colours: the worst certain one steady, a worse possible one blinking. */
import { describe, expect, test } from "@devicescript/test"
import {
    Condition,
    LinkStatus,
    Status,
    TargetStatus,
} from "../../src/display/display"
import { Lamp, lampsOf } from "../../src/display/traffic-light"
import { fakeTarget } from "./fake-status"

const LIMITS = { yellowAt: 5, redAt: 20 }

function target(condition: Condition, low: number, high: number): TargetStatus {
    return fakeTarget(condition, low, high, false)
}

function lag(low: number, high: number): TargetStatus {
    return target(Condition.Lag, low, high)
}

function colours(lamps: number): string {
    let text = ""
    if (lamps & Lamp.Green) text += "green"
    if (lamps & Lamp.Yellow) text += "yellow"
    if (lamps & Lamp.Red) text += "red"
    return text
}

/** Lamps as text: `yellow`, `green, red blinks`. */
function shown(link: LinkStatus, targets: TargetStatus[]): string {
    const status: Status = { link, problem: undefined, targets }
    const { steady, blinking } = lampsOf(status, LIMITS)
    const blinks = blinking ? `${colours(blinking)} blinks` : ""
    return [colours(steady), blinks].filter(text => text.length > 0).join(", ")
}

function shows(what: string, targets: TargetStatus[], expected: string) {
    test(`${what}: ${expected}`, () => {
        expect(shown(LinkStatus.Up, targets)).toBe(expected)
    })
}

describe("a lag", () => {
    shows("of nothing", [lag(0, 0)], "green")
    shows("below the first limit", [lag(4, 4)], "green")
    shows("at the first limit", [lag(5, 5)], "yellow")
    shows("below the second limit", [lag(19, 19)], "yellow")
    shows("at the second limit", [lag(20, 20)], "red")
    shows("between, in one colour", [lag(0, 4)], "green")
    shows("between, in two colours", [lag(0, 5)], "green, yellow blinks")
    shows("between, in three colours", [lag(0, 20)], "green, red blinks")
    shows("of more than known", [lag(5, undefined)], "yellow, red blinks")
    shows("of more than known, red anyway", [lag(20, undefined)], "red")
})

describe("trouble", () => {
    shows("unknown", [target(Condition.Unknown, 0, 0)], "yellow blinks")
    shows("stale", [target(Condition.Stale, 0, 0)], "yellow blinks")
    shows("refused: who", [target(Condition.RefusedWho, 0, 0)], "red blinks")
    shows(
        "refused: which stream",
        [target(Condition.RefusedStream, 0, 0)],
        "red blinks"
    )
    shows(
        "refused: which group",
        [target(Condition.RefusedGroup, 0, 0)],
        "red blinks"
    )
    test("with the device itself", () => {
        expect(shown(LinkStatus.NotConfigured, [])).toBe("red blinks")
        expect(shown(LinkStatus.Connecting, [lag(0, 0)])).toBe("yellow blinks")
        expect(shown(LinkStatus.JoiningWifi, [lag(99, 99)])).toBe(
            "yellow blinks"
        )
    })
})

describe("several targets", () => {
    shows("the worst", [lag(0, 0), lag(6, 6), lag(1, 1)], "yellow")
    shows("the worst possible", [lag(6, 6), lag(0, 30)], "yellow, red blinks")
    shows("a worse certain one", [lag(0, 6), lag(30, 30)], "red")
    shows(
        "one refused",
        [lag(0, 0), target(Condition.RefusedWho, 0, 0)],
        "green, red blinks"
    )
    shows(
        "one unknown beside a yellow one",
        [lag(6, 6), target(Condition.Unknown, 0, 0)],
        "yellow"
    )
})
