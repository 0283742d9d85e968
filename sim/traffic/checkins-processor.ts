/**
 * Reads check-ins without a group, and keeps its position itself. It cannot be scaled: a second processor reads the same
 * check-ins as the first, so its work is wasted. This is what consumer groups are for.
 */
import type { CheckinStore } from "./checkins-script.ts"
import { entryFrom } from "./parts/entries.ts"
import type { RawEntry } from "./parts/entries.ts"
import type { Runner } from "./parts/runner.ts"
import { BEFORE_ALL } from "./parts/stream-id.ts"
import type { RedisClient } from "./redis-client.ts"

/** It reads again after this long without a check-in. */
const BLOCK_MS = 1000

/** Runs until the runner stops. @param client a connection of its own: it blocks */
export async function processWithoutGroup(
    runner: Runner,
    client: RedisClient,
    store: CheckinStore,
    plan: { stream: string; workMs: number; isVerbose: boolean }
) {
    const { stream, workMs, isVerbose } = plan
    const tell = (what: string) => {
        if (isVerbose) runner.say(`processor: ${what}`)
    }
    let isWaiting = false
    while (!runner.isOver) {
        const from = (await client.get(store.positionKey)) ?? BEFORE_ALL
        const reply = await client.sendCommand<[string, RawEntry[]][] | null>([
            ...["XREAD", "COUNT", "1", "BLOCK", String(BLOCK_MS)],
            ...["STREAMS", stream, from],
        ])
        const raw = reply?.[0]?.[1][0]
        if (!raw) {
            if (!isWaiting) tell("waiting")
            isWaiting = true
            continue
        }
        isWaiting = false
        const { id, fields = {} } = entryFrom(raw)
        tell(`processing ${id}`)
        await runner.pause(workMs)
        tell(`${await store.advance(from, id, fields)} ${id}`)
    }
}
