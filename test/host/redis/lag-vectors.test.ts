/**
 * 139 scenarios, recorded on four Redis versions: what the light says of each must be the true lag, or a range that
 * contains it. Where this machine's server has a vector's version, its commands are run on it; otherwise, and there too,
 * a scripted server answers with the recorded replies.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { TestContext } from "node:test"
import type { LagVector } from "../support/fixtures.ts"
import { lagVectors } from "../support/fixtures.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { bytesOf, replay } from "../support/light/replay.ts"
import { TestStream } from "../support/light/stream.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { CannedReplyServer } from "../../../sim/faults/canned-reply-server.ts"

/**
 * Scenarios per version whose lag is known exactly, of those that have one. No lower than on the day this was written;
 * raise it when it grows.
 */
const EXACT: Record<string, number> = {
    "5.0.14": 123,
    "6.2.14": 124,
    "7.0.15": 131,
    "8.0.6": 131,
}

/** The same for a user who may do nothing but XINFO GROUPS: a reported 0 is exact, all else a range or unknown. */
const EXACT_ALONE: Record<string, number> = { "7.0.15": 12, "8.0.6": 21 }

/** The scale reaches beyond the largest lag recorded, 60. */
const SETTINGS = { POLL_MS: 100, LAG_PER_LED: 10 }
/** Device time for two polls after the first. */
const POLLS_MS = 250

const vectors = lagVectors()
const versions = [...new Set(vectors.map(({ version }) => version))]

/** What to watch; a name that no setting can hold is that of the only group. */
function targetOf({ key, group }: LagVector) {
    const isText = bytesOf(group).toString() === group
    return { STREAM: key, GROUP: isText ? group : "*" }
}

/** What a user is told who may do nothing else. */
const NOPERM = "-NOPERM this user has no permissions to run this command\r\n"

/**
 * @returns whether the light came to know the lag exactly
 */
function judge(vector: LagVector, light: Light): boolean {
    const readings = light.readings()
    const { scenario, true_lag } = vector
    const text = `${vector.version}, ${scenario}: true lag ${true_lag}, ${JSON.stringify(readings)}\n${light.said().join("\n")}`
    const last = readings.at(-1)
    assert.ok(last, text)
    if (true_lag === null) {
        const refusal = vector.xinfo_groups.startsWith("-")
            ? "refused: which stream"
            : "refused: which group"
        for (const { condition, lag, low } of readings) {
            assert.equal(condition, refusal, text)
            assert.deepEqual([lag, low], [null, null], text)
        }
        return false
    }
    for (const { condition, lag, low, high } of readings) {
        if (condition === "unknown") {
            assert.deepEqual([lag, low, high], [null, null, null], text)
            continue
        }
        assert.equal(condition, "lag", text)
        assert.ok(low! <= true_lag, text)
        assert.ok(high === null || high >= true_lag, text)
        assert.equal(lag, low === high ? true_lag : null, text)
    }
    return last.lag === true_lag
}

/**
 * Runs vectors one after the other, each on a connection of its own.
 * @returns how many came to be known exactly
 */
async function judgeAll(
    vectors: LagVector[],
    server: { host: string; port: number },
    prepare: (vector: LagVector) => Promise<void> | void
) {
    const light = await Light.start({})
    let exact = 0
    for (const vector of vectors) {
        await prepare(vector)
        await light.configure({
            ...SETTINGS,
            REDIS_HOST: server.host,
            REDIS_PORT: server.port,
            ...targetOf(vector),
        })
        await light.reads({})
        await light.run(POLLS_MS)
        if (judge(vector, light)) exact++
    }
    await light.stop()
    return exact
}

function assertShare(
    t: TestContext,
    what: string,
    vectors: LagVector[],
    exact: number,
    wanted: number
) {
    const all = vectors.filter(({ true_lag }) => true_lag !== null).length
    t.diagnostic(`${what}: ${exact} of ${all} exact`)
    assert.ok(exact >= wanted, `${what}: ${exact} exact, ${wanted} wanted`)
}

describe("recorded replies", { concurrency: true }, () => {
    for (const version of versions) {
        const recorded = vectors.filter(vector => vector.version === version)

        test(`of Redis ${version}`, async t => {
            const server = closeAtEnd(
                await CannedReplyServer.start(() => undefined)
            )
            const exact = await judgeAll(recorded, server, vector => {
                server.handler = replay(vector)
            })
            assertShare(t, `Redis ${version}`, recorded, exact, EXACT[version])
        })

        const alone = EXACT_ALONE[version]
        if (alone === undefined) continue
        test(`of Redis ${version}, with no right but to XINFO GROUPS`, async t => {
            const server = closeAtEnd(
                await CannedReplyServer.start(() => undefined)
            )
            const exact = await judgeAll(
                recorded.filter(({ true_lag }) => true_lag !== null),
                server,
                vector => {
                    const answer = replay(vector)
                    server.handler = (command, connection) =>
                        /^(XINFO GROUPS|CLIENT)/.test(command.join(" "))
                            ? answer(command, connection)
                            : NOPERM
                }
            )
            assertShare(t, `Redis ${version}, alone`, recorded, exact, alone)
        })
    }
})

describe("live commands", async () => {
    const redis = closeAtEnd(
        await startTestRedis({ args: ["--enable-debug-command", "local"] })
    )
    const { client } = redis
    const { version } = redis.server
    const matching = vectors.filter(
        vector => minor(vector.version) === minor(version)
    )

    const skip = matching.length === 0 && `no vectors of Redis ${version}`
    test(`on Redis ${version}`, { skip }, async t => {
        const exact = await judgeAll(matching, redis, setUp)
        const wanted = EXACT[matching[0].version]
        assertShare(t, `Redis ${version}, live`, matching, exact, wanted)
    })

    async function setUp(vector: LagVector) {
        await client.sendCommand(["FLUSHALL"])
        for (const [key, value] of [
            ["stream-node-max-entries", "100"],
            ["appendonly", "no"],
        ])
            await client.sendCommand(["CONFIG", "SET", key, value])
        for (const command of vector.setup) {
            await client
                .sendCommand(command.map(bytesOf))
                .catch((error: Error) => {
                    const expected = JSON.stringify(vector.setup_errors)
                    assert.ok(
                        expected.includes(JSON.stringify(command)),
                        `${vector.scenario}: ${error.message}`
                    )
                })
            if (command.join(" ") === "CONFIG SET appendonly yes")
                await rewritten()
        }
        if (!vector.group_found || targetOf(vector).GROUP === "*") return
        const stream = new TestStream(client, vector.key)
        const { group } = vector
        assert.equal(
            await stream.reportedLag(group),
            vector.reported_lag,
            `${vector.scenario}: the server is the one that was recorded`
        )
        assert.equal(await stream.trueLag(group), vector.true_lag)
    }

    /** Until the append-only file is complete, a reload from it would lose what is there. */
    async function rewritten() {
        const isBusy = /aof_rewrite_(in_progress|scheduled):1/
        while (
            isBusy.test(
                String(await client.sendCommand(["INFO", "persistence"]))
            )
        );
    }
})

/** "7.0.15" -> "7.0" */
function minor(version: string) {
    return version.split(".").slice(0, 2).join(".")
}
