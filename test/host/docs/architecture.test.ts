/**
 * CONTRIBUTING.md, the rooms: who may import whom. The device compiler refuses `node:*`, but not plain TypeScript out of sim/, and
 * knows no rooms. On the device types may cross: what is left of the imports when types are erased is held against the table.
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"
import { describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { stop, transform } from "esbuild"
import ts from "typescript"

const CORE = "@devicescript/core"

interface Room {
    what: string
    /** Files, or folders with a slash at the end. A file belongs to the first room that names it. */
    files: string[]
    /** Files, folders with a slash at the end, or packages. */
    mayImport: string[]
}

const PURE_REDIS = [
    "src/redis/bytes.ts",
    "src/redis/resp.ts",
    "src/redis/reply.ts",
    "src/redis/refusal.ts",
    "src/redis/question.ts",
    "src/redis/stream-id.ts",
    "src/redis/entries.ts",
    "src/redis/groups.ts",
]
const PURE_LINK = [
    "src/link/address.ts",
    "src/link/fault.ts",
    "src/link/printable.ts",
    "src/link/recovery.ts",
    "src/link/runtime.ts",
    "src/link/tidy.ts",
]
const PURE_DISPLAY = [
    "src/display/display.ts",
    "src/display/patterns.ts",
    "src/display/legend.ts",
    "src/display/words.ts",
]
const DISPLAY_INTERFACE = "src/display/display.ts"
/** What makes lines of the log safe. */
const LINES = ["src/say.ts", "src/link/printable.ts"]
/** Of the firmware's sources the host may import what computes and knows no device: what a pattern is, it is once. */
const FOR_THE_HOST = [
    "src/settings-table.ts",
    "src/signal/level.ts",
    ...PURE_DISPLAY,
]
const NODE = ["node:", "npm:"]
/** What every room of the host may need. */
const BASE = [
    "sim/bundle.ts",
    "sim/chip.ts",
    "sim/cleanup.ts",
    "sim/command-line.ts",
    "sim/error-message.ts",
    "sim/printable.ts",
    "sim/secrets.ts",
    "sim/board.ts",
    "sim/settings-file.ts",
    "sim/settings-table.ts",
    "sim/settings-text.ts",
    "sim/until-stopped.ts",
]
/** A device, to look at; another than the simulated one has the same interface. */
const DEVICE = ["sim/vm/device-types.ts", "sim/vm/device.ts"]
/** A firmware to run, something to run it on, a Redis for it. */
const MAKING = ["sim/firmware.ts", "sim/vm/", "sim/redis/"]
const POLLER = [
    "src/heap.ts",
    "src/poller.ts",
    "src/report.ts",
    "src/say.ts",
    "src/status-keeper.ts",
    "src/target.ts",
]

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const MAIN_PROGRAMS = filesIn("src").filter(isMainProgram)

const ROOMS: Room[] = [
    {
        what: "for editors and for the compiler: no code",
        files: ["src/editor.d.ts", "src/names.ts"],
        mayImport: [],
    },
    {
        what: "signal: lag, level, health, age",
        files: ["src/signal/"],
        mayImport: ["src/signal/"],
    },
    {
        what: "redis, pure: bytes and their meaning",
        files: PURE_REDIS,
        mayImport: PURE_REDIS,
    },
    {
        what: "redis: conversations",
        files: ["src/redis/"],
        mayImport: ["src/redis/", "src/link/", CORE],
    },
    {
        what: "ask: what to ask of Redis for a signal",
        files: ["src/ask/"],
        mayImport: ["src/ask/", "src/redis/", "src/signal/", CORE],
    },
    {
        what: "link, which runtime: asks the board's configuration",
        files: ["src/link/runtime.ts"],
        mayImport: [CORE],
    },
    {
        what: "link, pure: addresses, faults, the recovery policy",
        files: PURE_LINK,
        mayImport: PURE_LINK,
    },
    {
        what: "link: Wi-Fi and sockets",
        files: ["src/link/"],
        mayImport: ["src/link/", CORE, "@devicescript/net/src/sockets"],
    },
    {
        what: "display, pure: the interface, the patterns",
        files: PURE_DISPLAY,
        mayImport: PURE_DISPLAY,
    },
    {
        what: "display: the only file that touches pins",
        files: ["src/display/gpio.ts"],
        mayImport: ["src/display/", CORE, "@devicescript/gpio", "@dsboard/"],
    },
    {
        what: "display: the Jacdac service",
        files: ["src/display/service.ts"],
        mayImport: ["src/display/", CORE, "@devicescript/server"],
    },
    {
        what: "display: the traffic light's driver",
        files: ["src/display/traffic-light.ts"],
        mayImport: [
            "src/display/",
            CORE,
            "@devicescript/drivers/src/trafficlight",
            "@devicescript/gpio",
        ],
    },
    {
        what: "display: all others, each with its driver",
        files: ["src/display/"],
        mayImport: [
            "src/display/",
            CORE,
            "@devicescript/drivers/src/",
            "@devicescript/graphics/src/",
            ...LINES,
        ],
    },
    {
        what: "settings",
        files: ["src/settings.ts"],
        mayImport: [
            "src/settings-table.ts",
            DISPLAY_INTERFACE,
            "src/signal/",
            ...PURE_LINK,
        ],
    },
    {
        what: "the table of settings, which the host imports",
        files: ["src/settings-table.ts"],
        mayImport: [],
    },
    {
        what: "the poller's room: it knows signals, Redis, the link, and of displays the interface",
        files: POLLER,
        mayImport: [
            ...POLLER,
            "src/settings.ts",
            "src/ask/",
            "src/redis/",
            "src/signal/",
            "src/link/",
            DISPLAY_INTERFACE,
            CORE,
        ],
    },
    {
        what: "composition, and programs beside the firmware: everything",
        files: ["src/laglight.ts", ...MAIN_PROGRAMS],
        mayImport: [
            "src/",
            CORE,
            "@devicescript/settings",
            "@devicescript/servers",
            "@dsboard/",
        ],
    },
    {
        what: "the board's pins",
        files: ["src/board.ts"],
        mayImport: ["@dsboard/"],
    },
    {
        what: "device tests",
        files: ["test/device/"],
        mayImport: ["test/device/", "src/", "@devicescript/"],
    },
    {
        what: "commands beside others: everything of the host",
        files: [
            "sim/start.ts",
            "sim/options.ts",
            "sim/build.ts",
            "sim/bytecode-sizes.ts",
        ],
        mayImport: ["sim/", ...NODE],
    },
    {
        what: "the page in the browser: of the host it takes types",
        files: ["sim/page/client/"],
        mayImport: [
            "sim/page/client/",
            "sim/lab/state.ts",
            "sim/lab/group-state.ts",
            "sim/light/state.ts",
            ...FOR_THE_HOST,
        ],
    },
    {
        what: "the page: server, guard, metrics, health",
        files: ["sim/page/"],
        mayImport: [
            "sim/page/",
            "sim/lab/",
            "sim/light/",
            ...DEVICE,
            ...BASE,
            ...FOR_THE_HOST,
            ...NODE,
        ],
    },
    {
        what: "the lab: what stands around a device, and what a visitor may do to it",
        files: ["sim/lab/"],
        mayImport: [
            "sim/lab/",
            "sim/light/",
            "sim/faults/",
            "sim/traffic/",
            "sim/redis/",
            "src/settings-table.ts",
            "sim/watched-redis.ts",
            ...DEVICE,
            ...BASE,
            ...NODE,
        ],
    },
    {
        what: "views in a terminal",
        files: ["sim/view/"],
        mayImport: ["sim/view/", "sim/light/", ...DEVICE, ...BASE, ...NODE],
    },
    {
        what: "the light, as the host knows it",
        files: ["sim/light/"],
        mayImport: ["sim/light/", ...DEVICE, ...BASE, ...FOR_THE_HOST, ...NODE],
    },
    {
        what: "faults between a device and Redis",
        files: ["sim/faults/"],
        mayImport: ["sim/faults/", ...NODE],
    },
    {
        what: "the soak: faults for hours",
        files: ["sim/soak/"],
        mayImport: [
            "sim/soak/",
            "sim/light/",
            "sim/faults/",
            "sim/traffic/",
            ...MAKING,
            ...BASE,
            ...NODE,
        ],
    },
    {
        what: "tools at a desk, with a board",
        files: ["sim/desk/", "sim/acl/"],
        mayImport: [
            "sim/desk/",
            "sim/acl/",
            "sim/page/",
            "sim/lab/",
            "sim/light/",
            "sim/view/",
            "src/settings-table.ts",
            ...MAKING,
            ...BASE,
            ...NODE,
        ],
    },
    {
        what: "measurements, and pictures for the documentation",
        files: ["sim/bench/", "sim/pictures/"],
        mayImport: [
            "sim/bench/",
            "sim/pictures/",
            "sim/light/",
            "sim/traffic/",
            ...MAKING,
            ...BASE,
            ...FOR_THE_HOST,
            ...NODE,
        ],
    },
    {
        what: "workloads",
        files: ["sim/traffic/"],
        mayImport: ["sim/traffic/", ...BASE, ...NODE],
    },
    {
        what: "building the firmware",
        files: ["sim/compiler/", "sim/firmware.ts", "sim/null-check.ts"],
        mayImport: ["sim/compiler/", "sim/vm/", ...NODE],
    },
    {
        what: "the simulated device",
        files: ["sim/vm/"],
        mayImport: ["sim/vm/", ...BASE, "src/display/display.ts", ...NODE],
    },
    {
        what: "a Redis of our own",
        files: ["sim/redis/", "sim/watched-redis.ts"],
        mayImport: ["sim/redis/", "src/settings-table.ts", ...BASE, ...NODE],
    },
    {
        what: "what every room of the host may need",
        files: BASE,
        mayImport: [...BASE, "src/settings-table.ts", ...NODE],
    },
    {
        what: "tests on the host: they see bytecode, TCP and the Jacdac bus",
        files: ["test/host/"],
        mayImport: ["test/host/", "sim/", ...FOR_THE_HOST, ...NODE],
    },
]

/** CONTRIBUTING.md: main.ts is composition only. */
const MAX_MAIN_LINES = 60

function isMainProgram(file: string) {
    return /^src\/main[a-z]*\.ts$/.test(file)
}

function filesIn(folder: string): string[] {
    return readdirSync(join(ROOT, folder), { recursive: true })
        .map(String)
        .filter(name => /\.m?tsx?$/.test(name))
        .map(name => posix.join(folder, name.replaceAll("\\", "/")))
}

function within(path: string, places: string[]) {
    return places.some(place =>
        /[/:]$/.test(place) ? path.startsWith(place) : path === place
    )
}

function roomOf(file: string) {
    return ROOMS.find(({ files }) => within(file, files))
}

/** Those that are on a circle, or between two: without them nobody comes back to where they set out. */
function circles(arrows: Map<string, string[]>) {
    const left = new Set(arrows.keys())
    for (let before = -1; before !== left.size;) {
        before = left.size
        for (const one of left)
            if (!arrows.get(one)!.some(other => left.has(other)))
                left.delete(one)
    }
    return [...left].sort()
}

const known = new Map<string, string[]>()

/** What a file imports or exports from, as a path from the root or a package's name; `erased`: without types. */
function importsOf(file: string, erased: boolean): string[] {
    const key = `${file} ${erased}`
    const found = known.get(key) ?? readImports(file, erased)
    known.set(key, found)
    return found
}

function readImports(file: string, erased: boolean) {
    const text = (erased ? erasedTexts : texts).get(file)!
    const found: string[] = []
    const visit = (node: ts.Node) => {
        const from =
            ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
                ? node.moduleSpecifier
                : ts.isCallExpression(node) &&
                    node.expression.kind === ts.SyntaxKind.ImportKeyword
                  ? node.arguments[0]
                  : undefined
        if (from && ts.isStringLiteralLike(from)) found.push(from.text)
        ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022))
    return found.map(specifier => placeOf(specifier, file))
}

function placeOf(specifier: string, file: string) {
    if (specifier.startsWith(".")) {
        const path = posix.join(posix.dirname(file), specifier)
        return /\.[mc]?[jt]sx?$/.test(path) ? path : `${path}.ts`
    }
    const isDevice = /^@(devicescript|dsboard)\//.test(specifier)
    return isDevice || specifier.startsWith("node:")
        ? specifier
        : `npm:${specifier}`
}

const SOURCES = ["src", "test/device", "sim", "test/host"].flatMap(filesIn)
const texts = new Map(
    SOURCES.map(file => [file, readFileSync(join(ROOT, file), "utf8")])
)
/** As JavaScript: an import of which only types are used is gone. */
const erasedTexts = new Map(
    await Promise.all(
        [...texts].map(async ([file, text]): Promise<[string, string]> => {
            const { code } = await transform(text, { loader: "ts" })
            return [file, code]
        })
    )
)
await stop()

describe("imports", () => {
    test("every file belongs to a room", () => {
        const strays = SOURCES.filter(file => !roomOf(file))
        assert.deepEqual(strays, [], "put them into the table above")
        assert.ok(SOURCES.length > 100, `${SOURCES.length} files`)
    })

    test("the table names no file that is not there", () => {
        const named = ROOMS.flatMap(({ files, mayImport }) => [
            ...files,
            ...mayImport,
        ]).filter(place => place.endsWith(".ts"))
        const missing = named.filter(place => !SOURCES.includes(place))
        assert.deepEqual(missing, [])
    })

    for (const room of ROOMS)
        test(`of ${room.what}`, () => {
            const files = SOURCES.filter(file => roomOf(file) === room)
            assert.ok(files.length > 0, "no files")
            const strays = files.flatMap(file =>
                // in sim/ types do not cross either
                importsOf(file, !file.startsWith("sim/"))
                    .filter(place => !within(place, room.mayImport))
                    .map(place => `${file} imports ${place}`)
            )
            assert.deepEqual(strays, [])
        })

    test("go one way in sim/, types too: there is no circle of files, and none of rooms", () => {
        const files = SOURCES.filter(file => file.startsWith("sim/"))
        const byFile = new Map(
            files.map(file => [file, importsOf(file, false)])
        )
        assert.deepEqual(circles(byFile), [])
        const byRoom = new Map<string, string[]>()
        for (const [file, places] of byFile) {
            const { what } = roomOf(file)!
            const others = places
                .flatMap(place => roomOf(place)?.what ?? [])
                .filter(other => other !== what)
            byRoom.set(what, [...(byRoom.get(what) ?? []), ...others])
        }
        assert.deepEqual(circles(byRoom), [])
    })

    test("of the firmware's sources, sim/ and the tests on the host see the pure ones, and of no other even the types", () => {
        const strays = SOURCES.filter(file =>
            within(file, ["sim/", "test/host/"])
        ).flatMap(file =>
            importsOf(file, false)
                .filter(
                    place =>
                        within(place, ["src/", "test/device/"]) &&
                        !within(place, FOR_THE_HOST)
                )
                .map(place => `${file} imports ${place}`)
        )
        assert.deepEqual(strays, [])
    })

    test("what the host may import needs no device: it imports only its like", () => {
        const strays = FOR_THE_HOST.flatMap(file =>
            importsOf(file, false)
                .filter(place => !within(place, FOR_THE_HOST))
                .map(place => `${file} imports ${place}`)
        )
        assert.deepEqual(strays, [])
    })

    test("device code sees neither sim/ nor Node, not even their types", () => {
        const strays = SOURCES.filter(file =>
            within(file, ["src/", "test/device/"])
        ).flatMap(file =>
            importsOf(file, false)
                .filter(place =>
                    within(place, ["sim/", "test/host/", "node:", "npm:"])
                )
                .map(place => `${file} imports ${place}`)
        )
        assert.deepEqual(strays, [])
    })

    test("pins are known to board.ts, gpio.ts and the traffic light alone", () => {
        const knowing = SOURCES.filter(
            file =>
                file.startsWith("src/") &&
                !isMainProgram(file) &&
                importsOf(file, true).some(place =>
                    within(place, ["@dsboard/", "@devicescript/gpio"])
                )
        )
        assert.deepEqual(knowing.sort(), [
            "src/board.ts",
            "src/display/gpio.ts",
            "src/display/traffic-light.ts",
        ])
    })

    test("are told apart from types, and found wherever they are", () => {
        // a test of the test: status-keeper.ts takes only types from target.ts, and poller.ts values from fault.ts
        assert.ok(
            !importsOf("src/status-keeper.ts", true).includes("src/target.ts"),
            "types are erased"
        )
        assert.ok(
            importsOf("src/status-keeper.ts", false).includes("src/target.ts"),
            "types are seen"
        )
        assert.ok(
            importsOf("src/poller.ts", true).includes("src/link/fault.ts"),
            "values stay"
        )
    })
})

test(`main.ts has ${MAX_MAIN_LINES} lines at most`, () => {
    const lines = readFileSync(join(ROOT, "src/main.ts"), "utf8").split("\n")
    assert.ok(lines.length <= MAX_MAIN_LINES, `${lines.length} lines`)
})
