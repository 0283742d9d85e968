/** One named consumer of a group: reads entry after entry and has each one processed. */
import type { RedisClient } from "../redis-client.ts"
import type { Crew } from "./crew.ts"
import { ensureGroup, isNoGroup, readGroup } from "./entries.ts"
import type { Entry } from "./entries.ts"
import { OverdueEntries } from "./overdue.ts"

export interface Consumer {
    stream: string
    group: string
    name: string
    /** Entries that another consumer has held for longer than this, in ms, are taken over. */
    adoptAfterMs: number
}

export type PresentEntry = Entry & { fields: Record<string, string> }

/** A consumer asks again after this long without an entry. */
const BLOCK_MS = 1000
/** Between two looks for entries that another one has left: this, or less if they are taken over sooner. */
const ADOPT_EVERY_MS = 2000

/**
 * Runs until the crew stops. Begins with what an earlier consumer of this name left unfinished.
 * @param client a connection of its own
 * @param process has to acknowledge the entry; may be called again for an entry that it did not acknowledge
 */
export async function consume(
    crew: Crew,
    client: RedisClient,
    consumer: Consumer,
    process: (entry: PresentEntry) => Promise<void>
) {
    const { stream, group, name, adoptAfterMs } = consumer
    const overdue = new OverdueEntries(client, {
        ...{ stream, group, consumer: name },
        afterMs: adoptAfterMs,
    })
    let from = "0"
    let adoptAtMs = 0
    const next = async () => {
        if (from === ">" && performance.now() >= adoptAtMs) {
            const adopted = await overdue.takeOne()
            if (adopted) return adopted
            adoptAtMs =
                performance.now() + Math.min(ADOPT_EVERY_MS, adoptAfterMs)
        }
        return readGroup(client, {
            ...{ stream, group, consumer: name },
            ...{ from, blockMs: BLOCK_MS },
        })
    }
    while (!crew.isOver)
        try {
            const entry = await next()
            if (!entry) from = ">"
            else if (isPresent(entry)) await process(entry)
            else await client.xAck(stream, group, entry.id)
        } catch (error) {
            if (!isNoGroup(error)) throw error
            await ensureGroup(client, stream, group)
            from = "0"
        }
}

function isPresent(entry: Entry): entry is PresentEntry {
    return entry.fields !== undefined
}
