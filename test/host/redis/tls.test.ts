/**
 * TLS, with a real redis-server and a certificate authority of our own, which the VM's process trusts by
 * NODE_EXTRA_CA_CERTS: it works, and what is wrong is told apart in the log.
 */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, test } from "node:test"
import type { TestContext } from "node:test"
import { promisify } from "node:util"
import getPort from "get-port"
import { createClient } from "redis"
import { startLocalRedis } from "../../../sim/redis/local-redis.ts"
import { findServerBinary } from "../../../sim/redis/server-binary.ts"
import type { SettingValue } from "../../../sim/settings-file.ts"
import { buildFirmware } from "../../../sim/firmware.ts"
import { FaultProxy } from "../../../sim/faults/fault-proxy.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bar, NOT_CONFIGURED, REFUSED_WHO } from "../support/light/patterns.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { Authority } from "../support/redis/certificates.ts"
import type { Certificate } from "../support/redis/certificates.ts"
import { Jobs } from "../support/redis/jobs.ts"
import { NAMES_MODULE } from "../support/redis/names.ts"
import { HOST, Sentinel } from "../support/redis/processes.ts"
import { ONE_PER_LED } from "../support/redis/truth.ts"

const PASSWORD = "s3cret"
const JOBS = {
    REDIS_HOST: HOST,
    REDIS_TLS: true,
    STREAM: "jobs",
    GROUP: "staff",
    ...ONE_PER_LED,
}

/** Redis can be built without TLS (BUILD_TLS); Debian's has it. */
async function hasTls() {
    const { command } = await findServerBinary()
    return promisify(execFile)(command, [
        ...["--port", "0", "--tls-port", "0", "--daemonize", "no"],
        ...["--tls-cert-file", "/nowhere"],
    ]).then(
        () => false,
        ({ stdout, stderr }: { stdout: string; stderr: string }) =>
            !/Bad directive|not supported|without TLS/i.test(stdout + stderr)
    )
}

const skip = (await hasTls()) ? false : "this redis-server has no TLS"

describe("TLS", { skip, concurrency: 3 }, async () => {
    if (skip) return
    const authority = closeAtEnd(await Authority.create("laglight's test CA"))
    const stranger = closeAtEnd(await Authority.create("somebody else's CA"))
    // for the processes of the VMs; a CA that this computer needs otherwise is of no use to them
    process.env.NODE_EXTRA_CA_CERTS = authority.file

    /** @returns its port */
    async function startTls(
        { cert, key }: Certificate,
        args: string[] = ["--tls-auth-clients", "no"]
    ) {
        const server = closeAtEnd(
            await startLocalRedis({
                args: [
                    ...["--tls-port", "0", "--tls-cert-file", cert],
                    ...["--tls-key-file", key],
                    ...["--tls-ca-cert-file", authority.file],
                    ...args,
                ],
            })
        )
        // the plain port first, for the data; then TLS alone on a port of its own
        const client = createClient({ url: server.url, RESP: 2 })
        client.on("error", () => {})
        await client.connect()
        await Jobs.create(words => client.sendCommand(words), "jobs", 4)
        const port = await getPort({ host: HOST })
        await client.sendCommand(["CONFIG", "SET", "tls-port", String(port)])
        await client.sendCommand(["CONFIG", "SET", "requirepass", PASSWORD])
        return {
            port,
            server,
            stop: async () => {
                if (client.isOpen) client.destroy()
            },
        }
    }

    const [sound, unknownCa, otherName, expired, mutual] = (
        await Promise.all([
            startTls(await authority.issue()),
            startTls(await stranger.issue()),
            startTls(await authority.issue({ names: "DNS:redis.example" })),
            startTls(await authority.issue({ days: -1 })),
            startTls(await authority.issue(), ["--tls-auth-clients", "yes"]),
        ])
    ).map(closeAtEnd)

    async function startLight(
        t: TestContext,
        settings: Record<string, SettingValue>,
        options = {}
    ) {
        const light = await Light.start({ ...JOBS, ...settings }, options)
        t.after(() => light.device.stop())
        return light
    }
    /** Handshakes take real time, on a busy computer more than a driven clock waits. */
    const REAL = { clock: "real" }

    test("AUTH and the bar, over TLS", async t => {
        const light = await startLight(
            t,
            { REDIS_PORT: sound.port, REDIS_PASS: PASSWORD },
            REAL
        )
        await light.reads({ lag: 4, level: 4 }, 10_000)
        await light.sweep()
        await light.run(300)
        for (const [leds] of await light.watch(2500))
            assert.equal(leds.slice(1), bar(4).slice(1))
        const log = light.said().join("\n")
        assert.ok(!/TLS|fail/.test(log), log)
        const { stdout } = await promisify(execFile)("redis-cli", [
            ...["-h", HOST, "-p", String(sound.server.port)],
            ...["-a", PASSWORD, "--no-auth-warning", "CLIENT", "LIST"],
        ])
        assert.match(stdout, / name=laglight-[0-9a-f]{6} /)
    })

    test("Sentinel, and the master that it names, over TLS", async t => {
        const { cert, key } = await authority.issue()
        const port = await getPort({ host: HOST })
        closeAtEnd(
            await Sentinel.start({
                masters: [
                    {
                        name: "prime",
                        port: sound.port,
                        quorum: 1,
                        downAfterMs: 60_000,
                    },
                ],
                config: [
                    `tls-port ${port}`,
                    `tls-cert-file ${cert}`,
                    `tls-key-file ${key}`,
                    `tls-ca-cert-file ${authority.file}`,
                    "tls-auth-clients no",
                    "tls-replication yes",
                ],
            })
        )
        const light = await startLight(
            t,
            {
                REDIS_HOST: undefined,
                SENTINELS: `${HOST}:${port}`,
                MASTER: "prime",
                REDIS_PASS: PASSWORD,
            },
            REAL
        )
        await light.reads({ lag: 4 }, 10_000)
    })

    test("a wrong password is a wrong password", async t => {
        const light = await startLight(
            t,
            { REDIS_PORT: sound.port, REDIS_PASS: "wrong" },
            REAL
        )
        await light.says(
            /WRONGPASS.*check REDIS_USER and REDIS_PASS$/,
            10_000,
            0
        )
        await light.sweep()
        await light.run(300)
        const patterns = REFUSED_WHO.map(([leds]) => leds)
        for (const [leds] of await light.watch(2500))
            assert.ok(patterns.includes(leds), leds)
    })

    for (const [what, { port }, reason] of [
        [
            "a CA that nobody here trusts",
            unknownCa,
            /unable to verify the first certificate|self-signed certificate/,
        ],
        [
            "another name in the certificate",
            otherName,
            /does not match certificate/,
        ],
        ["a certificate that has expired", expired, /certificate has expired/],
        [
            "a server that wants a certificate of the client's",
            mutual,
            /certificate required|handshake failure/,
        ],
    ] as const)
        test(`${what} is told`, async t => {
            const light = await startLight(
                t,
                { REDIS_PORT: port, REDIS_PASS: PASSWORD },
                REAL
            )
            const line = await light.says(/^redis 127\.0\.0\.1:\d+: /, 10_000)
            t.diagnostic(line)
            assert.match(line, /: TLS failed: /)
            assert.match(line, reason)
            assert.deepEqual(
                light.readings().filter(({ lag }) => lag),
                []
            )
        })

    test("a plain-text Redis on the port is told", async t => {
        const plain = closeAtEnd(await startTestRedis())
        const light = await startLight(t, { REDIS_PORT: plain.port }, REAL)
        const line = await light.says(/^redis 127\.0\.0\.1:\d+: /, 20_000)
        t.diagnostic(line)
        assert.match(line, /: TLS failed: /)
    })

    test("a plain-text server that closes, or answers HTTP, is told", async t => {
        const closing = closeAtEnd(
            await CannedReplyServer.start({
                handler: () => undefined,
                greeting: { reply: "", then: "close" },
            })
        )
        const http = createServer((_, response) => response.end())
        http.listen(0, HOST)
        await once(http, "listening")
        t.after(() => http.close())
        for (const port of [
            closing.port,
            (http.address() as AddressInfo).port,
        ]) {
            const light = await startLight(t, { REDIS_PORT: port }, REAL)
            const line = await light.says(/^redis 127\.0\.0\.1:\d+: /, 20_000)
            t.diagnostic(line)
            assert.match(line, /TLS|closed|reset/)
            await light.device.stop()
        }
    })

    test("nobody on the port, and a host that is off, are told", async t => {
        const proxy = closeAtEnd(await FaultProxy.start({ port: sound.port }))
        await proxy.set({ kind: "refuse" })
        const light = await startLight(t, { REDIS_PORT: proxy.port })
        const refused = await light.says(/^redis 127/)
        assert.match(refused, /: connection refused; is Redis running there/)
        await proxy.set({ kind: "no-answer" })
        const silent = await light.says(
            /no answer to the connect; check the name, DNS and the firewall/,
            60_000
        )
        t.diagnostic(`${refused} | ${silent}`)
    })

    test("a TLS server, asked in plain text, is told", async t => {
        const light = await startLight(
            t,
            { REDIS_PORT: sound.port, REDIS_TLS: false },
            REAL
        )
        const line = await light.says(/^redis 127/, 20_000)
        t.diagnostic(line)
        assert.match(line, /not what Redis answers|closed|reset/)
    })

    test("on a Pico W it is refused, with the remedy", async t => {
        const { bytecode } = await buildFirmware({
            entry: "test/device/programs/mainpicow.ts",
        })
        const light = await startLight(
            t,
            { REDIS_HOST: "redis.lan", REDIS_PORT: sound.port },
            { bytecode, socketsModule: NAMES_MODULE }
        )
        await light.says(
            /^settings: REDIS_TLS is true: the Pico W's runtime has no TLS; put a TLS proxy near it: docs\/tls\.md$/
        )
        await light.sweep()
        await light.shows(NOT_CONFIGURED)
    })
})
