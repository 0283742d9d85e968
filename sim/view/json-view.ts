/** For programs: one JSON object per line on stdout for every change, and everything else on stderr. */
import type { LogEntry, Snapshot } from "./picture.ts"
import { logLine, printable } from "./words.ts"
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
