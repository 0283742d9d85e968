/**
 * Servers that mean harm, or are no Redis: no password in what the light says, no line of theirs in its log, no end of the
 * program, and the right light again when they behave.
 */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import type { Settings } from "../../../sim/vm/device.ts"
import { HostileRedis } from "../../../sim/faults/hostile-redis.ts"
import { closeAtEnd, impatient, Light } from "../support/light/bench.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"

const JOBS = { STREAM: "jobs", GROUP: "staff" }

/** With quotes, percent signs and letters beyond ASCII; no part of 5 characters stands in a word of laglight's. */
const PASSWORDS = [
    "hunter2-zwölf",
    `q"uo'te %41%s %%zzz`,
    "пароль-Schlüssel-鍵",
    "x".repeat(60) + "-yzyzy-" + "w".repeat(100),
]

/** What servers answer to a login with this password in it; the last ones come unasked. */
const ECHOES: [how: string, reply: (password: string) => string][] = [
    [
        "Redis 7 without AUTH",
        p =>
            `-ERR unknown command 'AUTH', with args beginning with: 'user' '${p}' \r\n`,
    ],
    [
        "Redis 7, cut",
        p =>
            `-ERR unknown command 'AUTH', with args beginning with: 'user' '${p.slice(0, 10)}\r\n`,
    ],
    [
        "Redis 5 without AUTH",
        p =>
            `-ERR unknown command \`AUTH\`, with args beginning with: \`user\`, \`${p}\`, \r\n`,
    ],
    ["an echo", p => `-${p}\r\n`],
    ["a code and an echo", p => `-WRONGPASS no ${p}\r\n`],
    ["part of it", p => `-ERR no ${p.slice(0, 10)}\r\n`],
    ["a bulk error", p => `!${Buffer.byteLength(p) + 4}\r\nERR ${p}\r\n`],
    ["a redirect", p => `-MOVED 1 ${p}:6379\r\n`],
    ["a string", p => `+${p}\r\n-ERR ${p}\r\n`],
    ["later, unasked", p => `+OK\r\n-ERR unknown '${p}'\r\n`],
    ["no RESP", p => `${p}\r\n`],
]

/** All that a device says, records and lines for developers included. */
function saidBy(light: Light) {
    return [...light.device.logs, ...light.device.records]
        .map(({ text }) => text)
        .join("\n")
}

function assertSilentOn(password: string, said: string, how: string) {
    const pieces = password.match(/.{5}/gu)!
    for (const secret of [password, ...pieces, JSON.stringify(password)])
        assert.ok(!said.includes(secret), `${how}: ${secret} in\n${said}`)
}

describe("a password is in nothing that the light says", () => {
    let light: Light
    let server: CannedReplyServer
    /** What is answered to AUTH, and how often that was done. */
    let reply = ""
    let asked = 0
    let password = ""

    before(async () => {
        server = closeAtEnd(
            await CannedReplyServer.start(([command]) => {
                if (String(command) === "AUTH") {
                    asked++
                    return Buffer.from(reply)
                }
                return String(command) === "QUIT"
                    ? { reply: "+OK\r\n", then: "close" }
                    : Buffer.from(`-ERR what ${password}\r\n`)
            })
        )
    })
    after(() => light.stop())

    for (const key of ["REDIS_PASS", "SENT_PASS"])
        for (const [number, secret] of PASSWORDS.entries())
            test(`${key}, of kind ${number + 1}`, async () => {
                password = secret
                reply = ECHOES[0][1](password)
                const settings = {
                    ...JOBS,
                    REDIS_HOST: server.host,
                    REDIS_PORT: server.port,
                    ...(key === "SENT_PASS"
                        ? {
                              SENTINELS: `${server.host}:${server.port}`,
                              MASTER: "m",
                          }
                        : {}),
                    [key]: password,
                }
                if (light) await light.configure(settings)
                else light = await Light.start(settings)
                for (const [how, say] of ECHOES) {
                    reply = say(password)
                    const before = asked
                    await light.until(
                        () => asked > before || undefined,
                        120_000,
                        `a login that is answered by ${how}`
                    )
                    await light.run(3000)
                    assertSilentOn(password, saidBy(light), how)
                }
                assert.ok(light.said().length > 2, light.said().join("\n"))
                light.assertSound()
            })

    test("nor of a command that is renamed on a real server", async () => {
        const redis = closeAtEnd(
            await startTestRedis({
                args: ["--rename-command", "AUTH", "hidden"],
            })
        )
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: redis.host,
            REDIS_PORT: redis.port,
            REDIS_USER: "anna",
            REDIS_PASS: PASSWORDS[0],
        })
        await light.says(
            /unknown command 'AUTH'; this server does not know AUTH/
        )
        assertSilentOn(PASSWORDS[0], saidBy(light), "rename-command")
    })
})

async function started(
    redis: HostileRedis,
    settings: Settings & object = {}
): Promise<Light> {
    const light = await Light.start(
        {
            ...JOBS,
            REDIS_HOST: redis.host,
            REDIS_PORT: redis.port,
            ...settings,
        },
        impatient
    )
    await light.reads({ lag: redis.lag })
    return light
}

describe("an address that is none", () => {
    let light: Light
    let redis: HostileRedis
    let sentinel: HostileRedis

    before(async () => {
        redis = closeAtEnd(await HostileRedis.start())
        sentinel = closeAtEnd(await HostileRedis.start())
        light = await started(redis)
    })
    after(() => light.stop())

    for (const words of [
        "MOVED 1 127.0.0.1:x",
        "MOVED 1 127.0.0.1:",
        "MOVED 1 127.0.0.1:0",
        "MOVED 1 127.0.0.1:65536",
        "MOVED 1 127.0.0.1:63x79",
        "MOVED 1 :x",
        "MOVED 1 a\nb:6379",
        "MOVED 1 127.0.0.1",
        "MOVED 1",
        "ASK 1 127.0.0.1:x",
        "ASK 1 :",
    ])
        test(`in a redirect, ${JSON.stringify(words)}: a problem in words, and the seed is asked again`, async () => {
            const since = light.device.now
            redis.redirect = words
            await light.says(/a redirect without a host or a port/, 5000, since)
            await light.run(30_000)
            const said = light.said(since)
            assert.equal(
                said.filter(line => /redirect without/.test(line)).length,
                1,
                said.join("\n")
            )
            redis.redirect = undefined
            // another one than before
            redis.lag = (redis.lag % 9) + 1
            await light.reads({ lag: redis.lag }, 40_000)
            light.assertSound()
        })

    for (const [host, port] of [
        ["127.0.0.1", "x"],
        ["127.0.0.1", ""],
        ["127.0.0.1", "0"],
        ["127.0.0.1", "65536"],
        ["", "6379"],
        ["a\nlight: connecting", "6379"],
    ])
        test(`of a master, ${JSON.stringify([host, port])}: a problem in words, and the sentinels are asked again`, async () => {
            sentinel.tamper = (reply, [name]) =>
                name === "SENTINEL"
                    ? Buffer.from(
                          `*2\r\n$${host.length}\r\n${host}\r\n$${port.length}\r\n${port}\r\n`
                      )
                    : { reply, then: "close" }
            await light.configure({
                ...JOBS,
                SENTINELS: `${sentinel.host}:${sentinel.port}`,
                MASTER: "m",
            })
            await light.says(/names a master without a host name or a port/)
            await light.run(30_000)
            sentinel.master = redis
            sentinel.tamper = undefined
            await light.reads({ lag: redis.lag }, 60_000)
            light.assertSound()
        })
})

describe("control characters", { concurrency: true }, () => {
    const FORGED = "g\nlight: not configured\u001b[2J\r\u009b31m"

    function assertPlain(light: Light) {
        for (const { text } of light.device.logs)
            assert.doesNotMatch(text, /\p{Cc}|\u2028|\u202e/u)
        assert.ok(
            !light.device.logs.some(({ text }) =>
                /^light: not configured/.test(text)
            )
        )
    }

    test("in an error stay in its line", async () => {
        const redis = closeAtEnd(await HostileRedis.start())
        redis.tamper = (reply, [name]) =>
            name === "XINFO"
                ? Buffer.from(
                      `-ERR a\nlight: not configured\u001b[2J\u202e\u2028\u009bm\r\n`
                  )
                : reply
        const light = await Light.start({
            ...JOBS,
            REDIS_HOST: redis.host,
            REDIS_PORT: redis.port,
        })
        await light.says(/jobs\/staff: ERR a\?light: not configured\?\[2J/)
        assertPlain(light)
        await light.stop()
    })

    test("in a group's name stay in its line and in its record", async () => {
        const redis = closeAtEnd(await HostileRedis.start({ group: FORGED }))
        const light = await Light.start({
            ...JOBS,
            GROUP: "*",
            REDIS_HOST: redis.host,
            REDIS_PORT: redis.port,
        })
        await light.reads({ lag: 3 })
        assertPlain(light)
        for (const { text } of light.device.records) {
            assert.doesNotMatch(text, /\p{Cc}/u)
            assert.doesNotMatch(text, /\\n|\\u00(0|1|9b)/)
        }
        await light.stop()
    })

    test("in the settings' names stay in their line", async () => {
        const redis = closeAtEnd(await HostileRedis.start({ group: FORGED }))
        const light = await Light.start({
            STREAM: "a\u001b]0;x\u0007b",
            GROUP: FORGED,
            REDIS_HOST: redis.host,
            REDIS_PORT: redis.port,
        })
        await light.reads({ lag: 3 })
        assertPlain(light)
        await light.stop()
    })
})

/** So many tiny elements that the heap would hold none of what they make. */
const MANY = 100_000

describe("dense replies are no answer of Redis, and do not end the program", () => {
    const FLOODS: [how: string, reply: string][] = [
        ["groups of nothing", `*${MANY}\r\n${"*0\r\n".repeat(MANY)}`],
        ["maps of nothing, undeclared", "%0\r\n".repeat(MANY)],
        ["attributes of nothing", "|0\r\n".repeat(MANY)],
        ["pushes of nothing", ">0\r\n".repeat(MANY)],
        [
            "groups of a number",
            `*${MANY}\r\n${"*2\r\n$0\r\n\r\n:1\r\n".repeat(MANY / 4)}`,
        ],
        [
            "groups as small as they may be",
            `*${MANY}\r\n${"*8\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n".repeat(MANY / 4)}`,
        ],
        [
            "groups with names as small as they may be",
            `*${MANY}\r\n${"*8\r\n$4\r\nname\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n+\r\n".repeat(MANY / 4)}`,
        ],
        ["numbers", `*${MANY}\r\n${":1\r\n".repeat(MANY)}`],
        [
            "a field of nothing",
            `*1\r\n*12\r\n$4\r\nname\r\n$5\r\nstaff\r\n$4\r\njunk\r\n*${MANY}\r\n${"*0\r\n".repeat(MANY)}`,
        ],
        [
            "an error that is followed by much",
            `-ERR x\r\n${"%0\r\n".repeat(MANY)}`,
        ],
    ]
    let light: Light
    let redis: HostileRedis

    before(async () => {
        redis = closeAtEnd(await HostileRedis.start())
        light = await started(redis)
    })
    after(() => light.stop())

    for (const [how, flood] of FLOODS)
        test(how, async () => {
            const bytes = Buffer.from(flood)
            const before = redis.server.connections
            redis.tamper = (reply, [name]) => (name === "XINFO" ? bytes : reply)
            await light.until(
                () => redis.server.connections > before || undefined,
                60_000,
                "a new connection"
            )
            await light.run(8000)
            redis.tamper = undefined
            // another one than before
            redis.lag = (redis.lag % 9) + 1
            await light.reads({ lag: redis.lag }, 60_000)
            light.assertSound()
        })

    test("what nobody asked for, between two polls and while a login is refused", async () => {
        const much = Buffer.from("%0\r\n".repeat(MANY))
        const redis = closeAtEnd(await HostileRedis.start({ password: "p" }))
        const light = await started(redis, {
            REDIS_PASS: "p",
            POLL_MS: 10_000,
        })
        redis.tamper = (reply, [name]) =>
            name === "XINFO" ? Buffer.concat([reply, much]) : reply
        await light.run(60_000)
        redis.tamper = (_, [name]) =>
            name === "AUTH"
                ? Buffer.concat([Buffer.from("-WRONGPASS x\r\n"), much])
                : Buffer.alloc(0)
        await light.run(60_000)
        redis.tamper = undefined
        redis.lag = 8
        await light.reads({ lag: 8 }, 60_000)
        await light.stop()
    })

    test("a reply that never ends is given up after its time limit, however fast it comes", async () => {
        const redis = closeAtEnd(await HostileRedis.start())
        const light = await started(redis)
        // a string is passed over as fast as it comes
        redis.tamper = (reply, [name]) =>
            name === "XINFO"
                ? Buffer.concat([
                      Buffer.from(`*1\r\n*12\r\n$4\r\njunk\r\n$500000000\r\n`),
                      Buffer.alloc(9_000_000, "x"),
                  ])
                : reply
        await light.says(/no reply in time/, 20_000)
        redis.tamper = undefined
        redis.lag = 8
        await light.reads({ lag: 8 }, 60_000)
        await light.stop()
    })
})

test("a server that is full is named with its own reason, once, for as long as it is full", async () => {
    const redis = closeAtEnd(await startTestRedis())
    await redis.client.sendCommand(["CONFIG", "SET", "maxclients", "1"])
    const light = await Light.start({
        ...JOBS,
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        REDIS_PASS: "p",
    })
    await light.says(/max number of clients reached; waiting/, 30_000)
    await light.run(300_000)
    const problems = light.said().filter(line => /^redis.*: /.test(line))
    assert.deepEqual(
        problems.filter(line => /max number of clients/.test(line)).length,
        1,
        problems.join("\n")
    )
    assert.ok(problems.length <= 2, problems.join("\n"))
})
