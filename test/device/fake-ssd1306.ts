/**
 * Stands in for an SSD1306 on the I2C bus, as its data sheet (Solomon Systech, rev 1.1, chapters 8 and 9) has it: takes
 * commands and a picture's bytes, in vertical addressing mode alone, and writes what the glass shows to the log. Not a test itself.
 */

const WIDTH = 128
const PAGES = 8
/** Of columns that one line of the log shows. */
const COLUMNS = 16

/** Commands with one byte after them: what they set makes no difference here. */
const WITH_ONE = [0x20, 0x81, 0x8d, 0xa8, 0xad, 0xd3, 0xd5, 0xd9, 0xda, 0xdb]

export class FakeSsd1306 {
    /** It has power, and its wires hold. */
    isThere = true
    private isOn = false
    private isVertical = false
    private ram = Buffer.alloc(WIDTH * PAGES)
    private firstColumn = 0
    private lastColumn = WIDTH - 1
    private column = 0
    private page = 0

    /** @param address its own, of the bus @returns 0, or what the bus says when nobody answers */
    take(address: number, bytes: Buffer): number {
        if (!this.isThere || address !== 0x3c) return -1
        if (bytes[0] === 0x00) this.commands(bytes)
        else for (let i = 1; i < bytes.length; ++i) this.draw(bytes[i])
        return 0
    }

    private commands(bytes: Buffer): void {
        for (let i = 1; i < bytes.length; ++i) {
            const command = bytes[i]
            if (command === 0xae || command === 0xaf) {
                this.isOn = command === 0xaf
                if (this.isOn) this.show()
            } else if (command === 0x21) {
                this.firstColumn = this.column = bytes[i + 1]
                this.lastColumn = bytes[i + 2]
                i += 2
            } else if (command === 0x22) {
                this.page = 0
                i += 2
            } else if (WITH_ONE.includes(command)) {
                if (command === 0x20) this.isVertical = bytes[i + 1] === 1
                i++
            }
        }
    }

    private draw(byte: number): void {
        if (!this.isVertical) throw new Error("addressing mode")
        this.ram[this.column * PAGES + this.page] = byte
        if (++this.page < PAGES) return
        this.page = 0
        if (++this.column <= this.lastColumn) return
        this.column = this.firstColumn
        if (this.isOn) this.show()
    }

    /** What the glass shows now: eight lines. */
    private show(): void {
        for (let from = 0; from < WIDTH; from += COLUMNS)
            console.debug(
                `glass ${from} ${this.ram.slice(from * PAGES, (from + COLUMNS) * PAGES).toString("hex")}`
            )
    }
}
