/**
 * Sensors that send temperature and humidity to `sensor-data` each second, and the group `my-group` that
 * records them and warns of heat. After a restart its consumer reads its pending entries first.
 */
import { wholeNumber } from "../command-line.ts"
import type { OptionValues } from "../command-line.ts"
import { BoundedStream } from "./parts/bounded-stream.ts"
import {
    behaviourFrom,
    startConsumers,
    USUAL_BEHAVIOUR,
    CONSUMER_OPTIONS,
} from "./parts/consumers.ts"
import type { ConsumersPlan } from "./parts/consumers.ts"
import { Runner } from "./parts/runner.ts"
import type { Say } from "./parts/runner.ts"
import { ensureGroup } from "./parts/entries.ts"
import {
    claimAfterMsFrom,
    claimOption,
    numberOption,
    partsFrom,
    sensingFrom,
    sensingOptions,
    switchOption,
    textOption,
    workMsFrom,
} from "./parts/options.ts"
import { readingFrom, SensorStore } from "./sensors-script.ts"
import type { Reading } from "./sensors-script.ts"
import type { Traffic, Workload } from "./workload.ts"

export interface SensorsPlan extends ConsumersPlan {
    /** Whether the sensors send. */
    producer: boolean
    sensors: number
    /** Between two readings of a sensor. */
    intervalMs: number
    /** Temperature above which to warn, in °C. */
    warnAboveC: number
    /** Temperature at which a sensor has cooled, so that it is warned of again, in °C. */
    cooledAtC: number
    /** Entries kept in the stream, about. */
    maxLength: number
}

export const SENSORS_DEFAULTS: SensorsPlan = {
    stream: "sensor-data",
    group: "my-group",
    producer: true,
    consumers: 1,
    ...USUAL_BEHAVIOUR,
    sensors: 6,
    intervalMs: 1000,
    workMs: 140,
    warnAboveC: 30,
    cooledAtC: 29,
    claimAfterMs: 30_000,
    maxLength: 10_000,
}

const DEFAULTS = SENSORS_DEFAULTS

export const sensors: Workload = {
    name: "sensors",
    summary: "sensors that send each second, and a consumer that warns of heat",
    options: {
        stream: textOption("KEY", DEFAULTS.stream, "the stream"),
        group: textOption("NAME", DEFAULTS.group, "the consumer group"),
        producer: switchOption("only send"),
        consumer: textOption("NAME", undefined, "only be this consumer"),
        ...sensingOptions(DEFAULTS),
        work: numberOption(
            "MS",
            DEFAULTS.workMs,
            "milliseconds that the consumer takes for a reading"
        ),
        "warn-above": numberOption(
            "C",
            DEFAULTS.warnAboveC,
            "degrees Celsius above which to warn"
        ),
        "warn-again": numberOption(
            "C",
            DEFAULTS.cooledAtC,
            "degrees Celsius to which it has to cool before the next warning"
        ),
        adopt: claimOption(DEFAULTS.claimAfterMs),
        ...CONSUMER_OPTIONS,
        maxlen: numberOption(
            "N",
            DEFAULTS.maxLength,
            "processed entries to keep in the stream, about"
        ),
    },
    start: (url, values, say) => startSensors(url, planFrom(values), say),
}

/** @throws UsageError */
function planFrom(values: OptionValues): SensorsPlan {
    const { producer, consumers, isOneConsumer } = partsFrom(values, 1)
    return {
        stream: String(values.stream),
        group: String(values.group),
        producer,
        consumers,
        ...behaviourFrom(values, isOneConsumer),
        ...sensingFrom(values),
        workMs: workMsFrom(values),
        ...limitsFrom(values),
        claimAfterMs: claimAfterMsFrom(values),
        maxLength: wholeNumber("maxlen", values.maxlen, 100, 10_000_000),
    }
}

/** @throws UsageError */
function limitsFrom(values: OptionValues) {
    const warnAboveC = wholeNumber("warn-above", values["warn-above"], 0, 1000)
    const again = values["warn-again"]
    // if only --warn-above is set, --warn-again follows it
    const isUsual = again === String(DEFAULTS.cooledAtC)
    const gapC = DEFAULTS.warnAboveC - DEFAULTS.cooledAtC
    const cooledAtC = isUsual
        ? warnAboveC - gapC
        : wholeNumber("warn-again", again, 0, warnAboveC)
    return { warnAboveC, cooledAtC }
}

/**
 * Resolves when sensors and consumers run.
 * @throws Error if Redis cannot be reached, or refuses
 */
export function startSensors(
    url: string,
    changes: Partial<SensorsPlan> = {},
    say: Say = () => {}
): Promise<Traffic> {
    const plan = { ...SENSORS_DEFAULTS, ...changes }
    return Runner.start({ url, name: "sensors", say }, async runner => {
        await ensureGroup(runner.client, plan.stream, plan.group)
        if (plan.producer) runner.run(() => send(runner, plan))
        await startConsumers(runner, "sensors", plan, client => {
            const { stream, group, warnAboveC } = plan
            const store = new SensorStore(client, stream, group, plan)
            return async ({ id, fields }) => {
                const reading = readingFrom(fields)
                const outcome = await store.record(id, reading)
                if (!reading) runner.say(`${id} is not a reading: skipped`)
                else if (outcome === "rises above")
                    runner.say(
                        `warning: ${reading.sensor} is at ${reading.temperature} °C, above ${warnAboveC} °C`
                    )
            }
        })
    })
}

/** One reading of each sensor at each interval, by the clock; readings missed in an outage are not made up for. */
async function send(runner: Runner, plan: SensorsPlan) {
    const { stream, intervalMs } = plan
    const bounded = new BoundedStream(runner, stream, plan.maxLength)
    while (!runner.isOver) {
        const nowMs = Date.now()
        if (await bounded.hasRoom())
            for (let i = 1; i <= plan.sensors && !runner.isOver; i++)
                await runner.client.xAdd(stream, "*", {
                    ...readingOf(i, nowMs),
                })
        await runner.pause(intervalMs - (Date.now() % intervalMs))
    }
}

/** The period of the temperature, in ms. */
const WAVE_MS = 120_000

/**
 * A sensor's reading at a moment: 22 °C and 45 % on average, 9 °C and 15 % up and down within two minutes,
 * each sensor a little after the one before it, with some noise.
 */
export function readingOf(number: number, atMs: number): Reading {
    const wave = Math.sin((2 * Math.PI * atMs) / WAVE_MS - number / 3)
    const noise = Math.random() - 0.5
    return {
        sensor: `sensor-${number}`,
        temperature: (22 + 9 * wave + noise).toFixed(1),
        humidity: (45 - 15 * wave + noise).toFixed(1),
    }
}
