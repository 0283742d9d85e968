/**
 * Answers as the server of a recorded vector would: XINFO's replies raw, as recorded, and what was not recorded (XLEN,
 * XRANGE, XREAD with another ID or COUNT) derived from the entries, which follow from the recorded replies.
 */
import {
    decodeReply,
    encodeReply,
} from "../../../../sim/faults/encode-reply.ts"
import type { Value } from "../../../../sim/faults/encode-reply.ts"
import type { LagVector } from "../fixtures.ts"
import type { Handler } from "../../../../sim/faults/canned-reply-server.ts"

/** The bytes of a recorded text: one group's name is not valid UTF-8, and each character stands for a byte. */
export function bytesOf(recorded: string): Buffer {
    return Buffer.from(recorded, "latin1")
}

/** An entry's ID and its fields, as XREAD returns them. */
type Entry = [id: string, fields: Value]

/** @returns what a scripted server answers in place of the vector's */
export function replay(vector: LagVector): Handler {
    const groups = bytesOf(vector.xinfo_groups)
    const stream = bytesOf(vector.xinfo_stream)
    const { behind, length } = entriesOf(vector)
    return command => {
        const [name, ...args] = command.map(word => word.toString())
        switch (name.toUpperCase()) {
            case "XINFO":
                if (args[0].toUpperCase() === "GROUPS") return groups
                if (args[0].toUpperCase() === "STREAM") return stream
                break
            case "XLEN":
                return encodeReply(length)
            case "XREAD": {
                // XREAD COUNT n STREAMS key id
                const [, count, , key, after] = args
                const found = behind
                    .filter(([id]) => compareIds(id, after) > 0)
                    .slice(0, Number(count))
                return encodeReply(found.length > 0 ? [[key, found]] : null)
            }
            case "XRANGE": {
                // XRANGE key - id COUNT 1: whether anything precedes the group's last-delivered-id
                const [, start, end, , count] = args
                if (start !== "-" || count !== "1") break
                const first = firstId(vector)
                const isBefore = first && compareIds(first, end) <= 0
                return encodeReply(isBefore ? [[first, ["f", "v"]]] : [])
            }
            case "CLIENT":
                return "+OK\r\n"
        }
        return `-ERR not recorded: ${name} ${args.join(" ")}\r\n`
    }
}

/** The entries that were not delivered (the rest is not recorded), and how many entries there are. */
function entriesOf(vector: LagVector): { behind: Entry[]; length: number } {
    const facts = fieldsOf(vector.xinfo_stream)
    const length = Number(facts.get("length") ?? 0)
    if (!vector.xread) return { behind: [], length }
    const reply = decodeReply(bytesOf(vector.xread)) as
        [key: string, entries: Entry[]][] | null
    return { behind: reply?.[0][1] ?? [], length }
}

/** The ID of the stream's first entry. */
function firstId(vector: LagVector): string | undefined {
    const entry = fieldsOf(vector.xinfo_stream).get("first-entry") as
        Entry | null | undefined
    return entry?.[0]
}

function fieldsOf(reply: string): Map<string, Value> {
    const fields = decodeReply(bytesOf(reply))
    const map = new Map<string, Value>()
    if (Array.isArray(fields))
        for (let i = 0; i < fields.length; i += 2)
            map.set(fields[i] as string, fields[i + 1])
    return map
}

/** @returns below, at or above 0 */
export function compareIds(a: string, b: string): number {
    const [aMs, aSequence] = a.split("-").map(BigInt)
    const [bMs, bSequence] = b.split("-").map(BigInt)
    return Number(aMs - bMs) || Number(aSequence - bSequence)
}
