/** The bench's result as text: tables in Markdown, so that docs/performance.md can take them as they are. */
import { READERS } from "./bench.ts"
import type { BenchResult, CountedRow, Reader } from "./bench.ts"
import type { PollCost } from "./counts.ts"

const NAMES: Record<Reader, string> = {
    light: "the light, everything",
    laglight: "laglight's reader",
    lines: "naive, native `indexOf`",
    split: "naive, `split`",
}

export function benchText(result: BenchResult): string {
    const { machine } = result
    return [
        `${machine.cpu}, ${machine.cores} cores; Node ${machine.node}, ${machine.redis}, DeviceScript ${machine.devicescript}; ${result.date}${result.quick ? "; quick" : ""}`,
        "",
        countedTable(result.counted),
        "",
        specialTable(result.special),
        "",
        clockTable(result),
    ].join("\n")
}

function countedTable(rows: CountedRow[]) {
    return table(
        [
            "groups",
            "reply",
            "reader",
            "steps",
            "allocations",
            "allocated",
            "for calls",
            "longest run",
            "live heap",
            "heap left",
            "steps, `split` = 1",
            "garbage, `split` = 1",
        ],
        rows.map(row => {
            const { cost } = row
            const head = [
                whole(row.groups),
                bytes(row.replyBytes),
                NAMES[row.reader],
            ]
            if (typeof cost === "string")
                return [...head, `ends: ${cost}`, ...Array(8).fill("")]
            const split = costOf(rows, "split", row.groups)
            return [
                ...head,
                ...costCells(cost),
                split ? ratio(cost.steps / split.steps) : "-",
                split ? ratio(cost.allocatedBytes / split.allocatedBytes) : "-",
            ]
        })
    )
}

/** @returns undefined if that program ended */
export function costOf(
    rows: CountedRow[],
    reader: (typeof READERS)[number],
    groups: number
): PollCost | undefined {
    const cost = rows.find(
        row => row.reader === reader && row.groups === groups
    )?.cost
    return typeof cost === "string" ? undefined : cost
}

function specialTable(rows: BenchResult["special"]) {
    return table(
        [
            "the light",
            "steps",
            "allocations",
            "allocated",
            "for calls",
            "longest run",
            "live heap",
            "heap left",
        ],
        rows.map(({ what, cost }) => [what, ...costCells(cost)])
    )
}

function costCells({
    steps,
    allocations,
    allocatedBytes,
    callBytes,
    longestRun,
    memory,
}: PollCost) {
    return [
        ...[steps, allocations].map(whole),
        bytes(allocatedBytes),
        bytes(callBytes),
        whole(longestRun),
        // 0: no collection was seen
        memory.peakLiveBytes > 0 ? bytes(memory.peakLiveBytes) : "-",
        bytes(memory.lowestFreeBytes),
    ]
}

function clockTable(result: BenchResult) {
    const { interval, startUp } = result
    return table(
        ["what", "measured"],
        [
            ["bytecode", bytes(result.bytecodeBytes)],
            ["settings of an ordinary light", bytes(result.settingsBytes)],
            [
                "from the program's start to the first reading",
                ms(startUp.reading),
            ],
            [
                "from the program's start to the first true bar, after the sweep",
                ms(startUp.bar),
            ],
            ...result.pollsPerSecond.map(({ groups, perSecond }) => [
                `polls per second at POLL_MS=100, ${groups} groups`,
                perSecond.toFixed(1),
            ]),
            ...result.latency.map(({ pollMs, changes, p50, p99, max }) => [
                `XADD to LED at POLL_MS=${pollMs}, ${changes} changes`,
                `p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(max)}`,
            ]),
            [
                `poll interval over ${interval.seconds} s at POLL_MS=${interval.pollMs}`,
                `off by ${interval.meanDeviation.toFixed(2)} % on average, drift ${interval.drift.toFixed(2)} %, longest ${ms(interval.longest)}`,
            ],
            ...result.counted
                .filter(({ reader }) => reader === "light")
                .map(({ groups, serverMicroseconds }) => [
                    `Redis's CPU time for XINFO GROUPS, ${groups} groups`,
                    `${serverMicroseconds} µs`,
                ]),
        ]
    )
}

function table(head: string[], rows: string[][]) {
    const all = [head, ...rows]
    const widths = head.map((_, i) =>
        Math.max(...all.map(row => row[i].length))
    )
    const line = (cells: string[]) =>
        `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`
    return [
        line(head),
        line(widths.map(width => "-".repeat(width))),
        ...rows.map(line),
    ].join("\n")
}

function whole(number: number) {
    return Math.round(number).toLocaleString("en-US")
}

function bytes(count: number) {
    return `${whole(count)} B`
}

function ms(milliseconds: number) {
    return `${whole(milliseconds)} ms`
}

function ratio(quotient: number) {
    return quotient.toFixed(2)
}
