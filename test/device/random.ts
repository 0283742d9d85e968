/** Random input for the device tests that a seed repeats. Not a test itself. */
import { readSetting } from "@devicescript/settings"

/** A generator of numbers that a seed determines (xorshift32: the language's `%` and shifts are 32-bit). */
export class Random {
    /** @param seed from 1 */
    constructor(private state: number) {}

    /** A whole number from 0 to `below` - 1. */
    below(below: number): number {
        let s = this.state
        s ^= s << 13
        s ^= s >>> 17
        s ^= s << 5
        this.state = s
        return (s & 0x7fffffff) % below
    }

    /** Whether something happens that happens `percent` times in a hundred. */
    chance(percent: number): boolean {
        return this.below(100) < percent
    }
}

/** The setting SEED, or a seed of its own. It is said in the log; a failure should say it too. */
export async function newSeed(): Promise<number> {
    const seed = await readSetting(
        "SEED",
        1 + Math.floor(Math.random() * 1000000)
    )
    console.debug(`seed ${seed}`)
    return seed
}
