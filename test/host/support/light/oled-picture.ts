/** What an OLED's glass shows, and what it should: pictures of 128 x 64, the letters from DeviceScript's own font. */
import { readFileSync } from "node:fs"

const WIDTH = 128
const HEIGHT = 64
/** A glyph: 6 columns of 8 pixels, the topmost in bit 0, behind two bytes with its character. */
const GLYPH_BYTES = 8

const source = readFileSync(
    new URL(
        "../../../../node_modules/@devicescript/graphics/src/text.ts",
        import.meta.url
    ),
    "utf8"
)
const [, data] = /function font8\(\)[^]*?hex`([^`]*)`/.exec(source)!
const font = Buffer.from(data.replace(/\s/g, ""), "hex")
const glyphs = new Map(
    Array.from({ length: font.length / GLYPH_BYTES }, (_, i) => {
        const glyph = font.subarray(i * GLYPH_BYTES, (i + 1) * GLYPH_BYTES)
        return [glyph.readUInt16LE(0), glyph.subarray(2)]
    })
)

export class OledPicture {
    /** By column, then by row. */
    private readonly pixels = Array.from({ length: WIDTH }, () =>
        Array<boolean>(HEIGHT).fill(false)
    )

    /** @param bytes of eight pixels each, the topmost in bit 0, column by column */
    static of(bytes: Buffer) {
        const picture = new OledPicture()
        for (const [i, byte] of bytes.entries())
            for (let bit = 0; bit < 8; bit++)
                picture.pixels[i >> 3][(i & 7) * 8 + bit] =
                    ((byte >> bit) & 1) === 1
        return picture
    }

    text(text: string, x: number, y: number, size = 1) {
        for (const [i, character] of [...text].entries())
            for (const [column, byte] of glyphs
                .get(character.codePointAt(0)!)!
                .entries())
                for (let bit = 0; bit < 8; bit++)
                    if ((byte >> bit) & 1)
                        this.fill(
                            x + (i * 6 + column) * size,
                            y + bit * size,
                            size
                        )
        return this
    }

    /** A square. */
    fill(x: number, y: number, size: number) {
        for (let column = x; column < Math.min(WIDTH, x + size); column++)
            for (let row = y; row < Math.min(HEIGHT, y + size); row++)
                this.pixels[column][row] = true
        return this
    }

    /** For people, in 16 lines: each sign stands for 2 x 4 pixels. */
    toString() {
        const at = (x: number, y: number) => Number(this.pixels[x][y])
        return Array.from({ length: HEIGHT / 4 }, (_, row) =>
            Array.from({ length: WIDTH / 2 }, (_, column) => {
                const [x, y] = [column * 2, row * 4]
                const dots =
                    at(x, y) +
                    at(x, y + 1) * 2 +
                    at(x, y + 2) * 4 +
                    at(x + 1, y) * 8 +
                    at(x + 1, y + 1) * 16 +
                    at(x + 1, y + 2) * 32 +
                    at(x, y + 3) * 64 +
                    at(x + 1, y + 3) * 128
                return String.fromCodePoint(0x2800 + dots)
            }).join("")
        ).join("\n")
    }
}

/** Gathers what the fake screen (test/device/fake-ssd1306.ts) writes to the log. */
export class Glass {
    private readonly bytes = Buffer.alloc((WIDTH * HEIGHT) / 8)
    /** How often it was drawn on. */
    drawn = 0

    /** @returns whether the line was the screen's */
    take(line: string) {
        const found = /^glass (\d+) ([0-9a-f]+)$/.exec(line)
        if (!found) return false
        this.bytes.write(found[2], Number(found[1]) * 8, "hex")
        if (found[1] === "0") this.drawn++
        return true
    }

    get picture() {
        return OledPicture.of(this.bytes)
    }
}
