/** A traffic light beside the bar: green, yellow, red for the worst of the targets. */
import * as ds from "@devicescript/core"
// the driver writes to pins, and leaves it to others to import what gives them that
import "@devicescript/gpio"
// this file alone: with all drivers, and the graphics that they draw with, the program takes a seventh longer to compile
import { startTrafficLight } from "@devicescript/drivers/src/trafficlight"
import { Condition, Display, LinkStatus, Status } from "./display"

/** Limits in the scale's unit. */
export interface TrafficLimits {
    /** Yellow from this lag on. */
    yellowAt: number
    /** Red from this lag on. */
    redAt: number
}

/** The pins that the lamps are at; undefined in the simulator, which has none. */
export interface LampPins {
    green: ds.OutputPin
    yellow: ds.OutputPin
    red: ds.OutputPin
}

/** Lamps as bits, the worse the higher. */
export enum Lamp {
    None = 0,
    Green = 1,
    Yellow = 2,
    Red = 4,
}

/** What a traffic light shows: lamps that are on, and lamps that blink. */
export interface Lamps {
    steady: number
    blinking: number
}

/** Half a blink, ms. */
const BLINK_MS = 500

/**
 * The lamps for a status: the worst certain colour steady; a worse one that is only possible blinks. Trouble with the link
 * (and whatever else makes a lag unknown) blinks yellow, a refusal blinks red.
 */
export function lampsOf(status: Status, limits: TrafficLimits): Lamps {
    if (status.link === LinkStatus.NotConfigured)
        return { steady: Lamp.None, blinking: Lamp.Red }
    if (status.link !== LinkStatus.Up)
        return { steady: Lamp.None, blinking: Lamp.Yellow }
    let steady = Lamp.None
    let blinking = Lamp.None
    for (const target of status.targets) {
        switch (target.condition) {
            case Condition.Lag:
                steady = worse(steady, lampOf(target.lagLow, limits))
                blinking = worse(
                    blinking,
                    target.lagHigh === undefined
                        ? Lamp.Red
                        : lampOf(target.lagHigh, limits)
                )
                break
            case Condition.Stale:
            case Condition.Unknown:
                blinking = worse(blinking, Lamp.Yellow)
                break
            default:
                blinking = Lamp.Red
        }
    }
    return { steady, blinking: blinking > steady ? blinking : Lamp.None }
}

function lampOf(lag: number, limits: TrafficLimits): Lamp {
    if (lag >= limits.redAt) return Lamp.Red
    if (lag >= limits.yellowAt) return Lamp.Yellow
    return Lamp.Green
}

function worse(a: Lamp, b: Lamp): Lamp {
    if (a > b) return a
    return b
}

/** Three lamps on pins, and as a Jacdac `traffic light` service. */
export class TrafficLight implements Display {
    private lamps: Lamps = { steady: Lamp.None, blinking: Lamp.Yellow }
    /** What the lamps were last told, -1 before the first time. */
    private shown = -1

    private constructor(
        private role: ds.TrafficLight,
        private limits: TrafficLimits
    ) {}

    /** Starts the driver and the light's own fiber. @param limits undefined: no traffic light is wanted */
    static async ifWanted(
        lamps: LampPins,
        limits: TrafficLimits | undefined
    ): Promise<Display[]> {
        if (limits === undefined) return []
        const light = new TrafficLight(await startTrafficLight(lamps), limits)
        light.blink.start()
        return [light]
    }

    show(status: Status): void {
        const lamps = lampsOf(status, this.limits)
        // into the object that there is: a new one would lie where replies need the heap, for as long as nothing changes
        this.lamps.steady = lamps.steady
        this.lamps.blinking = lamps.blinking
    }

    beat(): void {
        // its lamps have no sign of life; trouble blinks
    }

    private async blink(): Promise<void> {
        for (;;) {
            await this.write(this.lamps.steady | this.lamps.blinking)
            await ds.sleep(BLINK_MS)
            await this.write(this.lamps.steady)
            await ds.sleep(BLINK_MS)
        }
    }

    private async write(lamps: number): Promise<void> {
        const changed = this.shown < 0 ? -1 : lamps ^ this.shown
        this.shown = lamps
        if (changed & Lamp.Green)
            await this.role.green.write((lamps & Lamp.Green) !== 0)
        if (changed & Lamp.Yellow)
            await this.role.yellow.write((lamps & Lamp.Yellow) !== 0)
        if (changed & Lamp.Red)
            await this.role.red.write((lamps & Lamp.Red) !== 0)
    }
}
