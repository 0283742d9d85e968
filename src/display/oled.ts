/**
 * A small screen beside the LEDs, an SSD1306 of 128 x 64 pixels in one colour: the stream, the lag as a number, and the reason
 * as text. It shows a number only while that number is fresh, and `?` whenever the LEDs show anything else.
 *
 * The driver in @devicescript/drivers would do, but for two things: with all that it brings the program's functions no longer
 * fit its first 64 KB (docs/performance.md), and each of its pictures keeps the chip from all else for 24 ms, in one piece.
 */
import * as ds from "@devicescript/core"
import { Font, Image } from "@devicescript/graphics/src/image"
import { font8, scaledFont } from "@devicescript/graphics/src/text"
import { printable } from "../link/printable"
import { say } from "../say"
import { Condition, Display, LinkStatus, Status, TargetStatus } from "./display"
import { short } from "./log"
import { LINKS } from "./words"

/** Pixels. */
const WIDTH = 128
const HEIGHT = 64
/** A character of the smallest font, pixels. */
const CHARACTER = 6
const LINE = 8
/** Characters in a line. */
const COLUMNS = Math.idiv(WIDTH, CHARACTER)
/** The sign of life, in the corner at the right of the first line, pixels: a square that comes and goes. */
const SIGN = 4
/** Of the first line, what the sign of life leaves, characters. */
const NAME_COLUMNS = COLUMNS - 1
/** One target's number: how far down, pixels, and how large at the most, times the smallest font. */
const NUMBER_TOP = 11
const NUMBER_SIZE = 3
/** Several targets' lines are so far apart, pixels. */
const ROW = 9
/** Lines of words at the bottom, below one target and below several. */
const WORDS = 3
const WORDS_OF_SEVERAL = 2
/** The sign of life changes no more often, ms. */
const SIGN_MS = 2000
/** A screen that does not answer is tried again after so long, ms. */
const AGAIN_MS = 5000

/** The screen's address, as nearly all have it. */
export const OLED_ADDRESS = 0x3c
/** What follows are commands; a picture's bytes (SSD1306 data sheet, 8.1.5.2). */
const COMMANDS = 0x00
const PICTURE = 0x40
/** Bytes of a column. */
const COLUMN_BYTES = 8
/** Columns that are sent in one go. */
const CHUNK = 16

/**
 * Sends bytes to a device on the I2C bus, in one transaction.
 * @returns 0 when it took them
 */
export type SendI2c = (address: number, bytes: Buffer) => Promise<number>

/** What the screen takes of the heap, bytes: its picture, once more while it is sent, and what draws it. */
export const OLED_BYTES = 2500

/** What the screen says. */
export interface OledTexts {
    /** Of each target. */
    names: string[]
    /** The lag of each, or `?`. */
    numbers: string[]
    /** The unit, or why there is no number. */
    words: string
}

/** The texts for a status. */
export function oledTexts(status: Status): OledTexts {
    const names: string[] = []
    const numbers: string[] = []
    const isUp = status.link === LinkStatus.Up
    let words = ""
    let complaint = ""
    for (const target of status.targets) {
        const name = printable(`${target.stream}/${target.group}`)
        const isFresh = isUp && target.condition === Condition.Lag
        names.push(name)
        numbers.push(isFresh ? numberText(target) : "?")
        const start = status.targets.length === 1 ? "" : `${name}: `
        if (!isFresh && words === "") words = start + reasonText(target)
        if (isFresh && complaint === "" && target.complaint !== undefined)
            complaint = start + target.complaint
    }
    const problem = status.problem === undefined ? "" : status.problem
    if (!isUp) {
        words = LINKS[status.link]
        if (problem !== "") words += `: ${problem}`
    }
    if (words === "") words = complaint
    if (words === "") words = problem
    if (words === "") {
        const { show, unit } = status.targets[0]
        words = show === "lag" ? unit : show
    }
    return { names, numbers, words: printable(words) }
}

/** `3`, `2.5s`, `100+`, `4-9`. */
function numberText(target: TargetStatus): string {
    const low = short(target.lagLow)
    const high = target.lagHigh
    const unit = target.unit === "seconds" ? "s" : ""
    if (target.lagLow === high) return low + unit
    return high === undefined
        ? `${low}${unit}+`
        : `${low}-${short(high)}${unit}`
}

function reasonText(target: TargetStatus): string {
    const reason = target.reason
    if (reason === undefined) return "not known yet"
    switch (target.condition) {
        case Condition.Stale:
            return `stale, was ${numberText(target)}: ${reason}`
        case Condition.Unknown:
            return reason
        default:
            return `refused: ${reason}`
    }
}

/** Draws the texts, on a screen that shows nothing else. */
export function drawTexts(image: Image, texts: OledTexts): void {
    const font = font8()
    image.fill(0)
    const names = texts.names
    if (names.length === 1) {
        image.print(cut(names[0], NAME_COLUMNS), 0, 0, 1, font)
        const number = texts.numbers[0]
        let size = NUMBER_SIZE
        while (size > 1 && number.length * CHARACTER * size > WIDTH) size--
        image.print(number, 0, NUMBER_TOP, 1, scaledFont(font, size))
    }
    if (names.length > 1)
        for (let i = 0; i < names.length; ++i) {
            const number = texts.numbers[i]
            const columns = NAME_COLUMNS - number.length
            image.print(cut(names[i], columns - 1), 0, i * ROW, 1, font)
            image.print(number, columns * CHARACTER, i * ROW, 1, font)
        }
    drawWords(image, texts.words, names.length > 1, font)
}

/** At the bottom, broken at blanks where that is possible. */
function drawWords(
    image: Image,
    words: string,
    isBelowSeveral: boolean,
    font: Font
): void {
    const lines = isBelowSeveral ? WORDS_OF_SEVERAL : WORDS
    for (let line = lines; line >= 1; --line) {
        let end = words.length
        if (end > COLUMNS && line > 1) {
            end = words.slice(0, COLUMNS + 1).lastIndexOf(" ")
            if (end <= 0) end = COLUMNS
        }
        const text = cut(words.slice(0, end), COLUMNS)
        image.print(text, 0, HEIGHT - line * LINE, 1, font)
        words = words.slice(end).trim()
    }
}

function cut(text: string, columns: number): string {
    if (text.length <= columns) return text
    return columns > 2 ? text.slice(0, columns - 2) + ".." : ""
}

/** Shows what there is to tell on the screen; it is not waited for. */
export class Oled implements Display {
    private image = Image.alloc(
        WIDTH,
        HEIGHT,
        1,
        Buffer.alloc(WIDTH * COLUMN_BYTES)
    )
    private texts: OledTexts = { names: [], numbers: [], words: "starting" }
    /** The texts are not on the screen yet. */
    private isNews = true
    private hasSign = false
    private signAt = -SIGN_MS
    /** It has been begun with, and answered since. */
    private isReady = false
    private isMissed = false
    private fiber: ds.Fiber | undefined
    private sleeping = false

    constructor(private sendI2c: SendI2c) {
        this.run.start()
    }

    show(status: Status): void {
        this.texts = oledTexts(status)
        this.isNews = true
        this.wake()
    }

    /** Comes and goes with fresh readings alone. */
    beat(): void {
        const now = ds.millis()
        if (now - this.signAt < SIGN_MS) return
        this.signAt = now
        this.hasSign = !this.hasSign
        this.wake()
    }

    private wake(): void {
        if (!this.sleeping) return
        this.sleeping = false
        ;(this.fiber as ds.Fiber).resume(undefined)
    }

    private async run(): Promise<void> {
        this.fiber = ds.Fiber.self()
        for (;;) {
            const hasSign = this.hasSign
            try {
                await this.write()
                this.isReady = true
                this.isMissed = false
            } catch (e) {
                this.isReady = false
                if (!this.isMissed)
                    say("oled: no answer from the screen; check its four wires")
                this.isMissed = true
            }
            if (this.isReady && (this.isNews || this.hasSign !== hasSign))
                continue
            this.sleeping = this.isReady
            await ds.suspend(AGAIN_MS)
            this.sleeping = false
        }
    }

    /** Brings the screen up to date; one that did not answer, and may have lost power, is begun with again. */
    private async write(): Promise<void> {
        const image = this.image
        const isFirst = !this.isReady
        if (isFirst)
            // off; from the top down, and 64 lines; how the glass is wired; contrast; the charge pump (data sheet, 10.1)
            await this.send(
                hex`00 ae 2001 c8 a1 40 a83f d300 da12 d580 d9f1 db30 81ff a4 a6 8d14 ad30`
            )
        let from = WIDTH - SIGN
        if (isFirst || this.isNews) {
            this.isNews = false
            drawTexts(image, this.texts)
            from = 0
        }
        image.fillRect(WIDTH - SIGN, 0, SIGN, SIGN, this.hasSign ? 1 : 0)
        await this.send(
            Buffer.from([
                COMMANDS,
                ...[0x21, from, WIDTH - 1],
                ...[0x22, 0, COLUMN_BYTES - 1],
            ])
        )
        while (from < WIDTH) {
            const columns = Math.min(CHUNK, WIDTH - from)
            const bytes = Buffer.alloc(1 + columns * COLUMN_BYTES)
            bytes[0] = PICTURE
            bytes.blitAt(
                1,
                image.buffer,
                from * COLUMN_BYTES,
                columns * COLUMN_BYTES
            )
            await this.send(bytes)
            from += columns
        }
        // on
        if (isFirst) await this.send(hex`00 af`)
    }

    /** @throws Error if nothing answers */
    private async send(bytes: Buffer): Promise<void> {
        if ((await this.sendI2c(OLED_ADDRESS, bytes)) !== 0) throw new Error()
        // the bus kept all others waiting
        await ds.sleep(1)
    }
}
