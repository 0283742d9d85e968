/** The player: what it plays when, and the sign of life. The tests' clock is driven, so that no time passes unnoticed. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    Condition,
    Frame,
    FrameSink,
    LEDS,
    LinkStatus,
    Status,
    TargetStatus,
} from "../../src/display/display"
import { powerOn } from "../../src/display/patterns"
import { Player } from "../../src/display/player"
import { COMPLAINT, fakeTarget } from "./fake-status"

const POWER_ON = powerOn()

/** How late a frame may be, ms. */
const LATE = 5
/** The sweep's end, ms after the start. */
const SWEPT = 1600

/** Stands in for LEDs: keeps every frame, and when it came. */
class FakeLeds implements FrameSink {
    frames: Frame[] = []
    times: number[] = []

    write(frame: Frame): void {
        this.frames.push(frame)
        this.times.push(ds.millis())
    }

    now(): Frame {
        return this.frames[this.frames.length - 1]
    }

    forget(): void {
        this.frames = []
        this.times = []
    }
}

/** A player with fake LEDs, and its fiber. */
class Stage {
    leds = new FakeLeds()
    player: Player
    fiber: ds.Fiber
    startedAt = ds.millis()

    constructor(more?: FrameSink) {
        this.player = new Player(more ? [this.leds, more] : [this.leds])
        this.fiber = this.player.run.start()
    }

    /** Lets time pass until `ms` after the start. */
    async until(ms: number): Promise<void> {
        await ds.sleep(this.startedAt + ms - ds.millis())
    }

    /** After the sweep. */
    async swept(): Promise<void> {
        await this.until(SWEPT + 100)
        this.leds.forget()
        this.startedAt = ds.millis()
    }

    show(link: LinkStatus, targets: TargetStatus[]): void {
        this.player.show({ link, problem: undefined, targets })
    }

    end(): void {
        this.fiber.terminate()
    }

    /** Expects so many frames since the last forget(), each at its time after the start. */
    expectFrames(expected: number[]): void {
        const frames = this.leds.frames
        const seen: string[] = []
        for (let i = 0; i < frames.length; ++i)
            seen.push(`${frames[i]}@${this.leds.times[i] - this.startedAt}`)
        for (let i = 0; i * 2 < expected.length; ++i) {
            const late = this.leds.times[i] - this.startedAt - expected[i * 2]
            if (frames[i] !== expected[i * 2 + 1] || late < 0 || late > LATE)
                throw new Error(
                    `frame ${i}: expected ${expected[i * 2 + 1]}@${expected[i * 2]} of ${seen.join(" ")}`
                )
        }
        if (frames.length * 2 !== expected.length)
            throw new Error(`${frames.length} frames: ${seen.join(" ")}`)
    }
}

function lag(low: number, high: number): TargetStatus {
    return fakeTarget(Condition.Lag, low, high, false)
}

function of(condition: Condition): TargetStatus {
    return { ...lag(0, 0), condition }
}

const ALL = 0b1111111111
const LED1 = 0b1000000000

describe("power-on", () => {
    test("sweeps once, in 1.6 s, then is dark", async () => {
        const stage = new Stage()
        await stage.until(SWEPT + 3000)
        stage.end()
        const expected: number[] = []
        let ms = 0
        for (let i = 0; i < POWER_ON.length; i += 2) {
            expected.push(ms, POWER_ON[i])
            ms += POWER_ON[i + 1]
        }
        // each step may be a little late, and the next one then too
        expect(stage.leds.frames.length).toBe(POWER_ON.length / 2)
        for (let i = 0; i < stage.leds.frames.length; ++i) {
            expect(stage.leds.frames[i]).toBe(expected[i * 2 + 1])
            const late = stage.leds.times[i] - stage.startedAt - expected[i * 2]
            expect(late >= 0 && late <= 60).toBe(true)
        }
    })
    test("is not cut short", async () => {
        const stage = new Stage()
        stage.show(LinkStatus.Connecting, [])
        await stage.until(100)
        stage.show(LinkStatus.Up, [lag(3, 3)])
        stage.player.beat()
        await stage.until(SWEPT + 100)
        stage.end()
        expect(stage.leds.frames.length).toBe(POWER_ON.length / 2 + 1)
        expect(stage.leds.now()).toBe(0b1110000000)
    })
})

describe("the device's own patterns", () => {
    test("are played over and over", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.NotConfigured, [])
        await stage.until(2000)
        stage.end()
        stage.expectFrames([
            0, 0b1000000001, 600, 0, 1200, 0b1000000001, 1800, 0,
        ])
    })
    test("keep their rhythm for a minute", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Connecting, [])
        await stage.until(59900)
        stage.leds.forget()
        await stage.until(60150)
        stage.end()
        // 50 cycles of 1200 ms
        stage.expectFrames([60000, 0b1000000001])
    })
    test("follow each other at once", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.JoiningWifi, [])
        await stage.until(250)
        stage.show(LinkStatus.Connecting, [])
        await stage.until(350)
        stage.end()
        stage.expectFrames([
            0,
            LED1,
            100,
            LED1 >> 1,
            200,
            LED1 >> 2,
            250,
            0b1000000001,
        ])
    })
    test("are not restarted by the same status", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.NotConfigured, [])
        for (let ms = 100; ms <= 1400; ms += 100) {
            await stage.until(ms)
            stage.show(LinkStatus.NotConfigured, [])
        }
        stage.end()
        stage.expectFrames([0, 0b1000000001, 600, 0, 1200, 0b1000000001])
    })
    test("cover the targets, which go on when it is over", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(2, 2)])
        await stage.until(100)
        stage.show(LinkStatus.NotConfigured, [lag(2, 2)])
        await stage.until(200)
        stage.show(LinkStatus.Up, [lag(2, 2)])
        await stage.until(300)
        stage.show(LinkStatus.NotConfigured, [lag(2, 2)])
        await stage.until(400)
        stage.end()
        stage.expectFrames([
            0, 0b1100000000, 100, 0b1000000001, 200, 0b1100000000, 300,
            0b1000000001,
        ])
    })
})

describe("a target's pattern", () => {
    test("changes with the level, at once", async () => {
        const stage = new Stage()
        await stage.swept()
        for (let level = 1; level <= 3; ++level) {
            stage.show(LinkStatus.Up, [lag(level, level)])
            await stage.until(level * 100)
        }
        stage.end()
        stage.expectFrames([
            0, 0b1000000000, 100, 0b1100000000, 200, 0b1110000000,
        ])
    })
    test("is not restarted by the same status", async () => {
        const stage = new Stage()
        await stage.swept()
        for (let ms = 0; ms < 1200; ms += 150) {
            await stage.until(ms)
            // another object, another lag, the same levels
            stage.show(LinkStatus.Up, [{ ...lag(1, 2), lagLow: ms }])
        }
        stage.end()
        stage.expectFrames([
            0, 0b1100000000, 500, 0b1000000000, 1000, 0b1100000000,
        ])
    })
    test("is restarted by another", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(1, 2)])
        await stage.until(700)
        stage.show(LinkStatus.Up, [lag(1, 3)])
        await stage.until(1250)
        stage.show(LinkStatus.Up, [{ ...lag(1, 1), complaint: COMPLAINT }])
        await stage.until(1400)
        stage.end()
        stage.expectFrames([
            0, 0b1100000000, 500, 0b1000000000, 700, 0b1110000000, 1200,
            0b1000000000, 1250, 0b1000000001, 1350, 0b1000000000,
        ])
    })
    test("tells every condition apart", async () => {
        const stage = new Stage()
        await stage.swept()
        const conditions = [
            Condition.Unknown,
            Condition.Stale,
            Condition.RefusedWho,
            Condition.RefusedStream,
            Condition.RefusedGroup,
        ]
        const seen: number[] = []
        for (const condition of conditions) {
            stage.show(LinkStatus.Up, [of(condition)])
            await ds.sleep(50)
            seen.push(stage.leds.now())
        }
        stage.end()
        expect(seen.join(" ")).toBe("682 512 561 717 693")
    })
    test("is a copy: the status may be reused", async () => {
        const stage = new Stage()
        await stage.swept()
        const status: Status = {
            link: LinkStatus.Up,
            problem: undefined,
            targets: [lag(1, 1)],
        }
        stage.player.show(status)
        await stage.until(100)
        status.targets[0].low = 7
        status.targets[0].high = 7
        status.link = LinkStatus.NotConfigured
        stage.player.beat()
        await stage.until(400)
        stage.expectFrames([0, LED1, 100, 0, 200, LED1])
        status.link = LinkStatus.Up
        stage.player.show(status)
        await stage.until(500)
        stage.end()
        expect(stage.leds.now()).toBe(0b1111111000)
    })
})

describe("a stale reading", () => {
    function stale(level: number): TargetStatus {
        return { ...lag(level, level), condition: Condition.Stale }
    }

    test("begins with what its bar was not", async () => {
        const stage = new Stage()
        await stage.swept()
        for (const level of [0, 1, 2, 10]) {
            stage.show(LinkStatus.Up, [lag(level, level)])
            await ds.sleep(50)
            const before = stage.leds.now()
            stage.show(LinkStatus.Up, [stale(level)])
            await ds.sleep(50)
            expect(stage.leds.now() !== before).toBe(true)
        }
        stage.end()
    })
    test("goes on in time when another one comes late, too", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        await stage.until(100)
        stage.leds.forget()
        stage.show(LinkStatus.Up, [stale(0)])
        await stage.until(1700)
        // while it is dark
        stage.show(LinkStatus.Up, [stale(7)])
        await stage.until(2150)
        // and while its tip is lit: LED1 for both
        stage.show(LinkStatus.Up, [stale(1)])
        await stage.until(2160)
        stage.show(LinkStatus.Up, [stale(0)])
        await stage.until(3200)
        stage.end()
        stage.expectFrames([
            100,
            LED1,
            1100,
            0,
            2100,
            0b0000001000,
            2150,
            LED1,
            3100,
            0,
        ])
    })
    test("does not lengthen a dark moment of the pattern before", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Connecting, [stale(3)])
        await stage.until(900)
        expect(stage.leds.now()).toBe(0)
        stage.show(LinkStatus.Up, [stale(3)])
        await stage.until(950)
        expect(stage.leds.now()).toBe(0b0010000000)
        // and once more, with the same reading
        stage.show(LinkStatus.Connecting, [stale(3)])
        await stage.until(1850)
        expect(stage.leds.now()).toBe(0)
        stage.show(LinkStatus.Up, [stale(3)])
        await stage.until(1900)
        stage.end()
        expect(stage.leds.now()).toBe(0b0010000000)
    })
    test("on a share of the bar begins with what that share was not", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(1, 1), lag(1, 1)])
        await stage.until(100)
        stage.show(LinkStatus.Up, [lag(1, 1), stale(1)])
        await stage.until(200)
        stage.end()
        stage.expectFrames([0, 0b1000010000, 100, 0b1000000000])
    })
})

describe("several targets", () => {
    test("share the bar, target 1 at LED1", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(1, 1), lag(3, 3)])
        await stage.until(100)
        stage.show(LinkStatus.Up, [lag(5, 5), lag(0, 0)])
        await stage.until(200)
        stage.end()
        stage.expectFrames([0, 0b1000011100, 100, 0b1111100000])
    })
    test("leave left-over LEDs dark", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(3, 3), lag(3, 3), lag(3, 3)])
        await stage.until(100)
        stage.show(LinkStatus.Up, [lag(2, 2), lag(2, 2), lag(2, 2), lag(2, 2)])
        await stage.until(200)
        stage.end()
        stage.expectFrames([0, 0b1111111110, 100, 0b1111111100])
    })
    test("have rhythms of their own", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 1), lag(2, 2)])
        await stage.until(250)
        // the first one goes on
        stage.show(LinkStatus.Up, [lag(0, 1), lag(6, 6)])
        await stage.until(800)
        stage.end()
        stage.expectFrames([
            0, 0b1000011000, 250, 0b1000011111, 500, 0b0000011111, 600,
            0b0000000000, 750, 0b0000011111,
        ])
    })
    test("beat together", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(2, 2), lag(0, 0)])
        await stage.until(100)
        stage.player.beat()
        await stage.until(300)
        stage.end()
        stage.expectFrames([
            0, 0b1100000000, 100, 0b0100010000, 200, 0b1100000000,
        ])
    })
})

describe("the heartbeat", () => {
    test("inverts LED1 for 100 ms: lit where the lag is 0", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        await stage.until(200)
        stage.player.beat()
        await stage.until(500)
        stage.end()
        stage.expectFrames([200, LED1, 300, 0])
    })
    test("inverts LED1 for 100 ms: dark where it is lit", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(10, 10)])
        await stage.until(200)
        stage.player.beat()
        await stage.until(500)
        stage.end()
        stage.expectFrames([0, ALL, 200, ALL ^ LED1, 300, ALL])
    })
    test("comes at most every 2 s", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        for (let ms = 0; ms < 9000; ms += 100) {
            await stage.until(ms)
            stage.player.beat()
        }
        stage.end()
        const winks: number[] = []
        for (let i = 0; i < stage.leds.frames.length; ++i)
            if (stage.leds.frames[i])
                winks.push(stage.leds.times[i] - stage.startedAt)
        expect(winks.length).toBe(5)
        for (let i = 0; i < 5; ++i)
            expect(Math.abs(winks[i] - i * 2000) <= LATE).toBe(true)
    })
    test("keeps 2 s where readings come a little early or late", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        // every second, give or take
        const readings = [0, 1010, 1990, 3020, 3950, 5000, 6005]
        for (const ms of readings) {
            await stage.until(ms)
            stage.player.beat()
        }
        await stage.until(7000)
        stage.end()
        stage.expectFrames([
            0,
            LED1,
            100,
            0,
            2000,
            LED1,
            2100,
            0,
            4000,
            LED1,
            4100,
            0,
            6005,
            LED1,
            6105,
            0,
        ])
    })
    test("is left out for a reading that comes too early", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        for (const ms of [0, 1850, 2850]) {
            await stage.until(ms)
            stage.player.beat()
        }
        await stage.until(4000)
        stage.end()
        stage.expectFrames([0, LED1, 100, 0, 2850, LED1, 2950, 0])
    })
    test("is left out where nothing is certain, and while the device is busy", async () => {
        const stage = new Stage()
        await stage.swept()
        const statuses = [
            lag(11, 11),
            of(Condition.Stale),
            of(Condition.Unknown),
            of(Condition.RefusedWho),
            lag(3, 4),
        ]
        for (const status of statuses) {
            stage.show(LinkStatus.Up, [status])
            await ds.sleep(10)
            stage.leds.forget()
            stage.player.beat()
            // none of these patterns changes so soon
            await ds.sleep(50)
            expect(stage.leds.frames.length).toBe(0)
            await ds.sleep(2100)
        }
        stage.show(LinkStatus.NotConfigured, [])
        await ds.sleep(10)
        stage.leds.forget()
        stage.player.beat()
        await ds.sleep(50)
        stage.end()
        expect(stage.leds.frames.length).toBe(0)
    })
    test("does not outlast a new status", async () => {
        const stage = new Stage()
        await stage.swept()
        stage.show(LinkStatus.Up, [lag(0, 0)])
        stage.player.beat()
        await stage.until(50)
        stage.show(LinkStatus.Up, [lag(2, 2)])
        await stage.until(300)
        stage.end()
        stage.expectFrames([0, LED1, 50, 0b0100000000, 100, 0b1100000000])
    })
})

describe("the LEDs", () => {
    test("are written only when something changes, each sink in its turn", async () => {
        const second = new FakeLeds()
        const stage = new Stage(second)
        await stage.swept()
        second.forget()
        stage.show(LinkStatus.Up, [lag(1, 1)])
        await stage.until(30000)
        stage.show(LinkStatus.Up, [lag(1, 1)])
        await stage.until(60000)
        stage.show(LinkStatus.Up, [lag(2, 2)])
        await stage.until(60100)
        stage.end()
        stage.expectFrames([0, LED1, 60000, 0b1100000000])
        expect(second.frames.join(" ")).toBe(stage.leds.frames.join(" "))
    })
    test("are ten", () => {
        expect(LEDS).toBe(10)
    })
})
