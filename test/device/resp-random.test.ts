/**
 * RespReader on random replies: what was written is read, however it is cut, and wherever the rest is passed over; and on
 * random bytes: an error or the wish for more, never worse.
 */
import * as ds from "@devicescript/core"
import { beforeEach, describe, test } from "@devicescript/test"
import { MAX_DEPTH, MAX_HELD, RespReader } from "../../src/redis/resp"
import { drain, endText, longString, readCutAt, readIn } from "./fakes"
import { newSeed, Random } from "./random"

const REPLIES = 30
/** So many random byte strings. */
const STRINGS = 120

const LINES = "+-,("
const AGGREGATES = "*%~>"
const TEXTS = ["", "a", "\r", "name", "jöbs", "+OK", "last-delivered-id", "12"]
/** Around the length from which on strings are not held. */
const LONG = [510, 511, 512, 513, 514, 1500]

/** Writes a random reply, and what a reader must make of it. */
class FakeServer {
    /** As elementText() has them. */
    texts: string[] = []
    levels: number[] = []
    private parts: Buffer[] = []
    private room = 40

    constructor(private random: Random) {}

    bytes(): Buffer {
        return Buffer.concat(...this.parts)
    }

    private add(level: number, text: string, bytes: Buffer): void {
        this.levels.push(level)
        this.texts.push(`${level}${text}`)
        this.parts.push(bytes)
        this.room--
    }

    write(level: number): void {
        const random = this.random
        const nests = level < MAX_DEPTH && this.room > 0
        if (nests && random.chance(5))
            this.writeAggregate(level, "|", random.below(3))
        if (nests && random.chance(level === 0 ? 80 : 30)) {
            const type = AGGREGATES[random.below(AGGREGATES.length)]
            this.writeAggregate(level, type, random.below(5))
        } else if (random.chance(5)) {
            const length = LONG[random.below(LONG.length)]
            const string = longString(length)
            const held =
                length <= MAX_HELD
                    ? `=${string.slice(6, string.length - 2).toString()}`
                    : ""
            this.add(level, `$${length}${held}`, string)
        } else if (random.chance(40)) {
            const text = TEXTS[random.below(TEXTS.length)]
            const type = random.chance(90) ? "$" : random.chance(50) ? "!" : "="
            const length = text.byteLength
            this.add(
                level,
                `${type}${length}=${text}`,
                Buffer.from(`${type}${length}\r\n${text}\r\n`)
            )
        } else if (random.chance(30)) {
            const nil = random.below(3)
            const line = nil === 0 ? "_" : nil === 1 ? "$-1" : "*-1"
            this.add(level, "_", Buffer.from(`${line}\r\n`))
        } else if (random.chance(60)) {
            const number = random.below(100000) - 50000
            this.add(level, `:${number}`, Buffer.from(`:${number}\r\n`))
        } else {
            const type = LINES[random.below(LINES.length)]
            const line = `${type}${random.below(1000)} ☃`
            this.add(level, line, Buffer.from(`${line}\r\n`))
        }
    }

    private writeAggregate(level: number, type: string, count: number): void {
        const elements = type === "%" || type === "|" ? count * 2 : count
        this.add(
            level,
            `${type}${elements}`,
            Buffer.from(`${type}${count}\r\n`)
        )
        for (let i = 0; i < elements; ++i) this.write(level + 1)
    }
}

/** Feeds a reader with bytes, cut at random places; each piece is spoilt when it has been read. */
class RandomPieces {
    private at = 0
    private piece: Buffer = undefined

    constructor(
        private bytes: Buffer,
        private random: Random,
        private longest: number
    ) {}

    feed(reader: RespReader): boolean {
        if (this.piece !== undefined)
            this.piece.fillAt(0, this.piece.length, 0xee)
        const left = this.bytes.length - this.at
        if (left === 0) return false
        const length = Math.min(left, 1 + this.random.below(this.longest))
        this.piece = this.bytes.slice(this.at, this.at + length)
        this.at += length
        reader.feed(this.piece)
        return true
    }
}

/** The elements of `server.texts` that are left when, after `steps` of them, no more than `level` are to be open. */
function rest(server: FakeServer, steps: number, level: number): string {
    let i = steps
    while (i < server.levels.length && server.levels[i] > level) i++
    return server.texts.slice(i).join(" ")
}

async function stepAndSkip(
    pieces: RandomPieces,
    steps: number,
    level: number
): Promise<string> {
    const reader = new RespReader()
    while (steps > 0) {
        if (reader.next()) steps--
        else if (!pieces.feed(reader)) return "too few"
        if (steps % 64 === 0) await ds.sleep(1)
    }
    let turns = 0
    while (!reader.skipTo(level)) {
        if (!reader.mustPause && !pieces.feed(reader))
            return "passed over too much"
        if (++turns % 64 === 0) await ds.sleep(1)
    }
    const texts: string[] = []
    for (;;) {
        drain(reader, texts)
        if (!pieces.feed(reader)) break
        if (++turns % 64 === 0) await ds.sleep(1)
    }
    return texts.join(" ") + endText(reader)
}

describe("random replies", () => {
    test("are read as they were written, in any pieces", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < REPLIES; ++i) {
            const server = new FakeServer(random)
            server.write(0)
            const bytes = server.bytes()
            const written = server.texts.join(" ")
            for (const longest of [10000, 600, 3]) {
                const pieces = new RandomPieces(bytes, random, longest)
                const read = await stepAndSkip(pieces, 0, 0)
                await ds.sleep(1)
                if (read !== written)
                    throw new Error(
                        `seed ${seed}, ${i}: ${read} for ${written}`
                    )
            }
        }
    })
    test("are passed over from anywhere to any level", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < REPLIES; ++i) {
            const server = new FakeServer(random)
            server.write(0)
            server.write(0)
            const bytes = server.bytes()
            for (const longest of [10000, 20]) {
                const steps = 1 + random.below(server.texts.length)
                const level = random.below(3)
                const pieces = new RandomPieces(bytes, random, longest)
                const read = await stepAndSkip(pieces, steps, level)
                await ds.sleep(1)
                const expected = rest(server, steps, level)
                if (read !== expected)
                    throw new Error(
                        `seed ${seed}, ${i}, ${steps} steps to ${level}: ${read} for ${expected}`
                    )
            }
        }
    })
})

/** Bytes that look like RESP more often than chance would have it. */
const LIKELY = Buffer.from("+-:$*_#,(!=%~>|\r\n\r\n\r\n0123456789-+x")

function randomBytes(random: Random, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let i = 0; i < length; ++i)
        bytes[i] = random.chance(95)
            ? LIKELY[random.below(LIKELY.length)]
            : random.below(256)
    return bytes
}

describe("random bytes", () => {
    beforeEach(async () => await ds.sleep(1))
    test("end in an error or the wish for more, the same in any pieces", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < STRINGS; ++i) {
            const bytes = randomBytes(random, 1 + random.below(60))
            const whole = await readIn(bytes, bytes.length)
            const cut = readCutAt(bytes, random.below(bytes.length))
            const pieces = await readIn(bytes, 1 + random.below(5))
            if (cut !== whole || pieces !== whole)
                throw new Error(`seed ${seed}, ${i}: ${whole} or ${cut}`)
            await ds.sleep(1)
        }
    })
    test("can be passed over with the same end", async () => {
        const seed = await newSeed()
        const random = new Random(seed)
        for (let i = 0; i < STRINGS; ++i) {
            const bytes = Buffer.concat(
                Buffer.from("*100000\r\n"),
                randomBytes(random, 1 + random.below(60))
            )
            const stepped = new RespReader()
            stepped.feed(bytes)
            while (stepped.next());
            const passed = new RespReader()
            passed.feed(bytes)
            passed.next()
            if (passed.skipTo(0) || passed.error !== stepped.error)
                throw new Error(`seed ${seed}, ${i}: ${passed.error}`)
            await ds.sleep(1)
        }
    })
})
