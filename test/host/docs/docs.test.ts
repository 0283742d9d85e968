/**
 * The documentation tells the truth: every log line, pattern and message of a desk tool has its entry, every setting its
 * row, every link its end, and the pictures are what the program that draws them draws, or show what the tables say. But for
 * its patterns, the firmware's source is read as text.
 */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { shapeOf } from "../../../sim/light/shape.ts"
import type { LinkName, TargetLight } from "../../../sim/light/state.ts"
import { statusTexts } from "../../../sim/light/status-text.ts"
import { PATTERNS } from "../../../sim/light/legend.ts"
import { GRAMMAR, LEGEND, SHARES } from "../../../sim/pictures/legend-table.ts"
import {
    LED_PINS,
    physicalPin,
    TRAFFIC_LIGHT_PINS,
} from "../../../sim/pictures/pico-w.ts"
import { pictures } from "../../../sim/pictures/pictures.ts"
import { Show } from "../../../src/settings-table.ts"
import { documentedRows } from "../../../sim/settings-table.ts"
import { Condition, LEDS, LinkStatus } from "../../../src/display/display.ts"
import {
    linkPattern,
    powerOn,
    targetPattern,
} from "../../../src/display/patterns.ts"
import { linearScale } from "../../../src/signal/level.ts"
import {
    errorTextsOf,
    escaped,
    nodesOf,
    parse,
    partsOf,
    pattern,
    sourceFiles,
    textsOf,
} from "../support/docs/source-texts.ts"
import type { SourceText } from "../support/docs/source-texts.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const SRC = join(ROOT, "src")
const DOCS = join(ROOT, "docs")

/** Programs beside the firmware: what one prints is for a program to read, the other's log (pins, too) is checked below. */
const OTHER_PROGRAMS = [
    "maincheck.ts",
    "mainledtest.ts",
    "board.ts",
    // the LED test's
    "display/legend.ts",
]

const read = (path: string) => readFileSync(join(ROOT, path), "utf8")
const inRoot = (path: string) => relative(ROOT, path)

/** All pages: those of docs, and those beside the sources. */
const PAGES = [
    ...readdirSync(DOCS)
        .filter(name => name.endsWith(".md"))
        .map(name => join("docs", name)),
    ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].filter(name =>
        existsSync(join(ROOT, name))
    ),
]

/** A part of a page: its heading, and what follows up to the next one. */
interface Section {
    level: number
    heading: string
    body: string
}

function sectionsOf(markdown: string): Section[] {
    const sections: Section[] = []
    let isCode = false
    for (const line of markdown.split("\n")) {
        if (line.startsWith("```")) isCode = !isCode
        const heading = isCode ? undefined : /^(#+) (.*)$/.exec(line)
        if (heading)
            sections.push({
                level: heading[1].length,
                heading: heading[2],
                body: "",
            })
        else if (sections.length > 0) sections.at(-1)!.body += line + "\n"
    }
    return sections
}

function codeIn(markdown: string) {
    return [...markdown.matchAll(/`([^`]+)`/g)].map(match => match[1])
}

/** The rows of all tables: their cells, trimmed. */
function rowsOf(markdown: string) {
    return markdown
        .split("\n")
        .filter(line => line.startsWith("|") && !/^\|[ :|-]+\|$/.test(line))
        .map(line =>
            line
                .slice(1, -1)
                .split(/(?<!\\)\|/)
                .map(cell => cell.trim())
        )
}

const TROUBLESHOOTING = sectionsOf(read("docs/troubleshooting.md"))
const ENTRIES = TROUBLESHOOTING.filter(({ level }) => level === 4)
const FIRMWARE_TEXTS = sourceFiles(SRC)
    .filter(file => !OTHER_PROGRAMS.some(name => file.endsWith(name)))
    .flatMap(textsOf)
const DESK_FILES = sourceFiles(join(ROOT, "sim", "desk"))
/** Refusals of settings name file, line and remedy; one entry is for all of them. */
const DESK_TEXTS = DESK_FILES.filter(
    file => !/^settings-/.test(basename(file))
).flatMap(errorTextsOf)

/** Those that troubleshooting.md does not have, with their places. */
function withoutEntry(texts: SourceText[]) {
    const said = ENTRIES.flatMap(({ heading, body }) => [
        heading,
        ...codeIn(heading + body),
    ])
    return texts
        .filter(text => !said.some(words => pattern(text).test(words)))
        .map(
            ({ file, line, parts }) =>
                `${inRoot(file)}:${line}: ${parts.join("<...>")}`
        )
}

describe("troubleshooting.md", () => {
    test("has an entry for every text of the firmware", () => {
        assert.ok(FIRMWARE_TEXTS.length > 80, `${FIRMWARE_TEXTS.length} texts`)
        assert.deepEqual(withoutEntry(FIRMWARE_TEXTS), [])
    })

    test("has an entry for everything that a desk tool can end with", () => {
        assert.ok(DESK_TEXTS.length > 30, `${DESK_TEXTS.length} texts`)
        assert.deepEqual(withoutEntry(DESK_TEXTS), [])
    })

    test("has no entry for a line that nobody writes", () => {
        // what is left of a line without placeholders, and without all that the source has in quotes
        const literals = [...sourceFiles(SRC), ...DESK_FILES]
            .flatMap(file => [...nodesOf(parse(file))])
            .flatMap(node => partsOf(node) ?? [])
            .map(part => part.trim())
            .filter(part => /[a-z]{2}/i.test(part))
            .sort((a, b) => b.length - a.length)
        const left = (line: string) =>
            literals
                .reduce(
                    (rest, literal) =>
                        rest.replace(
                            new RegExp(
                                `${/^[a-z]/i.test(literal) ? "(?<![a-z])" : ""}${escaped(literal)}(?![a-z])`,
                                "gi"
                            ),
                            " "
                        ),
                    line.replace(/<[^>]*>/g, " ")
                )
                .match(/[a-z]{2,}/gi)
        const stale = ENTRIES.filter(({ heading }) => heading.startsWith("`"))
            .flatMap(({ heading }) => codeIn(heading))
            .filter(line => left(line) !== null)
        assert.deepEqual(stale, [])
    })

    test("has an entry for every pattern of the legend", () => {
        const headings = ENTRIES.map(({ heading }) => heading)
        for (const name of Object.keys(PATTERNS))
            assert.ok(
                headings.some(heading => heading.startsWith(`${name}:`)),
                `no entry for the pattern "${name}"`
            )
    })

    test("says in every entry the cause, the check and the remedy", () => {
        for (const { heading, body } of ENTRIES)
            assert.deepEqual(
                body.match(/^- \w+:/gm),
                ["- Cause:", "- Check:", "- Remedy:"],
                heading
            )
    })
})

/** A picture's dots, drawn with the same signs. */
function asShape(dots: string) {
    return [...dots]
        .map(dot => ({ "#": "●", ".": "○", o: "◐", W: "◐", w: "◐" })[dot])
        .join("")
}

describe("lights.md", () => {
    const page = read("docs/lights.md")
    const rows = new Map(
        rowsOf(page)
            .filter(row => row.length === 4 && /^`[●○◐]{10}`$/.test(row[1]))
            .map(([name, shape, rhythm]) => [
                name,
                { shape: codeIn(shape)[0], rhythm },
            ])
    )
    const moving = {
        "not configured": linkPattern(LinkStatus.NotConfigured)!.steps,
        "joining Wi-Fi": linkPattern(LinkStatus.JoiningWifi)!.steps,
        "connecting to Redis": linkPattern(LinkStatus.Connecting)!.steps,
        "power-on": powerOn(),
    }
    const refusals = {
        "refused: who": Condition.RefusedWho,
        "refused: which stream": Condition.RefusedStream,
        "refused: which group": Condition.RefusedGroup,
    }
    const refused = (condition: Condition) =>
        targetPattern(
            { condition, low: 0, high: 0, complaint: undefined },
            LEDS
        ).steps

    test("has a row for every pattern", () => {
        for (const name of Object.keys(PATTERNS))
            assert.ok(rows.has(name), `no row for the pattern "${name}"`)
    })

    test("shows the shapes of the pattern table", () => {
        for (const [name, steps] of Object.entries(moving))
            assert.equal(rows.get(name)?.shape, shapeOf(steps), name)
        for (const [name, condition] of Object.entries(refusals))
            assert.equal(
                rows.get(name)?.shape,
                shapeOf(refused(condition)),
                name
            )
    })

    test("shows the rhythms of the pattern table", () => {
        const seconds = (ms: number) => `${ms / 1000} s`
        const rhythm = (name: string) => rows.get(name)!.rhythm
        for (const [name, steps] of Object.entries(moving))
            assert.match(rhythm(name), new RegExp(seconds(steps[1])))
        for (const [name, condition] of Object.entries(refusals))
            assert.match(
                rhythm(name),
                new RegExp(`\\(${seconds(refused(condition)[1])}\\)`)
            )
        const total = powerOn().reduce(
            (sum, ms, i) => (i % 2 === 1 ? sum + ms : sum),
            0
        )
        assert.match(rhythm("power-on"), new RegExp(`once, ${seconds(total)}`))
    })

    test("shows the shapes that the page draws", () => {
        const scale = linearScale(LEDS, 1)
        const target = {
            ...{ stream: "jobs", group: "staff", reason: null },
            ...{ known: "counted", complaint: null, low: 6, high: 6 },
        }
        const drawn = (link: LinkName, light: Partial<TargetLight>) =>
            statusTexts(
                {
                    link,
                    targets: [{ ...target, condition: "lag", ...light }],
                    resets: 0,
                },
                [{ ...target, scale, show: Show.Lag }],
                "entries"
            )[0].shape
        const shapes = {
            "lag between two levels": drawn("up", { low: 3 }),
            "off the scale": drawn("up", { low: 11, high: null }),
            "consumers need a look": drawn("up", {
                ...{ low: 4, high: 4, complaint: "12 pending" },
            }),
            "lag unknown": drawn("up", { condition: "unknown" }),
            "stale reading": drawn("up", { condition: "stale" }),
            "refused: who": drawn("up", { condition: "refused: who" }),
            "refused: which stream": drawn("up", {
                condition: "refused: which stream",
            }),
            "refused: which group": drawn("up", {
                condition: "refused: which group",
            }),
            "connecting to Redis": drawn("connecting", {}),
            "joining Wi-Fi": drawn("joining Wi-Fi", {}),
            "not configured": drawn("not configured", {}),
            "power-on": drawn("starting", {}),
        }
        for (const [name, shape] of Object.entries(shapes))
            assert.equal(shape, rows.get(name)?.shape, name)
    })

    test("agrees with the drawn legend", () => {
        for (const { name, dots, arrows } of LEGEND) {
            const row = rows.get(name.split(",")[0])
            assert.ok(row, name)
            // what moves is drawn with arrows; of two pictures in turn the first is drawn
            if (!arrows && name !== "lag unknown")
                assert.equal(row.shape, asShape(dots), name)
        }
        assert.equal(LEGEND.length, rows.size)
        assert.ok(GRAMMAR.length > 0 && SHARES.length > 0)
        assert.match(page, /`●○●○●○●○●○`/)
    })
})

/** As a page writes a table's rows; `npm run format` makes columns of it. */
function written(rows: string[][]) {
    return rows.map(cells => `| ${cells.join(" | ")} |`).join("\n")
}

describe("settings.md", () => {
    const documented = documentedRows()

    test("has the table of settings", () => {
        const rows = rowsOf(read("docs/settings.md")).filter(
            row => row.length === 4 && row[0].startsWith("`")
        )
        assert.ok(
            written(rows) === written(documented),
            `its rows should be (npm run format puts them in columns):\n${written(documented)}`
        )
    })

    test("lends its rows to the README", () => {
        const here = documented.map(cells =>
            cells.map(cell =>
                cell
                    .replaceAll("](#", "](settings.md#")
                    .replaceAll(/\]\((?!https:)/g, "](docs/")
            )
        )
        const section = sectionsOf(read("README.md")).find(
            ({ heading }) => heading === "Settings"
        )!
        const rows = rowsOf(section.body).filter(row => row[0].startsWith("`"))
        assert.ok(rows.length >= 10, `${rows.length} rows`)
        const wanted = rows.map(
            ([key]) => here.find(([other]) => other === key) ?? [key]
        )
        assert.ok(
            written(rows) === written(wanted),
            `its rows should be (npm run format puts them in columns):\n${written(wanted)}`
        )
    })
})

describe("acl.md", () => {
    test("explains every command that laglight sends", () => {
        const page = read("docs/acl.md").replaceAll("\\|", "|")
        // a command is an array of words that begins with one in capitals
        const commands = new Set<string>()
        for (const file of sourceFiles(SRC)) {
            for (const node of nodesOf(parse(file))) {
                if (
                    !ts.isCallExpression(node) ||
                    node.expression.getText() !== "encodeCommand" ||
                    !ts.isArrayLiteralExpression(node.arguments[0])
                )
                    continue
                const [first, second] = node.arguments[0].elements.map(word =>
                    ts.isStringLiteral(word) ? word.text.toLowerCase() : ""
                )
                const isContainer = ["xinfo", "client", "sentinel"].includes(
                    first
                )
                commands.add(isContainer ? `${first}|${second}` : first)
            }
        }
        // needs no right
        commands.delete("quit")
        assert.ok(commands.size >= 12, [...commands].join(" "))
        for (const command of commands)
            assert.ok(page.includes(`+${command}`), `+${command}`)
    })
})

describe("monitoring.md", () => {
    test("has a row for every field of the data records", () => {
        const rows = rowsOf(read("docs/monitoring.md"))
        const fields = rows
            .slice(rows.findIndex(([first]) => first === "field"))
            .flatMap(([names]) => codeIn(names))
        const known = [
            ...nodesOf(parse(join(ROOT, "sim/light/light-record.ts"))),
        ]
            .filter(ts.isInterfaceDeclaration)
            .flatMap(({ members }) =>
                members.map(member => member.name!.getText())
            )
        assert.ok(known.length > 15, known.join(" "))
        assert.deepEqual(
            [...new Set(fields)].sort(),
            [...new Set(known)].sort()
        )
    })

    test("has the version that the firmware writes and the host reads", () => {
        const [, version] = /`v` is the version, (\d+)/.exec(
            read("docs/monitoring.md")
        )!
        for (const file of ["src/display/log.ts", "sim/light/light-record.ts"])
            assert.match(
                read(file),
                new RegExp(`^const VERSION = ${version}$`, "m"),
                file
            )
    })
})

describe("lag.md", () => {
    test("explains every way of knowing", () => {
        const page = read("docs/lag.md")
        for (const node of nodesOf(parse(join(SRC, "signal", "lag.ts"))))
            if (ts.isEnumMember(node) && ts.isStringLiteral(node.initializer!))
                assert.ok(
                    page.includes(`\`${node.initializer.text}\``),
                    node.initializer.text
                )
    })
})

describe("hardware.md", () => {
    const page = read("docs/hardware.md")
    const board = JSON.parse(
        read("boards/pico_w_laglight.board.json")
    ) as Record<"pins" | "sPin", Record<string, number>>
    const rows = rowsOf(page)
    const row = (name: string) => rows.find(([first]) => first === name)

    test("wires the LEDs as the board file has them", () => {
        for (const [i, pin] of LED_PINS.entries()) {
            const led = `LED${i + 1}`
            assert.equal(`GP${board.pins[led]}`, pin)
            assert.equal(board.sPin[led], 0)
            assert.deepEqual(row(led)?.slice(1, 3), [
                pin,
                String(physicalPin(pin)),
            ])
        }
        for (const { name, pin } of TRAFFIC_LIGHT_PINS)
            assert.deepEqual(row(name)?.slice(1, 3), [
                pin,
                String(physicalPin(pin)),
            ])
        for (const [signal, pin] of [
            ["SDA", "GP20"],
            ["SCL", "GP21"],
        ]) {
            assert.deepEqual(row(signal)?.slice(1), [
                pin,
                String(physicalPin(pin)),
            ])
            assert.ok(
                read("src/mainoled.ts").includes(`pin${signal}: pins.${pin}`)
            )
        }
        const main = read("src/board.ts")
        for (const { name, pin } of TRAFFIC_LIGHT_PINS)
            assert.ok(main.includes(`${name.toLowerCase()}: pins.${pin}`))
    })

    test("names the pins that the LED test program names", () => {
        const program = read("src/board.ts")
        const [, list] = /physical = \[([^\]]*)\]/.exec(program)!
        assert.deepEqual(list.split(",").map(Number), LED_PINS.map(physicalPin))
    })
})

describe("pico-w-runtime.md", () => {
    test("has the 25 rows that the source refers to", () => {
        const rows = sectionsOf(read("docs/pico-w-runtime.md"))
            .map(({ heading }) => /^(\d+)\. /.exec(heading)?.[1])
            .filter(row => row !== undefined)
        assert.deepEqual(
            rows,
            Array.from({ length: 25 }, (_, i) => String(i + 1))
        )
    })
})

/** GitHub's anchor for a heading. */
function anchorOf(heading: string) {
    return heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replaceAll("`", "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
        .replaceAll(" ", "-")
}

function anchorsOf(page: string) {
    const seen = new Map<string, number>()
    return sectionsOf(read(page)).map(({ heading }) => {
        const anchor = anchorOf(heading)
        const times = seen.get(anchor) ?? 0
        seen.set(anchor, times + 1)
        return times === 0 ? anchor : `${anchor}-${times}`
    })
}

describe("links", () => {
    for (const page of PAGES)
        test(`of ${page} lead somewhere`, () => {
            const text = read(page).replace(/^```[^]*?^```/gm, "")
            for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
                if (/^[a-z]+:/.test(target)) continue
                const [path, anchor] = target.split("#")
                const file = path
                    ? inRoot(resolve(ROOT, dirname(page), path))
                    : page
                assert.ok(existsSync(join(ROOT, file)), `${page}: ${target}`)
                if (anchor !== undefined)
                    assert.ok(
                        anchorsOf(file).includes(anchor),
                        `${page}: ${target}`
                    )
            }
        })

    test("of the sources lead to pages and anchors that exist", () => {
        const files = ["src", "sim"].flatMap(folder =>
            sourceFiles(join(ROOT, folder))
        )
        for (const file of files)
            for (const [, page, anchor] of readFileSync(file, "utf8").matchAll(
                /(?<![\w./])(docs\/[\w-]+\.md)(?:#([\w-]+))?/g
            )) {
                const where = `${inRoot(file)}: ${page}`
                assert.ok(existsSync(join(ROOT, page)), where)
                if (anchor)
                    assert.ok(
                        anchorsOf(page).includes(anchor),
                        `${where}#${anchor}`
                    )
            }
    })
})

describe("pictures", () => {
    for (const [name, svg] of pictures())
        test(`${name} is what sim/pictures/draw.ts draws`, () => {
            assert.ok(
                read(`docs/images/${name}`) === svg,
                "draw it anew: npm run pictures"
            )
        })

    /** The texts of a picture that nothing draws. */
    const textsIn = (name: string) =>
        [...read(`docs/images/${name}`).matchAll(/<text[^>]*>([^<]*)</g)].map(
            ([, text]) => text
        )

    test("of the wiring connect the pins that the board file names", () => {
        const leds = LED_PINS.map((pin, i) => ({ name: `LED${i + 1}`, pin }))
        for (const [picture, placed] of [
            ["wiring.svg", leds],
            ["wiring-active-low.svg", leds],
            ["traffic-light.svg", TRAFFIC_LIGHT_PINS],
        ] as const)
            assert.deepEqual(
                textsIn(picture).filter(text =>
                    /^GP\d+, pin \d+ \u2192 /.test(text)
                ),
                placed.map(
                    ({ name, pin }) =>
                        `${pin}, pin ${physicalPin(pin)} \u2192 ${name}`
                ),
                picture
            )
    })

    test("of the label strip have the rhythm of each pattern, but for the lamp test", () => {
        const texts = textsIn("label-strip.svg")
        for (const { name, rhythm } of LEGEND)
            if (name !== "power-on") assert.ok(texts.includes(rhythm), name)
    })
})
