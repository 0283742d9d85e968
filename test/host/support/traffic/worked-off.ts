/** Whether a consumer group has nothing left to do. */
import type { TestClient } from "../redis/server.ts"

/** Nothing is pending and nothing follows what was delivered last. Redis's own lag may be nil, or wrong. */
export async function isWorkedOff(
    client: TestClient,
    stream: string,
    group: string
) {
    const found = (await client.xInfoGroups(stream)).find(
        ({ name }) => name === group
    )
    if (!found || Number(found.pending) > 0) return false
    const after = `(${found["last-delivered-id"]}`
    const rest = await client.xRange(stream, after, "+", { COUNT: 1 })
    return rest!.length === 0
}
