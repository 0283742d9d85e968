/** encodeCommand: what Redis takes for a command, byte for byte. */
import { describe, expect, test } from "@devicescript/test"
import { encodeCommand } from "../../src/redis/resp"

describe("encodeCommand", () => {
    test("words", () => {
        expect(encodeCommand(["XINFO", "GROUPS", "jobs"]).toString()).toBe(
            "*3\r\n$5\r\nXINFO\r\n$6\r\nGROUPS\r\n$4\r\njobs\r\n"
        )
        expect(encodeCommand(["PING"]).toString()).toBe("*1\r\n$4\r\nPING\r\n")
    })
    test("counts bytes, not characters", () => {
        const command = encodeCommand(["XLEN", "jöbs☃😀"])
        expect(command.toString()).toBe(
            "*2\r\n$4\r\nXLEN\r\n$12\r\njöbs☃😀\r\n"
        )
        expect(command.length).toBe(33)
    })
    test("empty words", () => {
        expect(encodeCommand(["AUTH", "", ""]).toString()).toBe(
            "*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$0\r\n\r\n"
        )
    })
    test("bytes that are not UTF-8", () => {
        const key = hex`6a ff fe 00 0d 0a`
        const command = encodeCommand(["XLEN", key])
        const expected = Buffer.concat(
            Buffer.from("*2\r\n$4\r\nXLEN\r\n$6\r\n"),
            key,
            Buffer.from("\r\n")
        )
        expect(command.toString("hex")).toBe(expected.toString("hex"))
    })
    test("words that look like the protocol", () => {
        expect(encodeCommand(["A", "*1\r\n$1\r\nB\r\n"]).toString()).toBe(
            "*2\r\n$1\r\nA\r\n$11\r\n*1\r\n$1\r\nB\r\n\r\n"
        )
    })
    test("lengths of several digits", () => {
        const words: string[] = []
        for (let i = 0; i < 12; ++i) words.push("x")
        let long = ""
        for (let i = 0; i < 110; ++i) long += "y"
        words.push(long)
        const command = encodeCommand(words).toString()
        expect(command.slice(0, 5)).toBe("*13\r\n")
        expect(command.endsWith(`$110\r\n${long}\r\n`)).toBe(true)
        expect(command.length).toBe(5 + 12 * 7 + 6 + 112)
    })
})
