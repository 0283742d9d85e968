/** Options that several workloads have. */
import { wholeNumber } from "../../command-line.ts"
import type { CommandOptions, OptionValues } from "../../command-line.ts"
import type { Tide } from "../tide.ts"

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

/** Which parts of a workload a process is to be. */
export interface Parts {
    producer: boolean
    /** The only consumer; undefined: as many as the plan says, or none beside another part. */
    consumer: string | undefined
    /** No part was named: all of them. */
    all: boolean
}

/** @param others further switches that name a part */
export function partsFrom(values: OptionValues, others: string[] = []): Parts {
    const producer = values.producer === true
    const consumer = values.consumer as string | undefined
    const all =
        !producer &&
        consumer === undefined &&
        !others.some(other => values[other])
    return { producer: producer || all, consumer, all }
}

/** @throws UsageError */
export function tideFrom(values: OptionValues, ratePerS: number): Tide {
    return {
        ratePerS,
        peak: wholeNumber("peak", values.peak, 1, 100_000),
        periodS: wholeNumber("period", values.period, 5, 86_400),
    }
}
