/** DeviceScript's own parser of settings files, cut out of the pinned tool. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { cliFiles } from "../../../sim/vm/vm-module.ts"

/** @returns a file's text to what a device would store: key to JSON text */
export function stockParser(): (file: string) => Map<string, string> {
    const bundle = readFileSync(cliFiles().bundle, "utf8")
    const source =
        /function stringToSettingValue\(s\)[^]*?\n( *)function parseToSettings\([^]*?\n\1}/.exec(
            bundle
        )
    assert.ok(source, "the parser is where it was in the pinned tool")
    const tryJson = (text: string) => {
        try {
            return JSON.parse(text)
        } catch {
            return undefined
        }
    }
    const parse = new Function(
        "JSONTryParse2",
        "stringToBuffer2",
        `${source[0]}; return parseToSettings`
    )(tryJson, (text: string) => text)
    return file =>
        new Map(
            Object.entries<string | undefined>(parse(file)).filter(
                (entry): entry is [string, string] => entry[1] !== undefined
            )
        )
}
