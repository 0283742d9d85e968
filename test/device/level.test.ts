/** From a lag to LEDs: where each lights, and where the scale ends. */
import { describe, expect, test } from "@devicescript/test"
import {
    levelOf,
    levelsScale,
    linearScale,
    Scale,
    topOf,
} from "../../src/signal/level"

/** The levels of several lags. */
function levels(scale: Scale, lags: number[]): string {
    return lags.map(lag => `${levelOf(scale, lag)}`).join(" ")
}

const LEVELS = [1, 5, 10, 50, 100, 500, 1000, 5000, 10000, 50000]

describe("the linear scale", () => {
    const two = linearScale(10, 2)
    test("shows a lag of 1", () => {
        expect(levels(two, [0, 1, 2])).toBe("0 1 1")
    })
    test("lights LED k above (k - 1) x LAG_PER_LED", () => {
        for (let k = 1; k <= 10; ++k) {
            expect(levelOf(two, (k - 1) * 2)).toBe(k - 1)
            expect(levelOf(two, (k - 1) * 2 + 1)).toBe(k)
            expect(levelOf(two, k * 2)).toBe(k)
        }
    })
    test("ends above 10 x LAG_PER_LED", () => {
        expect(levels(two, [19, 20, 21, 22, 1000000])).toBe("10 10 11 11 11")
    })
    test("of 1 a LED counts one by one", () => {
        const one = linearScale(10, 1)
        expect(levels(one, [0, 1, 2, 9, 10, 11])).toBe("0 1 2 9 10 11")
    })
    test("takes fractions, as seconds have them", () => {
        expect(levels(two, [0.001, 1.999, 2, 2.001, 20, 20.001])).toBe(
            "1 1 1 2 10 11"
        )
    })
    test("of a share has its own end", () => {
        expect(levels(linearScale(5, 2), [8, 9, 10, 11])).toBe("4 5 5 6")
        expect(levels(linearScale(2, 10), [0, 10, 11, 20, 21])).toBe(
            "0 1 2 2 3"
        )
    })
    test("takes large numbers", () => {
        const large = linearScale(10, 1000000000)
        expect(levels(large, [9000000000, 9000000001, 10000000001])).toBe(
            "9 10 11"
        )
    })
    test("counts a negative lag as 0", () => {
        expect(levels(two, [-1, -95])).toBe("0 0")
    })
})

describe("LEVELS", () => {
    const scale = levelsScale(10, LEVELS)
    test("light LED k at the k-th number", () => {
        for (let k = 1; k <= 10; ++k) {
            expect(levelOf(scale, LEVELS[k - 1] - 1)).toBe(k - 1)
            expect(levelOf(scale, LEVELS[k - 1])).toBe(k)
            expect(levelOf(scale, LEVELS[k - 1] + 1)).toBe(k)
        }
    })
    test("have no end without one more number", () => {
        expect(levels(scale, [49999, 50000, 99999999])).toBe("9 10 10")
    })
    test("end at one more number", () => {
        const ended = levelsScale(3, [1, 2, 3, 100])
        expect(levels(ended, [0, 1, 2, 3, 99, 100, 101])).toBe("0 1 2 3 3 4 4")
    })
    test("take fractions, and a negative lag as 0", () => {
        expect(levels(scale, [-5, 0.999, 1, 4.999, 5])).toBe("0 0 1 1 2")
    })
})

describe("the top", () => {
    test("is the least lag that is off the scale", () => {
        const linear = linearScale(10, 2)
        expect(topOf(linear)).toBe(21)
        expect(levelOf(linear, topOf(linear))).toBe(11)
        expect(levelOf(linear, topOf(linear) - 1)).toBe(10)
        const ended = levelsScale(2, [3, 30, 300])
        expect(topOf(ended)).toBe(300)
        expect(levelOf(ended, 300)).toBe(3)
        expect(levelOf(ended, 299)).toBe(2)
    })
    test("is the last number where the scale has no end", () => {
        const scale = levelsScale(10, LEVELS)
        expect(topOf(scale)).toBe(50000)
        expect(levelOf(scale, topOf(scale))).toBe(10)
        expect(levelOf(scale, topOf(scale) - 1)).toBe(9)
    })
})
