/** From evidence to a lag: exact only where it is proven, never wrong. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    conclude,
    Evidence,
    Known,
    Lag,
    noEvidence,
    unknownLag,
} from "../../src/signal/lag"
import { newSeed, Random } from "./random"

/** What is concluded: `3..5 bounds`, `3 counted`. */
function textOf(lag: Lag): string {
    if (lag.known === Known.Not) return "unknown"
    return lag.low === lag.high
        ? `${lag.low} ${lag.known}`
        : `${lag.low}..${lag.high === undefined ? "" : lag.high} ${lag.known}`
}

/** One object for all tests: nothing of an earlier conclusion may stay. */
const lag = unknownLag()

function concluded(evidence: Partial<Evidence>): string {
    conclude({ ...noEvidence(), ...evidence }, lag)
    return textOf(lag)
}

/** A test that from this evidence this follows. */
function follows(what: string, evidence: Partial<Evidence>, expected: string) {
    test(`${what}: ${expected}`, () => {
        expect(concluded(evidence)).toBe(expected)
    })
}

describe("exact", () => {
    follows("0 reported", { reported: 0 }, "0 reported")
    follows(
        "0 reported, with a length",
        { reported: 0, length: 7 },
        "0 reported"
    )
    follows("counted all", { counted: 3, countedAll: true }, "3 counted")
    follows(
        "counted all, fewer than reported",
        { reported: 9, counted: 3, countedAll: true, length: 20 },
        "3 counted"
    )
    follows(
        "counted all, more than reported",
        { reported: 1, counted: 3, countedAll: true },
        "3 counted"
    )
    follows(
        "counted none",
        { reported: 9, counted: 0, countedAll: true, length: 20 },
        "0 counted"
    )
    follows(
        "counted none, and none is reported: a check changes nothing",
        { reported: 0, counted: 0, countedAll: true, length: 20 },
        "0 reported"
    )
    follows(
        "counted as many as there are",
        { counted: 5, length: 5 },
        "5 whole stream"
    )
    follows(
        "counted more than there are left",
        { counted: 5, length: 4 },
        "4 whole stream"
    )
    follows(
        "precedes the whole stream",
        { reported: 300, counted: 5, length: 200, precedesAll: true },
        "200 whole stream"
    )
    follows(
        "precedes the whole stream, nil reported",
        { counted: 5, length: 200, precedesAll: true },
        "200 whole stream"
    )
    follows("an empty stream", { length: 0 }, "0 bounds")
    follows(
        "the length and a part of it, with an entry before",
        { counted: 5, length: 6, precedesAll: false },
        "5 bounds"
    )
    follows(
        "none counted of a reported 0",
        { reported: 0, counted: 0, length: 9 },
        "0 reported"
    )
})

describe("bounds", () => {
    follows("reported alone", { reported: 7 }, "0..7 bounds")
    follows(
        "reported and the length",
        { reported: 7, length: 5 },
        "0..5 bounds"
    )
    follows("the length alone", { length: 5 }, "0..5 bounds")
    follows("counted alone", { counted: 5 }, "5.. bounds")
    follows(
        "counted and reported",
        { reported: 50, counted: 5 },
        "5..50 bounds"
    )
    follows(
        "counted and the length",
        { counted: 5, length: 40 },
        "5..40 bounds"
    )
    follows(
        "not before the first entry",
        { counted: 5, length: 40, precedesAll: false },
        "5..39 bounds"
    )
    follows(
        "not before the first entry, reported less",
        { reported: 20, counted: 5, length: 40, precedesAll: false },
        "5..20 bounds"
    )
    follows(
        "not before the first entry, reported more",
        { reported: 90, counted: 5, length: 40, precedesAll: false },
        "5..39 bounds"
    )
})

describe("a false report", () => {
    follows(
        "is dropped when more were counted",
        { reported: 3, counted: 5, length: 40 },
        "5..40 bounds"
    )
    follows(
        "of 0 is dropped when some were counted",
        { reported: 0, counted: 5, length: 40 },
        "5..40 bounds"
    )
    follows(
        "may be as much as was counted of a part, and proves nothing then",
        { reported: 5, counted: 5, length: 40 },
        "5..40 bounds"
    )
    follows(
        "is not believed again",
        {
            reported: 50,
            counted: 5,
            length: 40,
            reportedFalse: true,
        },
        "5..40 bounds"
    )
    follows(
        "of 0 is not believed again",
        { reported: 0, reportedFalse: true },
        "unknown"
    )
    follows(
        "bounds nothing",
        { reported: 5, length: 40, reportedFalse: true },
        "0..40 bounds"
    )
})

describe("unknown", () => {
    follows("nothing", {}, "unknown")
    follows("nothing counted of who knows how many", { counted: 0 }, "unknown")
    test("is neither 0 nor -1", () => {
        expect(unknownLag().known).toBe(Known.Not)
        expect(unknownLag().high).toBe(undefined)
        conclude({ ...noEvidence(), reported: 5 }, lag)
        conclude(noEvidence(), lag)
        expect(lag.known).toBe(Known.Not)
        expect(lag.high).toBe(undefined)
    })
})

/** A stream and a group in a random state; answers as Redis does at its worst. */
class FakeRedis {
    length: number
    lag: number
    reported: number

    constructor(random: Random) {
        this.length = random.below(12)
        this.lag = random.below(this.length + 1)
        // never too low; right, too high, or nil
        this.reported = random.chance(30)
            ? undefined
            : random.chance(40)
              ? this.lag
              : this.lag === 0 && random.chance(50)
                ? 0
                : this.lag + random.below(10)
        // a reported 0 is right even where the stream lost entries
    }

    /** Some of what could be asked. */
    evidence(random: Random): Evidence {
        const evidence = noEvidence()
        if (random.chance(80)) evidence.reported = this.reported
        if (random.chance(60)) {
            const count = 1 + random.below(12)
            evidence.counted = Math.min(count, this.lag)
            evidence.countedAll = evidence.counted < count
        }
        if (random.chance(60)) evidence.length = this.length
        if (random.chance(60)) evidence.precedesAll = this.lag === this.length
        return evidence
    }
}

describe("any evidence", () => {
    test("leads to bounds that hold, and to one number only if it is true", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < 2000; ++i) {
            const redis = new FakeRedis(random)
            const evidence = redis.evidence(random)
            conclude(evidence, lag)
            const truth = redis.lag
            if (
                lag.low > truth ||
                lag.high < truth ||
                lag.low > lag.high ||
                (lag.known === Known.Not && lag.high !== undefined)
            )
                throw new Error(
                    `seed ${seed}, ${i}: ${textOf(lag)} for ${truth} from ${JSON.stringify(evidence)}`
                )
            if (i % 20 === 0) await ds.sleep(1)
        }
    })
    test("of a false report leads to a true lower bound", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < 500; ++i) {
            const redis = new FakeRedis(random)
            const evidence = redis.evidence(random)
            // an operator claimed anything
            evidence.reported = random.below(20)
            if (evidence.counted === undefined) continue
            conclude(evidence, lag)
            if (lag.low > redis.lag && !(lag.known === Known.Reported))
                throw new Error(
                    `seed ${seed}, ${i}: ${textOf(lag)} for ${redis.lag} from ${JSON.stringify(evidence)}`
                )
            if (i % 20 === 0) await ds.sleep(1)
        }
    })
})
