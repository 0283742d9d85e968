/**
 * `npm run acl`: what it prints, and that a user made of it can do all that laglight does and nothing else. Proven on a
 * real server: the light is exact with that user, no command of its is denied (ACL LOG), and of all commands the server
 * has, only those are allowed (ACL DRYRUN).
 */
import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { aclRequest, parseAclOptions } from "../../../sim/acl/acl-request.ts"
import { aclUsers, commandLine } from "../../../sim/acl/acl-rules.ts"
import type { AclUser } from "../../../sim/acl/acl-rules.ts"
import { encodeSettings } from "../../../sim/settings-file.ts"
import type { SettingValue } from "../../../sim/settings-file.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bar } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { connectOperator, HOST, Sentinel } from "../support/redis/processes.ts"
import type { CommandClient } from "../support/redis/processes.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const PASSWORD = "s3cret"
type Values = Record<string, SettingValue>

const JOBS = { STREAM: "jobs", GROUP: "staff" }

// before the first test: a server started further down could start after the last test that --test-name-pattern selects
const redis = closeAtEnd(await startTestRedis())
const { client } = redis
const operator = await connectOperator(redis.port)
after(() => operator.destroy())
const SERVER = { REDIS_HOST: redis.host, REDIS_PORT: redis.port }
const LOGIN = { REDIS_USER: "laglight", REDIS_PASS: PASSWORD }

/** What the tool makes of settings and options. */
function users(settings: Values, ...args: string[]): AclUser[] {
    return aclUsers(aclRequest(encodeSettings(settings), parseAclOptions(args)))
}

function lines(settings: Values, ...args: string[]) {
    return users(settings, ...args).map(({ words }) => commandLine(words))
}

describe("the line", () => {
    const head = "ACL SETUSER laglight reset on >PASS"
    const base = "-@all +client|setname +echo +xinfo|groups"

    for (const [what, args, expected] of [
        ["the bare poll", [], `${head} %R~jobs resetchannels ${base}`],
        ["Redis 6.2", ["--redis", "6"], `${head} ~jobs resetchannels ${base}`],
        ["Redis 6.0", ["--redis", "6.0"], `${head} ~jobs ${base}`],
        [
            "newer ones",
            ["--redis", "8.0.2"],
            `${head} %R~jobs resetchannels ${base}`,
        ],
        [
            "the exact lag",
            ["--exact"],
            `${head} %R~jobs resetchannels ${base} +xlen +xread +xrange +xinfo|stream`,
        ],
        [
            "the exact lag, counted on the server",
            ["--script"],
            `${head} %R~jobs resetchannels ${base} +xlen +xread +xrange +xinfo|stream +eval_ro +xrevrange`,
        ],
        [
            "health",
            ["--health"],
            `${head} %R~jobs resetchannels ${base} +xpending +xinfo|consumers +time`,
        ],
        [
            "seconds",
            ["--seconds"],
            `${head} %R~jobs resetchannels ${base} +xlen +xread +time`,
        ],
        [
            "a Cluster",
            ["--cluster"],
            `${head} %R~jobs resetchannels ${base} +asking +readonly`,
        ],
        [
            "another user and a password",
            ["--user", "lamp", "--password", "x y"],
            `ACL SETUSER lamp reset on ">x y" %R~jobs resetchannels ${base}`,
        ],
    ] as const)
        test(`for ${what}`, () =>
            assert.deepEqual(lines(JOBS, ...args), [expected]))

    test("for Sentinel is two", () => {
        assert.deepEqual(lines(JOBS, "--sentinel"), [
            `${head} %R~jobs resetchannels ${base} +role`,
            `${head} resetchannels -@all +ping +sentinel|get-master-addr-by-name`,
        ])
        assert.throws(
            () => users(JOBS, "--sentinel", "--redis", "6.0"),
            /sentinels have users from Redis 6\.2 on/
        )
    })

    test("has what the settings ask for", () => {
        assert.deepEqual(
            lines({
                ...JOBS,
                STREAM_2: "mails",
                GROUP_2: "*",
                REDIS_USER: "lamp",
                REDIS_DB: 3,
                UNIT: "seconds",
                IDLE_MAX_S: 60,
                PEND_AGE_S: 60,
                REPLICA_OK: true,
                SENTINELS: "a:1",
                SENT_USER: "watch",
            }),
            [
                "ACL SETUSER lamp reset on >PASS %R~jobs %R~mails resetchannels -@all +client|setname +select +echo " +
                    "+xinfo|groups +xlen +xread +xpending +xinfo|consumers +time +asking +readonly +role",
                "ACL SETUSER watch reset on >PASS resetchannels -@all +ping +sentinel|get-master-addr-by-name",
            ]
        )
        assert.deepEqual(lines({ ...JOBS, DEAD_STREAM: "jobs:dead" }), [
            `${head} %R~jobs %R~jobs:dead resetchannels ${base} +xlen`,
        ])
        assert.deepEqual(
            lines({ ...JOBS, POS_KEY: "jobs:at" }),
            lines({ ...JOBS, STREAM_2: "jobs:at" }, "--exact").map(line =>
                line.replace("+xinfo|groups", "+get")
            )
        )
        assert.match(
            lines({
                ...JOBS,
                STREAM_2: "temps",
                POS_KEY_2: "at",
                POS_FIELD_2: "last",
            })[0],
            /%R~jobs %R~temps %R~at .*\+xinfo\|groups \+hget \+xlen \+xread/
        )
        // two groups of one stream are one key
        assert.deepEqual(
            lines({ ...JOBS, STREAM_2: "jobs", GROUP_2: "night" }),
            lines(JOBS)
        )
    })

    test("is the one that the documents show", () => {
        const text = readFileSync(join(ROOT, "docs/acl.md"), "utf8")
        const shown = text.match(/^ACL SETUSER .*$/gm) ?? []
        const printed = [
            [],
            ["--exact"],
            ["--exact", "--health"],
            ["--script"],
            ["--exact", "--redis", "6"],
            ["--exact", "--redis", "6.0"],
            ["--sentinel"],
        ].flatMap(args => lines(JOBS, ...args))
        assert.ok(shown.length > 4, "docs/acl.md shows lines")
        for (const line of shown)
            assert.ok(printed.includes(line), `docs/acl.md: ${line}`)
    })

    test("says what cannot be", () => {
        assert.throws(
            () => users(JOBS, "--redis", "5"),
            /no users.*requirepass/
        )
        assert.throws(() => users(JOBS, "--redis", "six"), /unknown/)
        assert.throws(() => users(JOBS, "--exakt"), /--exakt/)
        assert.throws(
            () => users(JOBS, "--script", "--redis", "6"),
            /EVAL_RO.*leave out --script/
        )
        assert.throws(() => users(JOBS, "--user", "a b"), /no blank/)
        assert.throws(() => users({}), /set STREAM/)
    })
})

test("the command prints nothing but the line on stdout", async t => {
    const dir = await mkdtemp(join(tmpdir(), "laglight-acl-"))
    t.after(() => rm(dir, { recursive: true, force: true }))
    await writeFile(
        join(dir, ".env.defaults"),
        "STREAM=jobs\nGROUP=staff\nREDIS_DB=0\n"
    )
    await writeFile(
        join(dir, ".env.local"),
        "STREAM=shop:orders\nREDIS_USER=lamp\nREDIS_PASS=never-printed\n"
    )
    const run = (...args: string[]) =>
        promisify(execFile)(
            process.execPath,
            ["--import", "tsx", "sim/acl/main.ts", "--dir", dir, ...args],
            { cwd: ROOT }
        )
    const { stdout, stderr } = await run("--exact")
    assert.equal(
        stdout,
        "ACL SETUSER lamp reset on >PASS %R~shop:orders resetchannels -@all " +
            "+client|setname +echo +xinfo|groups +xlen +xread +xrange +xinfo|stream\n"
    )
    assert.match(stderr, /the device can read the contents of entries/)
    assert.match(stderr, /a password of your own in place of PASS/)
    assert.ok(
        !(stdout + stderr).includes("never-printed"),
        "the password in force is not printed"
    )
    await assert.rejects(run("--redis", "5"), { code: 2, stdout: "" })
})

/** A light for one test: when it has ended, its commands are no longer among those that are counted. */
async function startLight(t: TestContext, settings: Values) {
    const light = await Light.start(settings)
    t.after(() => light.device.stop())
    return light
}

function assertNothingMissing(light: Light) {
    const said = light.said().join("\n")
    assert.ok(!/missing|NOPERM/.test(said), said)
}

/** Types a line into redis-cli, as a user would; where there is none, the server gets the words. */
async function paste(
    of: { port: number; client: CommandClient },
    user: AclUser
) {
    const child = spawn("redis-cli", ["-h", HOST, "-p", String(of.port)], {
        stdio: ["pipe", "pipe", "inherit"],
    })
    const ended = new Promise<boolean>(resolve => {
        child.once("error", () => resolve(false))
        child.once("close", () => resolve(true))
    })
    let said = ""
    child.stdout.setEncoding("utf8").on("data", text => (said += text))
    child.stdin.on("error", () => {})
    child.stdin.end(`${commandLine(user.words)}\n`)
    if (await ended) assert.equal(said.trim(), "OK")
    else await of.client.sendCommand(user.words)
}

/** Makes the user on the server, in place of the one before. */
async function grant(settings: Values, ...args: string[]) {
    const [user] = users(settings, ...args, "--password", PASSWORD)
    await paste({ port: redis.port, client: operator }, user)
    await client.sendCommand(["ACL", "LOG", "RESET"])
    await client.sendCommand(["CONFIG", "RESETSTAT"])
}

/** What the server has denied to anybody, in words. */
async function denied(of: CommandClient = operator) {
    const log = (await of.sendCommand(["ACL", "LOG"])) as unknown[][]
    return log.map(entry => entry.slice(0, 10).join(" "))
}

/** The commands that were called since `grant`, as ACL rules name them. */
async function called() {
    const stats = String(
        await client.sendCommand(["INFO", "commandstats"])
    ).matchAll(/cmdstat_(\S+?):calls=[1-9]/g)
    return [...stats].map(([, name]) => name)
}

/** Every command and sub-command that the server lets the user run. */
async function allowedCommands(user: string) {
    const table = (await operator.sendCommand(["COMMAND"])) as CommandFacts[]
    const all = table.flatMap(command =>
        command[9]?.length ? command[9] : [command]
    )
    const allowed: string[] = []
    for (const [name, arity] of all) {
        const words = name.split("|")
        while (words.length < Math.abs(arity)) words.push("1")
        const verdict = String(
            await operator
                .sendCommand(["ACL", "DRYRUN", user, ...words])
                .catch((error: Error) => error.message)
        )
        if (!/no permissions to run/.test(verdict)) allowed.push(name)
    }
    assert.ok(all.length > 300, "all commands were tried")
    return allowed.sort()
}

/** Name, arity, and at index 9 the sub-commands. */
type CommandFacts = [name: string, arity: number, ...unknown[]] & {
    9?: CommandFacts[]
}

/** No ACL rule forbids these (CMD_NO_AUTH). */
const FREE = ["auth", "hello", "quit", "reset"]

describe("the user", () => {
    test("of --exact: an exact bar where Redis has no figure, and nothing is denied", async t => {
        const stream = await TestStream.create(client, "jobs")
        await stream.add(4)
        await stream.group("staff", "$")
        await stream.add(7)
        assert.equal(await stream.reportedLag("staff"), null)
        await grant(JOBS, "--exact")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...JOBS })
        await light.reads({ lag: 7, level: 4 })
        await light.sweep()
        await light.run(300)
        await light.showsBar(bar(4))

        // too many to count: everything is tried
        await light.configure({
            ...SERVER,
            ...LOGIN,
            ...JOBS,
            LAG_PER_LED: 1000,
        })
        await stream.add(400)
        await light.reads({ condition: "lag" })
        await light.run(5000)
        // a script may be tried: only trying tells whether the user may
        assert.deepEqual(
            (await denied()).filter(text => !/ eval_ro /.test(text)),
            []
        )
        assertNothingMissing(light)
        const calls = await called()
        for (const name of [
            "xinfo|groups",
            "xinfo|stream",
            "xlen",
            "xread",
            "xrange",
            "client|setname",
            "echo",
        ])
            assert.ok(calls.includes(name), `${name} was needed: ${calls}`)
        assert.deepEqual(
            await allowedCommands("laglight"),
            [
                ...FREE,
                "client|setname",
                "echo",
                "xinfo|groups",
                "xinfo|stream",
                "xlen",
                "xrange",
                "xread",
            ].sort()
        )
    })

    test("of --script: what is too much to be read is counted by the server, and nothing is denied", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(1700)
        await grant(JOBS, "--script")
        const light = await startLight(t, {
            ...SERVER,
            ...LOGIN,
            ...JOBS,
            LAG_PER_LED: 1000,
        })
        await light.reads({ lag: 1700, known: "counted" })
        await light.run(5000)
        assert.deepEqual(await denied(), [])
        assertNothingMissing(light)
        const calls = await called()
        for (const name of ["eval_ro", "xrevrange"])
            assert.ok(calls.includes(name), `${name} was needed: ${calls}`)
        const allowed = await allowedCommands("laglight")
        assert.deepEqual(
            allowed.filter(name => /eval|script|xrev/.test(name)),
            ["eval_ro", "xrevrange"]
        )
        const user = await connectOperator(redis.port, {
            username: "laglight",
            password: PASSWORD,
        })
        try {
            for (const call of [
                "'DEL',KEYS[1]",
                "'XTRIM',KEYS[1],'MAXLEN','0'",
                "'XLEN','others'",
                "'XPENDING',KEYS[1],'staff'",
            ])
                await assert.rejects(
                    user.sendCommand([
                        ...["EVAL_RO", `return redis.call(${call})`],
                        ...["1", "jobs"],
                    ]),
                    /Write commands are not allowed|can't run this command|can't access at least one of the keys/,
                    call
                )
        } finally {
            user.destroy()
        }
        assert.equal(await stream.trueLag("staff"), 1700)
    })

    test("of the bare poll: an upper bound, and the log names what would make it exact", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(7)
        await grant(JOBS)
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...JOBS })
        await light.reads({ low: 0, high: 7, lag: null })
        await light.says(/missing: .*\+xread/)
        assert.deepEqual(
            await allowedCommands("laglight"),
            [...FREE, "client|setname", "echo", "xinfo|groups"].sort()
        )
    })

    test("of --seconds: the age of the oldest entry, and nothing is denied", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(3)
        const settings = { ...JOBS, UNIT: "seconds" }
        await grant(JOBS, "--seconds")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...settings })
        await light.reads({ condition: "lag" })
        await light.run(25_000)
        assert.deepEqual(await denied(), [])
        assertNothingMissing(light)
        // the settings alone ask for the same
        assert.deepEqual(lines(settings), lines(JOBS, "--seconds"))
    })

    test("of a stream's length: XLEN, no group, and nothing is denied", async t => {
        const settings = { STREAM: "jobs", SHOW: "length" }
        assert.deepEqual(lines(settings), [
            "ACL SETUSER laglight reset on >PASS %R~jobs resetchannels -@all +client|setname +echo +xlen",
        ])
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(3)
        await grant(settings)
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...settings })
        await light.says(/^jobs: length 3, 2 of 10$/)
        await light.run(5000)
        assert.deepEqual(await denied(), [])
        assertNothingMissing(light)
        // one target's group does not do for the other's length
        assert.match(
            lines({ ...JOBS, STREAM_2: "jobs", SHOW_2: "length" })[0],
            /\+xinfo\|groups \+xlen$/
        )
    })

    test("of --health and --exact: consumers that need a look are found, and nothing is denied", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(5)
        await stream.read("staff", 2)
        await grant(JOBS, "--health", "--exact")
        const light = await startLight(t, {
            ...SERVER,
            ...LOGIN,
            ...JOBS,
            PENDING_MAX: 100,
            IDLE_MAX_S: 1,
            PEND_AGE_S: 1,
        })
        await light.reads({ lag: 3, pending: 2 })
        // the server's clock is real
        await sleep(1100)
        await light.run(11_000)
        assert.ok(
            light.said().some(line => /lag 3,.*; .*(idle|pending)/.test(line)),
            light.said().join("\n")
        )
        assert.deepEqual(await denied(), [])
        const calls = await called()
        for (const name of ["xpending", "xinfo|consumers", "time"])
            assert.ok(calls.includes(name), `${name} was needed: ${calls}`)
    })

    test("of REDIS_DB and --cluster: SELECT, READONLY, and nothing is denied", async t => {
        await client.sendCommand(["SELECT", "2"])
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(6)
        await client.sendCommand(["SELECT", "0"])
        const settings = { ...JOBS, REDIS_DB: 2, REPLICA_OK: true }
        await grant(settings, "--exact")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...settings })
        await light.reads({ lag: 6, level: 3 })
        await light.run(12_000)
        assert.deepEqual(await denied(), [])
        assert.deepEqual(
            await allowedCommands("laglight"),
            [
                ...FREE,
                "asking",
                "client|setname",
                "echo",
                "readonly",
                "select",
                "xinfo|groups",
                "xinfo|stream",
                "xlen",
                "xrange",
                "xread",
            ].sort()
        )
    })

    test("may do nothing else", async () => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(1)
        await client.sendCommand(["SET", "other", "1"])
        await client.sendCommand(["XADD", "others", "1-1", "f", "v"])
        await grant(JOBS, "--exact", "--health", "--seconds", "--cluster")
        const user = await connectOperator(redis.port, {
            username: "laglight",
            password: PASSWORD,
        })
        try {
            for (const command of [
                "GET other",
                "GET jobs",
                "SET jobs 1",
                "DEL jobs",
                "XADD jobs * f v",
                "XDEL jobs 1-1",
                "XTRIM jobs MAXLEN 0",
                "XACK jobs staff 1-1",
                "XCLAIM jobs staff c 0 1-1",
                "XREADGROUP GROUP staff c STREAMS jobs >",
                "XGROUP CREATE jobs more $",
                "XGROUP DESTROY jobs staff",
                "XGROUP SETID jobs staff $",
                "XSETID jobs 9-9",
                "KEYS *",
                "SCAN 0",
                "CONFIG GET *",
                "CLIENT LIST",
                "CLIENT KILL TYPE normal",
                "ACL LIST",
                "ACL WHOAMI",
                "INFO",
                "PING",
                "EVAL return(1) 0",
                "PUBLISH c m",
                "SUBSCRIBE c",
                "SHUTDOWN NOSAVE",
                "FLUSHALL",
                "SELECT 1",
                // what is allowed, on another key
                "XINFO GROUPS others",
                "XINFO STREAM others",
                "XINFO CONSUMERS others g",
                "XLEN others",
                "XLEN jobs2",
                "XREAD STREAMS others 0",
                "XREAD STREAMS jobs others 0 0",
                "XRANGE others - +",
                "XPENDING others g - + 1",
            ])
                await assert.rejects(
                    user.sendCommand(command.split(" ")),
                    /NOPERM/,
                    command
                )
            // and the same connection may do what it is for
            assert.equal(await user.sendCommand(["XLEN", "jobs"]), 1)
        } finally {
            user.destroy()
        }
        assert.equal(await stream.trueLag("staff"), 1)
    })
})

describe("keys of any kind", () => {
    /** A key, and one that a careless pattern would match too. */
    const KEYS = [
        ["a*b", "aXb"],
        ["a?b", "aXb"],
        ["a[xy]b", "axb"],
        ["a\\b", "ab"],
        ["a\\*b", "a\\Xb"],
        ["]^-[", "^"],
        ["{shop}:orders", "{shop}:order"],
        [`it's "q"`, "it"],
        ["größe→🔑", "größe"],
        ["%R~x", "x"],
        ["tab\there", "tab"],
    ]
    for (const [key, other] of KEYS)
        test(JSON.stringify(key), async () => {
            for (const name of [key, other]) {
                const stream = await TestStream.create(client, name, "g")
                await stream.add(1)
            }
            await grant({ STREAM: key, GROUP: "g" }, "--exact")
            const user = await connectOperator(redis.port, {
                username: "laglight",
                password: PASSWORD,
            })
            try {
                assert.equal(await user.sendCommand(["XLEN", key]), 1)
                await assert.rejects(
                    user.sendCommand(["XLEN", other]),
                    /NOPERM/
                )
            } finally {
                user.destroy()
            }
        })

    test("the light works with five of them", async t => {
        const settings: Values = {}
        for (const [i, [key]] of KEYS.slice(0, 5).entries()) {
            const stream = await TestStream.create(client, key, "g")
            await stream.add(i + 1)
            const number = i === 0 ? "" : `_${i + 1}`
            settings[`STREAM${number}`] = key
            settings[`GROUP${number}`] = "g"
        }
        await grant(settings, "--exact")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...settings })
        for (const [i, [key]] of KEYS.slice(0, 5).entries())
            await light.reads({ stream: key, lag: i + 1 })
        await light.run(3000)
        assert.deepEqual(await denied(), [])
    })
})

test("with Sentinel the light works as both users, and the sentinel's may do nothing else", async t => {
    const sentinel = closeAtEnd(
        await Sentinel.start({
            masters: [
                {
                    name: "prime",
                    port: redis.port,
                    quorum: 1,
                    downAfterMs: 60_000,
                },
            ],
        })
    )
    const stream = await TestStream.create(client, "jobs", "staff")
    await stream.add(5)
    const settings = {
        ...JOBS,
        ...LOGIN,
        SENTINELS: `127.0.0.1:${sentinel.port}`,
        MASTER: "prime",
        SENT_USER: "watch",
        SENT_PASS: PASSWORD,
    }
    await grant(settings, "--exact")
    const [, onSentinel] = users(settings, "--password", PASSWORD)
    await paste(sentinel, onSentinel)
    await client.sendCommand(["ACL", "LOG", "RESET"])
    const light = await startLight(t, settings)
    await light.reads({ lag: 5 })
    await light.run(12_000)
    assert.deepEqual(await denied(), [])
    assert.deepEqual(await denied(sentinel.client), [])
    assertNothingMissing(light)
    assert.ok(
        (await allowedCommands("laglight")).includes("role"),
        "ROLE is allowed"
    )

    const user = await connectOperator(sentinel.port, {
        username: "watch",
        password: PASSWORD,
    })
    t.after(() => user.destroy())
    assert.ok(
        await user.sendCommand([
            ...["SENTINEL", "get-master-addr-by-name", "prime"],
        ])
    )
    for (const command of [
        "SENTINEL MASTERS",
        "SENTINEL FAILOVER prime",
        "SENTINEL REMOVE prime",
        "SENTINEL SET prime quorum 1",
        "ACL LIST",
        "INFO",
        "SHUTDOWN",
        "PUBLISH c m",
        "SUBSCRIBE *",
        "CLIENT LIST",
    ])
        await assert.rejects(
            user.sendCommand(command.split(" ")),
            /NOPERM/,
            command
        )
})

describe("the connection's name", () => {
    /** The names of the light's connections. */
    async function names() {
        const list = String(await client.sendCommand(["CLIENT", "LIST"]))
        return [...list.matchAll(/ name=(\S*) .* user=laglight /g)].map(
            ([, name]) => name
        )
    }

    test("is the device's where the rights allow it, and nothing is lost where they do not", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(3)
        await grant(JOBS, "--exact")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...JOBS })
        await light.reads({ lag: 3 })
        const [name, ...others] = await names()
        assert.match(name, /^laglight-[0-9a-f]{6}$/)
        assert.deepEqual(others, [])
        assert.deepEqual(await denied(), [])

        await client.sendCommand([
            ...["ACL", "SETUSER", "laglight", "-client|setname"],
        ])
        await client.sendCommand(["CLIENT", "KILL", "USER", "laglight"])
        await stream.add(1)
        await light.reads({ lag: 4 })
        assert.deepEqual(await names(), [""])
        assertNothingMissing(light)
        await light.run(6000)
        await light.showsBar(bar(2))
    })

    test("is not lost to a new login", async t => {
        const stream = await TestStream.create(client, "jobs", "staff")
        await stream.add(3)
        await grant(JOBS, "--exact")
        const light = await startLight(t, { ...SERVER, ...LOGIN, ...JOBS })
        await light.reads({ lag: 3 })
        const [before] = await names()
        await client.sendCommand(["CLIENT", "KILL", "USER", "laglight"])
        await stream.add(1)
        await light.reads({ lag: 4 })
        assert.deepEqual(await names(), [before])
    })
})
