/** `sensors`: every reading is recorded once, every hot one is a warning once, what was in hand comes first. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import { SENSORS_DEFAULTS, startSensors } from "../../../sim/traffic/sensors.ts"
import { groupBy } from "../support/traffic/group-by.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { SeededRandom } from "../../../sim/soak/seeded-random.ts"
import { stoppedAfterEach } from "../support/traffic/stopped-after-each.ts"
import { until } from "../support/until.ts"
import { isWorkedOff } from "../support/traffic/worked-off.ts"
import { killAtRandom, WorkloadProcess } from "../support/traffic/process.ts"

const { stream, group, warnAboveC } = SENSORS_DEFAULTS
const TIMEOUT_MS = 20_000

describe("sensors", () => {
    const start = stoppedAfterEach(startSensors)
    let redis: TestRedis
    before(async () => {
        redis = await startTestRedis()
    })
    after(() => redis.stop())
    beforeEach(() => redis.client.flushAll())

    const isIdle = () => isWorkedOff(redis.client, stream, group)

    function add(temperature: string, sensor = "sensor-1") {
        return redis.client.xAdd(stream, "*", {
            ...{ sensor, temperature, humidity: "40.0" },
        })
    }

    /** Compares what was recorded with the stream itself. */
    async function assertEachRecordedOnce(threshold: number) {
        const all = (await redis.client.xRange(stream, "-", "+"))!
        const bySensor = groupBy(all, ({ message }) => message.sensor)
        for (const [sensor, readings] of bySensor) {
            const state = await redis.client.hGetAll(
                `${stream}:sensor:${sensor}`
            )
            const last = readings.at(-1)!
            assert.equal(state.readings, String(readings.length), sensor)
            assert.equal(state.lastId, last.id)
            assert.equal(state.temperature, last.message.temperature)
        }
        const warned = (await redis.client.xRange(
            `${stream}:warnings`,
            "-",
            "+"
        ))!.map(({ message }) => message.reading)
        assert.equal(new Set(warned).size, warned.length, "each once")
        const hot = all.filter(
            ({ message }) => +message.temperature > threshold
        )
        for (const id of warned)
            assert.ok(
                hot.some(reading => reading.id === id),
                `${id} is not hot`
            )
        // whichever consumer was slow: no sensor was hot without a warning
        const sensors = new Set(hot.map(({ message }) => message.sensor))
        for (const sensor of sensors)
            assert.ok(
                hot.some(
                    ({ id, message }) =>
                        message.sensor === sensor && warned.includes(id)
                ),
                sensor
            )
        return { readings: all.length, warnings: warned.length }
    }

    test("record each reading once while any process is killed, and Redis emptied", async () => {
        const random = new SeededRandom()
        console.log(`SEED=${random.seed}`)
        const common = [
            ...["sensors", "--url", redis.server.url, "--warn-above", "22"],
            ...["--interval", "200", "--work", "2", "--sensors", "20"],
        ]
        const producers = [1, 2].map(
            () => new WorkloadProcess([...common, "--producer"])
        )
        // two of one name, too: the same in hand for both
        const consumers = ["consumer-1", "consumer-1", "consumer-2"].map(
            name => new WorkloadProcess([...common, "--consumer", name])
        )
        const all = [...producers, ...consumers]
        for (const each of all) each.start()
        try {
            await until("readings are recorded", TIMEOUT_MS, async () =>
                Boolean(await redis.client.exists(`${stream}:sensor:sensor-1`))
            )
            await killAtRandom(all, {
                ...{ random, gapMs: [50, 600] },
                halfway: () => redis.client.flushAll(),
                isEnough: async () => (await redis.client.xLen(stream)) > 300,
            })
            await Promise.all(producers.map(process => process.stop()))
            await until("all are recorded", TIMEOUT_MS, isIdle)
            const codes = await Promise.all(consumers.map(p => p.stop()))
            assert.deepEqual(codes, [0, 0, 0])
            const { warnings } = await assertEachRecordedOnce(22)
            assert.ok(warnings > 0, "there were warnings")
        } finally {
            await Promise.all(all.map(process => process.kill9()))
        }
    })

    test("after a restart, first what was in hand", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        for (let i = 0; i < 10; i++) await add("20.0")
        const inHand = await redis.client.xReadGroup(
            group,
            "consumer-1",
            { key: stream, id: ">" },
            { COUNT: 5 }
        )
        const lastInHand = inHand![0].messages.at(-1)!.id
        // one of them is not there any more: it must not be in the way
        await redis.client.xDel(stream, inHand![0].messages[2].id)
        const traffic = await start(redis.server.url, {
            ...{ producer: false, workMs: 60 },
        })
        let looks = 0
        await until("all are recorded", TIMEOUT_MS, async () => {
            const [groups, done] = await Promise.all([
                redis.client.xInfoGroups(stream),
                redis.client.zCard(`${stream}:done`),
            ])
            const isNewRead = groups[0]["last-delivered-id"] !== lastInHand
            if (!isNewRead) looks++
            assert.ok(!isNewRead || done >= 4, `${done} done`)
            return isIdle()
        })
        assert.ok(looks > 3, `${looks} looks while they were processed`)
        await traffic.stop()
        assert.equal((await assertEachRecordedOnce(30)).readings, 9)
    })

    test("warn when a sensor rises above the threshold, and again only once it has cooled", async () => {
        const said: string[] = []
        const traffic = await start(
            redis.server.url,
            { producer: false, workMs: 0 },
            line => said.push(line)
        )
        const temperatures =
            "29.9 30.0 30.3 30.8 29.5 30.4 29.1 31.0 29.0 30.0 30.1"
        for (const temperature of temperatures.split(" "))
            await add(temperature)
        await add("35.0", "sensor-2")
        await redis.client.xAdd(stream, "*", { temperature: "hot" })
        await until("all are recorded", TIMEOUT_MS, isIdle)
        await traffic.stop()
        assert.equal(warnAboveC, 30)
        assert.match(said[0], /warning: sensor-1 is at 30\.3 °C/)
        assert.match(said[1], /warning: sensor-1 is at 30\.1 °C/)
        assert.match(said[2], /warning: sensor-2 is at 35\.0 °C/)
        assert.match(said[3], /is not a reading/)
        assert.equal(said.length, 4)
        assert.equal(await redis.client.xLen(`${stream}:warnings`), 3)
    })

    test("a reading that names no sensor is recorded, too", async () => {
        for (const temperature of ["20.5", "31"])
            await redis.client.xAdd(stream, "*", {
                temperature,
                humidity: "44",
            })
        const traffic = await start(redis.server.url, {
            ...{ producer: false, workMs: 0 },
        })
        await until("all are recorded", TIMEOUT_MS, isIdle)
        await traffic.stop()
        const state = await redis.client.hGetAll(`${stream}:sensor:unnamed`)
        assert.equal(state.readings, "2")
        assert.equal(state.temperature, "31")
        assert.equal(await redis.client.xLen(`${stream}:warnings`), 1)
    })

    test("a hot reading that was left behind is a warning if the sensor has cooled since", async () => {
        await redis.client.xGroupCreate(stream, group, "0", { MKSTREAM: true })
        await add("31.0")
        // as a dead consumer leaves it
        await redis.client.xReadGroup(group, "gone", {
            ...{ key: stream, id: ">" },
        })
        await add("20.0")
        const traffic = await start(redis.server.url, {
            ...{ producer: false, workMs: 0, claimAfterMs: 300 },
        })
        await until("all are recorded", TIMEOUT_MS, isIdle)
        await traffic.stop()
        const state = await redis.client.hGetAll(`${stream}:sensor:sensor-1`)
        assert.equal(state.temperature, "20.0")
        assert.equal(state.isWarm, "0")
        assert.equal(await redis.client.xLen(`${stream}:warnings`), 1)
    })

    test("each sensor sends once an interval; group and stream may exist, or go", async () => {
        const traffic = await start(redis.server.url)
        await until("readings come", TIMEOUT_MS, async () =>
            Boolean(await redis.client.xLen(stream))
        )
        await redis.client.del(stream)
        await until(
            "twice each",
            TIMEOUT_MS,
            async () =>
                (await redis.client.xLen(stream)) >=
                2 * SENSORS_DEFAULTS.sensors
        )
        await traffic.stop()
        const all = (await redis.client.xRange(stream, "-", "+"))!
        const counts = [
            ...groupBy(all, ({ message }) => message.sensor).values(),
        ].map(readings => readings.length)
        assert.equal(counts.length, SENSORS_DEFAULTS.sensors)
        assert.ok(
            Math.max(...counts) - Math.min(...counts) <= 1,
            `one sends as often as the other: ${counts.join(", ")}`
        )
        const [{ consumers }] = await redis.client.xInfoGroups(stream)
        assert.equal(Number(consumers), 1, "the group was made again")
    })
})
