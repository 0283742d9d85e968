/** For people at a terminal: the light, drawn in place. */
import { createLogUpdate } from "log-update"
import pc from "picocolors"
import type { LogEntry, Snapshot } from "../light/snapshots.ts"
import { printable } from "../printable.ts"
import { renderFrame } from "./terminal-frame.ts"
import type { View } from "./view.ts"

/** Log lines kept; as many are shown as fit. */
const LOG_LINES = 6

export class TerminalView implements View {
    private readonly draw = createLogUpdate(process.stdout)
    private snapshot: Snapshot | undefined
    private source = ""
    private readonly logs: LogEntry[] = []
    private readonly redraw = () => this.render()

    progress(text: string) {
        // once the LEDs are drawn, lines go to the log below them
        if (this.snapshot) this.log({ t: Date.now(), level: "log", text })
        else process.stdout.write(pc.dim(`${printable(text)}\n`))
    }

    begin(snapshot: Snapshot, source: string) {
        this.source = source
        process.stdout.on("resize", this.redraw)
        this.change(snapshot)
    }

    change(snapshot: Snapshot) {
        this.snapshot = snapshot
        this.render()
    }

    log(entry: LogEntry) {
        if (entry.level === "debug") return
        this.logs.push(entry)
        if (this.logs.length > LOG_LINES) this.logs.shift()
        this.render()
    }

    close() {
        process.stdout.off("resize", this.redraw)
        this.draw.done()
    }

    private render() {
        if (!this.snapshot) return
        this.draw(
            renderFrame(
                {
                    snapshot: this.snapshot,
                    source: this.source,
                    logs: this.logs,
                },
                process.stdout
            )
        )
    }
}
