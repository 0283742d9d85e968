/** Options that several workloads have. */
import { wholeNumber } from "../../command-line.ts"
import type { CommandOptions, OptionValues } from "../../command-line.ts"
import type { LoadCycle } from "../load-cycle.ts"

type Option = CommandOptions[string]

export function textOption(
    value: string,
    fallback: string | undefined,
    help: string
): Option {
    return { type: "string", value, default: fallback, help }
}

export function numberOption(
    value: string,
    fallback: number,
    help: string
): Option {
    return { type: "string", value, default: String(fallback), help }
}

export function switchOption(help: string): Option {
    return { type: "boolean", help }
}

/** How many sensors send, and how often. */
export interface Sensing {
    sensors: number
    /** Between two readings of a sensor. */
    intervalMs: number
}

export function sensingOptions(fallback: Sensing): CommandOptions {
    return {
        sensors: numberOption("N", fallback.sensors, "sensors"),
        interval: numberOption(
            "MS",
            fallback.intervalMs,
            "milliseconds between two readings of a sensor"
        ),
    }
}

/** @throws UsageError */
export function sensingFrom(values: OptionValues): Sensing {
    return {
        sensors: wholeNumber("sensors", values.sensors, 1, 1000),
        intervalMs: wholeNumber("interval", values.interval, 10, 3_600_000),
    }
}

export function claimOption(fallbackMs: number): Option {
    return numberOption(
        "MS",
        fallbackMs,
        "milliseconds after which a consumer claims what is pending for another"
    )
}

/** @throws UsageError */
export function claimAfterMsFrom({ adopt }: OptionValues) {
    return wholeNumber("adopt", adopt, 100, 86_400_000)
}

/** @throws UsageError */
export function workMsFrom({ work }: OptionValues) {
    return wholeNumber("work", work, 0, 60_000)
}

/** Which parts of a workload a process runs. */
export interface Parts {
    producer: boolean
    /** The names of consumers, or how many. */
    consumers: string[] | number
    /** No part was named: all of them. */
    all: boolean
    /** It runs one consumer and nothing else. */
    isOneConsumer: boolean
}

/**
 * @param count how many consumers there are if no part is named
 * @param option that names the only consumer
 * @param others further switches that name a part
 */
export function partsFrom(
    values: OptionValues,
    count: number,
    { option = "consumer", others = [] as string[] } = {}
): Parts {
    const producer = values.producer === true
    const name = values[option] as string | undefined
    const isOther = producer || others.some(other => values[other])
    const all = !isOther && name === undefined
    return {
        producer: producer || all,
        consumers: name !== undefined ? [name] : all ? count : [],
        all,
        isOneConsumer: !isOther && name !== undefined,
    }
}

/** @throws UsageError */
export function loadCycleFrom(
    values: OptionValues,
    ratePerS: number
): LoadCycle {
    return {
        ratePerS,
        peak: wholeNumber("peak", values.peak, 1, 100_000),
        periodS: wholeNumber("period", values.period, 5, 86_400),
    }
}
