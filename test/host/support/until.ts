/** Waits for what nothing tells of but asking. */
import { setTimeout as sleep } from "node:timers/promises"

const LOOK_MS = 20

/** @throws Error in the words of `what` if it does not come true in time */
export async function until(
    what: string,
    timeoutMs: number,
    isTrue: () => boolean | Promise<boolean>
) {
    const deadline = Date.now() + timeoutMs
    while (!(await isTrue())) {
        if (Date.now() > deadline)
            throw new Error(`not within ${timeoutMs} ms: ${what}`)
        await sleep(LOOK_MS)
    }
}
