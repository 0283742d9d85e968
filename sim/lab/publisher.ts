/** Sends every browser the same events, at once and in order; one that connects later, or again, first gets the whole state. */
import type { ServerResponse } from "node:http"
import { LagHistory } from "../light/history.ts"
import type { Sample, TargetLight } from "../light/state.ts"
import { DARK } from "../vm/device-types.ts"
import type { LogLine, PageMessage, PageParts } from "./state.ts"

/** Log lines kept for browsers that connect later. */
const LOG_LINES = 300
/** How often the server's clock is sent; it also keeps the connection alive and reveals a dead one. */
const CLOCK_MS = 5000
/** A browser with this much unsent data is disconnected; it reconnects and gets the whole state. */
const BACKLOG_BYTES = 4_000_000

export class Publisher {
    private readonly parts: PageParts = {
        progress: [],
        setup: null,
        leds: DARK,
        light: null,
        status: [],
        groups: [],
        lab: null,
    }
    private readonly sent = new Map<string, string>()
    private readonly log: LogLine[] = []
    private readonly history = new LagHistory()
    private readonly listeners = new Set<ServerResponse>()
    private readonly clock = setInterval(
        () => this.send({ kind: "clock", now: Date.now() }),
        CLOCK_MS
    )

    get<Name extends keyof PageParts>(name: Name): PageParts[Name] {
        return this.parts[name]
    }

    /** Replaces a part; sent only if it differs. */
    set<Name extends keyof PageParts>(name: Name, value: PageParts[Name]) {
        const text = JSON.stringify(value)
        if (this.sent.get(name) === text) return
        this.sent.set(name, text)
        // a copy: the caller may change its own later
        this.parts[name] = JSON.parse(text)
        this.send({ kind: "part", name, value } as PageMessage)
    }

    addLog(line: LogLine) {
        this.log.push(line)
        if (this.log.length > LOG_LINES) this.log.shift()
        this.send({ kind: "log", lines: [line], whole: false })
    }

    /** Other targets: the chart is cleared. */
    beginHistory(targets: number) {
        this.history.begin(targets)
        this.send(this.wholeHistory())
    }

    addSample(target: number, light: TargetLight | undefined) {
        const sample = this.history.add(target, light, Date.now())
        if (!sample) return
        const targets: Sample[][] = this.history.samples.map(() => [])
        targets[target] = [sample]
        this.send({ kind: "samples", targets, whole: false })
    }

    /** A browser's event stream. */
    listen(response: ServerResponse) {
        response.writeHead(200, {
            "content-type": "text/event-stream",
            "cache-control": "no-store",
        })
        const parts = Object.entries(this.parts).map(
            ([name, value]) => ({ kind: "part", name, value }) as PageMessage
        )
        const all: PageMessage[] = [
            { kind: "clock", now: Date.now() },
            this.wholeHistory(),
            ...parts,
            { kind: "log", lines: this.log, whole: true },
        ]
        response.write("retry: 1000\n\n" + all.map(eventText).join(""))
        this.listeners.add(response)
        response.once("close", () => this.listeners.delete(response))
    }

    close() {
        clearInterval(this.clock)
        for (const listener of this.listeners) listener.end()
    }

    private wholeHistory(): PageMessage {
        return {
            kind: "samples",
            targets: this.history.samples,
            whole: true,
        }
    }

    private send(message: PageMessage) {
        const text = eventText(message)
        for (const listener of this.listeners)
            if (listener.writableLength > BACKLOG_BYTES) listener.destroy()
            else listener.write(text)
    }
}

function eventText(message: PageMessage) {
    return `data: ${JSON.stringify(message)}\n\n`
}
