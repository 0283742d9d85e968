/**
 * Every command of the documentation works: it is run here, as a reader would type it, or by another test with the same
 * script and options, or the text says that it needs what a test does not have. A command that nobody runs fails.
 */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, before, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { documentedCommands } from "../support/docs/documented-commands.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SimulatorProcess } from "../support/page/simulator-process.ts"
import { Sentinel } from "../support/redis/processes.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
/** For a start, or a command's whole life, on a busy machine. */
const START_MS = 60_000

const read = (path: string) => readFileSync(join(ROOT, path), "utf8")
const folder = mkdtempSync(join(tmpdir(), "laglight-commands-"))
after(() => rmSync(folder, { recursive: true, force: true }))

const PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(ROOT, "docs"))
        .filter(name => name.endsWith(".md"))
        .map(name => join("docs", name)),
]
const COMMANDS = PAGES.flatMap(page => documentedCommands(page, read(page)))
const TEXTS = new Set(COMMANDS.map(({ text }) => text))

const { scripts } = JSON.parse(read("package.json")) as {
    scripts: Record<string, string>
}

/** What prepares the reader's system, with what the distribution has. */
const SYSTEM =
    /^(apt-get (update|install)|brew install|systemctl|usermod|udevadm|ufw|firewall-cmd|pihole-FTL) ?/

/** npm runs the one at the end of `npm ci`; the other's picture is for a person to look at. */
const UNDOCUMENTED = ["postinstall", "screenshot"]

const DEVTOOLS = [
    "test/host/desk/devtools.test.ts",
    "test/host/support/desk/devtools-process.ts",
]

/** Commands that run elsewhere: what runs them, and what that in turn gets the script from. */
const ELSEWHERE: Record<string, string[]> = {
    ".ci/run": [".github/workflows/ci.yml"],
    "npm ci": [".ci/run"],
    "npm test": [".ci/run"],
    "npm run lint": [".ci/run"],
    "npm run test:unit": [".github/workflows/ci.yml"],
    "SEED=123 npm test": [".ci/run", "sim/soak/seeded-random.ts"],
    "KILLS=20 npm test": [".ci/run", "test/host/support/traffic/process.ts"],
    "npm run acl": ["test/host/redis/acl.test.ts"],
    "npm run acl -- --exact": ["test/host/redis/acl.test.ts"],
    "npm run acl -- --script": ["test/host/redis/acl.test.ts"],
    "npm run bundle": ["test/host/desk/bundle.test.ts"],
    "npm run bundle -- --runtime FILE": ["test/host/desk/bundle.test.ts"],
    "npm run bundle -- oled": ["test/host/desk/bundle.test.ts"],
    "npm run check": ["test/host/desk/check.test.ts"],
    "npm run check -- --board simulator": ["test/host/desk/check.test.ts"],
    "npm run check -- --connect": ["test/host/desk/check.test.ts"],
    "npm run deploy -- --devtools": ["test/host/desk/devtools.test.ts"],
    "npm run setup": ["package.json"],
    "devs devtools": DEVTOOLS,
    "npx devs devtools": DEVTOOLS,
    "devs run": DEVTOOLS,
    "devs vm": DEVTOOLS,
    "npx devs vm --tcp": DEVTOOLS,
    "npx devs vm --tcp --clear-flash": DEVTOOLS,
    "npm run traffic -- jobs --url redis://127.0.0.1:6379": [
        ...workload("all"),
        "sim/traffic/jobs.ts",
    ],
    "npm run traffic -- orders --url redis://127.0.0.1:6379": workload("all"),
    "npm run traffic -- orders --help": workload("all"),
    "npm run traffic -- checkins --producer": workload("checkins"),
    "npm run traffic -- checkins --consumer ada": workload("checkins"),
    "npm run traffic -- checkins --consumer bob": workload("checkins"),
    "npm run traffic -- checkins --processor": workload("checkins"),
    "npm run traffic -- orders --as-original": workload("orders-pool"),
}

/** Commands for a board run on a simulated one, or up to where the board would be needed. */
const REHEARSALS: Record<string, string> = {
    "sim/desk/deploy.ts": "test/host/desk/deploy.test.ts",
    "sim/desk/watch.ts": "test/host/desk/deploy.test.ts",
    "sim/desk/test-board.ts": "test/host/desk/deploy.test.ts",
    "sim/desk/flash.ts": "test/host/desk/bundle.test.ts",
}

function workload(name: string) {
    return [
        `test/host/traffic/${name}.test.ts`,
        "test/host/support/traffic/process.ts",
    ]
}

/** An npm command taken apart; undefined if it is none of package.json. */
function npmScript(text: string) {
    const [, name, rest = ""] =
        /^npm (?:run )?(\S+)(?: -- (.*))?$/.exec(text) ?? []
    if (name === undefined || !(name in scripts)) return undefined
    const [, script] =
        /^(?:exec )?node sim\/run\.cjs (\S+)$/.exec(scripts[name]) ?? []
    const [first = "", ...others] = rest.split(" ")
    return {
        script,
        // names of files and the like are the reader's
        words: [first, ...others.filter(word => word.startsWith("--"))].filter(
            word => word !== ""
        ),
    }
}

/** Commands that run here, as they stand in the text; and the programs all of whose commands do. */
const HERE = new Set<string>()
const HERE_PROGRAMS = /^(?:REDISCLI_AUTH=\S+ )?(?:redis-cli|curl) /

function here(text: string, run: () => Promise<void>) {
    HERE.add(text)
    test(text, async () => {
        assert.ok(TEXTS.has(text), "no page has this command any more")
        await run()
    })
}

/** Runs a command as a shell would, to its end. */
async function shell(command: string, cwd: string, interruptAt?: RegExp) {
    // a test runner's settings are not for this process
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    // variables come before what the shell becomes
    const line = command.replace(/^(?:[A-Z_]+=\S+ )*/, "$&exec ")
    const child = spawn("sh", ["-c", line], {
        cwd,
        env,
        stdio: ["ignore", "pipe", "pipe"],
    })
    let [stdout, stderr] = ["", ""]
    const look = () => {
        if (!interruptAt?.test(stdout) && !interruptAt?.test(stderr)) return
        interruptAt = undefined
        child.kill("SIGINT")
    }
    child.stdout.setEncoding("utf8").on("data", text => {
        stdout += text
        look()
    })
    child.stderr.setEncoding("utf8").on("data", text => {
        stderr += text
        look()
    })
    // npm passes this one on
    const timer = setTimeout(() => child.kill("SIGTERM"), START_MS)
    const code = await new Promise(resolve => child.once("close", resolve))
    clearTimeout(timer)
    return { code, stdout, stderr }
}

/** A folder with these parts of the project, and its packages. */
function projectOf(name: string, ...paths: string[]) {
    const dir = join(folder, name)
    for (const path of ["package.json", ...paths]) {
        mkdirSync(dirname(join(dir, path)), { recursive: true })
        cpSync(join(ROOT, path), join(dir, path), { recursive: true })
    }
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"))
    return dir
}

here('npx devs add board --base pico_w --name "..."', async () => {
    const dir = projectOf("board", "devsconfig.json", "boards")
    const { code, stdout, stderr } = await shell(
        'npx devs add board --base pico_w --name "Attic light"',
        dir
    )
    assert.equal(code, 0, stdout + stderr)
    const made = readFileSync(
        join(dir, "boards", "attic_light.board.json"),
        "utf8"
    )
    assert.match(made, /"devName": "Attic light"/)
})

here("npm run pictures", async () => {
    const dir = projectOf("pictures", "sim", "src")
    const { code, stdout, stderr } = await shell("npm run pictures", dir)
    assert.equal(code, 0, stdout + stderr)
    assert.deepEqual(readdirSync(join(dir, "docs", "images")).sort(), [
        "legend.svg",
        "light.svg",
    ])
})

here("npm run format", async () => {
    const dir = projectOf("format", ".prettierrc")
    writeFileSync(join(dir, "a.ts"), "const  a = 'b' ;")
    const { code, stdout, stderr } = await shell("npm run format", dir)
    assert.equal(code, 0, stdout + stderr)
    assert.equal(readFileSync(join(dir, "a.ts"), "utf8"), 'const a = "b"\n')
})

here("npm run soak -- --minutes N", async () => {
    const { code, stdout, stderr } = await shell(
        "npm run soak -- --minutes 1",
        ROOT,
        // a fault has begun; Ctrl-C waits for its end
        /^\d+ s {2}\w/m
    )
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^faults {11}[1-9]/m)
})

here("npm run build", async () => {
    const { code, stdout, stderr } = await shell("npm run build", ROOT)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /bytecode\.devs: \d+ bytes of bytecode$/m)
})

// to its end it takes minutes; what it counts is held by budget.test.ts
for (const command of ["npm run bench", "npm run bench -- --quick"])
    here(command, async () => {
        const { code, stdout, stderr } = await shell(
            command,
            ROOT,
            /^\.\.\. counting: split, 1 groups$/m
        )
        assert.equal(code, 0, stdout + stderr)
        assert.match(stderr, /^\.\.\. counting: light, 1 groups$/m)
    })

const ONE_TEST =
    'node --import tsx --test --test-name-pattern="sweeps" test/host/light/light.test.ts'
here(ONE_TEST, async () => {
    const { code, stdout, stderr } = await shell(ONE_TEST, ROOT)
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^\W*pass 1$/m, "one test")
})

/** Whether the machine has a program. */
function has(program: string) {
    return spawnSync(program, ["--version"]).error === undefined
}

describe("npm start", () => {
    // settings of whoever runs the tests play no part, and port 7878 is theirs
    const STARTS = [
        "npm start",
        "npm start -- --settings FILE",
        "npm start -- --no-check",
    ]
    const CURL = [...TEXTS].filter(text => text.startsWith("curl "))
    let simulator: SimulatorProcess

    before(() => {
        const settings = join(folder, "none.env")
        writeFileSync(settings, "")
        simulator = new SimulatorProcess(
            ["--settings", settings, "--no-check", "--json", "--port", "0"],
            { command: ["npm", "start", "--silent", "--"] }
        )
    })
    after(() => simulator.stop())

    for (const text of STARTS)
        here(text, async () => {
            await simulator.untilSnapshot(s => s.condition === "lag", START_MS)
        })

    for (const text of CURL)
        test(
            text,
            { skip: !has("curl") && "this machine has no curl" },
            async () => {
                const page = await simulator.untilProgress(
                    /^page: http/,
                    START_MS
                )
                await simulator.untilSnapshot(
                    s => s.condition === "lag",
                    START_MS
                )
                const { code, stdout, stderr } = await shell(
                    text
                        .replace("http://127.0.0.1:7878/", page.slice(6))
                        .replace("curl", "curl --silent --show-error --fail"),
                    ROOT
                )
                assert.equal(code, 0, stdout + stderr)
                await simulator.untilSnapshot(
                    ({ lag }) => lag !== null && lag > 50,
                    START_MS
                )
            }
        )

    test("ends with Ctrl-C", async () => {
        simulator.kill("SIGINT")
        assert.deepEqual(await simulator.exited, { code: 0, signal: null })
    })
})

describe(
    "redis-cli",
    {
        skip: !has("redis-cli") && "this machine has no redis-cli",
    },
    () => {
        let redis: TestRedis
        let sentinel: Sentinel
        const PLACEHOLDERS: Record<string, string> = {
            // hosts and ports are replaced below
            ...{
                stream: "jobs",
                STREAM: "jobs",
                group: "staff",
                key: "jobs:reader",
                REDIS_DB: "0",
            },
            ...{ user: "laglight", password: "PASS", MASTER: "main" },
            ...{ host: "h", name: "h", sentinel: "h", REDIS_HOST: "h" },
            ...{ port: "p", REDIS_PORT: "p" },
        }

        before(async () => {
            redis = await startTestRedis()
            const { client, port } = redis
            sentinel = await Sentinel.start({
                masters: [
                    { name: "main", port, quorum: 1, downAfterMs: 60_000 },
                ],
            })
            await client.xGroupCreate("jobs", "staff", "$", { MKSTREAM: true })
            await client.xAdd("jobs", "*", { n: "1" })
            await client.set("jobs:reader", "1-0")
            // one entry is pending
            await client.xReadGroup("staff", "ada", { key: "jobs", id: ">" })
            const [acl] = /^ACL SETUSER .*$/m.exec(read("docs/acl.md"))!
            await client.sendCommand(acl.split(" "))
        })
        after(async () => {
            await sentinel.stop()
            await redis.stop()
        })

        for (const text of TEXTS) {
            if (!/^(?:REDISCLI_AUTH=\S+ )?redis-cli /.test(text)) continue
            test(text, async () => {
                const port = / SENTINEL /.test(text)
                    ? sentinel.port
                    : redis.port
                const command = text
                    .replace(
                        /<(\w+)>/g,
                        (all, name) => PLACEHOLDERS[name] ?? all
                    )
                    .replace(/ (-h|-p) \S+/g, "")
                    .replace("redis-cli", `redis-cli -h 127.0.0.1 -p ${port}`)
                const { code, stdout, stderr } = await shell(command, folder)
                assert.equal(code, 0, stdout + stderr)
                assert.notEqual(stdout.trim(), "", stderr)
                // a single server knows the command, and says that it is no Cluster
                if (/CLUSTER/.test(text))
                    assert.match(stdout, /^ERR .*cluster support disabled/)
                // and AUTH, and that it wants no password
                else if (/ AUTH /.test(text))
                    assert.match(stdout, /^ERR AUTH <password> called without/)
                else assert.doesNotMatch(stdout, /^[A-Z]{3,} \S/)
            })
        }
    }
)

describe("the commands of the documentation", () => {
    test("are run by a test, or marked as needing what a test does not have", () => {
        assert.ok(COMMANDS.length > 60, `${COMMANDS.length} commands`)
        const unknown = COMMANDS.filter(
            ({ text, isMarked }) =>
                !isMarked &&
                !SYSTEM.test(text) &&
                !HERE_PROGRAMS.test(text) &&
                !(text in ELSEWHERE) &&
                !HERE.has(text)
        )
        assert.deepEqual(
            unknown.map(
                ({ place, text }) =>
                    `${place}: nobody runs "${text}": run it in this file, name the test that does, or mark it: (needs the board)`
            ),
            []
        )
    })

    for (const [text, files] of Object.entries(ELSEWHERE))
        test(`${text} is run by ${files[0]}`, () => {
            assert.ok(TEXTS.has(text), "no page has this command any more")
            const all = files.map(read).join("\n")
            const npm = npmScript(text)
            const [, devs] = /^(?:npx )?devs (.*)$/.exec(text) ?? []
            for (const word of devs?.split(" ") ?? [])
                assert.ok(all.includes(`"${word}"`), `no "${word}" there`)
            if (devs) return
            if (!npm?.script) {
                const [, variable, command] = /^(?:(\w+)=\S+ )?(.*)$/.exec(
                    text
                )!
                assert.match(
                    all,
                    new RegExp(`(^ *|run: |": ")${command}\\b`, "m"),
                    "not run there"
                )
                if (variable)
                    assert.ok(
                        all.includes(`process.env.${variable}`),
                        `nobody reads ${variable}`
                    )
                return
            }
            assert.ok(existsSync(join(ROOT, npm.script)), npm.script)
            assert.ok(all.includes(npm.script), `no ${npm.script} there`)
            for (const word of npm.words)
                assert.ok(all.includes(`"${word}"`), `no "${word}" there`)
        })

    test("that need the board are rehearsed without one", () => {
        const marked = COMMANDS.filter(
            ({ text, isMarked }) => isMarked && text.startsWith("np")
        )
        assert.ok(marked.length > 5, `${marked.length} commands`)
        for (const { place, text } of marked) {
            const npm = npmScript(text)
            const rehearsal = REHEARSALS[npm?.script ?? ""]
            assert.ok(rehearsal, `${place}: "${text}" needs no board`)
            for (const word of [npm!.script!, ...npm!.words])
                assert.ok(
                    read(rehearsal).includes(`"${word}"`),
                    `${place}: ${rehearsal} has no "${word}"`
                )
        }
    })

    test("that change the system say so, and are for a system that is named", () => {
        for (const { place, text, isRoot, line } of COMMANDS) {
            if (!SYSTEM.test(text)) {
                assert.ok(!isRoot, `${place}: an administrator's command?`)
                continue
            }
            if (text.startsWith("brew")) assert.match(line, /macOS/, place)
            else assert.ok(isRoot, `${place}: not without sudo`)
        }
    })

    test("install what .ci/run installs, no more and no less", () => {
        const installed = (page: string) =>
            COMMANDS.filter(({ place }) => place.startsWith(`${page}:`))
                .map(({ text }) => /^apt-get install -y (.*)$/.exec(text)?.[1])
                .filter(names => names !== undefined)
                .map(names => names.split(" "))
        const inCi = [...read(".ci/run").matchAll(/missing\+=\((\S+)\)/g)].map(
            ([, name]) => name
        )
        const [toTry, toTest] = installed("README.md")
        assert.deepEqual(toTest, inCi)
        assert.deepEqual(toTry, ["redis-server"])
        const onMac = [...TEXTS].filter(text => text.startsWith("brew "))
        assert.deepEqual(onMac, ["brew install redis"])
    })

    test("have all scripts of package.json among them", () => {
        const names = (text: string) =>
            [...text.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(
                match => match[1]
            )
        const known = new Set([
            ...[...TEXTS].flatMap(names),
            ...names(read(".ci/run")),
        ])
        // parts of one that is documented
        for (const name of known)
            for (const part of names(scripts[name] ?? "")) known.add(part)
        const missing = Object.keys(scripts).filter(
            name =>
                !known.has(name) &&
                // another name of one that is documented
                ![...known].some(other => scripts[other] === scripts[name])
        )
        assert.deepEqual(missing, UNDOCUMENTED)
    })
})
