/** What real Redis and Valkey servers said, recorded: the files in test/fixtures. */
import { readFileSync } from "node:fs"

/** One scenario on one version, from lag-vectors.jsonl. Replies are raw RESP2. */
export interface LagVector {
    /** "5.0.14" */
    version: string
    /** Unique within a version. */
    scenario: string
    key: string
    group: string
    /** The commands that lead to it, in order. */
    setup: string[][]
    setup_errors: unknown[]
    /** Whether XINFO GROUPS lists the group. */
    group_found: boolean
    /** Whether it has a field "lag" (Redis 7.0 and later, Valkey). */
    lag_field: boolean
    /** That field; null is nil or absent. */
    reported_lag: number | null
    entries_read: number | null
    last_delivered_id: string | null
    /** Entries in the stream with an ID above last_delivered_id. */
    true_lag: number | null
    /** Reply to XINFO GROUPS key */
    xinfo_groups: string
    /** Reply to XREAD COUNT n STREAMS key last_delivered_id */
    xread: string | null
    /** Reply to XINFO STREAM key */
    xinfo_stream: string
}

export function lagVectors(): LagVector[] {
    return read("lag-vectors.jsonl")
        .split("\n")
        .filter(line => line !== "")
        .map(line => JSON.parse(line) as LagVector)
}

/** Case ("NOAUTH: XINFO GROUPS"), then version ("7.0.15", "valkey-8.1.1"), to the raw reply. */
export type ErrorReplies = Record<string, Record<string, string>>

export function errorReplies(): ErrorReplies {
    return JSON.parse(read("error-replies.json")) as ErrorReplies
}

/** @throws Error if there is no such recording */
export function errorReply(name: string, version: string): Buffer {
    const reply = errorReplies()[name]?.[version]
    if (reply === undefined)
        throw new Error(`no recording of "${name}" on ${version}`)
    return raw(reply)
}

/** The bytes of a recorded reply. */
export function raw(reply: string): Buffer {
    return Buffer.from(reply, "utf8")
}

function read(name: string) {
    return readFileSync(
        new URL(`../../fixtures/${name}`, import.meta.url),
        "utf8"
    )
}
