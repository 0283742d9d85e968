/**
 * The light with Redis Sentinel: real masters, replicas and sentinels on this computer, put through what happens to them.
 * In each test everything that the light has shown is compared with the truth on the server that was responsible then;
 * how long it took is printed, beside what the sentinels took.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { TestContext } from "node:test"
import getPort from "get-port"
import { buildFirmware } from "../../../sim/firmware.ts"
import type { SettingValue } from "../../../sim/settings-file.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import {
    bar,
    CONNECTING,
    NOT_CONFIGURED,
    REFUSED_WHO,
} from "../support/light/patterns.ts"
import { encodeReply } from "../../../sim/faults/encode-reply.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"
import { Jobs } from "../support/redis/jobs.ts"
import { NAMES_MODULE } from "../support/redis/names.ts"
import { HOST, Sentinel } from "../support/redis/processes.ts"
import type { SentinelOptions, Watched } from "../support/redis/processes.ts"
import {
    ReplicatedRedis,
    startNode,
    stopNode,
    until,
} from "../support/redis/replicated.ts"
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

/** From sentinel's naming the new master to the light's first reading of it. */
const RECOVERY_LIMIT_MS = 5000
/** LOOK_UP_AGAIN_MS of src/redis/topology.ts: after a manual failover the old master is believed so long. */
const LOOK_UP_MS = 10_000

const STALE_MS = 2000
const JOBS = {
    STREAM: "jobs",
    GROUP: "staff",
    POLL_MS: 250,
    STALE_MS,
    ...ONE_PER_LED,
}

const { bytecode: picoW } = await buildFirmware({
    entry: "test/device/programs/mainpicow.ts",
})

async function startReplicated(replicas: number) {
    return closeAtEnd(await ReplicatedRedis.start(replicas))
}

async function startSentinel(options: SentinelOptions) {
    return closeAtEnd(await Sentinel.start(options))
}

/** Three that know each other and all of the masters' replicas. */
async function startTrio(masters: Watched[], replicas: number) {
    const trio = await Promise.all(
        [1, 2, 3].map(() => startSentinel({ masters }))
    )
    await Promise.all(
        trio.flatMap(sentinel =>
            masters.map(({ name }) => sentinel.knows(name, 3, replicas))
        )
    )
    return trio
}

function listOf(sentinels: { port: number }[], host = HOST) {
    return sentinels.map(({ port }) => `${host}:${port}`).join(",")
}

/** A light in real time, which has read the lag and finished its sweep. */
async function startReal(settings: Record<string, SettingValue>, lag: number) {
    const light = await Light.start({ ...JOBS, ...settings }, { clock: "real" })
    await light.reads({ lag, level: lag }, 10_000)
    await light.sweep()
    return light
}

/** When the sentinel names another master than it did, by this computer's clock. */
async function renamedAt(sentinel: Sentinel, name: string, before: string) {
    await until(
        async () => (await sentinel.masterOf(name)) !== before,
        `another master ${name}`,
        30_000
    )
    return nowMs()
}

/** Ends the light's connections to a server, as an operator or a network would. */
async function cutOff({ client }: Node) {
    const list = String(await client.sendCommand(["CLIENT", "LIST"]))
    for (const [, id] of list.matchAll(/\bid=(\d+) .* name=laglight-/g))
        await client.sendCommand(["CLIENT", "KILL", "ID", id])
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

interface FailoverTest {
    name: string
    set: ReplicatedRedis
    sentinels: Sentinel[]
    /** What ends the master's work. @returns what brings it back */
    strike: (master: Node) => Promise<() => Promise<void>>
}

/** The master fails, sentinel promotes a replica, the old master comes back with another lag. */
async function failover(t: TestContext, options: FailoverTest) {
    const { name, set, sentinels } = options
    const { master } = set
    const truth = new Truth()
    const jobs = await Jobs.create(
        words => master.client.sendCommand(words),
        "jobs",
        3
    )
    truth.is(3)
    await master.client.sendCommand(["WAIT", "2", "5000"])
    const light = await startReal(
        { SENTINELS: listOf(sentinels), MASTER: name },
        3
    )
    await light.run(1000)

    const struckAt = nowMs()
    const revive = await options.strike(master)
    truth.isNone()
    const renamed = Promise.all(
        sentinels.map(sentinel =>
            renamedAt(sentinel, name, `${HOST}:${master.port}`)
        )
    )
    const promoted = await set.promoted(30_000)
    const promotedAt = nowMs()
    truth.is(3)
    jobs.send = words => promoted.client.sendCommand(words)
    await truth.becomes(7, () => jobs.to(7))
    const [firstNamedAt, ...othersNamedAt] = await renamed
    const recoveredAt = await readsAt(light, 7, 30_000, struckAt)
    t.diagnostic(
        `${name}: a replica was promoted after ${seconds(promotedAt - struckAt)}; ` +
            `the first sentinel named it after ${seconds(firstNamedAt - struckAt)}, ` +
            `the others after ${othersNamedAt.map(at => seconds(at - struckAt)).join(" and ")}; ` +
            `the light read it after ${seconds(recoveredAt - struckAt)}, ` +
            `${seconds(recoveredAt - firstNamedAt)} after sentinel`
    )
    await light.run(200)
    assert.equal(light.device.leds.slice(1), bar(7).slice(1))
    assertHonest(light, truth, { staleMs: STALE_MS })
    // the last bar outlives the master: without the age limit that is a lie, and it is found
    assert.throws(() => assertHonest(light, truth, { staleMs: 0 }), /lies:/)

    // back again, and for some seconds of the opinion that it is the master
    await revive()
    await light.run(300)
    await cutOff(promoted)
    const cutAt = nowMs()
    await truth.becomes(5, () => jobs.to(5))
    const againAt = await readsAt(light, 5, 10_000, cutAt)
    t.diagnostic(
        `${name}: with the old master back, and the connection to the new one cut, ` +
            `the light read the new one again after ${seconds(againAt - cutAt)}`
    )
    await light.run(1500)
    assertHonest(light, truth, { staleMs: STALE_MS })
    assert.ok(
        light.lines.every(({ text }) => !/lag 9/.test(text)),
        story(light).join("\n")
    )
    assert.ok(
        recoveredAt - firstNamedAt <= RECOVERY_LIMIT_MS,
        `recovered ${seconds(recoveredAt - firstNamedAt)} after sentinel\n${story(light).join("\n")}`
    )
}

async function hang({ server }: Node) {
    server.process.kill("SIGSTOP")
    return async () => {
        server.process.kill("SIGCONT")
    }
}

describe("Sentinel", { concurrency: true }, () => {
    describe("that acts", { concurrency: true }, async () => {
        const [killed, hung, hungLong, manual] = await Promise.all([
            startReplicated(2),
            startReplicated(2),
            startReplicated(2),
            startReplicated(2),
        ])
        const watch = (
            name: string,
            { master }: ReplicatedRedis,
            downAfterMs: number
        ) => ({ name, port: master.port, quorum: 2, downAfterMs })
        const trio = await startTrio(
            [
                // on a busy computer a sound server may be silent for a second, and another one is promoted
                watch("killed", killed, 2000),
                watch("hung", hung, 2000),
                watch("hung-long", hungLong, 3000),
                watch("manual", manual, 30_000),
            ],
            2
        )

        test("a master that is killed, and comes back with other data", t =>
            failover(t, {
                name: "killed",
                set: killed,
                sentinels: trio,
                async strike({ server, client, port }) {
                    await server.kill9()
                    client.destroy()
                    return async () => {
                        const revived = await startNode([], port)
                        closeAtEnd({ stop: () => stopNode(revived) })
                        await Jobs.create(
                            words => revived.client.sendCommand(words),
                            "jobs",
                            9
                        )
                    }
                },
            }))

        test("a master that hangs, and goes on later", t =>
            failover(t, {
                name: "hung",
                set: hung,
                sentinels: trio,
                strike: hang,
            }))

        test("a master that hangs where sentinel waits 3 s", t =>
            failover(t, {
                name: "hung-long",
                set: hungLong,
                sentinels: trio,
                strike: hang,
            }))

        test("a manual failover", async t => {
            const { master } = manual
            const truth = new Truth()
            const jobs = await Jobs.create(
                words => master.client.sendCommand(words),
                "jobs",
                3
            )
            truth.is(3)
            const light = await startReal(
                { SENTINELS: listOf(trio), MASTER: "manual" },
                3
            )
            const struckAt = nowMs()
            const [first] = trio
            const renamed = renamedAt(first, "manual", `${HOST}:${master.port}`)
            await first.client.sendCommand(["SENTINEL", "FAILOVER", "manual"])
            const promoted = await manual.promoted(10_000)
            jobs.send = words => promoted.client.sendCommand(words)
            await truth.becomes(6, () => jobs.to(6))
            const namedAt = await renamed
            const recoveredAt = await readsAt(light, 6, 20_000, struckAt)
            t.diagnostic(
                `manual: sentinel named the new master after ${seconds(namedAt - struckAt)}, ` +
                    `the light read it after ${seconds(recoveredAt - struckAt)}`
            )
            await light.run(1000)
            assertHonest(light, truth, {
                staleMs: STALE_MS,
                believedMs: LOOK_UP_MS,
            })
            assert.ok(
                recoveredAt - namedAt <= LOOK_UP_MS + 1000,
                story(light).join("\n")
            )
        })
    })

    describe("that is nearly gone", async () => {
        const lone = await startReplicated(0)
        const jobs = await Jobs.create(
            words => lone.master.client.sendCommand(words),
            "jobs",
            4
        )
        const trio = await startTrio(
            [
                {
                    name: "lone",
                    port: lone.master.port,
                    quorum: 2,
                    downAfterMs: 30_000,
                },
            ],
            0
        )

        test("all sentinels but one gone", async t => {
            const truth = new Truth()
            truth.is(4)
            const light = await startReal(
                { SENTINELS: listOf(trio), MASTER: "lone" },
                4
            )
            const startedAt = light.device.now
            await Promise.all([trio[0].stop(), trio[1].stop()])
            const lookUps = async () =>
                Number(
                    /total_connections_received:(\d+)/.exec(
                        String(
                            await trio[2].client.sendCommand(["INFO", "stats"])
                        )
                    )![1]
                )
            const before = await lookUps()
            await until(
                async () => (await lookUps()) > before,
                "the third sentinel to be asked",
                25_000
            )
            t.diagnostic(
                `two sentinels gone: the third was asked ${seconds(light.device.now - startedAt)} later, ` +
                    (wentStale(light)
                        ? "the bar stale meanwhile"
                        : "no bar stale")
            )
            await truth.becomes(6, () => jobs.to(6))
            await light.reads({ lag: 6 }, 5000)
            await light.run(300)
            assertHonest(light, truth, { staleMs: STALE_MS })
        })
    })

    describe("that answers", { concurrency: 1 }, async () => {
        const set = await startReplicated(0)
        await Jobs.create(
            words => set.master.client.sendCommand(words),
            "jobs",
            4
        )
        const watched = {
            name: "prime",
            port: set.master.port,
            quorum: 1,
            downAfterMs: 30_000,
        }
        const [plain, guarded, named] = await Promise.all([
            startSentinel({ masters: [watched] }),
            startSentinel({
                masters: [watched],
                config: ["requirepass s3cret"],
            }),
            startSentinel({
                masters: [{ ...watched, host: "localhost" }],
                config: [
                    "sentinel resolve-hostnames yes",
                    "sentinel announce-hostnames yes",
                ],
            }),
        ])

        /** A light on a driven clock, for one test. */
        async function startDriven(
            t: TestContext,
            settings: Record<string, SettingValue>,
            options = {}
        ) {
            const light = await Light.start(
                { ...JOBS, MASTER: "prime", ...settings },
                options
            )
            t.after(() => light.device.stop())
            return light
        }

        test("a name that it does not know is a mistake in the settings", async t => {
            const light = await startDriven(t, {
                SENTINELS: listOf([plain]),
                MASTER: "nobody",
            })
            await light.says(
                new RegExp(
                    `^settings: MASTER is "nobody": sentinel 127.0.0.1:${plain.port} knows no such master$`
                )
            )
            await light.sweep()
            await light.shows(NOT_CONFIGURED)
            await light.run(30_000)
            await light.shows(NOT_CONFIGURED)
            assert.deepEqual(light.readings(), [])
            // and the moment it knows it, all is well
            await plain.client.sendCommand([
                ...["SENTINEL", "MONITOR", "nobody", HOST],
                ...[String(set.master.port), "1"],
            ])
            await light.reads({ lag: 4 }, 15_000)
            await light.run(300)
            await light.showsBar(bar(4))
            await plain.client.sendCommand(["SENTINEL", "REMOVE", "nobody"])
        })

        test("a password: right, wrong, missing", async t => {
            const light = await startDriven(t, {
                SENTINELS: listOf([guarded]),
                SENT_PASS: "s3cret",
            })
            await light.reads({ lag: 4 })

            for (const [password, reply] of [
                ["wrong", "WRONGPASS"],
                [undefined, "NOAUTH"],
            ]) {
                await light.configure({
                    ...JOBS,
                    MASTER: "prime",
                    SENTINELS: listOf([guarded]),
                    SENT_PASS: password,
                })
                await light.says(
                    new RegExp(
                        `sentinel 127.0.0.1:${guarded.port}: ${reply}.*check SENTINELS, SENT_USER and SENT_PASS$`
                    )
                )
                await light.sweep()
                await light.shows(REFUSED_WHO)
                const log = light.said().join("\n")
                assert.ok(!log.includes("s3cret"), log)
            }
        })

        test("a password that is refused is tried every 10 s, at one sentinel or the other", async t => {
            const server = await CannedReplyServer.start(
                () =>
                    "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
            )
            t.after(() => server.stop())
            const light = await startDriven(t, {
                SENTINELS: listOf([server, server]),
                SENT_PASS: "wrong",
            })
            await light.says(/WRONGPASS/)
            const before = server.connections
            await light.run(60_000)
            const tries = server.connections - before
            assert.ok(tries >= 4 && tries <= 6, `${tries} tries in a minute`)
        })

        test("those that are gone are skipped", async t => {
            const gone = await Promise.all([getPort(), getPort()])
            const light = await startDriven(t, {
                SENTINELS: `${listOf(gone.map(port => ({ port })))},${listOf([plain])}`,
            })
            await light.says(new RegExp(`${gone[0]}: connection refused`))
            await light.says(new RegExp(`${gone[1]}: connection refused`))
            await light.reads({ lag: 4 }, 10_000)
            // the one that answered is asked first from then on
            const since = light.device.now
            await light.run(25_000)
            assert.ok(!wentStale(light, since), story(light).join("\n"))
            const later = light.said(since).join("\n")
            assert.ok(!/refused/.test(later), later)
        })

        test("with all of them gone the light goes on with the master known so far", async t => {
            const only = await startSentinel({ masters: [watched] })
            const light = await startDriven(t, { SENTINELS: listOf([only]) })
            await light.reads({ lag: 4 })
            await light.sweep()
            await only.stop()
            const since = light.device.now
            await light.run(30_000)
            const bars = light
                .shown(since, light.device.now)
                .filter(([leds]) => leds === bar(4))
                .reduce((sum, [, ms]) => sum + ms, 0)
            t.diagnostic(
                `the only sentinel gone for 30 s: a bar for ${seconds(bars)}, ` +
                    (wentStale(light, since)
                        ? "stale in between"
                        : "never stale")
            )
            assert.ok(bars > 20_000, story(light).join("\n"))
        })

        test("a Pico W cannot follow an IP address, and says which settings of sentinel help", async t => {
            const light = await startDriven(
                t,
                { SENTINELS: listOf([plain], "sentinel.lan") },
                { bytecode: picoW, socketsModule: NAMES_MODULE }
            )
            await light.says(
                /sentinel sentinel\.lan:\d+ names 127\.0\.0\.1, an IP address, which a Pico W cannot connect to; set resolve-hostnames and announce-hostnames to yes on the sentinels/
            )
            await light.sweep()
            await light.shows(REFUSED_WHO)
            await light.run(60_000)
            await light.shows(REFUSED_WHO)
        })

        test("a Pico W follows a name", async t => {
            const light = await startDriven(
                t,
                { SENTINELS: listOf([named], "sentinel.lan") },
                { bytecode: picoW, socketsModule: NAMES_MODULE }
            )
            await light.reads({ lag: 4 })
            assert.match(
                light.said().join("\n"),
                new RegExp(`the master is localhost:${set.master.port}`)
            )
            await light.run(25_000)
            await light.showsBar(bar(4))
        })

        /** A sentinel that names one server, which answers as told. */
        async function startCanned(answer: (words: string[]) => string) {
            const server = closeAtEnd(
                await CannedReplyServer.start(command => {
                    const words = command.map(String)
                    return words[0] === "QUIT"
                        ? { reply: "+OK\r\n", then: "close" }
                        : answer(words)
                })
            )
            const address = [HOST, String(server.port)]
            const sentinel = closeAtEnd(
                await CannedReplyServer.start(() => encodeReply(address))
            )
            return { server, sentinel }
        }
        const ROLE = encodeReply(["master", 0, []]).toString()

        for (const error of ["LOADING", "MASTERDOWN", "READONLY"])
            test(`${error} is a reason to ask the sentinels again soon`, async t => {
                const { server, sentinel } = await startCanned(([name]) =>
                    name === "ROLE" ? ROLE : `-${error} for a test\r\n`
                )
                const light = await startDriven(t, {
                    SENTINELS: listOf([sentinel]),
                })
                await light.says(
                    new RegExp(`^redis: ${error} .*; waiting until it can`)
                )
                const before = sentinel.connections
                await light.run(6000)
                const lookUps = sentinel.connections - before
                t.diagnostic(
                    `${error}: ${lookUps} look-ups in 6 s, ${server.connections} connections to the server so far`
                )
                assert.ok(lookUps >= 3 && lookUps <= 8, `${lookUps} look-ups`)
            })

        test("a server that is too busy even for ROLE is not taken for something else", async t => {
            const { sentinel } = await startCanned(
                () =>
                    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n"
            )
            const light = await startDriven(t, {
                SENTINELS: listOf([sentinel]),
            })
            const line = await light.says(/BUSY/)
            assert.match(line, /waiting until it can answer/)
            await light.run(20_000)
            const log = light.said().join("\n")
            assert.ok(!/not what Redis answers/.test(log), log)
        })

        test("a master that turns out to be a replica is not believed", async t => {
            const replica = await startNode([
                ...["--replicaof", HOST, String(set.master.port)],
            ])
            closeAtEnd({ stop: () => stopNode(replica) })
            await until(
                async () =>
                    (await replica.client.sendCommand(["EXISTS", "jobs"])) ===
                    1,
                "the copy"
            )
            const stale = await startSentinel({
                masters: [{ ...watched, name: "old", port: replica.port }],
            })
            const light = await startDriven(t, {
                SENTINELS: listOf([stale]),
                MASTER: "old",
            })
            await light.says(/the server is a replica now/, 10_000)
            await light.sweep()
            await light.run(20_000)
            assert.deepEqual(light.readings(), [])
            await light.shows(CONNECTING)
        })
    })
})
