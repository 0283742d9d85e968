/** A way to show what the simulator does. */
import { JsonView } from "./json-view.ts"
import type { LogEntry, Snapshot } from "./picture.ts"
import { PlainView } from "./plain-view.ts"
import { TerminalView } from "./terminal-view.ts"

export interface View {
    /** What is being done before the device runs, and what happens around it. */
    progress(text: string): void
    /** The device runs. @param source in words, where the lag comes from */
    begin(snapshot: Snapshot, source: string): void
    change(snapshot: Snapshot): void
    log(entry: LogEntry): void
    /** Leaves the terminal as it was found. */
    close(): void
}

export function createView({ json }: { json: boolean }): View {
    if (json) return new JsonView()
    const canRedraw = process.stdout.isTTY && process.env.TERM !== "dumb"
    return canRedraw ? new TerminalView() : new PlainView()
}
