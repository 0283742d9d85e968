/**
 * Conversations spoilt at random, a few in each run of the tests (`npm run soak -- --hostile` makes them for as long as
 * wanted). LAGLIGHT_HOSTILE=500 makes 500; SEED=n repeats what a failure told.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { hostileText, runHostile } from "../../../sim/soak/hostile.ts"

const CONVERSATIONS = Number(process.env.LAGLIGHT_HOSTILE ?? 40)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

test(`${CONVERSATIONS} conversations spoilt at random, from seed ${SEED}: the program lives, says no secret, and is right again`, async t => {
    const summary = await runHostile({
        seed: SEED,
        isOver: done => done >= CONVERSATIONS,
    })
    t.diagnostic(hostileText(summary))
    assert.deepEqual(summary.failures, [])
})
