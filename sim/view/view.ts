/** A way to show what the simulator does. */
import type { LogEntry, Snapshot } from "../light/picture.ts"

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
