/** For programs: one JSON object per line on stdout for every change; everything else goes to stderr. */
import type { LogEntry, Snapshot } from "../light/snapshots.ts"
import { logLine } from "../light/text.ts"
import { printable } from "../printable.ts"
import type { View } from "./view.ts"

export class JsonView implements View {
    progress(text: string) {
        process.stderr.write(`${printable(text)}\n`)
    }

    begin(snapshot: Snapshot) {
        this.change(snapshot)
    }

    change(snapshot: Snapshot) {
        process.stdout.write(`${JSON.stringify(snapshot)}\n`)
    }

    log(entry: LogEntry) {
        process.stderr.write(`${logLine(entry)}\n`)
    }

    close() {}
}
