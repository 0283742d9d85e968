/**
 * Reads replies that a host sends, in every way they can be cut in two, and reports what they are.
 *
 * The host (at HOST:PORT) sends a byte that says how much to do (1: read it whole; 2: cut it too; 0: end), the reply's
 * length in 4 bytes, most significant first, and the reply.
 * For each reply it is told in lines
 * `e LEVEL TYPE VALUE BYTES`    an element as read from the reply in one piece: numbers, and its text in hex or `-`
 * `r REFUSAL`                   what the firmware takes it for, if it is an error
 * `! ERROR`                     why the reading ended early
 * `cut WAYS WRONG FIRST`        how many ways of cutting it there were, in how many of them other elements were read, and
 *                               which was the first of those
 * `skip WAYS WRONG FIRST`       the same for passing over what the first element holds
 * `.`                           that is all
 */
import * as ds from "@devicescript/core"
import { connect, Socket } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { refusalOf } from "../../../src/redis/refusal"
import { RespReader, RespType } from "../../../src/redis/resp"

/** What the host asks for. */
enum Task {
    End,
    Read,
    Cut,
}

/** Elements that are read without a pause: the program ends after 131,072 VM steps without one. */
const ELEMENTS_AT_ONCE = 60
/** A reply is waited for so many ms; with a driven clock they pass quickly. */
const PATIENCE_MS = 3600000
/** The way of cutting that is not in two: every byte is a piece. */
const BYTE_BY_BYTE = 0

let elementsSincePause = 0

/** Pauses now and then. @param elements how many were read since it was last called */
async function pauseAfter(elements: number): Promise<void> {
    // a piece without an element takes its time too
    elementsSincePause += elements + 1
    if (elementsSincePause < ELEMENTS_AT_ONCE) return
    elementsSincePause = 0
    await ds.sleep(1)
}

/** Feeds a reply piece by piece. */
class Pieces {
    private at = 0

    /** @param cut where it is cut in two, or BYTE_BY_BYTE */
    constructor(
        private reply: Buffer,
        private cut: number
    ) {}

    /** @returns false when there is nothing left */
    feed(reader: RespReader): boolean {
        const length = this.reply.length
        if (this.at >= length) return false
        const to =
            this.cut === BYTE_BY_BYTE
                ? this.at + 1
                : this.at < this.cut
                  ? this.cut
                  : length
        reader.feed(this.reply, this.at, to)
        this.at = to
        return true
    }
}

/** The elements of a reply, as read from it in one piece. */
class Elements {
    types: number[] = []
    values: number[] = []
    levels: number[] = []
    /** Undefined where nothing is held. */
    texts: Buffer[] = []

    add(reader: RespReader): void {
        this.types.push(reader.type)
        this.values.push(reader.value)
        this.levels.push(reader.level)
        this.texts.push(
            reader.start < 0
                ? undefined
                : reader.bytes.slice(reader.start, reader.end)
        )
    }
}

/** Whether exactly the whole reply was read. */
function isWhole(reader: RespReader, reply: Buffer): boolean {
    return (
        reader.error === undefined &&
        reader.depth === 0 &&
        !reader.hasUnread() &&
        reader.position() === reply.length
    )
}

async function readsTheSame(
    reply: Buffer,
    cut: number,
    elements: Elements
): Promise<boolean> {
    const reader = new RespReader()
    const pieces = new Pieces(reply, cut)
    const { types, values, levels, texts } = elements
    let i = 0
    while (pieces.feed(reader)) {
        let before = i
        while (reader.next()) {
            // no calls but the one: they are costly, and this is the innermost of four loops
            const text = texts[i]
            if (
                reader.type !== types[i] ||
                reader.value !== values[i] ||
                reader.level !== levels[i] ||
                (text === undefined ? reader.start >= 0 : !reader.is(text))
            )
                return false
            i++
            if (i - before < ELEMENTS_AT_ONCE) continue
            await pauseAfter(i - before)
            before = i
        }
        await pauseAfter(i - before)
    }
    return i === types.length && isWhole(reader, reply)
}

/** @param elements how many there are to skip */
async function skipsTheSame(
    reply: Buffer,
    cut: number,
    elements: number
): Promise<boolean> {
    const reader = new RespReader()
    const pieces = new Pieces(reply, cut)
    while (!reader.next()) {
        if (!pieces.feed(reader)) return false
        await pauseAfter(0)
    }
    while (!reader.skipTo(0)) {
        if (!reader.mustPause && !pieces.feed(reader)) return false
        await pauseAfter(0)
    }
    await pauseAfter(elements)
    return isWhole(reader, reply)
}

/** Collects lines and sends them in pieces of moderate size. */
class Report {
    private lines: string[] = []
    private bytes = 0

    constructor(private socket: Socket) {}

    async say(line: string): Promise<void> {
        this.lines.push(line)
        this.bytes += line.length
        if (this.bytes > 1000) await this.flush()
    }

    async flush(): Promise<void> {
        await this.socket.send(this.lines.join("\n") + "\n")
        this.lines = []
        this.bytes = 0
    }
}

async function examine(
    reply: Buffer,
    task: Task,
    report: Report
): Promise<void> {
    const elements = new Elements()
    const reader = new RespReader()
    reader.feed(reply)
    while (reader.next()) {
        elements.add(reader)
        const text = elements.texts[elements.texts.length - 1]
        const hex = text === undefined ? "-" : text.toString("hex")
        await report.say(
            `e ${reader.level} ${reader.type} ${reader.value} ${hex}`
        )
        if (reader.type === RespType.Error && reader.level === 0)
            await report.say(`r ${refusalOf(reader.text())}`)
        await ds.sleep(1)
    }
    if (!isWhole(reader, reply)) {
        await report.say(`! ${reader.error}`)
        return
    }
    if (task === Task.Read) return
    let wrong = 0
    let first = -1
    for (let cut = BYTE_BY_BYTE; cut < reply.length; ++cut) {
        if (await readsTheSame(reply, cut, elements)) continue
        wrong++
        if (first < 0) first = cut
    }
    await report.say(`cut ${reply.length} ${wrong} ${first}`)
    wrong = 0
    first = -1
    for (let cut = BYTE_BY_BYTE; cut < reply.length; ++cut) {
        if (await skipsTheSame(reply, cut, elements.types.length)) continue
        wrong++
        if (first < 0) first = cut
    }
    await report.say(`skip ${reply.length} ${wrong} ${first}`)
}

/** What has arrived and was not taken yet. */
let arrived = Buffer.alloc(0)

/** The next `length` bytes. */
async function take(socket: Socket, length: number): Promise<Buffer> {
    while (arrived.length < length)
        arrived = arrived.concat(await socket.recv(PATIENCE_MS))
    const taken = arrived.slice(0, length)
    arrived = arrived.slice(length)
    return taken
}

const socket = await connect({
    host: await readSetting("HOST", "localhost"),
    port: await readSetting("PORT", 1),
})
const report = new Report(socket)
for (;;) {
    const task = (await take(socket, 1))[0]
    if (task === Task.End) break
    const length = (await take(socket, 4)).readUInt32BE(0)
    await examine(await take(socket, length), task, report)
    await report.say(".")
    await report.flush()
}
console.log("end")
