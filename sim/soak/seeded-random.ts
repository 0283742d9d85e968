/** Reproducible random numbers: `SEED=n` in the environment repeats those of a failed test, which prints its seed. */

export class SeededRandom {
    readonly seed: number
    private state: number

    constructor(
        seed = Number(process.env.SEED) || Math.floor(Math.random() * 2 ** 31)
    ) {
        this.seed = this.state = seed
    }

    /** From 0 to less than 1 (mulberry32). */
    next() {
        this.state = (this.state + 0x6d2b79f5) | 0
        let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }

    between(least: number, most: number) {
        return least + this.next() * (most - least)
    }

    pick<T>(items: T[]): T {
        return items[Math.floor(this.next() * items.length)]
    }
}
