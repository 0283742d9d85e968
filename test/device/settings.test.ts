/** Settings that are accepted: defaults, bounds, forms. */
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { Runtime } from "../../src/link/runtime"
import { Settings, TargetSettings, Unit } from "../../src/settings"
import { levelOf } from "../../src/signal/level"
import { read } from "./fake-settings"

const pause = async () => await ds.sleep(1)

/** Settings without faults. @throws with the faults */
async function accepted(values: any, runtime?: Runtime): Promise<Settings> {
    const { settings, faults } = await read(values, runtime)
    if (settings === undefined || faults.length > 0)
        throw new Error(faults.join("; "))
    return settings
}

/** What of the settings is looked at. */
type Look = (settings: Settings) => any

/** A test that a value is accepted, and what becomes of it. */
function accepts(key: string, value: any, look: Look, expected: any) {
    test(`${key}=${value}`, async () => {
        const values: any = {}
        values[key] = value
        expect(look(await accepted(values))).toBe(expected)
    })
}

describe("the defaults", () => {
    beforeEach(pause)
    test("are those of docs/settings.md", async () => {
        const settings = await accepted({})
        expect(settings.host).toBe("redis.lan")
        expect(settings.port).toBe(6379)
        expect(settings.tls).toBe(false)
        expect(settings.user).toBe("")
        expect(settings.password).toBe("")
        expect(settings.database).toBe(0)
        expect(settings.sentinels.length).toBe(0)
        expect(settings.unit).toBe(Unit.Entries)
        expect(settings.pollMs).toBe(1000)
        expect(settings.staleMs).toBe(5000)
        expect(settings.activeLow).toBe(false)
        expect(settings.health).toBe(undefined)
        expect(settings.trafficLight).toBe(undefined)
        expect(settings.targets.length).toBe(1)
        expect(settings.targets[0].stream).toBe("jobs")
        expect(settings.targets[0].group).toBe("staff")
    })
    test("of what is required hold in the simulator alone", async () => {
        const none: any = {
            REDIS_HOST: undefined,
            STREAM: undefined,
            GROUP: undefined,
        }
        const settings = await accepted(none)
        expect(settings.host).toBe("localhost")
        expect(settings.targets.length).toBe(1)
        expect(settings.targets[0].stream).toBe("jobs")
        expect(settings.targets[0].group).toBe("staff")
        const { faults } = await read(none, Runtime.PicoW)
        expect(faults.length).toBe(3)
    })
    test("count two entries a LED on all ten", async () => {
        const scale = (await accepted({})).targets[0].scale
        expect(scale.leds).toBe(10)
        expect(levelOf(scale, 0)).toBe(0)
        expect(levelOf(scale, 1)).toBe(1)
        expect(levelOf(scale, 20)).toBe(10)
        expect(levelOf(scale, 21)).toBe(11)
    })
})

const host: Look = settings => settings.host

describe("the host", () => {
    beforeEach(pause)
    accepts("REDIS_HOST", "localhost", host, "localhost")
    accepts("REDIS_HOST", "127.0.0.1", host, "127.0.0.1")
    accepts("REDIS_HOST", "::1", host, "::1")
    accepts("REDIS_HOST", "fe80::1:2", host, "fe80::1:2")
    accepts(
        "REDIS_HOST",
        "redis-1.my_lan.example",
        host,
        "redis-1.my_lan.example"
    )
    accepts("REDIS_HOST", "*.redis.lan", host, "*.redis.lan")
    accepts("REDIS_HOST", "REDIS", host, "REDIS")
    accepts("REDIS_PORT", 1, s => s.port, 1)
    accepts("REDIS_PORT", 65535, s => s.port, 65535)
    accepts("REDIS_TLS", true, s => s.tls, true)
    accepts("REDIS_TLS", false, s => s.tls, false)
})

describe("the login", () => {
    beforeEach(pause)
    accepts("REDIS_PASS", "geheim ☃", s => s.password, "geheim ☃")
    accepts("REDIS_PASS", "", s => s.password, "")
    // what JSON makes of a password that looks like something else
    accepts("REDIS_PASS", 12345, s => s.password, "12345")
    accepts("REDIS_PASS", -7, s => s.password, "-7")
    accepts("REDIS_PASS", true, s => s.password, "true")
    accepts("REDIS_PASS", false, s => s.password, "false")
    accepts("REDIS_DB", 0, s => s.database, 0)
    accepts("REDIS_DB", 2147483647, s => s.database, 2147483647)
    test("a user with a password", async () => {
        const settings = await accepted({
            REDIS_USER: "light",
            REDIS_PASS: "x",
        })
        expect(settings.user).toBe("light")
        expect(settings.password).toBe("x")
    })
})

/** A target as text: `jobs/staff on 5`. */
function textOf(target: TargetSettings): string {
    return `${target.stream}/${target.group} on ${target.scale.leds}`
}

/** The bounds of a target's scale. */
function boundsOf(target: TargetSettings): string {
    const scale = target.scale
    return `${scale.above ? "above" : "at"} ${scale.bounds.join(" ")}`
}

describe("targets", () => {
    beforeEach(pause)
    accepts("GROUP", "*", s => s.targets[0].group, "*")
    accepts("STREAM", "jöbs:{1} ☃", s => s.targets[0].stream, "jöbs:{1} ☃")
    accepts("STREAM", 42, s => s.targets[0].stream, "42")
    accepts("GROUP", 0, s => s.targets[0].group, "0")
    accepts("STREAM", true, s => s.targets[0].stream, "true")

    test("share the LEDs equally", async () => {
        const values: any = {}
        const shares = [10, 5, 3, 2, 2]
        for (let n = 1; n <= 5; ++n) {
            if (n > 1) {
                values[`STREAM_${n}`] = `s${n}`
                values[`GROUP_${n}`] = `g${n}`
            }
            const targets = (await accepted(values)).targets
            expect(targets.length).toBe(n)
            expect(textOf(targets[0])).toBe(`jobs/staff on ${shares[n - 1]}`)
            if (n > 1)
                expect(textOf(targets[n - 1])).toBe(
                    `s${n}/g${n} on ${shares[n - 1]}`
                )
            await ds.sleep(1)
        }
    })
    test("may have scales of their own", async () => {
        const { targets } = await accepted({
            LAG_PER_LED: 3,
            STREAM_2: "b",
            GROUP_2: "g",
            LEVELS_2: "1,2,4",
            STREAM_3: "c",
            GROUP_3: "g",
            LAG_PER_LED_3: 100,
        })
        expect(boundsOf(targets[0])).toBe("above 0 3 6 9")
        expect(boundsOf(targets[1])).toBe("at 1 2 4")
        expect(boundsOf(targets[2])).toBe("above 0 100 200 300")
    })
    test("share the first one's scale otherwise", async () => {
        const { targets } = await accepted({
            LEVELS: "1,2,3,4,5",
            STREAM_2: "b",
            GROUP_2: "g",
        })
        expect(boundsOf(targets[0])).toBe("at 1 2 3 4 5")
        expect(boundsOf(targets[1])).toBe("at 1 2 3 4 5")
    })
})

const bounds: Look = settings => boundsOf(settings.targets[0])

describe("the scale", () => {
    beforeEach(pause)
    accepts("LAG_PER_LED", 1, bounds, "above 0 1 2 3 4 5 6 7 8 9 10")
    accepts(
        "LAG_PER_LED",
        1000000000,
        s => s.targets[0].scale.bounds[10],
        10000000000
    )
    accepts(
        "LEVELS",
        "1,5,10,50,100,500,1000,5000,10000,50000",
        bounds,
        "at 1 5 10 50 100 500 1000 5000 10000 50000"
    )
    accepts(
        "LEVELS",
        "1,2,3,4,5,6,7,8,9,10,11",
        bounds,
        "at 1 2 3 4 5 6 7 8 9 10 11"
    )
    accepts(
        "LEVELS",
        " 1, 2 ,3,4,5,6,7,8,9,10 ",
        bounds,
        "at 1 2 3 4 5 6 7 8 9 10"
    )
    accepts(
        "LEVELS",
        "1,2,3,4,5,6,7,8,9,9999999999",
        s => s.targets[0].scale.bounds[9],
        9999999999
    )
    accepts("UNIT", "entries", s => s.unit, Unit.Entries)
    accepts("UNIT", "seconds", s => s.unit, Unit.Seconds)
    accepts("ACTIVE_LOW", true, s => s.activeLow, true)
    test("LEVELS of an array, which JSON makes of brackets", async () => {
        const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        const { faults } = await read({ LEVELS: levels })
        // either way it must not be taken for something else
        if (faults.length > 0)
            expect(faults[0].startsWith("LEVELS is ")).toBe(true)
    })
})

describe("times", () => {
    beforeEach(pause)
    accepts("POLL_MS", 100, s => s.pollMs, 100)
    accepts("POLL_MS", 3600000, s => s.pollMs, 3600000)
    accepts("POLL_MS", 1000, s => s.staleMs, 5000)
    accepts("POLL_MS", 1666, s => s.staleMs, 5000)
    accepts("POLL_MS", 1667, s => s.staleMs, 5001)
    accepts("POLL_MS", 60000, s => s.staleMs, 180000)
    accepts("STALE_MS", 2000, s => s.staleMs, 2000)
    accepts("STALE_MS", 3600000, s => s.staleMs, 3600000)
    test("STALE_MS is at least two polls", async () => {
        const settings = await accepted({ POLL_MS: 5000, STALE_MS: 10000 })
        expect(settings.staleMs).toBe(10000)
    })
})

describe("health", () => {
    beforeEach(pause)
    accepts("PENDING_MAX", 0, s => s.health.pendingMax, 0)
    accepts("PENDING_MAX", 5, s => s.health.idleMaxS, undefined)
    accepts("PENDING_MAX", 5, s => s.health.pendingAgeS, undefined)
    accepts("IDLE_MAX_S", 1, s => s.health.idleMaxS, 1)
    accepts("STALL_S", 60, s => s.health.stallS, 60)
    accepts("STUCK_S", 0, s => s.stuckS, 0)
    accepts("DEAD_STREAM", "dead", s => s.health.deadStream, "dead")
    accepts("DEAD_STREAM", "dead", s => s.health.deadMax, 0)
    accepts("DEAD_MAX", 9, s => s.health, undefined)
    accepts("PEND_AGE_S", 31536000, s => s.health.pendingAgeS, 31536000)
})

describe("the traffic light", () => {
    beforeEach(pause)
    accepts("TRAFFIC_LIGHT", true, s => s.trafficLight.yellowAt, 1)
    accepts("TRAFFIC_LIGHT", true, s => s.trafficLight.redAt, 10)
    test("its limits", async () => {
        const { trafficLight } = await accepted({
            TRAFFIC_LIGHT: true,
            YELLOW_AT: 20,
            RED_AT: 20,
        })
        expect(trafficLight.yellowAt).toBe(20)
        expect(trafficLight.redAt).toBe(20)
    })
    test("red is never before yellow by default", async () => {
        const { trafficLight } = await accepted({
            TRAFFIC_LIGHT: true,
            YELLOW_AT: 50,
        })
        expect(trafficLight.redAt).toBe(50)
    })
})

describe("Sentinel", () => {
    beforeEach(pause)
    test("several, without REDIS_HOST", async () => {
        const settings = await accepted({
            REDIS_HOST: undefined,
            SENTINELS: "a.lan:26379, b.lan:26380,c:1",
            MASTER: "mymaster",
            REDIS_TLS: true,
        })
        const texts = settings.sentinels.map(
            ({ host, port, tls }) => `${host} ${port} ${tls}`
        )
        expect(texts.join("; ")).toBe(
            "a.lan 26379 true; b.lan 26380 true; c 1 true"
        )
        expect(settings.master).toBe("mymaster")
    })
    test("an IPv6 address", async () => {
        const { sentinels } = await accepted({
            SENTINELS: "fe80::1:26379",
            MASTER: "m",
        })
        expect(sentinels[0].host).toBe("fe80::1")
        expect(sentinels[0].port).toBe(26379)
    })
    test("with a login of its own", async () => {
        const settings = await accepted({
            SENTINELS: "a:1",
            MASTER: "m",
            SENT_USER: "u",
            SENT_PASS: "p",
        })
        expect(settings.sentinelUser).toBe("u")
        expect(settings.sentinelPassword).toBe("p")
    })
})

describe("on a Pico W", () => {
    beforeEach(pause)
    test("a DNS name", async () => {
        expect((await accepted({}, Runtime.PicoW)).host).toBe("redis.lan")
        expect(
            (await accepted({ REDIS_HOST: "*.redis.lan" }, Runtime.PicoW)).host
        ).toBe("*.redis.lan")
        // digits and dots, but not only
        expect(
            (await accepted({ REDIS_HOST: "10.0.0.1.nip.io" }, Runtime.PicoW))
                .host
        ).toBe("10.0.0.1.nip.io")
        expect(
            (await accepted({ REDIS_HOST: "localhost.lan" }, Runtime.PicoW))
                .host
        ).toBe("localhost.lan")
    })
    test("sentinels: REDIS_HOST is not looked at", async () => {
        await accepted(
            {
                REDIS_HOST: "10.0.0.1",
                SENTINELS: "sentinel.lan:26379",
                MASTER: "prime",
            },
            Runtime.PicoW
        )
    })
    test("a bundle's Wi-Fi credentials", async () => {
        const settings = await accepted(
            { WLAN_SSID: "net", WLAN_PWD: 12345678 },
            Runtime.PicoW
        )
        expect(settings.network).toBe("net")
        expect(settings.networkPassword).toBe("12345678")
    })
})
