/** Who and what gets in: the page's limits and its Host header, Node's version, certificates, and the end by SIGKILL. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { createServer as createTlsServer } from "node:tls"
import { fileURLToPath } from "node:url"
import { readFileSync } from "node:fs"
import { refusalOfHost } from "../../../sim/page/guard.ts"
import { Page } from "../../../sim/page/page.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { eventually } from "../support/page/simulator-page.ts"
import { descendants } from "../support/processes.ts"
import { SimulatorProcess } from "../support/page/simulator-process.ts"
import { Authority } from "../support/redis/certificates.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const temp = await mkdtemp(join(tmpdir(), "laglight-door-"))
after(() => rm(temp, { recursive: true, force: true }))

describe("the page's door", async () => {
    const page = closeAtEnd(await Page.start({ port: 0 }))
    const { port } = new URL(page.url)

    /** Sends raw bytes. @returns all that comes until the server closes, or the time is up */
    function talk(bytes: string, limitMs: number) {
        return new Promise<{ text: string; closed: boolean }>(resolve => {
            let text = ""
            const socket = connect(Number(port), "127.0.0.1")
            const end = (closed: boolean) => {
                clearTimeout(timer)
                socket.destroy()
                resolve({ text, closed })
            }
            const timer = setTimeout(end, limitMs, false)
            socket.on("data", data => (text += data))
            socket.on("error", () => end(true))
            socket.on("close", () => end(true))
            socket.write(bytes)
        })
    }

    test("a request that does not end is ended", async () => {
        const slow = await Promise.all(
            [
                "GET / HT",
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
                "POST /actions/entries/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            ].map(bytes => talk(bytes, 15_000))
        )
        assert.deepEqual(
            slow.map(({ closed }) => closed),
            [true, true, true]
        )
    })

    test("600 slow requests do not stay open, and the page answers again", async () => {
        const sockets = Array.from({ length: 600 }, () => {
            const socket = connect(Number(port), "127.0.0.1")
            socket.on("error", () => {})
            socket.resume()
            socket.write("GET / HTTP/1.1\r\nHost: loc")
            return socket
        })
        try {
            await eventually(
                () => sockets.every(socket => socket.destroyed),
                "their end",
                20_000
            )
            const response = await fetch(new URL("/healthz", page.url))
            assert.equal(response.status, 503)
        } finally {
            for (const socket of sockets) socket.destroy()
        }
    })

    test("a large header is refused", async () => {
        const { text } = await talk(
            `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(20_000)}\r\n\r\n`,
            5000
        )
        assert.match(text, /^HTTP\/1.1 431/)
    })

    test("an answer may take as long as it likes", async () => {
        const stream = talk(
            "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
            12_000
        )
        const { text, closed } = await stream
        assert.equal(closed, false)
        assert.match(text, /event-stream/)
    })

    test("a Host header is an address or a known name, and a port, and nothing else", () => {
        const refused = (...hosts: string[]) =>
            refusalOfHost(
                {
                    headers: { host: hosts[0] },
                    rawHeaders: hosts.flatMap(host => ["Host", host]),
                } as never,
                "127.0.0.1"
            ) !== undefined
        for (const host of [
            "localhost",
            "LOCALHOST:7878",
            "127.0.0.1",
            "127.0.0.1:7878",
            "192.168.1.7:80",
            "[::1]",
            "[::1]:7878",
        ])
            assert.equal(refused(host), false, host)
        for (const host of [
            "",
            "evil.example",
            "evil@127.0.0.1",
            "evil:x@localhost",
            "127.0.0.1/evil",
            "localhost#evil",
            "localhost?x",
            "localhost\\evil",
            "0x7f.1",
            "2130706433",
            "127.1",
            "localhost:0",
            "localhost:65536",
            "localhost:",
            "localhost: 80",
            " localhost",
            "ⓛocalhost",
            "local%68ost",
            "::1",
            "[::1",
            "[127.0.0.1]",
            "localhost,evil.example",
        ])
            assert.equal(refused(host), true, host)
        assert.equal(refused("localhost", "evil.example"), true, "two of them")
    })
})

describe("Node", () => {
    const scripts = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"))
        .scripts as Record<string, string>

    test("that is too old is refused in words, before anything is imported", async () => {
        const old = join(temp, "old.cjs")
        await writeFile(
            old,
            `const versions = { ...process.versions, node: "18.20.4" }
             Object.defineProperty(process, "versions", { value: versions })
             const load = require("module")._load
             require("module")._load = (name, ...rest) => {
                 if (/run.cjs$/.test(name)) return load(name, ...rest)
                 throw new Error("imported: " + name)
             }`
        )
        const { status, stdout, stderr } = spawnSync(
            process.execPath,
            ["--require", old, "sim/run.cjs", "sim/start.ts"],
            { cwd: ROOT, encoding: "utf8" }
        )
        assert.equal(status, 1)
        assert.match(
            stderr,
            /^laglight needs Node 20 or newer; this is Node 18\.20\.4\. .*\n$/
        )
        assert.equal(stdout, "")
    })

    test("is asked for its version by each command", () => {
        for (const [name, script] of Object.entries(scripts))
            if (/sim\/[\w/-]+\.ts/.test(script) || name === "test")
                assert.match(script, /^(exec )?node sim\/run\.cjs/, name)
    })
})

test("a certificate is checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    const authority = closeAtEnd(await Authority.create("nobody knows it"))
    const { cert, key } = await authority.issue()
    let said = ""
    const server = createTlsServer(
        { cert: readFileSync(cert), key: readFileSync(key) },
        socket => {
            socket.on("error", () => {})
            socket.on("data", data => (said += data))
        }
    )
    server.on("tlsClientError", () => {})
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
    try {
        const light = await Light.start(
            {
                REDIS_HOST: "localhost",
                REDIS_PORT: (server.address() as AddressInfo).port,
                REDIS_TLS: true,
                REDIS_PASS: "secret",
                STREAM: "jobs",
                GROUP: "staff",
            },
            { clock: "real" }
        )
        await light.says(/TLS failed/, 20_000)
        await light.stop()
        assert.equal(said, "", "nothing is said to a stranger")
    } finally {
        if (before === undefined)
            delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
        server.close()
    }
})

test("SIGKILL to npm leaves nothing running", async () => {
    const simulator = new SimulatorProcess(["--json", "--port", "0"], {
        command: ["npm", "run", "--silent", "sim", "--"],
    })
    await simulator.untilProgress(/^page: http/, 60_000)
    await simulator.untilSnapshot(snapshot => snapshot.lag !== null, 60_000)
    const family = await descendants(simulator.pid)
    assert.ok(family.length >= 3, `${family.length} processes`)
    process.kill(simulator.pid, "SIGKILL")
    const lives = (pid: number) => {
        try {
            // a zombie has no command line
            return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== ""
        } catch {
            return false
        }
    }
    await eventually(
        () => !family.some(lives),
        `the end of ${family.join(", ")}`,
        15_000
    )
})
