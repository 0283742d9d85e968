/** `npm run check`: what it refuses, in which words, and that what it lets through arrives as it was written. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import {
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import {
    checkSettings,
    needsText,
    receivedText,
    refusalText,
} from "../../../sim/desk/settings-check.ts"
import {
    keyRefusal,
    MAX_KEY_CHARACTERS,
    readLines,
} from "../../../sim/desk/settings-lines.ts"
import { deviceVerdict } from "../../../sim/desk/settings-verdict.ts"
import type { Board } from "../../../sim/desk/settings-verdict.ts"
import { parseSettings } from "../../../sim/settings-file.ts"
import { FIRMWARE_KEYS, settingRow } from "../../../sim/settings-table.ts"
import type { SettingRow } from "../../../sim/settings-table.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { runScript } from "../support/desk/run-script.ts"
import { stockParser } from "../support/stock-parser.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const folder = mkdtempSync(join(tmpdir(), "laglight-check-"))
after(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0

interface Files {
    defaults?: string | Uint8Array
    local?: string | Uint8Array
    gitignore?: string
}

/** A folder with these settings files; a git repository if there is a .gitignore. */
function project({ defaults, local, gitignore }: Files) {
    const dir = join(folder, String(++folders))
    mkdirSync(dir)
    if (defaults !== undefined)
        writeFileSync(join(dir, ".env.defaults"), defaults)
    if (local !== undefined) writeFileSync(join(dir, ".env.local"), local)
    if (gitignore !== undefined) {
        git(dir, "init", "--quiet")
        writeFileSync(join(dir, ".gitignore"), gitignore)
    }
    return dir
}

function git(dir: string, ...args: string[]) {
    const { status, stderr } = spawnSync("git", args, {
        cwd: dir,
        encoding: "utf8",
    })
    assert.equal(status, 0, stderr)
}

/** Everything that a board needs, one line each. */
const SOUND = [
    "REDIS_HOST=redis.lan",
    "STREAM=jobs",
    "GROUP=staff",
    "WIFI_SSID=attic",
    "WIFI_PWD=rhubarb crumble",
]

async function refusals(files: Files, board: Board = "pico_w_laglight") {
    const report = await checkSettings(project(files), { board })
    return report.refusals.map(refusalText)
}

/** The refusals of a file that consists of the sound lines, but for these. */
function refusalsOf(lines: string[], board?: Board) {
    const keys = lines.map(line => line.split("=")[0].trim())
    const others = SOUND.filter(line => !keys.includes(line.split("=")[0]))
    return refusals({ local: [...lines, ...others].join("\n") }, board)
}

describe("check refuses", () => {
    test("lines that DeviceScript drops, and keys that it does not take", async () => {
        assert.deepEqual(
            await refusalsOf([
                "GROUP=night#shift",
                "REDIS_PASS=p#w",
                "POLL_MS=500 # twice a second",
                "REDIS_PORT 6379",
                "=5",
                "REDIS_PASSWORD=hunter2",
                "REDIS_PROT=6380",
                "stream=jobs",
                "export UNIT=seconds",
                "WLAN_PWD=hunter2hunter2",
                "LAG_PER_LED=2",
                "LAG_PER_LED=3",
            ]),
            [
                '.env.local:1: DeviceScript drops every line that contains a #; write it as \\u0023, in quotes: GROUP="night\\u0023shift"',
                '.env.local:2: DeviceScript drops every line that contains a #; write it as \\u0023, in quotes: REDIS_PASS="...\\u0023..."',
                '.env.local:3: DeviceScript drops every line that contains a #; put the comment on a line of its own (in a value, # is written \\u0023, in quotes: POLL_MS="...\\u0023...")',
                ".env.local:4: there is no = in this line, so DeviceScript drops it; write KEY=value, or # in front of a comment",
                ".env.local:5: there is no key before =; write KEY=value",
                ".env.local:6: REDIS_PASSWORD has 14 characters, and DeviceScript takes 13; the nearest is REDIS_PASS",
                ".env.local:7: REDIS_PROT is no setting of laglight; the nearest is REDIS_PORT",
                ".env.local:8: stream is no setting of laglight; the nearest is STREAM",
                ".env.local:9: export is for shells, not for settings files; write UNIT=...",
                ".env.local:10: WLAN_PWD is for npm run bundle to write; write WIFI_PWD",
                ".env.local:12: LAG_PER_LED stands in line 11 already; delete one of the two",
            ]
        )
    })

    test("one target more than there can be", async () => {
        assert.deepEqual(
            await refusalsOf([
                "STREAM_6=jobs",
                "GROUP_12=staff",
                "LEVELS_6=1,2",
                "REDIS_6=redis.lan",
                "STREAM_B=jobs",
            ]),
            [
                ".env.local:1: STREAM_6: 5 targets are the limit, and STREAM_5 is the last",
                ".env.local:2: GROUP_12: 5 targets are the limit, and GROUP_5 is the last",
                ".env.local:3: LEVELS_6: 5 targets are the limit, and LEVELS_5 is the last",
                ".env.local:4: REDIS_6 is no setting of laglight; the nearest is REDIS_DB",
                ".env.local:5: STREAM_B is no setting of laglight; the nearest is STREAM_2",
            ]
        )
    })

    test("values that DeviceScript would change", async () => {
        assert.deepEqual(
            await refusalsOf([
                "STREAM=1e5",
                "GROUP=true",
                "REDIS_PASS=1e5",
                "REDIS_USER=12345678901234567890",
                "STREAM_2=-0",
                "GROUP_2='night'",
                'STREAM_3="say "hi""',
                'GROUP_3=["a"]',
                "WIFI_SSID=2024",
                "WIFI_PWD=1234567890",
                "POLL_MS = 500",
                "STALE_MS=9000 ",
                "REDIS_DB= ",
            ]),
            [
                '.env.local:1: STREAM would arrive as the number 100000; write it in quotes: STREAM="1e5"',
                '.env.local:2: GROUP would arrive as true, which is no text; write it in quotes: GROUP="true"',
                '.env.local:3: REDIS_PASS would arrive as a number; write it in quotes: REDIS_PASS="..."',
                '.env.local:4: REDIS_USER would arrive as the number 12345678901234567000; write it in quotes: REDIS_USER="12345678901234567890"',
                '.env.local:5: STREAM_2 would arrive as the number 0; write it in quotes: STREAM_2="-0"',
                '.env.local:6: GROUP_2: single quotes would be part of the value; write GROUP_2="night"',
                '.env.local:7: STREAM_3 is not JSON text, so its quotes would be part of the value; write \\" for a quote and \\\\ for a backslash inside the quotes',
                '.env.local:8: GROUP_3 would arrive as a list or an object; write it in quotes: GROUP_3="[\\"a\\"]"',
                '.env.local:9: WIFI_SSID would arrive as the number 2024; write it in quotes: WIFI_SSID="2024"',
                '.env.local:10: WIFI_PWD would arrive as a number; write it in quotes: WIFI_PWD="..."',
                ".env.local:11: spaces around = or at the end of the line are part of the value; write POLL_MS=500",
                ".env.local:12: spaces around = or at the end of the line are part of the value; write STALE_MS=9000",
                ".env.local:13: spaces around = are part of the value; write REDIS_DB= for an empty one",
            ]
        )
    })

    test("values that the firmware does not accept, in the firmware's words", async () => {
        assert.deepEqual(
            await refusalsOf([
                "REDIS_HOST=redis.lan:6379",
                "REDIS_PORT=0123",
                "POLL_MS=50",
                "UNIT=minutes",
                "ACTIVE_LOW=yes",
                "LEVELS=3,2,1",
                "REDIS_USER=watcher",
                "STREAM_2=mail",
                "LAG_PER_LED=0.5",
                "STREAM=1234567890123",
                "YELLOW_AT=50",
                "RED_AT=5",
            ]),
            [
                '.env.local:1: REDIS_HOST is "redis.lan:6379"; accepted: a host name alone (the port is REDIS_PORT)',
                '.env.local:2: REDIS_PORT is "0123"; accepted: a whole number from 1 to 65535',
                ".env.local:3: POLL_MS is 50; accepted: a whole number from 100 to 3600000",
                '.env.local:4: UNIT is "minutes"; accepted: entries or seconds',
                '.env.local:5: ACTIVE_LOW is "yes"; accepted: true or false',
                '.env.local:6: LEVELS is "3,2,1"; accepted: 5 or 6 ascending whole numbers from 1, with commas',
                ".env.local:7: REDIS_USER is set, REDIS_PASS is not: AUTH needs both",
                ".env.local:8: STREAM_2 and GROUP_2 go together: one of them is missing",
                ".env.local:9: LAG_PER_LED is 0.5; accepted: a whole number from 1 to 1000000000",
                '.env.local:10: STREAM arrived altered (1234567890123): write it in quotes, STREAM="..."',
                ".env.local:12: RED_AT is 5; accepted: a number not below YELLOW_AT, which is 50",
            ]
        )
    })

    test("contradictions", async () => {
        assert.deepEqual(
            await refusalsOf(["SENTINELS=a.lan:26379", "GROUP_3=night"]),
            [
                ".env.local:1: SENTINELS is set, MASTER is not: a master's name is needed",
                ".env.local:2: STREAM_3 and GROUP_3 go together: one of them is missing",
            ]
        )
        assert.deepEqual(await refusalsOf(["MASTER=main", "SENT_USER=bob"]), [
            ".env.local:1: MASTER is set, SENTINELS is not: host:port,host:port",
            ".env.local:2: SENT_USER is set, SENT_PASS is not: AUTH needs both",
        ])
    })

    test("what is missing", async () => {
        assert.deepEqual(await refusals({ local: "REDIS_HOST=redis.lan\n" }), [
            ".env.local: WIFI_SSID is missing, and the board needs a network; write WIFI_SSID=... and WIFI_PWD=... in .env.local",
            ".env.local: STREAM is missing; accepted: text",
            ".env.local: GROUP is missing; accepted: text",
        ])
    })

    for (const [what, line, refused] of [
        [
            "an IP address",
            "REDIS_HOST=192.168.1.7",
            ".env.local:1: REDIS_HOST is 192.168.1.7: the Pico W's runtime cannot connect to an IP address (github.com/microsoft/devicescript/issues/664); give it a DNS name: docs/hardware.md",
        ],
        [
            "localhost",
            "REDIS_HOST=localhost",
            ".env.local:1: REDIS_HOST is localhost: the Pico W needs a name that your DNS server knows: docs/hardware.md",
        ],
        [
            "a name of multicast DNS",
            "REDIS_HOST=attic.local",
            ".env.local:1: REDIS_HOST is attic.local: the Pico W needs a name that your DNS server knows: docs/hardware.md",
        ],
        [
            "TLS",
            "REDIS_TLS=true",
            ".env.local:1: REDIS_TLS is true: the Pico W's runtime has no TLS; put a TLS proxy near it: docs/tls.md",
        ],
        [
            "an open network",
            "WIFI_PWD=",
            ".env.local: WIFI_PWD is missing, and the Pico W's runtime cannot join an open network; use one with a password, and write WIFI_PWD=... in .env.local",
        ],
        [
            "a password that is none of Wi-Fi",
            "WIFI_PWD=rhubarb",
            ".env.local:1: WIFI_PWD has 7 bytes, and Wi-Fi passwords have 8 to 64; check it",
        ],
        [
            "a name that is none of a network",
            `WIFI_SSID=${"ä".repeat(17)}`,
            ".env.local:1: WIFI_SSID has 34 bytes, and no network's name has more than 32; check its spelling",
        ],
    ])
        test(`${what} on a Pico W only`, async () => {
            assert.deepEqual(await refusalsOf([line]), [refused])
            assert.deepEqual(await refusalsOf([line], "simulator"), [])
        })

    test("what does not fit the board", async () => {
        const [tooLong] = await refusalsOf([`GROUP=${"x".repeat(225)}`])
        assert.equal(
            tooLong,
            ".env.local:1: GROUP takes 232 bytes with its key, and more than 231 stop the runtime; shorten it"
        )
        assert.deepEqual(await refusalsOf([`GROUP=${"x".repeat(224)}`]), [])
        const long = "x".repeat(216)
        const many = Array.from(
            { length: 33 },
            (_, i) => `UNKNOWN_${i}=${long}`
        )
        const report = (await refusalsOf(many)).filter(text =>
            /all settings/.test(text)
        )
        assert.deepEqual(report, [
            ".env.local: all settings together take 8368 bytes, and the board has room for 8144; shorten some",
        ])
    })

    test("passwords in a file that is committed", async () => {
        assert.deepEqual(
            await refusals({
                defaults: [
                    "REDIS_PASS=hunter2",
                    "WIFI_PWD=hunter2hunter2",
                ].join("\n"),
                local: SOUND.slice(0, 4).join("\n"),
            }),
            [
                ".env.defaults:1: REDIS_PASS is a password, and .env.defaults is committed to git; move it to .env.local",
                ".env.defaults:2: WIFI_PWD is a password, and .env.defaults is committed to git; move it to .env.local",
            ]
        )
    })

    test("a settings file that git would take", async () => {
        const local = SOUND.join("\n")
        assert.deepEqual(await refusals({ local, gitignore: "*.log\n" }), [
            ".env.local: git does not ignore .env.local, and it is for passwords; add a line .env.local to .gitignore",
        ])
        assert.deepEqual(
            await refusals({ local, gitignore: ".env.local\n" }),
            []
        )
        const dir = project({ local, gitignore: ".env.local\n" })
        git(dir, "add", "--force", ".env.local")
        const { refusals: found } = await checkSettings(dir, {
            board: "simulator",
        })
        assert.deepEqual(found.map(refusalText), [
            ".env.local: git tracks .env.local, and it is for passwords; take it out: git rm --cached .env.local",
        ])
    })

    test("files that are no text of DeviceScript's kind", async () => {
        assert.deepEqual(
            await refusals({ local: `\u{feff}${SOUND.join("\r\n")}` }),
            [
                ".env.local:1: the file begins with a byte order mark, which would be part of the first key; save it as UTF-8 without BOM",
            ]
        )
        assert.deepEqual(
            await refusals({
                defaults: SOUND.join("\n").replace(/WIFI_PWD.*/, ""),
                local: Buffer.from("WIFI_PWD=rhubärb99\n", "latin1"),
            }),
            [
                ".env.local:1: the file is not UTF-8 text; save it as UTF-8",
                ".env.local: WIFI_PWD is missing, and the Pico W's runtime cannot join an open network; use one with a password, and write WIFI_PWD=... in .env.local",
            ]
        )
    })
})

describe("check lets through", () => {
    test("sound files, of which the local one goes before the defaults", async () => {
        const dir = project({
            defaults:
                "# where Redis is\r\nREDIS_HOST=localhost\r\nPOLL_MS=1e3\r\nREDIS_DB=3\r\n",
            local: [...SOUND, "REDIS_DB=", 'REDIS_PASS="1e5"'].join("\n"),
        })
        const report = await checkSettings(dir, { board: "pico_w_laglight" })
        assert.deepEqual(report.refusals, [])
        assert.equal(
            receivedText(report),
            [
                "  POLL_MS     1000         .env.defaults:3",
                '  REDIS_HOST  "redis.lan"  .env.local:1',
                '  STREAM      "jobs"       .env.local:2',
                '  GROUP       "staff"      .env.local:3',
                '  WIFI_SSID   "attic"      .env.local:4',
                "  WIFI_PWD    (not shown)  .env.local:5",
                "  REDIS_PASS  (not shown)  .env.local:7",
            ].join("\n")
        )
    })

    test("the project's own defaults, for the simulator", async () => {
        const defaults = readFileSync(join(ROOT, ".env.defaults"))
        assert.deepEqual(await refusals({ defaults }, "simulator"), [])
    })
})

describe("the table of settings", () => {
    const rows = FIRMWARE_KEYS.map(key => settingRow(key)!)

    /** The keys that the firmware complains of, where these values are what nobody accepts. */
    async function complainedOf(spoilt: SettingRow[]) {
        const sound = rows
            // a stored position takes the place of a consumer group
            .filter(row => row.isText && !row.key.startsWith("POS_"))
            .map((row): [string, string] => [row.key, '"x"'])
        const { faults } = await deviceVerdict(
            new Map([
                ...sound,
                ["SENTINELS", '"x:1"'],
                // goes with SKIP_GROUP
                ["GROUP", '"*"'],
                ...spoilt.map((row): [string, string] => [row.key, "0.5"]),
            ]),
            "simulator"
        )
        return faults.map(fault => fault.split(" ")[0])
    }

    test("has no setting that the firmware does not read", async () => {
        const numbers = rows.filter(row => !row.isText)
        assert.ok(numbers.length > 20, `${numbers.length} numbers`)
        const keys = (some: SettingRow[]) => some.map(row => row.key).sort()
        assert.deepEqual((await complainedOf(numbers)).sort(), keys(numbers))
        const texts = rows.filter(row => row.isText)
        const complained = await complainedOf(texts)
        for (const key of keys(texts)) assert.ok(complained.includes(key), key)
    })

    test("has the defaults of .env.defaults", () => {
        const file = readFileSync(join(ROOT, ".env.defaults"), "utf8")
        for (const [key, json] of parseSettings(file)) {
            const value = String(JSON.parse(json))
            const { missing } = settingRow(key)!
            assert.equal(missing.replace(/^`(.*)` .*/, "$1"), value, key)
        }
    })

    test("has keys that DeviceScript takes", () => {
        for (const key of FIRMWARE_KEYS)
            assert.ok(key.length <= MAX_KEY_CHARACTERS, key)
    })
})

describe("check and DeviceScript's own parser", () => {
    const stock = stockParser()

    /** What the line rules say of one line. */
    function refusalOfLine(line: string) {
        const { assignments, refusals: found } = readLines({
            name: "file",
            bytes: Buffer.from(line),
            isCommitted: false,
        })
        return found[0] ?? assignments.map(keyRefusal).find(refusal => refusal)
    }

    for (const [line, intended] of [
        ["STREAM=1e5", "1e5"],
        ["STREAM=a#b", "a#b"],
        ['STREAM="a#b"', "a#b"],
        ["STREAM=true", "true"],
        ["STREAM=12345678901234567890", "12345678901234567890"],
        ["STREAM = jobs", "jobs"],
        ["STREAM=jobs ", "jobs"],
        ["STREAM='jobs'", "jobs"],
        ["STREAM=1.0", "1.0"],
        ['STREAM={"a":1}', '{"a":1}'],
    ])
        test(`${line} arrives otherwise, and the remedy helps`, () => {
            const arrives = stock(line).get("STREAM")
            assert.notEqual(arrives, JSON.stringify(intended))
            const refusal = refusalOfLine(line)
            const remedy = /(?:write|quotes:) (STREAM=.*)$/.exec(
                refusal?.text ?? ""
            )
            assert.ok(remedy, refusal?.text)
            assert.equal(refusalOfLine(remedy[1]), undefined)
            assert.equal(
                stock(remedy[1]).get("STREAM"),
                JSON.stringify(intended)
            )
        })

    test("whatever is let through arrives as it was written", () => {
        const value = fc.string({
            unit: fc.constantFrom(...`AB=# "'1e0-+.{}[],\\n\tü☃😀trufalsn`),
            minLength: 1,
            maxLength: 10,
        })
        let passed = 0
        fc.assert(
            fc.property(
                fc.constantFrom("STREAM", "WIFI_PWD"),
                value,
                (key, text) => {
                    const line = `${key}=${text}`
                    if (refusalOfLine(line)) return
                    passed++
                    const intended = text.startsWith('"')
                        ? JSON.parse(text)
                        : text
                    const json = stock(line).get(key)
                    assert.ok(json !== undefined)
                    // the firmware makes text of a small whole number
                    assert.equal(String(JSON.parse(json)), intended)
                }
            ),
            { numRuns: 3000 }
        )
        assert.ok(passed > 500, `${passed} were let through`)
    })

    test("the report is what that parser makes of the files", async () => {
        const local = [
            ...SOUND,
            "POLL_MS=1e3",
            'LEVELS="1,2,3,4,5,6,7,8,9,10"',
            'REDIS_PASS="p\\u0023s"',
            "# comment",
            "REDIS_TLS=false",
            "REDIS_DB=",
        ].join("\n")
        const report = await checkSettings(project({ local }), {
            board: "pico_w_laglight",
        })
        assert.deepEqual(report.refusals, [])
        assert.deepEqual(report.settings, stock(local))
    })
})

describe("the command", () => {
    const SECRETS = ["hunter2", "rhubarb"]

    function check(...args: string[]) {
        return runScript("sim/desk/check.ts", args)
    }

    test("says what is wrong, with exit code 1 and no secret", async () => {
        const dir = project({
            local: [
                "REDIS_PASS=hunter2 ",
                "REDIS_PASWORD=hunter2",
                "REDIS_PASS#=hunter2",
                "hunter2",
                "WIFI_PWD='rhubarb'",
                'WIFI_PWD="rhubarb',
                "REDIS_PASS='hunter2'",
                "REDIS_HOST=localhost",
            ].join("\n"),
        })
        const { code, stdout, stderr } = await check("--dir", dir)
        assert.equal(code, 1)
        assert.equal(stdout, "")
        assert.match(stderr, /mistakes in the settings; nothing was deployed/)
        for (const secret of SECRETS)
            assert.ok(!stderr.includes(secret), stderr)
    })

    test("says what the board would receive, with exit code 0 and no secret", async () => {
        const dir = project({ local: SOUND.join("\n") })
        const { code, stdout, stderr } = await check("--dir", dir)
        assert.equal(code, 0, stderr)
        assert.match(stdout, /^pico_w_laglight would receive:\n {2}REDIS_HOST/)
        for (const secret of SECRETS)
            assert.ok(!stdout.includes(secret), stdout)
    })

    test("takes a wrong command line for one, with exit code 2", async () => {
        const wrong = await check("--board", "pico")
        assert.equal(wrong.code, 2)
        assert.equal(
            wrong.stderr,
            "--board pico: unknown; known are pico_w_laglight and simulator\n"
        )
    })

    test("asks Redis: what the light would show, and which rights are missing", async () => {
        const redis = await startTestRedis()
        try {
            await redis.client.sendCommand([
                "XGROUP",
                "CREATE",
                "jobs",
                "staff",
                "$",
                "MKSTREAM",
            ])
            for (let i = 0; i < 5; i++)
                await redis.client.sendCommand(["XADD", "jobs", "*", "n", "1"])
            const where = [
                `REDIS_HOST=${redis.host}`,
                `REDIS_PORT=${redis.port}`,
                "STREAM=jobs",
                "GROUP=staff",
            ]
            const dir = project({ local: where.join("\n") })
            const good = await check(
                "--dir",
                dir,
                "--board",
                "simulator",
                "--connect"
            )
            assert.equal(good.code, 0, good.stdout + good.stderr)
            assert.match(good.stdout, /jobs\/staff: lag 5, 3 of 10/)
            assert.match(
                good.stdout,
                /the light would show ●●●○○○○○○○|the light would show ○●●○○○○○○○/
            )

            await redis.client.sendCommand([
                "ACL",
                "SETUSER",
                "watcher",
                "on",
                ">hunter2",
                "~jobs",
                "+ping",
            ])
            writeFileSync(
                join(dir, ".env.local"),
                [...where, "REDIS_USER=watcher", "REDIS_PASS=hunter2"].join(
                    "\n"
                )
            )
            const bad = await check(
                "--dir",
                dir,
                "--board",
                "simulator",
                "--connect"
            )
            assert.equal(bad.code, 1, bad.stdout + bad.stderr)
            assert.match(bad.stdout, /the light would show no lag/)
            assert.match(
                bad.stdout,
                /the Redis user lacks rights: \+xinfo(\|groups)?/
            )
            assert.ok(!bad.stdout.includes("hunter2"))
        } finally {
            await redis.stop()
        }
    })
})

describe("what the board will need", () => {
    /** Targets beyond the first, `streams` long names each. */
    const further = (count: number, name = "s") =>
        Array.from({ length: count }, (_, i) => [
            `STREAM_${i + 2}=${name}${i}`,
            `GROUP_${i + 2}=${name}${i}`,
        ]).flat()

    async function needs(lines: string[], board: Board = "pico_w_laglight") {
        const keys = lines.map(line => line.split("=")[0])
        const others = SOUND.filter(line => !keys.includes(line.split("=")[0]))
        const local = [...lines, ...others].join("\n")
        const report = await checkSettings(project({ local }), { board })
        assert.deepEqual(report.refusals.map(refusalText), [])
        return needsText(report)
    }

    test("is said in time and memory", async () => {
        assert.equal(
            await needs([]),
            "the board would be busy up to 153 ms of each second with one group in each stream; each further one takes 1.5 ms a poll\n" +
                "groups that a stream may have: 127 (there is time for 494, and memory for 127)"
        )
        assert.match(
            await needs([...further(4), "PENDING_MAX=9"]),
            /^the board would be busy up to 593 ms .*\n.*: 38 \(there is time for 41, and memory for 38\)$/
        )
    })

    test("is more with GROUP=*", async () => {
        assert.match(
            await needs(["GROUP=*"]),
            /each further one takes 2.6 ms a poll with GROUP=\*\n.*: 127 \(there is time for 285, /
        )
    })

    test("and too much is warned of, with the smallest POLL_MS that suits", async () => {
        const WARNING =
            /^warning: POLL_MS is (\d+): with entries waiting, .* busy (.*) of each second; the smallest POLL_MS that is long enough is (\d+)\n/
        for (const [targets, pollMs, busy, smallest] of [
            [1, 100, "all (1143 ms)", 150],
            [2, 250, "923 ms", 300],
            [5, 600, "960 ms", 650],
        ] as const) {
            const lines = further(targets - 1)
            const text = await needs([...lines, `POLL_MS=${pollMs}`])
            assert.deepEqual(WARNING.exec(text)?.slice(1), [
                String(pollMs),
                busy,
                String(smallest),
            ])
            // which is none that is warned of
            assert.doesNotMatch(
                await needs([...lines, `POLL_MS=${smallest}`]),
                /warning/
            )
        }
    })

    test("and is refused where every reading would be stale", async () => {
        const lines = [...further(4), "POLL_MS=100", "STALE_MS=400"]
        assert.deepEqual(await refusalsOf(lines), [
            ".env.local:10: STALE_MS is 400: a poll of 5 targets takes the board 550 ms, so readings would be stale as soon as they are shown; set STALE_MS to 1300 or more",
        ])
    })

    test("and where names leave no memory for replies", async () => {
        const [refusal] = await refusalsOf([
            ...further(4, "n".repeat(215)),
            "UNIT=seconds",
        ])
        assert.match(
            refusal,
            /STREAM: with names so long the board has no memory left for replies about 5 targets/
        )
    })

    test("is none of the simulator's business", async () => {
        assert.equal(await needs(["POLL_MS=100"], "simulator"), "")
    })
})
