/** The tools of the end-to-end tests do what they promise: each fault of the proxy, the stand-in server. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import type { AddressInfo, Socket } from "node:net"
import { after, afterEach, before, beforeEach, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { errorReplies, errorReply, lagVectors } from "../support/fixtures.ts"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"

const REPLY = "$10\r\n0123456789\r\n"
/** Long enough to see that nothing comes. */
const SILENCE_MS = 150

/** A client that keeps what it gets. */
class Client {
    received = ""
    /** Sizes of the pieces it came in. */
    readonly pieces: number[] = []
    /** "open" until the other side ends it. */
    state = "connecting"
    private readonly socket: Socket

    constructor(port: number) {
        this.socket = connect({ host: "127.0.0.1", port, noDelay: true })
        this.socket.setEncoding("latin1")
        this.socket.on("connect", () => (this.state = "open"))
        this.socket.on("data", (text: string) => {
            this.received += text
            this.pieces.push(text.length)
        })
        this.socket.on("end", () => (this.state = "closed"))
        this.socket.on(
            "error",
            (error: NodeJS.ErrnoException) => (this.state = error.code!)
        )
        clients.push(this)
    }

    ask() {
        this.socket.write("*1\r\n$3\r\nGET\r\n")
    }

    /** Resolves when there are so many bytes. */
    async bytes(count: number) {
        while (this.received.length < count) await once(this.socket, "data")
        return this.received
    }

    /** Resolves to how the connection ended. */
    async end() {
        if (["connecting", "open"].includes(this.state))
            await once(this.socket, "close").catch(() => {})
        return this.state
    }

    async opened() {
        if (this.state === "connecting") await once(this.socket, "connect")
        return this
    }

    destroy() {
        this.socket.destroy()
    }
}

const clients: Client[] = []

describe("FaultProxy", () => {
    let server: CannedReplyServer
    let proxy: FaultProxy
    before(async () => {
        server = await CannedReplyServer.start(() => REPLY)
    })
    after(() => server.stop())
    beforeEach(async () => {
        proxy = await FaultProxy.start({ port: server.port })
    })
    afterEach(async () => {
        for (const client of clients.splice(0)) client.destroy()
        await proxy.stop()
    })

    async function asked() {
        const client = await new Client(proxy.port).opened()
        client.ask()
        return client
    }

    test("passes everything, and counts it", async () => {
        const client = await asked()
        await client.bytes(REPLY.length)
        client.ask()
        assert.equal(await client.bytes(2 * REPLY.length), REPLY + REPLY)
        assert.equal(proxy.connections, 1)
        assert.equal(proxy.openConnections, 1)
        assert.equal(proxy.bytesToClient, 2 * REPLY.length)
        assert.equal(proxy.bytesToServer, 2 * "*1\r\n$3\r\nGET\r\n".length)
    })

    test("refuse: new connections are refused, existing ones go on; the port stays the same", async () => {
        const old = await asked()
        const { port } = proxy
        await proxy.set({ kind: "refuse" })
        assert.equal(await new Client(port).end(), "ECONNREFUSED")
        await old.bytes(REPLY.length)
        await proxy.clear()
        assert.equal(proxy.port, port)
        await (await asked()).bytes(REPLY.length)
    })

    test(
        "no-answer: connecting hangs",
        { skip: process.platform !== "linux" },
        async () => {
            await proxy.set({ kind: "no-answer" })
            const client = new Client(proxy.port)
            await sleep(SILENCE_MS)
            assert.equal(client.state, "connecting")
            client.destroy()
            await proxy.clear()
            await (await asked()).bytes(REPLY.length)
        }
    )

    test("silent: accepts and says nothing", async () => {
        await proxy.set({ kind: "silent" })
        const client = await asked()
        await sleep(SILENCE_MS)
        assert.deepEqual([client.state, client.received], ["open", ""])
        await proxy.clear()
        await (await asked()).bytes(REPLY.length)
        assert.equal(client.received, "")
    })

    for (const [kind, state] of [
        ["close", "closed"],
        ["reset", "ECONNRESET"],
    ] as const)
        test(`${kind} at every byte, and good again after`, async () => {
            for (let bytes = 0; bytes <= REPLY.length; bytes++) {
                await proxy.set({ kind, after: bytes }, { once: true })
                const client = await asked()
                assert.equal(await client.end(), state)
                assert.equal(client.received, REPLY.slice(0, bytes))
                assert.deepEqual(proxy.fault, { kind: "none" })
            }
            await (await asked()).bytes(REPLY.length)
        })

    test("close counts from when it is set, or from each request", async () => {
        const client = await asked()
        await client.bytes(REPLY.length)
        await proxy.set({ kind: "close", after: REPLY.length + 3 })
        client.ask()
        await client.bytes(2 * REPLY.length)
        client.ask()
        await client.end()
        assert.equal(client.received.length, 2 * REPLY.length + 3)

        await proxy.set({ kind: "corrupt", at: 1, xor: 1, per: "reply" })
        const other = await asked()
        await other.bytes(REPLY.length)
        other.ask()
        const altered = REPLY.replace("$1", "$0")
        assert.equal(await other.bytes(2 * REPLY.length), altered + altered)
    })

    test("delay: later, in order", async () => {
        const DELAY_MS = 100
        const REQUESTS = 50
        await proxy.set({ kind: "delay", ms: DELAY_MS })
        // how many delays fit beside it, one after the other, on the same process's clock
        let delays = 0
        let timer = setTimeout(function next() {
            delays++
            timer = setTimeout(next, DELAY_MS)
        }, DELAY_MS - 1)
        const client = await asked()
        for (let i = 1; i < REQUESTS; i++) client.ask()
        await client.bytes(REQUESTS * REPLY.length)
        clearTimeout(timer)
        assert.ok(delays >= 1, "later")
        assert.ok(delays < REQUESTS / 2, `${delays} delays: not added up`)
    })

    test("pieces: byte by byte, each a piece of its own", async () => {
        await proxy.set({ kind: "pieces", bytes: 1, everyMs: 2 })
        const client = await asked()
        assert.equal(await client.bytes(REPLY.length), REPLY)
        assert.deepEqual(client.pieces, Array(REPLY.length).fill(1))
    })

    test("split: a pause at an offset, nothing lost", async () => {
        await proxy.set({ kind: "split", at: 4, pauseMs: 30 })
        const client = await asked()
        assert.equal(await client.bytes(REPLY.length), REPLY)
        assert.deepEqual(client.pieces, [4, REPLY.length - 4])
    })

    test("sweep: a pause at each offset in turn", async () => {
        await proxy.set({ kind: "sweep", pauseMs: 60 })
        const client = await new Client(proxy.port).opened()
        for (let i = 1; i <= REPLY.length; i++) {
            client.ask()
            await client.bytes(i * REPLY.length)
        }
        assert.equal(client.received, REPLY.repeat(REPLY.length))
        const places = client.pieces.filter((_, i) => i % 2 === 0)
        const each = Array.from({ length: REPLY.length - 1 }, (_, i) => i + 1)
        assert.deepEqual(places, [...each, 1])
    })

    test("duplicate: a reply arrives twice", async () => {
        await proxy.set({ kind: "duplicate" }, { once: true })
        const client = await asked()
        assert.equal(await client.bytes(2 * REPLY.length), REPLY + REPLY)
    })

    test("swallow: requests do not arrive", async () => {
        const heard = server.commands.length
        await proxy.set({ kind: "swallow" })
        const client = await asked()
        await sleep(SILENCE_MS)
        assert.deepEqual([client.state, client.received], ["open", ""])
        assert.equal(server.commands.length, heard)
        await proxy.clear()
        client.ask()
        await client.bytes(REPLY.length)
    })

    test("half-open: existing connections are dead, new ones work", async () => {
        const old = await asked()
        await old.bytes(REPLY.length)
        await proxy.set({ kind: "half-open" })
        old.ask()
        await (await asked()).bytes(REPLY.length)
        await sleep(SILENCE_MS)
        assert.deepEqual([old.state, old.received], ["open", REPLY])
    })

    test("black-hole: nothing passes, and its connections stay dead", async () => {
        const old = await asked()
        await old.bytes(REPLY.length)
        await proxy.set({ kind: "black-hole" })
        old.ask()
        const caught = await asked()
        await sleep(SILENCE_MS)
        await proxy.clear()
        old.ask()
        caught.ask()
        await (await asked()).bytes(REPLY.length)
        await sleep(SILENCE_MS)
        assert.deepEqual([old.state, old.received], ["open", REPLY])
        assert.deepEqual([caught.state, caught.received], ["open", ""])
    })

    test("pause and resume: nothing is lost", async () => {
        const client = await new Client(proxy.port).opened()
        proxy.pause()
        client.ask()
        client.ask()
        await sleep(SILENCE_MS)
        assert.deepEqual([client.state, client.received], ["open", ""])
        proxy.resume()
        assert.equal(await client.bytes(2 * REPLY.length), REPLY + REPLY)
    })

    test("cut: ends all open connections", async () => {
        for (const [how, state] of [
            ["fin", "closed"],
            ["rst", "ECONNRESET"],
        ] as const) {
            const client = await asked()
            await client.bytes(REPLY.length)
            proxy.cut(how)
            assert.equal(await client.end(), state)
        }
    })

    test("passes on that the server closes, and resets when there is none", async () => {
        server.handler = () => ({ reply: REPLY, then: "close" })
        const client = await asked()
        assert.equal(await client.end(), "closed")
        assert.equal(client.received, REPLY)
        server.handler = () => REPLY

        const unused = createServer().listen(0, "127.0.0.1")
        await once(unused, "listening")
        const { port } = unused.address() as AddressInfo
        await new Promise(resolve => unused.close(resolve))
        const dead = await FaultProxy.start({ port })
        assert.equal(await new Client(dead.port).end(), "ECONNRESET")
        await dead.stop()
    })
})

describe("CannedReplyServer", () => {
    test("reads commands in pieces, answers in order, greets and closes", async () => {
        const server = await CannedReplyServer.start({
            greeting: { reply: "+hello\r\n" },
            handler: async ([name], connection) => {
                // the first answer takes longest
                if (name.equals(Buffer.from("A"))) await sleep(20)
                if (name.equals(Buffer.from("QUIT")))
                    return { reply: "+bye\r\n", then: "close" }
                return `+${name.toString("latin1")}${connection}\r\n`
            },
        })
        const socket = connect(server.port, "127.0.0.1")
        const sent = "*1\r\n$1\r\nA\r\n*2\r\n$1\r\nB\r\n$2\r\n\xe4\n\r\n"
        for (const character of sent) {
            socket.write(character, "latin1")
            await sleep(1)
        }
        socket.write("*1\r\n$4\r\nQUIT\r\n")
        assert.equal(
            (await socket.setEncoding("latin1").toArray()).join(""),
            "+hello\r\n+A1\r\n+B1\r\n+bye\r\n"
        )
        assert.deepEqual(server.commands, [["A"], ["B", "\xe4\n"], ["QUIT"]])
        await server.stop()
    })

    test("answers what is not a command as Redis does", async () => {
        const server = await CannedReplyServer.start(() => "+OK\r\n")
        const socket = connect(server.port, "127.0.0.1")
        socket.write("GET / HTTP/1.1\r\n")
        assert.match(
            (await socket.setEncoding("latin1").toArray()).join(""),
            /^-ERR Protocol error: expected '\*', got 'G'\r\n$/
        )
        await server.stop()
    })
})

test("the fixtures are what their types say", () => {
    const vectors = lagVectors()
    assert.equal(vectors.length, 556)
    assert.equal(new Set(vectors.map(v => v.version)).size, 4)
    for (const v of vectors) {
        assert.match(v.xinfo_groups, v.group_found ? /^\*/ : /^[*-]/)
        assert.equal(typeof v.true_lag, v.group_found ? "number" : "object")
    }
    assert.equal(Object.keys(errorReplies()).length, 95)
    assert.equal(
        errorReply("XINFO GROUPS missing key", "7.0.15").toString(),
        "-ERR no such key\r\n"
    )
})
