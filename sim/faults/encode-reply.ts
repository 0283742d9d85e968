/** RESP2 values, for scripted servers: to and from their bytes. */

export type Value = string | number | null | Value[]

/** Encodes text as bulk strings. */
export function encodeReply(value: Value): Buffer {
    if (value === null) return Buffer.from("*-1\r\n")
    if (typeof value === "number") return Buffer.from(`:${value}\r\n`)
    if (typeof value === "string")
        return Buffer.from(`$${Buffer.byteLength(value)}\r\n${value}\r\n`)
    return Buffer.concat([
        Buffer.from(`*${value.length}\r\n`),
        ...value.map(encodeReply),
    ])
}

/** Decodes one whole reply; an error becomes its text. */
export function decodeReply(bytes: Buffer): Value {
    let at = 0
    function line() {
        const end = bytes.indexOf("\r\n", at)
        const text = bytes.toString("utf8", at + 1, end)
        const type = String.fromCharCode(bytes[at])
        at = end + 2
        return { type, text }
    }
    function value(): Value {
        const { type, text } = line()
        const length = Number(text)
        if (type === ":") return length
        if (type === "*")
            return length < 0 ? null : Array.from({ length }, () => value())
        if (type !== "$") return text
        if (length < 0) return null
        const string = bytes.toString("utf8", at, at + length)
        at += length + 2
        return string
    }
    return value()
}
