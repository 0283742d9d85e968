/** Reads what a Redis client sends: commands as RESP arrays of bulk strings, in pieces of any size. */
const CR_LF = "\r\n"

export class CommandReader {
    /** What is wrong with the bytes so far; no more commands can be read then. */
    error: string | undefined

    private buffer: Buffer = Buffer.alloc(0)

    feed(chunk: Buffer) {
        this.buffer = Buffer.concat([this.buffer, chunk])
    }

    /** The next command that is complete: its name and arguments. */
    next(): Buffer[] | undefined {
        if (this.error) return undefined
        const command: Buffer[] = []
        const header = this.line(0, "*")
        if (!header) return undefined
        let offset = header.end
        while (command.length < header.number) {
            const length = this.line(offset, "$")
            if (!length) return undefined
            const end = length.end + length.number
            if (this.buffer.length < end + CR_LF.length) return undefined
            if (this.buffer.toString("latin1", end, end + 2) !== CR_LF) {
                this.error = "a bulk string does not end where it should"
                return undefined
            }
            command.push(Buffer.from(this.buffer.subarray(length.end, end)))
            offset = end + CR_LF.length
        }
        this.buffer = this.buffer.subarray(offset)
        return command
    }

    /** A line of a type's sign and a number, if it is complete. */
    private line(offset: number, sign: string) {
        const end = this.buffer.indexOf(CR_LF, offset)
        if (end < 0) {
            if (this.buffer.length > offset) this.expect(offset, sign)
            return undefined
        }
        if (!this.expect(offset, sign)) return undefined
        const digits = this.buffer.toString("latin1", offset + 1, end)
        if (!/^\d+$/.test(digits)) {
            this.error = `invalid length "${digits}"`
            return undefined
        }
        return { number: Number(digits), end: end + CR_LF.length }
    }

    private expect(offset: number, sign: string) {
        const found = String.fromCharCode(this.buffer[offset])
        if (found === sign) return true
        this.error = `expected '${sign}', got '${found}'`
        return false
    }
}
