/** Settings that are refused: what is said names the key, the fault and what is accepted, and no secret. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { Runtime } from "../../src/link/runtime"
import { read } from "./fake-settings"

const pause = async () => await ds.sleep(1)

/** The VM cuts longer lines of the log, bytes; "settings: " goes in front. */
const MAX_LINE = 280

/** A test that settings are refused whole, with this one fault. */
function refuses(what: string, values: any, fault: string, runtime?: Runtime) {
    test(what, async () => {
        const { settings, faults } = await read(values, runtime)
        expect(faults.join(" & ")).toBe(fault)
        expect(settings).toBe(undefined)
        expect(fault.byteLength <= MAX_LINE).toBe(true)
    })
}

function whole(
    key: string,
    value: any,
    shown: string,
    low: number,
    high: number
) {
    const values: any = {}
    values[key] = value
    refuses(
        `${key}=${value}`,
        values,
        `${key} is ${shown}; accepted: a whole number from ${low} to ${high}`
    )
}

describe("numbers", () => {
    beforeEach(pause)
    whole("REDIS_PORT", 0, "0", 1, 65535)
    whole("REDIS_PORT", 65536, "65536", 1, 65535)
    whole("REDIS_PORT", -1, "-1", 1, 65535)
    whole("REDIS_PORT", 6379.5, "6379.5", 1, 65535)
    whole("REDIS_PORT", "6379", '"6379"', 1, 65535)
    whole("REDIS_PORT", "redis", '"redis"', 1, 65535)
    whole("REDIS_PORT", true, "true", 1, 65535)
    whole("REDIS_PORT", null, "null", 1, 65535)
    whole("REDIS_DB", -1, "-1", 0, 2147483647)
    whole("REDIS_DB", 2147483648, "2147483648", 0, 2147483647)
    whole("POLL_MS", 99, "99", 100, 3600000)
    whole("POLL_MS", 3600001, "3600001", 100, 3600000)
    whole("STALE_MS", 1999, "1999", 2000, 86400000)
    whole("STALE_MS", 86400001, "86400001", 2000, 86400000)
    whole("LAG_PER_LED", 0, "0", 1, 1000000000)
    whole("LAG_PER_LED", 1000000001, "1000000001", 1, 1000000000)
    whole("LAG_PER_LED", 0.5, "0.5", 1, 1000000000)
    whole("PENDING_MAX", -1, "-1", 0, 1000000000)
    whole("IDLE_MAX_S", 0, "0", 1, 31536000)
    whole("STALL_S", 0, "0", 1, 31536000)
    whole("STUCK_S", -1, "-1", 0, 31536000)
    whole("DEAD_MAX", -1, "-1", 0, 1000000000)
    whole("PEND_AGE_S", 31536001, "31536001", 1, 31536000)
    whole("YELLOW_AT", 0, "0", 1, 1000000000)
    whole("RED_AT", 0, "0", 1, 1000000000)
    refuses(
        "STALE_MS below two polls",
        { POLL_MS: 5000, STALE_MS: 9999 },
        "STALE_MS is 9999; accepted: a whole number from 10000 to 86400000"
    )
    refuses(
        "RED_AT below YELLOW_AT",
        { TRAFFIC_LIGHT: true, YELLOW_AT: 20, RED_AT: 19 },
        "RED_AT is 19; accepted: a number not below YELLOW_AT, which is 20"
    )
})

describe("text", () => {
    beforeEach(pause)
    refuses(
        "no STREAM on a board",
        { STREAM: undefined },
        "STREAM is missing; accepted: text",
        Runtime.PicoW
    )
    refuses(
        "an empty STREAM",
        { STREAM: "" },
        "STREAM is empty; accepted: text"
    )
    refuses(
        "no GROUP on a board",
        { GROUP: undefined },
        "GROUP is missing; accepted: text",
        Runtime.PicoW
    )
    refuses(
        "no REDIS_HOST on a board",
        { REDIS_HOST: undefined },
        "REDIS_HOST is missing; accepted: text",
        Runtime.PicoW
    )
    refuses(
        "a STREAM that JSON made a fraction of",
        { STREAM: 1.5 },
        'STREAM arrived altered (1.5): write it in quotes, STREAM="..."'
    )
    refuses(
        "a STREAM that JSON made a large number of",
        { STREAM: 1e21 },
        'STREAM arrived altered (1000000000000000000000): write it in quotes, STREAM="..."'
    )
    test("a STREAM that JSON made something else of", async () => {
        for (const value of [null, [1, 2], { a: 1 }]) {
            const { settings, faults } = await read({ STREAM: value })
            expect(settings).toBe(undefined)
            expect(faults.length).toBe(1)
            expect(faults[0].startsWith("STREAM arrived altered")).toBe(true)
            expect(faults[0].endsWith('write it in quotes, STREAM="..."')).toBe(
                true
            )
        }
    })
})

const ALONE = "accepted: a host name alone (the port is REDIS_PORT)"

describe("the host", () => {
    beforeEach(pause)
    refuses("empty", { REDIS_HOST: "" }, "REDIS_HOST is empty; accepted: text")
    refuses(
        "with a port",
        { REDIS_HOST: "redis.lan:6379" },
        `REDIS_HOST is "redis.lan:6379"; ${ALONE}`
    )
    refuses(
        "with a blank",
        { REDIS_HOST: "redis lan" },
        `REDIS_HOST is "redis lan"; ${ALONE}`
    )
    refuses(
        "with a blank in front",
        { REDIS_HOST: " redis" },
        `REDIS_HOST is " redis"; ${ALONE}`
    )
    refuses(
        "a URL",
        { REDIS_HOST: "redis://redis.lan" },
        `REDIS_HOST is "redis://redis.lan"; ${ALONE}`
    )
    refuses("a star alone", { REDIS_HOST: "*" }, `REDIS_HOST is "*"; ${ALONE}`)
    refuses(
        "a star with nothing behind it",
        { REDIS_HOST: "*." },
        `REDIS_HOST is "*."; ${ALONE}`
    )
    refuses(
        "a star in the middle",
        { REDIS_HOST: "a.*.lan" },
        `REDIS_HOST is "a.*.lan"; ${ALONE}`
    )
    refuses(
        "umlauts",
        { REDIS_HOST: "köln.lan" },
        `REDIS_HOST is "köln.lan"; ${ALONE}`
    )
})

describe("choices", () => {
    beforeEach(pause)
    refuses(
        "a UNIT",
        { UNIT: "minutes" },
        'UNIT is "minutes"; accepted: entries or seconds'
    )
    refuses(
        "a UNIT in capitals",
        { UNIT: "Seconds" },
        'UNIT is "Seconds"; accepted: entries or seconds'
    )
    refuses(
        "REDIS_TLS as a word",
        { REDIS_TLS: "yes" },
        'REDIS_TLS is "yes"; accepted: true or false'
    )
    refuses(
        "REDIS_TLS in numbers",
        { REDIS_TLS: 1 },
        "REDIS_TLS is 1; accepted: true or false"
    )
    refuses(
        "TRAFFIC_LIGHT as a word",
        { TRAFFIC_LIGHT: "on" },
        'TRAFFIC_LIGHT is "on"; accepted: true or false'
    )
    refuses(
        "ACTIVE_LOW as a word",
        { ACTIVE_LOW: "low" },
        'ACTIVE_LOW is "low"; accepted: true or false'
    )
})

function levels(what: string, value: any, shown: string) {
    refuses(
        `LEVELS ${what}`,
        { LEVELS: value },
        `LEVELS is ${shown}; accepted: 10 or 11 ascending whole numbers from 1, with commas`
    )
}

describe("levels", () => {
    beforeEach(pause)
    levels("too few", "1,2,3,4,5,6,7,8,9", '"1,2,3,4,5,6,7,8,9"')
    levels(
        "too many",
        "1,2,3,4,5,6,7,8,9,10,11,12",
        '"1,2,3,4,5,6,7,8,9,10,11,12"'
    )
    levels(
        "that do not ascend",
        "1,2,3,4,5,5,7,8,9,10",
        '"1,2,3,4,5,5,7,8,9,10"'
    )
    levels("that descend", "10,9,8,7,6,5,4,3,2,1", '"10,9,8,7,6,5,4,3,2,1"')
    levels("from 0", "0,1,2,3,4,5,6,7,8,9", '"0,1,2,3,4,5,6,7,8,9"')
    levels(
        "with a negative one",
        "-1,1,2,3,4,5,6,7,8,9",
        '"-1,1,2,3,4,5,6,7,8,9"'
    )
    levels(
        "with a fraction",
        "1,2.5,3,4,5,6,7,8,9,10",
        '"1,2.5,3,4,5,6,7,8,9,10"'
    )
    levels("with a gap", "1,,3,4,5,6,7,8,9,10", '"1,,3,4,5,6,7,8,9,10"')
    levels("with words", "1,2,3,4,5,6,7,8,9,ten", '"1,2,3,4,5,6,7,8,9,ten"')
    levels("with semicolons", "1;2;3;4;5;6;7;8;9;10", '"1;2;3;4;5;6;7;8;9;10"')
    levels(
        "that end in a comma",
        "1,2,3,4,5,6,7,8,9,10,",
        '"1,2,3,4,5,6,7,8,9,10,"'
    )
    levels("of one number", 5, "5")
    levels("that are empty", "", '""')
    levels(
        "that are long",
        "100000000,200000000,300000000,400000000,5",
        '"100000000,200000000,300000000,400000000...'
    )
    refuses(
        "the second target's",
        { STREAM_2: "b", GROUP_2: "g", LEVELS_2: "1,2,3,4" },
        'LEVELS_2 is "1,2,3,4"; accepted: 5 or 6 ascending whole numbers from 1, with commas'
    )
    refuses(
        "ten levels for half a bar",
        { STREAM_2: "b", GROUP_2: "g", LEVELS: "1,2,3,4,5,6,7,8,9,10" },
        'LEVELS is "1,2,3,4,5,6,7,8,9,10"; accepted: 5 or 6 ascending whole numbers from 1, with commas'
    )
})

describe("targets", () => {
    beforeEach(pause)
    refuses(
        "a group without a stream",
        { GROUP_2: "g" },
        "STREAM_2 and GROUP_2 go together: one of them is missing"
    )
    refuses(
        "a stream without a group",
        { STREAM_3: "s", STREAM_2: "s", GROUP_2: "g" },
        "STREAM_3 and GROUP_3 go together: one of them is missing"
    )
    refuses(
        "a gap",
        { STREAM_3: "s", GROUP_3: "g" },
        "STREAM_3 is set, but not the number before it: number targets without a gap"
    )
    refuses(
        "a larger gap",
        { STREAM_2: "s", GROUP_2: "g", STREAM_5: "s", GROUP_5: "g" },
        "STREAM_5 is set, but not the number before it: number targets without a gap"
    )
    refuses(
        "the third target's LEDs",
        {
            STREAM_2: "s",
            GROUP_2: "g",
            STREAM_3: "s",
            GROUP_3: "g",
            LAG_PER_LED_3: 0,
        },
        "LAG_PER_LED_3 is 0; accepted: a whole number from 1 to 1000000000"
    )
    refuses(
        "an altered stream",
        { STREAM_2: 0.1, GROUP_2: "g" },
        'STREAM_2 arrived altered (0.1): write it in quotes, STREAM_2="..." & STREAM_2 and GROUP_2 go together: one of them is missing'
    )
})

describe("what goes with a consumer group", () => {
    beforeEach(pause)
    refuses(
        "groups to skip where one is named",
        { SKIP_GROUP: "old" },
        "SKIP_GROUP is set, and no GROUP is a pattern: it passes over groups that GROUP=* would find"
    )
    refuses(
        "a stored position, and more than the lag",
        { POS_KEY: "at", SHOW: "pending" },
        "POS_KEY of target 1 is set: there is no group to ask for more than its lag; SHOW goes with GROUP"
    )
    refuses(
        "a field without its hash",
        { STREAM_2: "s", GROUP_2: "g", POS_FIELD_2: "f" },
        "POS_FIELD of target 2 is set, POS_KEY is not: the hash that has the field"
    )
    refuses(
        "a dead-letter stream beside a length",
        { DEAD_STREAM: "dead", SHOW: "length" },
        "DEAD_STREAM is watched beside a consumer group: make that the first target"
    )
})

describe("Sentinel", () => {
    beforeEach(pause)
    refuses(
        "without a master",
        { SENTINELS: "a:1" },
        "SENTINELS is set, MASTER is not: a master's name is needed"
    )
    refuses(
        "a master without sentinels",
        { MASTER: "m" },
        "MASTER is set, SENTINELS is not: host:port,host:port"
    )
    refuses(
        "without a port",
        { SENTINELS: "a,b:1", MASTER: "m" },
        'SENTINELS is "a,b:1"; accepted: host:port,host:port'
    )
    refuses(
        "without a host",
        { SENTINELS: ":1", MASTER: "m" },
        'SENTINELS is ":1"; accepted: host:port,host:port'
    )
    refuses(
        "port 0",
        { SENTINELS: "a:0", MASTER: "m" },
        'SENTINELS is "a:0"; accepted: host:port,host:port'
    )
    refuses(
        "port 65536",
        { SENTINELS: "a:65536", MASTER: "m" },
        'SENTINELS is "a:65536"; accepted: host:port,host:port'
    )
    refuses(
        "a comma too many",
        { SENTINELS: "a:1,", MASTER: "m" },
        'SENTINELS is "a:1,"; accepted: host:port,host:port'
    )
    refuses(
        "a user without a password",
        { SENTINELS: "a:1", MASTER: "m", SENT_USER: "u" },
        "SENT_USER is set, SENT_PASS is not: AUTH needs both"
    )
})

const SECRET = "hunter2"

describe("secrets", () => {
    beforeEach(pause)
    refuses(
        "a user without a password",
        { REDIS_USER: SECRET },
        "REDIS_USER is set, REDIS_PASS is not: AUTH needs both"
    )
    refuses(
        "a password that JSON altered",
        { REDIS_PASS: 0.125 },
        'REDIS_PASS arrived altered: write it in quotes, REDIS_PASS="..."'
    )
    refuses(
        "a user that JSON altered",
        { REDIS_USER: 0.125, REDIS_PASS: "x" },
        'REDIS_USER arrived altered: write it in quotes, REDIS_USER="..."'
    )
    refuses(
        "a sentinel's password that JSON altered",
        { SENT_PASS: 0.125 },
        'SENT_PASS arrived altered: write it in quotes, SENT_PASS="..."'
    )
    refuses(
        "a network's password that JSON altered",
        { WLAN_PWD: 1234567890.5 },
        'WLAN_PWD arrived altered: write it in quotes, WLAN_PWD="..."'
    )
    test("are in no message, whatever else is wrong", async () => {
        const { faults } = await read({
            REDIS_HOST: "a b",
            REDIS_PORT: "x",
            REDIS_USER: SECRET,
            REDIS_PASS: SECRET,
            SENT_PASS: SECRET,
            WLAN_PWD: SECRET,
            UNIT: "x",
            STREAM: "",
        })
        expect(faults.length).toBe(4)
        expect(faults.join(" ").includes(SECRET)).toBe(false)
    })
    test("are in no message as objects either", async () => {
        for (const key of [
            "REDIS_USER",
            "REDIS_PASS",
            "SENT_PASS",
            "WLAN_PWD",
        ]) {
            const values: any = { REDIS_PASS: "x" }
            values[key] = [SECRET]
            const { faults } = await read(values)
            expect(faults.length).toBe(1)
            expect(faults[0].startsWith(`${key} arrived altered`)).toBe(true)
            expect(faults[0].includes(SECRET)).toBe(false)
        }
    })
    test("are not shown as part of a URL", async () => {
        const { faults } = await read({
            REDIS_HOST: `redis://light:${SECRET}@redis.lan`,
        })
        expect(faults.length).toBe(1)
        expect(faults[0].includes(SECRET)).toBe(false)
    })
})

describe("several faults", () => {
    beforeEach(pause)
    test("are all collected, and none twice", async () => {
        const { settings, faults } = await read({
            REDIS_HOST: "",
            REDIS_PORT: 0,
            REDIS_DB: "x",
            REDIS_TLS: "x",
            POLL_MS: 1,
            UNIT: "x",
            LAG_PER_LED: 0,
            LEVELS: "1",
            STREAM: "",
            GROUP: "",
            PENDING_MAX: -1,
        })
        expect(settings).toBe(undefined)
        const keys = faults.map(fault => fault.split(" ")[0])
        expect(keys.join(" ")).toBe(
            "REDIS_TLS REDIS_HOST REDIS_PORT REDIS_DB POLL_MS UNIT STREAM GROUP LAG_PER_LED LEVELS PENDING_MAX"
        )
    })
    test("still leave ACTIVE_LOW to show them by", async () => {
        expect(
            (await read({ REDIS_PORT: 0, ACTIVE_LOW: true })).activeLow
        ).toBe(true)
        expect((await read({ REDIS_PORT: 0 })).activeLow).toBe(false)
    })
    test("of long values are cut", async () => {
        let long = ""
        for (let i = 0; i < 20; ++i) long += "0123456789"
        for (const key of [
            "REDIS_HOST",
            "REDIS_PORT",
            "UNIT",
            "REDIS_TLS",
            "LEVELS",
        ]) {
            const values: any = {}
            values[key] = `${long}:`
            const { faults } = await read(values)
            expect(faults.length).toBe(1)
            expect(faults[0].byteLength <= MAX_LINE).toBe(true)
        }
    })
})

const NO_ADDRESS =
    "the Pico W's runtime cannot connect to an IP address (github.com/microsoft/devicescript/issues/664); give it a DNS name: docs/hardware.md"
const NO_NAME =
    "the Pico W needs a name that your DNS server knows: docs/hardware.md"

describe("on a Pico W", () => {
    beforeEach(pause)
    const pico = Runtime.PicoW
    refuses(
        "an IP address",
        { REDIS_HOST: "192.168.1.5" },
        `REDIS_HOST is 192.168.1.5: ${NO_ADDRESS}`,
        pico
    )
    refuses(
        "an IPv6 address",
        { REDIS_HOST: "fe80::1" },
        `REDIS_HOST is fe80::1: ${NO_ADDRESS}`,
        pico
    )
    refuses(
        "a number",
        { REDIS_HOST: 167772161 },
        `REDIS_HOST is 167772161: ${NO_ADDRESS}`,
        pico
    )
    refuses(
        "localhost",
        { REDIS_HOST: "localhost" },
        `REDIS_HOST is localhost: ${NO_NAME}`,
        pico
    )
    refuses(
        "multicast DNS",
        { REDIS_HOST: "redis.local" },
        `REDIS_HOST is redis.local: ${NO_NAME}`,
        pico
    )
    refuses(
        "TLS",
        { REDIS_TLS: true },
        "REDIS_TLS is true: the Pico W's runtime has no TLS; put a TLS proxy near it: docs/tls.md",
        pico
    )
    refuses(
        "a sentinel's IP address",
        { REDIS_HOST: undefined, SENTINELS: "s.lan:1,10.0.0.1:2", MASTER: "m" },
        `SENTINELS is 10.0.0.1: ${NO_ADDRESS}`,
        pico
    )
    refuses(
        "a sentinel of multicast DNS",
        { REDIS_HOST: undefined, SENTINELS: "s.local:1", MASTER: "m" },
        `SENTINELS is s.local: ${NO_NAME}`,
        pico
    )
    test("two things at once", async () => {
        const { faults } = await read(
            { REDIS_HOST: "10.0.0.1", REDIS_TLS: true },
            pico
        )
        expect(faults.length).toBe(2)
    })
    test("a missing host is told once", async () => {
        const { faults } = await read({ REDIS_HOST: undefined }, pico)
        expect(faults.join(" & ")).toBe("REDIS_HOST is missing; accepted: text")
    })
})
