/** Stand-ins and helpers of the device tests. Not a test itself. */
import * as ds from "@devicescript/core"
import { ReplySource } from "../../src/redis/reply"
import { RespReader, RespType } from "../../src/redis/resp"

const CR = 13
const LF = 10
const SPACE = 0x20
/** Any byte that RESP never begins with. */
const GARBAGE = 0xee

/** Raw RESP from one word a line: `wire("*1 $1 a")` is `*1\r\n$1\r\na\r\n`. */
export function wire(words: string): Buffer {
    const source = Buffer.from(words)
    // a blank becomes two bytes, and so does the end
    let length = source.length + 2
    for (
        let at = source.indexOf(SPACE);
        at >= 0;
        at = source.indexOf(SPACE, at + 1)
    )
        length++
    const bytes = Buffer.alloc(length)
    let size = 0
    for (let from = 0; from <= source.length;) {
        let to = source.indexOf(SPACE, from)
        if (to < 0) to = source.length
        bytes.blitAt(size, source, from, to - from)
        size += to - from
        bytes[size++] = CR
        bytes[size++] = LF
        from = to + 1
    }
    return bytes
}

/** A bulk string of `length` bytes, on the wire. */
export function longString(length: number): Buffer {
    const content = Buffer.alloc(length)
    content.fillAt(0, length, 0x78)
    return Buffer.concat(
        Buffer.from(`$${length}\r\n`),
        content,
        Buffer.from("\r\n")
    )
}

/** Stands in for a connection: the reader gets one piece after the other, and finds the last one spoilt. */
export class FakeReplySource implements ReplySource {
    readonly reader = new RespReader()
    private piece: Buffer = undefined
    private at = 0

    /** @param pieceBytes how long the pieces are */
    constructor(
        private bytes: Buffer,
        private pieceBytes: number
    ) {}

    async more(): Promise<void> {
        if (this.reader.error !== undefined) throw new Error(this.reader.error)
        if (this.reader.mustPause) {
            await ds.sleep(1)
            return
        }
        if (this.at >= this.bytes.length) throw new Error("no more bytes")
        // what was read must not be looked at again
        if (this.piece !== undefined)
            this.piece.fillAt(0, this.piece.length, GARBAGE)
        const end = Math.min(this.at + this.pieceBytes, this.bytes.length)
        this.piece = this.bytes.slice(this.at, end)
        this.at = end
        this.reader.feed(this.piece)
        // the program may not go on for ever without a pause
        await ds.sleep(1)
    }

    async pauseIfDue(): Promise<void> {
        await ds.sleep(1)
    }

    /** Whether exactly the given bytes were read, and nothing is left half read. */
    isUsedUp(): boolean {
        return (
            this.at === this.bytes.length &&
            this.reader.depth === 0 &&
            !this.reader.hasUnread()
        )
    }
}

/** The element last read, in one word: level, type, and number or text: `0*2`, `1$3=abc`, `1$600` where it is not held. */
export function elementText(reader: RespReader): string {
    const head = `${reader.level}${String.fromCharCode(reader.type)}`
    switch (reader.type) {
        case RespType.Null:
            return head
        case RespType.BulkString:
        case RespType.BulkError:
        case RespType.VerbatimString:
            if (reader.start < 0) return `${head}${reader.value}`
            return `${head}${reader.value}=${reader.text()}`
        default:
            return head + (reader.start < 0 ? `${reader.value}` : reader.text())
    }
}

/** Reads all elements of what was fed. @returns their texts, and how the reading ended */
export function drain(reader: RespReader, texts: string[]): void {
    while (reader.next()) texts.push(elementText(reader))
}

/** What a reader ends with: an error, an unfinished element, open aggregates. */
export function endText(reader: RespReader): string {
    if (reader.error !== undefined) return `!${reader.error}`
    const unread = reader.hasUnread() ? "?" : ""
    return reader.depth > 0 ? `${unread}<${reader.depth}` : unread
}

/** All elements of `bytes`, read in pieces of `pieceBytes`, and how it ended. */
export async function readIn(
    bytes: Buffer,
    pieceBytes: number
): Promise<string> {
    const reader = new RespReader()
    const texts: string[] = []
    for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = bytes.slice(at, Math.min(at + pieceBytes, bytes.length))
        reader.feed(piece)
        drain(reader, texts)
        piece.fillAt(0, piece.length, GARBAGE)
        // the program may not go on for ever without a pause
        if (at % 64 === 0) await ds.sleep(1)
    }
    texts.push(endText(reader))
    return texts.join(" ").trim()
}

/** All elements of `bytes`, read in two pieces, and how it ended. */
export function readCutAt(bytes: Buffer, cut: number): string {
    const reader = new RespReader()
    const texts: string[] = []
    const first = bytes.slice(0, cut)
    reader.feed(first)
    drain(reader, texts)
    first.fillAt(0, first.length, GARBAGE)
    reader.feed(bytes.slice(cut))
    drain(reader, texts)
    texts.push(endText(reader))
    return texts.join(" ").trim()
}
