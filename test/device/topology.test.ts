/** Which server to ask: redirects read, owners and sentinels remembered, ways back kept. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import { Address, addressText } from "../../src/link/address"
import {
    LOOK_UP_AGAIN_MS,
    parseRedirect,
    Topology,
} from "../../src/redis/topology"

function at(host: string, port: number): Address {
    return { host, port, tls: false }
}

const SEED = at("seed.lan", 6379)
const A = at("a.lan", 7001)
const B = at("b.lan", 7002)
const C = at("c.lan", 7003)
const D = at("d.lan", 7004)
const E = at("e.lan", 7005)

/** What a redirect comes to: `host:port`, `ask host:port`, or `none`. */
function read(text: string, from: Address): string {
    const redirect = parseRedirect(text, from, SEED)
    if (redirect === undefined) return "none"
    return `${redirect.once ? "ask " : ""}${addressText(redirect.address)}`
}

function longHost(length: number): string {
    let host = ""
    while (host.length < length) host += "x"
    return host
}

/** A redirect's text, and what it comes to when `a.lan:7001` says it. */
function reads(text: string, expected: string): void {
    test(`${text} -> ${expected}`, async () => {
        // many tests in a row are one run of the VM
        await ds.sleep(1)
        expect(read(text, A)).toBe(expected)
    })
}

describe("a redirect", () => {
    reads("MOVED 3999 127.0.0.1:6381", "127.0.0.1:6381")
    reads("ASK 3999 127.0.0.1:6381", "ask 127.0.0.1:6381")
    reads("MOVED 0 node-2.redis.lan:6379", "node-2.redis.lan:6379")
    // the host that said it
    reads("MOVED 3999 :6381", "a.lan:6381")
    reads("ASK 3999 :6381", "ask a.lan:6381")
    // an IPv6 address has colons of its own
    reads("MOVED 3999 ::1:6381", "::1:6381")
    reads("MOVED 16383 2001:db8::7:65535", "2001:db8::7:65535")
    // none
    reads("MOVED 3999", "none")
    reads("MOVED", "none")
    reads("", "none")
    reads("MOVED 3999 nowhere", "none")
    reads("MOVEDX 3999 127.0.0.1:6381", "none")
    reads("ERR no such key", "none")
    // no port is none, and NaN would never be equal to itself
    for (const port of ["x", "", "0", "-1", "65536", "70000", "6379x", "x6379"])
        reads(`MOVED 1 127.0.0.1:${port}`, "none")
    for (const port of ["x", "", "6379 ", "99999999999999999999", "+6379"])
        reads(`ASK 1 127.0.0.1:${port}`, "none")
    reads("MOVED 1 127.0.0.1:1", "127.0.0.1:1")
    // no host is none either
    reads("MOVED 1 a\nb:6379", "none")
    reads("MOVED 1 a/b:6379", "none")
    reads("MOVED 1 a@b:6379", "none")
    reads("MOVED 1 \u00fc.lan:6379", "none")
    reads(`MOVED 1 ${longHost(254)}:6379`, "none")
    reads(`MOVED 1 ${longHost(253)}:6379`, `${longHost(253)}:6379`)
    reads("CLUSTERDOWN Hash slot not served", "none")

    test("keeps to TLS or to plain text", () => {
        const tls = { host: "a.lan", port: 7001, tls: true }
        expect(parseRedirect("MOVED 1 b.lan:1", tls, SEED).address.tls).toBe(
            true
        )
        expect(parseRedirect("MOVED 1 b.lan:1", A, SEED).address.tls).toBe(
            false
        )
    })
    test("of an unknown host leads to the seed, and says so", () => {
        const redirect = parseRedirect("MOVED 3999 ?:6381", A, SEED)
        expect(addressText(redirect.address)).toBe("seed.lan:6379")
        expect(redirect.unnamed).toBe(true)
        expect(parseRedirect("MOVED 3999 :6381", A, SEED).unnamed).toBe(false)
    })
})

/** Sends a target elsewhere. @returns whether to follow at once */
function send(topology: Topology, target: number, text: string): boolean {
    return topology.redirected(target, parseRedirect(text, SEED, SEED))
}

function move(topology: Topology, target: number, to: Address): boolean {
    return send(topology, target, `MOVED 1 ${addressText(to)}`)
}

function ask(topology: Topology, target: number, to: Address): boolean {
    return send(topology, target, `ASK 1 ${addressText(to)}`)
}

/** Where each target is asked: `a.lan:7001 b.lan:7002`. */
function places(topology: Topology, targets: number): string {
    const texts: string[] = []
    for (let i = 0; i < targets; ++i)
        texts.push(addressText(topology.addressOf(i)))
    return texts.join(" ")
}

describe("a Cluster", () => {
    test("a target whose owner is not known any more is asked for at the seed", () => {
        const topology = new Topology(SEED, [], 2)
        move(topology, 0, B)
        move(topology, 1, B)
        ask(topology, 1, C)
        topology.forget(1)
        expect(places(topology, 2)).toBe("b.lan:7002 seed.lan:6379")
        expect(topology.isAsking(1)).toBe(false)
    })
    test("begins at the seed", () => {
        const topology = new Topology(SEED, [], 2)
        expect(places(topology, 2)).toBe("seed.lan:6379 seed.lan:6379")
        expect(topology.servers()).toBe(1)
        expect(topology.usesSentinel()).toBe(false)
        expect(topology.lookUpDue(1000000)).toBe(false)
        expect(topology.isAsking(0)).toBe(false)
    })
    test("MOVED is remembered, for that target alone", () => {
        const topology = new Topology(SEED, [], 3)
        expect(move(topology, 1, B)).toBe(true)
        topology.answered(1)
        topology.answered(1)
        expect(places(topology, 3)).toBe(
            "seed.lan:6379 b.lan:7002 seed.lan:6379"
        )
        expect(topology.isAsking(1)).toBe(false)
        expect(topology.servers()).toBe(2)
        move(topology, 2, C)
        expect(topology.servers()).toBe(3)
        move(topology, 0, C)
        expect(topology.servers()).toBe(2)
    })
    test("ASK holds until the answer", () => {
        const topology = new Topology(SEED, [], 2)
        move(topology, 0, A)
        topology.answered(0)
        expect(ask(topology, 0, B)).toBe(true)
        expect(places(topology, 2)).toBe("b.lan:7002 seed.lan:6379")
        expect(topology.isAsking(0)).toBe(true)
        expect(topology.isAsking(1)).toBe(false)
        topology.answered(0)
        expect(places(topology, 2)).toBe("a.lan:7001 seed.lan:6379")
        expect(topology.isAsking(0)).toBe(false)
    })
    test("MOVED after ASK ends the asking", () => {
        const topology = new Topology(SEED, [], 1)
        ask(topology, 0, B)
        move(topology, 0, C)
        expect(places(topology, 1)).toBe("c.lan:7003")
        expect(topology.isAsking(0)).toBe(false)
    })
    test("redirects in circles are followed five times, then wait", () => {
        const topology = new Topology(SEED, [], 1)
        for (let i = 0; i < 5; ++i)
            expect(move(topology, 0, i % 2 === 0 ? A : B)).toBe(true)
        expect(move(topology, 0, B)).toBe(false)
        expect(move(topology, 0, A)).toBe(false)
        topology.answered(0)
        expect(move(topology, 0, A)).toBe(true)
    })
    test("a dead owner: back to the seed", () => {
        const topology = new Topology(SEED, [], 2)
        move(topology, 0, A)
        topology.failed(A)
        expect(places(topology, 2)).toBe("seed.lan:6379 seed.lan:6379")
    })
    test("a dead owner concerns what lives there, and nothing else", () => {
        const topology = new Topology(SEED, [], 3)
        move(topology, 0, A)
        move(topology, 1, B)
        topology.failed(B)
        expect(places(topology, 3)).toBe(
            "a.lan:7001 seed.lan:6379 seed.lan:6379"
        )
    })
    test("a dead node that was asked once: back to the owner's successor or the seed, without ASKING", () => {
        const topology = new Topology(SEED, [], 1)
        move(topology, 0, A)
        ask(topology, 0, B)
        topology.failed(B)
        expect(topology.isAsking(0)).toBe(false)
        expect(places(topology, 1)).toBe("seed.lan:6379")
    })
    test("a dead seed: another node that was heard of", () => {
        const topology = new Topology(SEED, [], 2)
        move(topology, 1, B)
        topology.failed(SEED)
        expect(places(topology, 2)).toBe("b.lan:7002 b.lan:7002")
    })
    test("dead seed, dead others: all that were heard of in turn, then the seed again", () => {
        const topology = new Topology(SEED, [], 1)
        move(topology, 0, A)
        move(topology, 0, B)
        move(topology, 0, C)
        const tried: string[] = []
        for (let i = 0; i < 8; ++i) {
            topology.failed(topology.addressOf(0))
            tried.push(topology.addressOf(0).host)
        }
        expect(tried.join(" ")).toBe(
            "seed.lan a.lan b.lan c.lan seed.lan a.lan b.lan c.lan"
        )
    })
    test("a lonely seed that is dead is tried again", () => {
        const topology = new Topology(SEED, [], 1)
        topology.failed(SEED)
        expect(places(topology, 1)).toBe("seed.lan:6379")
    })
    test("what was heard of is bounded, and the seed never forgotten", () => {
        const topology = new Topology(SEED, [], 1)
        const nodes = [A, B, C, D, E]
        for (let i = 0; i < 12; ++i) move(topology, 0, nodes[i % 5])
        const tried: string[] = []
        for (let i = 0; i < 6; ++i) {
            topology.failed(topology.addressOf(0))
            tried.push(topology.addressOf(0).host)
        }
        expect(tried.includes("seed.lan")).toBe(true)
        const seeds = tried.filter(host => host === "seed.lan")
        expect(seeds.length > 1).toBe(true)
    })
    test("two targets on one node are one server", () => {
        const topology = new Topology(SEED, [], 2)
        move(topology, 0, A)
        move(topology, 1, { host: "a.lan", port: 7001, tls: false })
        expect(topology.servers()).toBe(1)
        move(topology, 1, { host: "a.lan", port: 7002, tls: false })
        expect(topology.servers()).toBe(2)
    })
})

const SENTINELS = [at("s1.lan", 26379), at("s2.lan", 26379), at("s3.lan", 1)]

/** Skips a sentinel, and names the next. */
function skip(topology: Topology, now: number): string {
    topology.skipSentinel(now)
    return topology.sentinelAddress().host
}

describe("Sentinel", () => {
    test("is asked before anything else", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        expect(topology.usesSentinel()).toBe(true)
        expect(topology.lookUpDue(0)).toBe(true)
        expect(topology.sentinelAddress().host).toBe("s1.lan")
    })
    test("names the master, for 10 s", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 2)
        expect(topology.found(A, 500)).toBe(true)
        expect(places(topology, 2)).toBe("a.lan:7001 a.lan:7001")
        expect(LOOK_UP_AGAIN_MS).toBe(10000)
        expect(topology.lookUpDue(500)).toBe(false)
        expect(topology.lookUpDue(10499)).toBe(false)
        expect(topology.lookUpDue(10500)).toBe(true)
        expect(topology.found(at("a.lan", 7001), 10600)).toBe(false)
        expect(topology.lookUpDue(10700)).toBe(false)
        expect(topology.found(B, 20600)).toBe(true)
        expect(places(topology, 2)).toBe("b.lan:7002 b.lan:7002")
    })
    test("is asked at once when the master fails", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        topology.found(A, 500)
        topology.failed(A)
        expect(topology.lookUpDue(501)).toBe(true)
        // the master known so far stays: nobody has named another
        expect(places(topology, 1)).toBe("a.lan:7001")
    })
    test("is asked within a second when the master is in doubt", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        topology.found(A, 50000)
        topology.lookUpSoon(51000)
        expect(topology.lookUpDue(51000)).toBe(false)
        expect(topology.lookUpDue(51999)).toBe(false)
        expect(topology.lookUpDue(52000)).toBe(true)
        // doubts that go on do not put it off
        topology.lookUpSoon(51500)
        expect(topology.lookUpDue(52000)).toBe(true)
    })
    test("a doubt does not put off a look-up that is due", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        topology.found(A, 1000)
        topology.lookUpSoon(10900)
        expect(topology.lookUpDue(11000)).toBe(true)
        topology.failed(A)
        topology.lookUpSoon(11000)
        expect(topology.lookUpDue(11001)).toBe(true)
    })
    test("one that answers is asked again; one that does not is skipped", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        expect(skip(topology, 100)).toBe("s2.lan")
        topology.found(A, 200)
        expect(topology.sentinelAddress().host).toBe("s2.lan")
        expect(skip(topology, 20000)).toBe("s3.lan")
        expect(skip(topology, 20100)).toBe("s1.lan")
    })
    test("with none of use, and no master known, they are asked on and on", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        for (let i = 0; i < 7; ++i) {
            topology.skipSentinel(1000 * i)
            expect(topology.lookUpDue(1000 * i)).toBe(true)
        }
    })
    test("with none of use, the master known so far is asked for another 10 s", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        topology.found(A, 1000)
        topology.skipSentinel(11000)
        topology.skipSentinel(13000)
        expect(topology.lookUpDue(13000)).toBe(true)
        topology.skipSentinel(17000)
        expect(topology.lookUpDue(17000)).toBe(false)
        expect(places(topology, 1)).toBe("a.lan:7001")
        expect(topology.lookUpDue(27000)).toBe(true)
        // then each gets another chance
        topology.skipSentinel(27100)
        expect(topology.lookUpDue(27100)).toBe(true)
    })
    test("one success in between, and all are tried again", () => {
        const topology = new Topology(at("", 6379), SENTINELS, 1)
        topology.found(A, 1000)
        topology.skipSentinel(11000)
        topology.skipSentinel(12000)
        topology.found(A, 13000)
        topology.skipSentinel(23000)
        topology.skipSentinel(24000)
        expect(topology.lookUpDue(24000)).toBe(true)
    })
})
