/** For pipes and files: one line per change. */
import type { LogEntry, Snapshot } from "../light/snapshots.ts"
import { bar, clock, logLine, sentence } from "../light/text.ts"
import { printable } from "../printable.ts"
import type { View } from "./view.ts"

export class PlainView implements View {
    progress(text: string) {
        process.stdout.write(`${printable(text)}\n`)
    }

    begin(snapshot: Snapshot, source: string) {
        this.progress(source)
        this.change(snapshot)
    }

    change(snapshot: Snapshot) {
        const columns = [
            clock(snapshot.t),
            bar(snapshot.leds),
            sentence(snapshot),
        ]
        process.stdout.write(`${columns.join("  ").trimEnd()}\n`)
    }

    log(entry: LogEntry) {
        process.stdout.write(`${logLine(entry)}\n`)
    }

    close() {}
}
