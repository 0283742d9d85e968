/**
 * Reads what the VM prints for `console.data(x)`.
 *
 * An object comes as runtime/devicescript/inspect.c writes it: like JSON, but names are bare where they
 * can be, each field ends with a comma, and after 100 bytes it is cut. JSON made by the program itself
 * (`console.data(JSON.stringify(x))`) is only cut at the end of the line, at about 290 bytes. In both,
 * non-ASCII text is escaped by its UTF-8 bytes (`\u00c3\u00bc` is one ü).
 */

/** A string, a bare name before its colon, a comma before a closing bracket, or a number JSON has not. */
const TOKEN =
    /("(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)(?=:)|,(?=[}\]])|\b(undefined|NaN)\b|-?\bInfinity\b/g

/** @returns undefined if the text is not whole */
export function parseDataText(text: string): unknown {
    const json = text.replace(TOKEN, (token, string, name) => {
        if (string) return withUtf8(string)
        if (name) return `"${name}"`
        return token === "," ? "" : "null"
    })
    try {
        return JSON.parse(json)
    } catch {
        return undefined
    }
}

/** Puts characters in place of the escaped bytes of a JSON string. */
function withUtf8(string: string) {
    return string.replace(
        /((?:\\u00[89a-f][0-9a-f])+)|\\./gi,
        (escape: string, bytes?: string) =>
            bytes
                ? Buffer.from(bytes.replaceAll("\\u00", ""), "hex").toString()
                : escape
    )
}
