/**
 * Two minutes of `npm run soak`: a light on a real Redis with traffic and one fault after the other. It waits more than
 * it works, and its name has it begin before the other files, which run beside it. `SEED=n` repeats the faults;
 * `SOAK_MINUTES=n` makes it longer.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSoak } from "../../../sim/soak/soak.ts"
import { hasPassed, summaryText } from "../../../sim/soak/summary.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"

const MINUTES = Number(process.env.SOAK_MINUTES ?? 2)
/** Half of the heap is for what nobody foresaw; bytes. */
const LIVE_BYTES_MAX = 32 * 1024

test("the light is never wrong, and always right again", async context => {
    const { seed } = new SeededRandom()
    context.diagnostic(`SEED=${seed}`)
    const summary = await runSoak({ minutes: MINUTES, seed })
    const text = summaryText(summary)
    for (const line of text.split("\n")) context.diagnostic(line)
    assert.ok(hasPassed(summary), text)
    assert.ok(summary.recoveries > 2 * MINUTES, text)
    assert.ok(summary.peakLiveBytes < LIVE_BYTES_MAX, text)
})
