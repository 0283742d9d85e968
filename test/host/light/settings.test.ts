/** Settings that cannot be used: one clear line each, the "not configured" pattern, and never a crash or a secret. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { parseSettings } from "../../../sim/settings-file.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bar, NOT_CONFIGURED } from "../support/light/patterns.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"

const redis = closeAtEnd(await startTestRedis())
const stream = await TestStream.create(redis.client, "jobs", "staff")
await stream.add(5)

const GOOD = [
    `REDIS_HOST=${redis.host}`,
    `REDIS_PORT=${redis.port}`,
    "STREAM=jobs",
    "GROUP=staff",
]

const light = await Light.start({})

/** Runs the light with these lines on top of good ones, as a settings file would bring them. */
async function configure(...lines: string[]) {
    const file = [...GOOD, ...lines].join("\n")
    await light.configure(parseSettings(file))
}

/** Device time by which the settings have been read. */
const READ_MS = 2000

/** Lets the light read its settings. @returns what it says of them, before it says that it is not configured */
async function complaints() {
    await light.run(READ_MS)
    const lines = light.said()
    assert.equal(lines.pop(), "light: not configured")
    return lines
}

const TEXT = "accepted: text"
const TEN = "accepted: 10 or 11 ascending whole numbers from 1, with commas"

/** Lines of a settings file, and what the log says after "settings: ". */
const BAD: [lines: string, says: string][] = [
    [
        "REDIS_PORT=99999",
        "REDIS_PORT is 99999; accepted: a whole number from 1 to 65535",
    ],
    [
        "REDIS_PORT=0",
        "REDIS_PORT is 0; accepted: a whole number from 1 to 65535",
    ],
    [
        "REDIS_PORT=6379.5",
        "REDIS_PORT is 6379.5; accepted: a whole number from 1 to 65535",
    ],
    [
        'REDIS_PORT="6379"',
        'REDIS_PORT is "6379"; accepted: a whole number from 1 to 65535',
    ],
    [
        "REDIS_DB=-1",
        "REDIS_DB is -1; accepted: a whole number from 0 to 2147483647",
    ],
    [
        "REDIS_DB=2147483648",
        "REDIS_DB is 2147483648; accepted: a whole number from 0 to 2147483647",
    ],
    ["LEVELS=5,3", `LEVELS is "5,3"; ${TEN}`],
    ["LEVELS=5", `LEVELS is 5; ${TEN}`],
    ["LEVELS=1,2,3,4,5,6,7,8,9,9", `LEVELS is "1,2,3,4,5,6,7,8,9,9"; ${TEN}`],
    ["LEVELS=0,1,2,3,4,5,6,7,8,9", `LEVELS is "0,1,2,3,4,5,6,7,8,9"; ${TEN}`],
    [
        "LEVELS=1,2,3,4,5,6,7,8,9,ten",
        `LEVELS is "1,2,3,4,5,6,7,8,9,ten"; ${TEN}`,
    ],
    [
        "LEVELS=1,2,3,4,5,6,7,8,9,10,11,12",
        `LEVELS is "1,2,3,4,5,6,7,8,9,10,11,12"; ${TEN}`,
    ],
    [
        "POLL_MS=abc",
        'POLL_MS is "abc"; accepted: a whole number from 100 to 3600000',
    ],
    [
        "POLL_MS=99",
        "POLL_MS is 99; accepted: a whole number from 100 to 3600000",
    ],
    [
        "POLL_MS=1000\nSTALE_MS=1999",
        "STALE_MS is 1999; accepted: a whole number from 2000 to 86400000",
    ],
    [
        "LAG_PER_LED=0",
        "LAG_PER_LED is 0; accepted: a whole number from 1 to 1000000000",
    ],
    ['STREAM=""', `STREAM is empty; ${TEXT}`],
    [
        "REDIS_HOST=redis:6379",
        'REDIS_HOST is "redis:6379"; accepted: a host name alone (the port is REDIS_PORT)',
    ],
    [
        "REDIS_HOST=redis://redis",
        'REDIS_HOST is "redis://redis"; accepted: a host name alone (the port is REDIS_PORT)',
    ],
    [
        "REDIS_HOST=my redis",
        'REDIS_HOST is "my redis"; accepted: a host name alone (the port is REDIS_PORT)',
    ],
    ["REDIS_TLS=maybe", 'REDIS_TLS is "maybe"; accepted: true or false'],
    ["ACTIVE_LOW=1", "ACTIVE_LOW is 1; accepted: true or false"],
    ["UNIT=minutes", 'UNIT is "minutes"; accepted: entries or seconds'],
    // what JSON made a number of is not what was written
    [
        "STREAM=1e30",
        'STREAM arrived altered (1e+30): write it in quotes, STREAM="..."',
    ],
    [
        "GROUP=1.50",
        'GROUP arrived altered (1.5): write it in quotes, GROUP="..."',
    ],
    [
        "REDIS_USER=laglight",
        "REDIS_USER is set, REDIS_PASS is not: AUTH needs both",
    ],
    [
        "STREAM_2=more",
        "STREAM_2 and GROUP_2 go together: one of them is missing",
    ],
    [
        "GROUP_2=more",
        "STREAM_2 and GROUP_2 go together: one of them is missing",
    ],
    [
        "STREAM_3=more\nGROUP_3=g",
        "STREAM_3 is set, but not the number before it: number targets without a gap",
    ],
    [
        "STREAM_2=s\nGROUP_2=g\nLEVELS_2=1,2,3",
        'LEVELS_2 is "1,2,3"; accepted: 5 or 6 ascending whole numbers from 1, with commas',
    ],
    [
        "STREAM_2=s\nGROUP_2=g\nLEVELS=1,2,3,4,5,6,7,8,9,10",
        'LEVELS is "1,2,3,4,5,6,7,8,9,10"; accepted: 5 or 6 ascending whole numbers from 1, with commas',
    ],
    [
        "PENDING_MAX=-1",
        "PENDING_MAX is -1; accepted: a whole number from 0 to 1000000000",
    ],
    [
        "PEND_AGE_S=0",
        "PEND_AGE_S is 0; accepted: a whole number from 1 to 31536000",
    ],
    [
        "IDLE_MAX_S=soon",
        'IDLE_MAX_S is "soon"; accepted: a whole number from 1 to 31536000',
    ],
    ["TRAFFIC_LIGHT=on", 'TRAFFIC_LIGHT is "on"; accepted: true or false'],
    [
        "TRAFFIC_LIGHT=true\nYELLOW_AT=5\nRED_AT=4",
        "RED_AT is 4; accepted: a number not below YELLOW_AT, which is 5",
    ],
]

describe("a setting that cannot be used", () => {
    for (const [lines, says] of BAD)
        test(lines.replaceAll("\n", ", "), async () => {
            await configure(lines)
            assert.deepEqual(await complaints(), [`settings: ${says}`])
        })

    test("shows both ends of the bar, blinking, from the end of the sweep on", async () => {
        await configure("POLL_MS=abc")
        await light.sweep()
        await light.shows(NOT_CONFIGURED)
        const since = light.device.now
        await light.run(60_000)
        assert.deepEqual(light.said(since), [], "said once")
        assert.deepEqual(light.statuses(), ["not configured"])
    })

    test("is told together with all the others", async () => {
        await light.configure(
            parseSettings(
                'REDIS_PORT=99999\nLEVELS=5,3\nPOLL_MS=abc\nSTREAM=""'
            )
        )
        const keys = (await complaints()).map(line => /: (\w+)/.exec(line)![1])
        assert.deepEqual(keys.sort(), [
            "LEVELS",
            "POLL_MS",
            "REDIS_PORT",
            "STREAM",
        ])
        await light.shows(NOT_CONFIGURED)
    })

    test("is cut where it is long", async () => {
        for (const value of ["x".repeat(200), "ü".repeat(100)])
            for (const key of ["UNIT", "LEVELS", "POLL_MS", "REDIS_TLS"]) {
                await configure(`${key}=${value}`)
                const [line, ...more] = await complaints()
                assert.match(line, new RegExp(`^settings: ${key} is ".*; acc`))
                assert.deepEqual(more, [])
            }
        light.assertSound()
    })

    test("and is put right works at once", async () => {
        await configure("POLL_MS=abc")
        await light.run(READ_MS)
        await configure("POLL_MS=200")
        await light.sweep()
        await light.showsBar(bar(3))
    })
})

describe("without any settings", () => {
    test("the simulator watches localhost, as DeviceScript's own gets none", async () => {
        await light.configure(new Map())
        await light.run(READ_MS)
        assert.ok(!light.said().includes("light: not configured"))
    })
})

describe("a secret", () => {
    for (const [lines, says] of [
        ["REDIS_PASS=98765432109876543210", "REDIS_PASS arrived altered"],
        ["REDIS_PASS=9876.5", "REDIS_PASS arrived altered"],
        ['REDIS_PASS={"a":98765}', "REDIS_PASS arrived altered"],
        ["REDIS_PASS=[98765]", "REDIS_PASS arrived altered"],
        ["REDIS_USER=9876.5\nREDIS_PASS=x", "REDIS_USER arrived altered"],
        ["WLAN_SSID=net\nWLAN_PWD=9876.5", "WLAN_PWD arrived altered"],
    ])
        test(`is never in the log: ${lines.replaceAll("\n", ", ")}`, async () => {
            await configure(lines)
            const [line, ...more] = await complaints()
            assert.deepEqual(more, [])
            assert.ok(line.startsWith(`settings: ${says}`), line)
            assert.doesNotMatch(line, /9876/)
            await light.shows(NOT_CONFIGURED)
        })
})

describe("text that looks like something else", () => {
    for (const name of ["2024", "007", "true", "null", "1e5x", "-1", "[1]x"])
        test(`is a name all the same: ${name}`, async () => {
            const stream = await TestStream.create(redis.client, name, name)
            await stream.add(3)
            await configure(`STREAM=${name}`, `GROUP=${name}`)
            await light.reads({ stream: name, group: name, lag: 3 })
        })

    test("is taken as it is in quotes, and so is a password", async () => {
        const stream = await TestStream.create(redis.client, "1e5", "1.50")
        await stream.add(3)
        await redis.client.sendCommand([
            ...["ACL", "SETUSER", "7", "on", ">1e5", "~*", "+@all"],
        ])
        await configure(
            'STREAM="1e5"',
            'GROUP="1.50"',
            "REDIS_USER=7",
            'REDIS_PASS="1e5"'
        )
        await light.reads({ stream: "1e5", group: "1.50", lag: 3 })
    })
})
