/**
 * The light with Redis Cluster: real nodes on this computer, put through what happens to them; and replies that no server
 * here gives, canned. In each test that lasts, everything that the light has shown is compared with the truth on the node
 * that was responsible then; how long it took is printed, beside what the cluster took.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { describe, test } from "node:test"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { buildFirmware } from "../../../sim/firmware.ts"
import type { SettingValue } from "../../../sim/settings-file.ts"
import type { DeviceOptions } from "../../../sim/vm/device.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bar, REFUSED_WHO } from "../support/light/patterns.ts"
import { encodeReply } from "../../../sim/faults/encode-reply.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { Cluster, lightsOn, SocketCount } from "../support/redis/cluster.ts"
import type { ClusterOptions } from "../support/redis/cluster.ts"
import { Jobs } from "../support/redis/jobs.ts"
import { NAMES_MODULE } from "../support/redis/names.ts"
import { HOST } from "../support/redis/processes.ts"
import { startNode, stopNode, until } from "../support/redis/replicated.ts"
import type { Node } from "../support/redis/replicated.ts"
import {
    assertHonest,
    nowMs,
    ONE_PER_LED,
    readsAt,
    story,
    Truth,
    wentStale,
} from "../support/redis/truth.ts"

/** From the promoted replica's first answer to the light's first reading of it. */
const RECOVERY_LIMIT_MS = 5000
const POLL_MS = 250
const STALE_MS = 2000
const STAFF = { GROUP: "staff", POLL_MS, STALE_MS, ...ONE_PER_LED }

type Values = Record<string, SettingValue>

const { bytecode: picoW } = await buildFirmware({
    entry: "test/device/programs/mainpicow.ts",
})

async function startCluster(options: ClusterOptions) {
    return closeAtEnd(await Cluster.start(options))
}

const at = ({ port }: Node) => ({ REDIS_HOST: HOST, REDIS_PORT: port })
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

/** A light in real time, which has read the lag and finished its sweep. */
async function startReal(settings: Values, lag: number) {
    const light = await Light.start(
        { ...STAFF, ...settings },
        { clock: "real" }
    )
    await light.reads({ lag, level: lag }, 10_000)
    await light.sweep()
    return light
}

/** A light on a driven clock, for one test. */
async function startDriven(
    t: TestContext,
    settings: Values,
    options: Partial<DeviceOptions> = {}
) {
    const light = await Light.start({ ...STAFF, ...settings }, options)
    t.after(() => light.device.stop())
    return light
}

async function connectionsEver({ client }: Node) {
    const stats = String(await client.sendCommand(["INFO", "stats"]))
    return Number(/total_connections_received:(\d+)/.exec(stats)![1])
}

/** Kills an owner. @returns when its replica answered in its place */
async function killOwner(owner: Node, replica: Node, key: string) {
    await owner.client.sendCommand(["WAIT", "1", "5000"])
    const killedAt = nowMs()
    await owner.server.kill9()
    await until(
        async () => {
            const reply = await replica.client
                .sendCommand(["XLEN", key])
                .catch(() => undefined)
            return reply !== undefined
        },
        "the replica to answer",
        30_000
    )
    return { killedAt, answersAt: nowMs() }
}

describe("Cluster", { concurrency: true }, () => {
    describe("that loses nodes", async () => {
        const cluster = await startCluster({ masters: 3, replicas: 3 })
        const [seed, second, , , replica] = cluster.nodes

        test("an owner that is killed; one light has it as its seed", async t => {
            const key = await cluster.keyOn(1, "killed")
            const keepKey = await cluster.keyOn(2, "kept")
            const truth = new Truth()
            const jobs = await Jobs.create(w => cluster.send(w), key, 3)
            truth.is(3)
            const kept = await Jobs.create(w => cluster.send(w), keepKey, 2)
            assert.equal(kept.lag, 2)

            const [light, lonely, wise] = await Promise.all([
                startReal({ ...at(seed), STREAM: key }, 3),
                // knows no other node than the one that is going to be killed
                startReal({ ...at(second), STREAM: key }, 3),
                // knows another one, that of its second stream
                startReal(
                    {
                        ...at(second),
                        STREAM: key,
                        STREAM_2: keepKey,
                        GROUP_2: "staff",
                    },
                    2
                ),
            ])
            const count = new SocketCount(
                cluster.nodes.filter(node => node !== second)
            )
            const { killedAt, answersAt } = await killOwner(
                second,
                replica,
                key
            )
            jobs.send = words => replica.client.sendCommand(words)
            truth.isNone()
            truth.is(3)
            await truth.becomes(5, () => jobs.to(5))
            const readAt = await readsAt(light, 5, 30_000, killedAt)
            const wiseAt = await readsAt(wise, 5, 30_000, killedAt)
            t.diagnostic(
                `node timeout 1.5 s: the replica answered ${seconds(answersAt - killedAt)} after the kill; ` +
                    `the light read it after ${seconds(readAt - killedAt)}, ${seconds(readAt - answersAt)} later; ` +
                    `one whose seed was killed, but who knew another node, after ${seconds(wiseAt - killedAt)}`
            )
            await light.run(1000)
            const lonelyReads = lonely.readings().some(({ lag }) => lag === 5)
            t.diagnostic(
                `one whose seed was killed, and who knew no other node, ${lonelyReads ? "recovered" : "is still waiting for its seed"}`
            )
            await count.stop()
            // three lights, each with one connection at the most
            assert.ok(count.most <= 3, count.tooMany.join("\n"))
            assertHonest(light, truth, { staleMs: STALE_MS })
            assertHonest(lonely, truth, { staleMs: STALE_MS })
            assertHonest(wise, truth, {
                staleMs: 2 * (POLL_MS + 2 * 1000),
                stream: key,
                share: [0, 5],
            })

            // the seed comes back, as a server that knows of no cluster any more
            await Promise.all([wise.device.stop(), light.device.stop()])
            const revived = await startNode(
                ["--cluster-enabled", "yes"],
                second.port
            )
            closeAtEnd({ stop: () => stopNode(revived) })
            await lonely.run(1000)
            assertHonest(lonely, truth, { staleMs: STALE_MS })
            await lonely.device.stop()
            assert.ok(
                readAt - answersAt <= RECOVERY_LIMIT_MS,
                story(light).join("\n")
            )
        })
    })

    describe("that is slow to lose nodes", async () => {
        const cluster = await startCluster({
            masters: 3,
            replicas: 1,
            nodeTimeoutMs: 6000,
        })
        const [owner, seed, , replica] = cluster.nodes

        test("an owner that is killed where the nodes wait 6 s", async t => {
            const key = await cluster.keyOn(0, "slowly")
            const truth = new Truth()
            const jobs = await Jobs.create(
                words => owner.client.sendCommand(words),
                key,
                4
            )
            truth.is(4)
            const light = await startReal({ ...at(seed), STREAM: key }, 4)
            const { killedAt, answersAt } = await killOwner(owner, replica, key)
            jobs.send = words => replica.client.sendCommand(words)
            truth.isNone()
            truth.is(4)
            await truth.becomes(6, () => jobs.to(6))
            const readAt = await readsAt(light, 6, 30_000, killedAt)
            t.diagnostic(
                `node timeout 6 s: the replica answered ${seconds(answersAt - killedAt)} after the kill; ` +
                    `the light read it after ${seconds(readAt - killedAt)}, ${seconds(readAt - answersAt)} later`
            )
            await light.run(500)
            assertHonest(light, truth, { staleMs: STALE_MS })
            assert.ok(
                readAt - answersAt <= RECOVERY_LIMIT_MS,
                story(light).join("\n")
            )
        })
    })

    describe("that lives", { concurrency: true }, async () => {
        const cluster = await startCluster({ masters: 3, replicas: 1 })
        const [first, second, third, replica] = cluster.nodes

        test("MOVED at the first connect is followed, and remembered", async () => {
            const key = await cluster.keyOn(1, "moved")
            const truth = new Truth()
            const jobs = await Jobs.create(w => cluster.send(w), key, 3)
            truth.is(3)
            const light = await startReal({ ...at(first), STREAM: key }, 3)
            assert.deepEqual(
                light.said().filter(line => /lives at/.test(line)),
                [`${key}/staff: its stream lives at ${HOST}:${second.port}`]
            )
            const [line] = await lightsOn(second)
            const [, id] = /\bid=(\d+) .* name=laglight-/.exec(line)!
            const since = nowMs()
            await second.client.sendCommand(["CLIENT", "KILL", "ID", id])
            await truth.becomes(4, () => jobs.to(4))
            await readsAt(light, 4, 10_000, since)
            await truth.becomes(2, () => jobs.to(2))
            await readsAt(light, 2, 3000, since)
            assertHonest(light, truth, { staleMs: STALE_MS })
        })

        test("a slot that migrates under load: ASK, then MOVED", async t => {
            const key = await cluster.keyOn(1, "load")
            const slot = await cluster.slotOf(key)
            const truth = new Truth()
            const jobs = await Jobs.create(w => cluster.send(w), key, 3)
            truth.is(3)
            // a busy computer may take a while over each move, and a reading must not go stale meanwhile
            const staleMs = 5000
            const light = await startReal(
                { ...at(first), STREAM: key, STALE_MS: staleMs },
                3
            )
            const since = light.device.now

            let writing = true
            let writes = 0
            const load = (async () => {
                for (; writing; writes++) {
                    const lag = 2 + ((writes * 5) % 8)
                    await truth.becomes(lag, () => jobs.to(lag))
                    await sleep(70)
                }
            })()
            await light.run(1000)
            const { ids } = cluster
            await cluster.setSlot([third], slot, "IMPORTING", ids[1])
            await cluster.setSlot([second], slot, "MIGRATING", ids[2])
            await light.run(1000)
            const askingFrom = light.device.now
            await second.client.sendCommand([
                ...["MIGRATE", HOST, String(third.port), key, "0", "5000"],
            ])
            // between the two: the old node says ASK each time
            await light.run(4000)
            const asked = light
                .readings(askingFrom)
                .filter(({ lag }) => lag !== null)
            await cluster.setSlot([third, second, first], slot, "NODE", ids[2])
            await light.run(2000)
            writing = false
            await load
            await light.reads({ lag: jobs.lag }, 3000)
            t.diagnostic(
                `${writes} changes; ${asked.length} readings in 4 s of ASK`
            )
            assert.ok(asked.length >= 4, story(light).join("\n"))
            assertHonest(light, truth, { staleMs })
            assert.ok(!wentStale(light, since), story(light).join("\n"))
            // ASK is not worth a line, MOVED is
            assert.deepEqual(
                light.said().filter(line => /lives at/.test(line)),
                [
                    `${key}/staff: its stream lives at ${HOST}:${second.port}`,
                    `${key}/staff: its stream lives at ${HOST}:${third.port}`,
                ]
            )
            await light.device.stop()
        })

        test("replicas may answer with REPLICA_OK alone", async () => {
            const key = await cluster.keyOn(0, "copy")
            const jobs = await Jobs.create(w => cluster.send(w), key, 3)
            const truth = new Truth()
            truth.is(3)
            const settings = { ...at(replica), STREAM: key }
            const own = async (node: Node) =>
                (await lightsOn(node)).filter(line => /laglight/.test(line))
            const light = await startReal({ ...settings, REPLICA_OK: true }, 3)
            assert.equal((await own(replica)).length, 1)
            const log = light.said().join("\n")
            assert.ok(!/lives at/.test(log), log)
            await truth.becomes(5, () => jobs.to(5))
            await light.reads({ lag: 5 }, 3000)
            assertHonest(light, truth, { staleMs: STALE_MS })
            await light.device.stop()

            const strict = await startReal(settings, 5)
            assert.equal((await own(replica)).length, 0)
            await strict.says(
                new RegExp(`its stream lives at ${HOST}:${first.port}`),
                1000
            )
            await strict.device.stop()
        })
    })

    describe("with streams on every node", async () => {
        const cluster = await startCluster({ masters: 3 })

        test("they are visited in turn on one socket", async t => {
            const keys = await Promise.all(
                [0, 1, 2].map(i => cluster.keyOn(i, "turn"))
            )
            const truths = keys.map(() => new Truth())
            const jobs = await Promise.all(
                keys.map(key => Jobs.create(w => cluster.send(w), key, 2))
            )
            for (const truth of truths) truth.is(2)
            const count = new SocketCount(cluster.nodes)
            const before = await Promise.all(cluster.nodes.map(connectionsEver))
            const light = await startReal(
                {
                    ...at(cluster.nodes[0]),
                    STREAM: keys[0],
                    STREAM_2: keys[1],
                    GROUP_2: "staff",
                    STREAM_3: keys[2],
                    GROUP_3: "staff",
                },
                2
            )
            await light.run(300)
            const since = light.device.now
            let slowest = 0
            for (let round = 0; round < 4; round++)
                for (const [i, key] of keys.entries()) {
                    const lag = jobs[i].lag === 2 ? 3 : 2
                    const changedAt = nowMs()
                    await truths[i].becomes(lag, () => jobs[i].to(lag))
                    const readAt = await readsAt(
                        light,
                        lag,
                        10_000,
                        changedAt,
                        key
                    )
                    slowest = Math.max(slowest, readAt - changedAt)
                }
            await light.run(500)
            await count.stop()
            const after = await Promise.all(cluster.nodes.map(connectionsEver))
            t.diagnostic(
                `three nodes in turn, POLL_MS ${POLL_MS}: a change was read after ${seconds(slowest)} at the most; ` +
                    `${count.samples} samples of CLIENT LIST, never more than ${count.most} connection; ` +
                    `${after.map((n, i) => n - before[i]).join(", ")} connections to the nodes`
            )
            assert.equal(count.most, 1, count.tooMany.join("\n"))
            assert.ok(count.samples > 10, `${count.samples} samples`)
            const staleMs = 2 * (POLL_MS + 3 * 1000)
            for (const [i, stream] of keys.entries())
                assertHonest(light, truths[i], {
                    staleMs,
                    stream,
                    share: [i * 3, i * 3 + 3],
                })
            assert.ok(slowest < staleMs, seconds(slowest))
            // all that stands still is bars
            for (const [leds, ms] of light.shown(since, light.device.now))
                if (ms > 300)
                    assert.match(
                        leds,
                        /^(11[01]){3}0$/,
                        story(light).join("\n")
                    )
        })
    })

    describe("that knows names", { concurrency: 1 }, async () => {
        const cluster = await startCluster({ masters: 3 })
        const [first, second] = cluster.nodes
        const key = await cluster.keyOn(1, "named")
        await Jobs.create(w => cluster.send(w), key, 4)
        const settings = {
            REDIS_HOST: "node-0.lan",
            REDIS_PORT: first.port,
            STREAM: key,
        }
        const names = { socketsModule: NAMES_MODULE }
        const TYPE = "cluster-preferred-endpoint-type"
        const HOSTNAME = "cluster-announce-hostname"

        /** What the seed says of the stream. */
        const redirect = async () =>
            String(
                await first.client
                    .sendCommand(["XLEN", key])
                    .catch((error: Error) => error.message)
            )

        test("a Pico W cannot follow an IP address, and says which settings help", async t => {
            const light = await startDriven(t, settings, {
                ...names,
                bytecode: picoW,
            })
            await light.says(
                /MOVED \d+ 127\.0\.0\.1:\d+: an IP address, which a Pico W cannot connect to; set cluster-announce-hostname and cluster-preferred-endpoint-type hostname on the nodes/
            )
            await light.sweep()
            await light.shows(REFUSED_WHO)
            await light.run(60_000)
            await light.shows(REFUSED_WHO)
        })

        test("where names are preferred, a node without a name is an error in words", async t => {
            await cluster.configure(TYPE, () => "hostname")
            assert.match(await redirect(), /^MOVED \d+ \?:/)
            const light = await startDriven(t, settings, names)
            await light.says(/cluster-announce-hostname/)
        })

        test("names are followed, by a Pico W too, and as soon as there are some", async t => {
            await cluster.configure(TYPE, () => "ip")
            const light = await startDriven(t, settings, {
                ...names,
                bytecode: picoW,
            })
            await light.says(/an IP address, which a Pico W cannot connect to/)
            await cluster.configure(TYPE, () => "hostname")
            await cluster.configure(HOSTNAME, i => `node-${i}.lan`)
            // names travel with the nodes' gossip
            await until(
                async () => /node-1\.lan/.test(await redirect()),
                "the names to be known"
            )
            const other = await startDriven(t, settings, names)
            for (const one of [light, other]) {
                await one.reads({ lag: 4 }, 15_000)
                assert.match(
                    one.said().join("\n"),
                    new RegExp(
                        `${key}/staff: its stream lives at node-1\\.lan:${second.port}`
                    )
                )
                await one.sweep()
                await one.run(300)
                await one.showsBar(bar(4))
            }
        })
    })

    describe("that is down", async () => {
        const cluster = await startCluster({ masters: 1 })
        const [node] = cluster.nodes

        test("CLUSTERDOWN is waited out", async t => {
            const key = "down"
            const truth = new Truth()
            const jobs = await Jobs.create(w => cluster.send(w), key, 3)
            truth.is(3)
            const light = await startReal({ ...at(node), STREAM: key }, 3)
            const connections = await connectionsEver(node)
            const other = (await cluster.slotOf(key)) === 7 ? "8" : "7"
            await node.client.sendCommand(["CLUSTER", "DELSLOTS", other])
            await light.says(
                /^redis: CLUSTERDOWN .*; waiting until it can answer$/
            )
            await light.run(STALE_MS + 1800)
            assert.ok(wentStale(light), story(light).join("\n"))
            await node.client.sendCommand(["CLUSTER", "ADDSLOTS", other])
            await until(() => cluster.isUp(node), "the cluster to be up")
            const upAt = nowMs()
            await truth.becomes(5, () => jobs.to(5))
            const readAt = await readsAt(light, 5, 10_000, upAt)
            t.diagnostic(
                `after CLUSTERDOWN the light read it ${seconds(readAt - upAt)} after the cluster was up`
            )
            await light.says(/answers again/, 1000)
            assert.ok(readAt - upAt < 1000, seconds(readAt - upAt))
            assert.equal(await connectionsEver(node), connections)
            assertHonest(light, truth, { staleMs: STALE_MS })
        })
    })

    describe("replies that no server here gives", { concurrency: 1 }, () => {
        const BYE = { reply: "+OK\r\n", then: "close" } as const

        /** Answers for a stream with one group of that lag, as Redis 7 does when all is well. */
        function answer(command: Buffer[], lag: number) {
            const [name] = command.map(word => word.toString().toUpperCase())
            const last = 100
            const entries = Array.from({ length: lag }, (_, i) => [
                `${last + 1 + i}-0`,
                ["f", "v"],
            ])
            switch (name) {
                case "XINFO":
                    return encodeReply([
                        [
                            ...["name", "staff", "consumers", 1, "pending", 0],
                            ...["last-delivered-id", `${last}-0`],
                            ...["entries-read", last, "lag", lag],
                        ],
                    ])
                case "XLEN":
                    return encodeReply(last + lag)
                case "XREAD": {
                    const [, , count] = command.map(String)
                    const found = entries.slice(0, Number(count))
                    return encodeReply(lag === 0 ? null : [["jobs", found]])
                }
                case "QUIT":
                    return BYE
                default:
                    return "+OK\r\n"
            }
        }

        async function startOwner(lag: number) {
            return closeAtEnd(
                await CannedReplyServer.start(command => answer(command, lag))
            )
        }

        /** A seed that answers every question about streams with an error. */
        async function startSeed(error: () => string) {
            return closeAtEnd(
                await CannedReplyServer.start(command =>
                    /^X/i.test(command[0].toString())
                        ? `-${error()}\r\n`
                        : answer(command, 0)
                )
            )
        }

        const seedAt = ({ port }: CannedReplyServer) => ({
            REDIS_HOST: HOST,
            REDIS_PORT: port,
            STREAM: "jobs",
        })

        test("an empty host is the host that said it", async t => {
            const owner = await startOwner(3)
            const seed = await startSeed(() => `MOVED 7365 :${owner.port}`)
            const light = await startDriven(t, seedAt(seed))
            await light.reads({ lag: 3, level: 3 })
            await light.says(
                new RegExp(`its stream lives at 127\\.0\\.0\\.1:${owner.port}`)
            )
        })

        test("an IPv6 address has colons of its own", async t => {
            const owner = await startOwner(4)
            const onV6 = createServer(socket => {
                const onward = connect(owner.port, HOST)
                socket.pipe(onward).pipe(socket)
                for (const end of [socket, onward]) end.on("error", () => {})
            })
            onV6.listen(0, "::1")
            const [event] = await Promise.race([
                once(onV6, "listening").then(() => ["listening"]),
                once(onV6, "error").then(() => ["error"]),
            ])
            if (event === "error")
                return t.skip("this computer has no IPv6 loopback")
            t.after(() => onV6.close())
            const { port } = onV6.address() as AddressInfo
            const seed = await startSeed(() => `MOVED 7365 ::1:${port}`)
            const light = await startDriven(t, seedAt(seed))
            await light.reads({ lag: 4, level: 4 })
            await light.says(new RegExp(`its stream lives at ::1:${port}`))
            await light.device.stop()
        })

        test("an unknown host (?) is no reason to hurry, and is said in words", async t => {
            const seed = await startSeed(() => "MOVED 7365 ?:6379")
            const light = await startDriven(t, seedAt(seed))
            await light.run(5000)
            const from = seed.commands.length
            await light.run(10_000)
            const polls = seed.commands
                .slice(from)
                .filter(([name]) => name === "XINFO").length
            t.diagnostic(`"?": ${polls} polls in 10 s at POLL_MS ${POLL_MS}`)
            assert.ok(polls <= (10_000 / POLL_MS) * 1.1, `${polls} polls`)
            assert.deepEqual(
                light.readings().filter(({ lag }) => lag),
                []
            )
            await light.says(/cluster-announce-hostname/, 100)
        })

        test("two nodes that send to each other are not asked in a hurry", async t => {
            const ports: number[] = []
            const one = await startSeed(() => `MOVED 7365 ${HOST}:${ports[1]}`)
            const two = await startSeed(() => `MOVED 7365 ${HOST}:${ports[0]}`)
            ports.push(one.port, two.port)
            const light = await startDriven(t, seedAt(one))
            await light.run(10_000)
            const before = one.connections + two.connections
            await light.run(10_000)
            const often = one.connections + two.connections - before
            t.diagnostic(`MOVED in circles: ${often} connections in 10 s`)
            assert.ok(often <= (10_000 / POLL_MS) * 1.1, `${often} connections`)
            assert.equal(
                light
                    .readings()
                    .some(({ lag }) => lag !== null && lag !== undefined),
                false
            )
        })

        test("ASK: ASKING goes before each question, each time, and nothing is remembered", async t => {
            const owner = await startOwner(5)
            const seed = await startSeed(() => `ASK 7365 ${HOST}:${owner.port}`)
            const light = await startDriven(t, seedAt(seed))
            await light.reads({ lag: 5 })
            const [atSeed, atOwner] = [seed.connections, owner.connections]
            await light.run(10_000)
            const asked = [
                seed.connections - atSeed,
                owner.connections - atOwner,
            ]
            assert.ok(Math.min(...asked) >= 5, `${asked} connections in 10 s`)
            for (const [i, words] of owner.commands.entries())
                if (/^X/.test(words[0]))
                    assert.deepEqual(
                        owner.commands[i - 1],
                        ["ASKING"],
                        words.join(" ")
                    )
            await light.run(300)
            await light.showsBar(bar(5))
        })

        test("TRYAGAIN is waited out", async t => {
            let isReady = false
            const server = closeAtEnd(
                await CannedReplyServer.start(command =>
                    isReady || !/^X/i.test(command[0].toString())
                        ? answer(command, 3)
                        : "-TRYAGAIN Multiple keys request during rehashing of slot\r\n"
                )
            )
            const light = await startDriven(t, seedAt(server))
            await light.says(/^redis: TRYAGAIN .*; waiting until it can answer/)
            isReady = true
            await light.reads({ lag: 3 }, 2 * POLL_MS + 200)
            assert.equal(server.connections, 1)
        })
    })
})
