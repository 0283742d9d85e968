/** The rules of the lights (docs/lights.md), tested from the pattern tables themselves. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import {
    Condition,
    Frame,
    LEDS,
    LinkStatus,
    TargetStatus,
} from "../../src/display/display"
import {
    BEAT_EVERY_MS,
    BEAT_MS,
    linkPattern,
    Pattern,
    powerOn,
    Steps,
    targetPattern,
} from "../../src/display/patterns"
import { fakeTarget } from "./fake-status"

const POWER_ON = powerOn()

const pause = async () => await ds.sleep(1)

const OFF_SCALE = LEDS + 1

/** A frame as it is drawn, LED1 left. */
function drawn(frame: Frame, leds: number): string {
    let shape = ""
    for (let i = leds - 1; i >= 0; --i) shape += (frame >> i) & 1 ? "●" : "○"
    return shape
}

/** A whole pattern: `●○ 600 ○○ 600`. */
function textOf(steps: Steps, leds: number): string {
    const texts: string[] = []
    for (let i = 0; i < steps.length; i += 2)
        texts.push(`${drawn(steps[i], leds)} ${steps[i + 1]}`)
    return texts.join(" ")
}

function lag(low: number, high: number): TargetStatus {
    return fakeTarget(Condition.Lag, low, high, false)
}

function checked(low: number, high: number): TargetStatus {
    return fakeTarget(Condition.Lag, low, high, true)
}

function of(condition: Condition): TargetStatus {
    return fakeTarget(condition, 0, 0, false)
}

/** A test of a target's shapes and rhythm on the whole bar. */
function shows(what: string, status: TargetStatus, expected: string) {
    test(`${what}: ${expected}`, () => {
        expect(textOf(targetPattern(status, LEDS).steps, LEDS)).toBe(expected)
    })
}

function linkShows(link: LinkStatus, expected: string) {
    test(expected, () => {
        expect(textOf(linkPattern(link).steps, LEDS)).toBe(expected)
    })
}

describe("the table: the device", () => {
    beforeEach(pause)
    test("power-on fills, holds, empties in 1.6 s", () => {
        let ms = 0
        let hold = 0
        for (let i = 0; i < POWER_ON.length; i += 2) {
            const step = i / 2
            const lit = step < 10 ? step + 1 : 19 - step
            expect(POWER_ON[i]).toBe(((1 << lit) - 1) << (LEDS - lit))
            ms += POWER_ON[i + 1]
            hold = Math.max(hold, POWER_ON[i + 1])
        }
        expect(POWER_ON.length).toBe(40)
        expect(ms).toBe(1600)
        // it is the full bar that is held
        expect(POWER_ON[19]).toBe(hold)
        expect(hold > 2 * POWER_ON[1]).toBe(true)
        expect(POWER_ON[38]).toBe(0)
    })
    linkShows(LinkStatus.NotConfigured, "●○○○○○○○○● 600 ○○○○○○○○○○ 600")
    linkShows(
        LinkStatus.Connecting,
        "●○○○○○○○○● 160 ○●○○○○○○●○ 160 ○○●○○○○●○○ 160 ○○○●○○●○○○ 160 ○○○○●●○○○○ 160 ○○○○○○○○○○ 400"
    )
    test("joining Wi-Fi: one dot from end to end and back, 100 ms a step", () => {
        const steps = linkPattern(LinkStatus.JoiningWifi).steps
        expect(steps.length).toBe(36)
        for (let i = 0; i < 18; ++i) {
            const at = i < LEDS ? i : 18 - i
            expect(steps[i * 2]).toBe(1 << (LEDS - 1 - at))
            expect(steps[i * 2 + 1]).toBe(100)
        }
    })
    test("has no pattern of its own while the targets tell", () => {
        expect(linkPattern(LinkStatus.Up)).toBe(undefined)
    })
})

describe("the table: a target", () => {
    beforeEach(pause)
    shows(
        "refused: who",
        of(Condition.RefusedWho),
        "●○○○●●○○○● 400 ●○○○○○○○○● 1000"
    )
    shows(
        "refused: which stream",
        of(Condition.RefusedStream),
        "●○●●○○●●○● 300 ●○○○○○○○○● 300 ●○●●○○●●○● 300 ●○○○○○○○○● 1000"
    )
    shows(
        "refused: which group",
        of(Condition.RefusedGroup),
        "●○●○●●○●○● 250 ●○○○○○○○○● 250 ●○●○●●○●○● 250 ●○○○○○○○○● 250 ●○●○●●○●○● 250 ●○○○○○○○○● 1000"
    )
    shows("unknown", of(Condition.Unknown), "●○●○●○●○●○ 700 ○●○●○●○●○● 700")
    shows(
        "off the scale",
        lag(OFF_SCALE, OFF_SCALE),
        "●●●●●●●●●● 350 ○○○○○○○○○○ 150"
    )
    shows("between two levels", lag(3, 7), "●●●●●●●○○○ 500 ●●●○○○○○○○ 500")
    shows("between 0 and some", lag(0, 2), "●●○○○○○○○○ 500 ○○○○○○○○○○ 500")
    shows(
        "some or off the scale",
        lag(4, OFF_SCALE),
        "●●●●●●●●●● 500 ●●●●○○○○○○ 500"
    )
    shows(
        "stale",
        fakeTarget(Condition.Stale, 6, 6, false),
        "○○○○○●○○○○ 1000 ○○○○○○○○○○ 1000"
    )
    shows(
        "stale at 0",
        fakeTarget(Condition.Stale, 0, 0, false),
        "●○○○○○○○○○ 1000 ○○○○○○○○○○ 1000"
    )
    shows(
        "stale off the scale",
        fakeTarget(Condition.Stale, OFF_SCALE, OFF_SCALE, false),
        "○○○○○○○○○● 1000 ○○○○○○○○○○ 1000"
    )
    shows(
        "stale between two levels",
        fakeTarget(Condition.Stale, 2, 5, false),
        "○○○○●○○○○○ 1000 ○○○○○○○○○○ 1000"
    )
    shows(
        "consumers need a look",
        checked(3, 3),
        "●●●○○○○○○● 100 ●●●○○○○○○○ 150 ●●●○○○○○○● 100 ●●●○○○○○○○ 1650"
    )
    shows(
        "consumers need a look, all lit",
        checked(10, 10),
        "●●●●●●●●●○ 100 ●●●●●●●●●● 150 ●●●●●●●●●○ 100 ●●●●●●●●●● 1650"
    )
    shows(
        "consumers need a look, nothing lit",
        checked(0, 0),
        "○○○○○○○○○● 100 ○○○○○○○○○○ 150 ○○○○○○○○○● 100 ○○○○○○○○○○ 1650"
    )

    test("the bar: steady from LED1", () => {
        for (let level = 0; level <= LEDS; ++level) {
            const steps = targetPattern(lag(level, level), LEDS).steps
            expect(steps.length).toBe(2)
            expect(steps[0]).toBe(((1 << level) - 1) << (LEDS - level))
        }
    })
    test("off the scale takes precedence over the consumers", () => {
        expect(
            textOf(
                targetPattern(checked(OFF_SCALE, OFF_SCALE), LEDS).steps,
                LEDS
            )
        ).toBe(
            textOf(targetPattern(lag(OFF_SCALE, OFF_SCALE), LEDS).steps, LEDS)
        )
    })
    test("only a certain bar has a heartbeat", () => {
        expect(targetPattern(lag(0, 0), LEDS).beats).toBe(true)
        expect(targetPattern(lag(10, 10), LEDS).beats).toBe(true)
        expect(targetPattern(checked(5, 5), LEDS).beats).toBe(true)
        expect(targetPattern(lag(3, 4), LEDS).beats).toBe(false)
        expect(targetPattern(lag(OFF_SCALE, OFF_SCALE), LEDS).beats).toBe(false)
        const others = [
            Condition.Unknown,
            Condition.Stale,
            Condition.RefusedWho,
            Condition.RefusedStream,
            Condition.RefusedGroup,
        ]
        for (const condition of others)
            expect(targetPattern(of(condition), LEDS).beats).toBe(false)
        expect(linkPattern(LinkStatus.NotConfigured).beats).toBe(false)
        expect(linkPattern(LinkStatus.JoiningWifi).beats).toBe(false)
        expect(linkPattern(LinkStatus.Connecting).beats).toBe(false)
    })
    test("a wink lasts 100 ms, at most every 2 s", () => {
        expect(BEAT_MS).toBe(100)
        expect(BEAT_EVERY_MS).toBe(2000)
    })
})

/** Fails if a LED goes on more than three times in any second of the repeated pattern. */
async function expectCalm(what: string, steps: Steps, leds: number) {
    let cycleMs = 0
    for (let i = 1; i < steps.length; i += 2) {
        // a step that is not shown, or never ends, is a mistake
        expect(steps[i] > 0).toBe(true)
        cycleMs += steps[i]
    }
    for (let led = 0; led < leds; ++led) {
        const bit = 1 << led
        /** When it goes on, in as many cycles as make more than a second. */
        const flashes: number[] = []
        let before = steps[steps.length - 2] & bit
        let now = 0
        while (now < cycleMs + 1000) {
            for (let i = 0; i < steps.length; i += 2) {
                const lit = steps[i] & bit
                if (lit && !before) flashes.push(now)
                before = lit
                now += steps[i + 1]
            }
        }
        for (let i = 3; i < flashes.length; ++i)
            if (flashes[i] - flashes[i - 3] < 1000)
                throw new Error(
                    `${what}: LED ${leds - led} goes on four times in ${flashes[i] - flashes[i - 3]} ms`
                )
    }
    await ds.sleep(1)
}

const SHARES = [10, 5, 3, 2]
const CONDITIONS = [
    Condition.Unknown,
    Condition.Stale,
    Condition.RefusedWho,
    Condition.RefusedStream,
    Condition.RefusedGroup,
]

describe("no LED flashes more than three times a second", () => {
    beforeEach(pause)
    test("while the device is busy", async () => {
        await expectCalm("power-on", POWER_ON, LEDS)
        for (
            let link = LinkStatus.NotConfigured;
            link <= LinkStatus.Connecting;
            ++link
        )
            await expectCalm(`link ${link}`, linkPattern(link).steps, LEDS)
    })
    test("whatever a target's condition, on any share of the bar", async () => {
        for (const leds of SHARES)
            for (const condition of CONDITIONS)
                await expectCalm(
                    `condition ${condition} on ${leds}`,
                    targetPattern(fakeTarget(condition, 2, 2, false), leds)
                        .steps,
                    leds
                )
    })
    test("whatever the lag, on any share of the bar", async () => {
        for (const leds of SHARES)
            for (let low = 0; low <= leds + 1; ++low)
                for (let high = low; high <= leds + 1; ++high)
                    for (const check of [false, true])
                        await expectCalm(
                            `${low} to ${high} on ${leds}, ${check}`,
                            targetPattern(
                                fakeTarget(Condition.Lag, low, high, check),
                                leds
                            ).steps,
                            leds
                        )
    })
})

/** LEDs that are lit in every frame. */
function steady(pattern: Pattern): Frame {
    let lit = -1
    const steps = pattern.steps
    for (let i = 0; i < steps.length; i += 2) lit &= steps[i]
    return lit
}

/** LEDs that are lit in some frame. */
function everLit(pattern: Pattern): Frame {
    let lit = 0
    const steps = pattern.steps
    for (let i = 0; i < steps.length; i += 2) lit |= steps[i]
    return lit
}

const ENDS = 0b1000000001

describe("the grammar", () => {
    beforeEach(pause)
    test("both ends steady and not all between them: Redis refused, and only that", async () => {
        const refusals = [
            Condition.RefusedWho,
            Condition.RefusedStream,
            Condition.RefusedGroup,
        ]
        for (const condition of refusals) {
            const pattern = targetPattern(of(condition), LEDS)
            expect(steady(pattern)).toBe(ENDS)
        }
        expect(steady(targetPattern(of(Condition.Unknown), LEDS))).toBe(0)
        expect(
            steady(
                targetPattern(fakeTarget(Condition.Stale, 10, 10, false), LEDS)
            )
        ).toBe(0)
        for (let low = 0; low <= OFF_SCALE; ++low)
            for (let high = low; high <= OFF_SCALE; ++high)
                for (const check of [false, true]) {
                    const pattern = targetPattern(
                        fakeTarget(Condition.Lag, low, high, check),
                        LEDS
                    )
                    const lit = steady(pattern)
                    if ((lit & ENDS) === ENDS) expect(lit).toBe(0b1111111111)
                    await ds.sleep(1)
                }
    })
    test("both ends blinking alone: the settings", () => {
        const pattern = linkPattern(LinkStatus.NotConfigured)
        expect(steady(pattern)).toBe(0)
        expect(everLit(pattern)).toBe(ENDS)
    })
    test("moving: every LED lights once a cycle or more, none is steady", () => {
        for (const link of [LinkStatus.JoiningWifi, LinkStatus.Connecting]) {
            const pattern = linkPattern(link)
            expect(steady(pattern)).toBe(0)
            expect(everLit(pattern)).toBe(0b1111111111)
        }
    })
    test("blocks between the ends: as many flashes as blocks, ordered like the request", () => {
        for (let blocks = 1; blocks <= 3; ++blocks) {
            const steps = targetPattern(
                of(Condition.RefusedWho + blocks - 1),
                LEDS
            ).steps
            expect(steps.length).toBe(4 * blocks)
            // blocks: LEDs between the ends with a dark one before them
            let count = 0
            for (let i = 8; i >= 1; --i)
                if (steps[0] & (1 << i) && !(steps[0] & (2 << i) && i < 8))
                    count++
            expect(count).toBe(blocks)
            for (let i = 0; i < steps.length; i += 4) {
                expect(steps[i]).toBe(steps[0])
                expect(steps[i + 2]).toBe(ENDS)
            }
        }
    })
    test("steady from LED1 is certain, blinking above it possible", async () => {
        for (let low = 0; low <= LEDS; ++low)
            for (let high = low; high <= LEDS; ++high) {
                const pattern = targetPattern(lag(low, high), LEDS)
                expect(steady(pattern)).toBe(((1 << low) - 1) << (LEDS - low))
                expect(everLit(pattern)).toBe(
                    ((1 << high) - 1) << (LEDS - high)
                )
                await ds.sleep(1)
            }
    })
    test("everything flashing: off the scale, and only that", async () => {
        for (let low = 0; low <= OFF_SCALE; ++low)
            for (let high = low; high <= OFF_SCALE; ++high) {
                const pattern = targetPattern(lag(low, high), LEDS)
                const flashes =
                    steady(pattern) === 0 && everLit(pattern) === 0b1111111111
                // between 0 and all there is nothing certain either, but calmer
                if (flashes && pattern.steps[1] !== 500)
                    expect(low).toBe(OFF_SCALE)
                if (low === OFF_SCALE) expect(flashes).toBe(true)
                await ds.sleep(1)
            }
    })
    test("unknown: every LED has its turn", () => {
        const pattern = targetPattern(of(Condition.Unknown), LEDS)
        expect(pattern.steps[0] ^ pattern.steps[2]).toBe(0b1111111111)
    })
})

/** A status's pattern as one text, to compare. */
function lookOf(status: TargetStatus, leds: number): string {
    return textOf(targetPattern(status, leds).steps, leds)
}

describe("no two meanings look the same", () => {
    beforeEach(pause)
    test("on the whole bar", async () => {
        const looks: string[] = []
        for (
            let link = LinkStatus.NotConfigured;
            link <= LinkStatus.Connecting;
            ++link
        )
            looks.push(textOf(linkPattern(link).steps, LEDS))
        for (const condition of [
            Condition.Unknown,
            Condition.RefusedWho,
            Condition.RefusedStream,
            Condition.RefusedGroup,
        ])
            looks.push(lookOf(of(condition), LEDS))
        for (let level = 1; level <= LEDS; ++level) {
            looks.push(
                lookOf(fakeTarget(Condition.Stale, level, level, false), LEDS)
            )
            looks.push(lookOf(checked(level, level), LEDS))
            await ds.sleep(1)
        }
        for (let level = 0; level <= OFF_SCALE; ++level)
            looks.push(lookOf(lag(level, level), LEDS))
        for (let i = 0; i < looks.length; ++i) {
            expect(looks.indexOf(looks[i])).toBe(i)
            await ds.sleep(1)
        }
    })
    test("on a share", async () => {
        for (const leds of [5, 3, 2]) {
            const looks: string[] = []
            for (const condition of [
                Condition.Unknown,
                Condition.RefusedWho,
                Condition.RefusedStream,
                Condition.RefusedGroup,
            ])
                looks.push(lookOf(of(condition), leds))
            for (let level = 1; level <= leds; ++level)
                looks.push(
                    lookOf(
                        fakeTarget(Condition.Stale, level, level, false),
                        leds
                    )
                )
            for (let low = 0; low < leds; ++low)
                for (let high = low; high <= leds; ++high)
                    looks.push(lookOf(lag(low, high), leds))
            looks.push(lookOf(lag(leds, leds), leds))
            looks.push(lookOf(lag(leds + 1, leds + 1), leds))
            for (let i = 0; i < looks.length; ++i) {
                if (looks.indexOf(looks[i]) !== i)
                    throw new Error(`${leds} LEDs: ${looks[i]}`)
                await ds.sleep(1)
            }
        }
    })
})

describe("a share", () => {
    beforeEach(pause)
    test("never lights LEDs that are not its own", async () => {
        for (const leds of SHARES)
            for (const condition of [...CONDITIONS, Condition.Lag])
                for (let low = 0; low <= leds + 1; ++low) {
                    const status = fakeTarget(
                        condition,
                        low,
                        leds + 1,
                        low === 1
                    )
                    const lit = everLit(targetPattern(status, leds))
                    expect(lit >> leds).toBe(0)
                    await ds.sleep(1)
                }
    })
})
