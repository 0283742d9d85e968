/**
 * Replies tampered with at random, some rounds in each run of the tests (`npm run soak -- --hostile` runs for as long as
 * wanted). LAGLIGHT_HOSTILE=500 makes 500 rounds; SEED=n repeats a failure.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { hostileText, runHostile } from "../../../sim/soak/hostile.ts"

const ROUNDS = Number(process.env.LAGLIGHT_HOSTILE ?? 40)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

test(`${ROUNDS} rounds of tampered replies, from seed ${SEED}: the program does not end, prints no secret, and is right again`, async t => {
    const summary = await runHostile({
        seed: SEED,
        isOver: done => done >= ROUNDS,
    })
    t.diagnostic(hostileText(summary))
    assert.deepEqual(summary.failures, [])
})
