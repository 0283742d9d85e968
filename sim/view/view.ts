/** A way to show what the simulator does. */
import type { LogEntry, Snapshot } from "../light/snapshots.ts"

export interface View {
    /** A step before the device runs, or an event around it. */
    progress(text: string): void
    /** The device runs. @param source where the lag comes from, as text */
    begin(snapshot: Snapshot, source: string): void
    change(snapshot: Snapshot): void
    log(entry: LogEntry): void
    /** Restores the terminal. */
    close(): void
}
