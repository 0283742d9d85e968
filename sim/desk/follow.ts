/** Follows a board for as long as the command runs, also over its own resets. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Board } from "./board.ts"
import type { LineSource } from "./connect.ts"

/** Between two attempts to find a board that has disconnected. */
const LOOK_MS = 1000

/** Attaches the board again whenever it disconnected; ends when told to. */
export async function keepAttached(
    board: Board,
    source: LineSource,
    stopped: AbortSignal,
    onNote: (text: string) => void
) {
    while (!stopped.aborted) {
        await new Promise<void>(resolve => {
            board.once("gone", resolve)
            stopped.addEventListener("abort", () => resolve(), { once: true })
        })
        if (stopped.aborted) return
        onNote("the board has gone: unplugged, or it resets itself; waiting")
        for (;;) {
            await sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => {})
            if (stopped.aborted) return
            try {
                await board.attach(await source.open())
                onNote("the board is back")
                break
            } catch {
                // not yet
            }
        }
    }
}
