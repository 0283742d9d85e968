/** What the simulator writes for people: it fits, it is safe to print, and colour carries no meaning. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { stripVTControlCharacters } from "node:util"
import pc from "picocolors"
import type { LogEntry, Snapshot } from "../../../sim/light/snapshots.ts"
import { renderFrame } from "../../../sim/view/terminal-frame.ts"
import { clock, details, logLine, sentence } from "../../../sim/light/text.ts"

const T = Date.UTC(2024, 0, 1)

const reading: Snapshot = {
    t: T,
    leds: "1110000000",
    link: "up",
    problem: null,
    target: 1,
    id: null,
    condition: "lag",
    show: null,
    lag: 6,
    low: 6,
    high: 6,
    known: "counted",
    level: 3,
    stream: "jobs",
    group: "staff",
    pending: 2,
    consumers: 1,
    reason: null,
    complaint: null,
    missing: null,
}

const logs: LogEntry[] = Array.from({ length: 6 }, (_, i) => ({
    t: T,
    level: i === 5 ? "error" : "log",
    text: `line ${i} ${"long ".repeat(40)}`,
}))

const content = { snapshot: reading, source: "Redis 7.0.15", logs }
const plain = pc.createColors(false)

describe("the frame", () => {
    test("shows LEDs, lag, source and log", () => {
        const frame = renderFrame(content, { columns: 60, rows: 24 }, plain)
        const lines = frame.split("\n")
        assert.equal(lines[1], "  ● ● ● ○ ○ ○ ○ ○ ○ ○")
        assert.equal(lines[3], "  jobs/staff: lag 6, level 3 of 10")
        assert.equal(lines[4], "  2 pending, 1 consumers, known: counted")
        assert.equal(lines[5], "  Redis 7.0.15   Ctrl-C stops")
        assert.equal(lines.length, 12)
        assert.equal(lines[11].length, 60)
        assert.ok(lines[11].endsWith("…"))
    })

    for (const columns of [1, 5, 10, 11, 20, 23, 24, 200])
        for (const rows of [1, 8, 10, 24])
            test(`fits into ${columns} columns and ${rows} rows`, () => {
                const lines = renderFrame(content, { columns, rows }, plain)
                    .split("\n")
                    .map(line => [...line].length)
                assert.ok(Math.max(...lines) <= columns)
                // the six lines above the log are never left out
                assert.ok(lines.length <= Math.max(6, rows))
            })

    test("shows all ten LEDs from ten columns on", () => {
        for (const columns of [10, 15, 22, 23, 80]) {
            const frame = renderFrame(content, { columns }, plain)
            assert.equal(frame.match(/[●○]/g)?.length, 10)
        }
    })

    test("in colour says the same", () => {
        const colored = renderFrame(content, {}, pc.createColors(true))
        assert.match(colored, /\x1b\[/)
        assert.equal(
            stripVTControlCharacters(colored),
            renderFrame(content, {}, plain)
        )
    })
})

describe("words", () => {
    test("for each kind of reading", () => {
        const said = (fields: Partial<Snapshot>) =>
            sentence({ ...reading, ...fields })
        assert.equal(said({}), "jobs/staff: lag 6, level 3 of 10")
        assert.equal(
            said({ lag: null, low: 5, high: 9 }),
            "jobs/staff: lag 5 to 9, level 3 of 10"
        )
        assert.equal(
            said({ lag: null, low: 101, high: null, level: 11 }),
            "jobs/staff: lag 101 or more, off the scale"
        )
        assert.equal(
            said({ condition: "stale" }),
            "jobs/staff: stale, lag 6, level 3 of 10"
        )
        const nothing = { lag: null, low: null, high: null, level: null }
        assert.equal(
            said({ ...nothing, condition: "refused: who" }),
            "jobs/staff: refused: who"
        )
        assert.equal(
            said({
                ...nothing,
                stream: null,
                condition: null,
                link: "connecting",
            }),
            "connecting"
        )
        const before = {
            ...reading,
            ...nothing,
            stream: null,
            condition: null,
            link: null,
        }
        assert.equal(sentence(before), "")
        assert.equal(
            details({ ...before, pending: null, consumers: null, known: null }),
            ""
        )
    })

    test("cannot move the cursor", () => {
        const stream = "a\x1b[2Jb\r\nc\x9b1m"
        assert.equal(
            sentence({ ...reading, stream }),
            "a\ufffd[2Jb\ufffd\ufffdc\ufffd1m/staff: lag 6, level 3 of 10"
        )
        const line = logLine({ t: T, level: "warn", text: "\x07" })
        assert.equal(line, `${clock(T)}  warn: \ufffd`)
    })
})
