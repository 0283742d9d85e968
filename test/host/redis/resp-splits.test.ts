/**
 * Real servers' replies, read by the firmware's RespReader in the VM in every way they can be cut in two. What it makes of
 * them must not depend on the cut, and must be what the decoder of the official Redis client makes of them.
 */
import assert from "node:assert/strict"
import { once } from "node:events"
import net from "node:net"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { after, before, describe, test } from "node:test"
import { Decoder, RESP_TYPES } from "@redis/client/dist/lib/RESP/decoder.js"
import { ErrorReply } from "@redis/client/dist/lib/errors.js"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { errorReplies, lagVectors } from "../support/fixtures.ts"

/** How long the device may take for all replies, in device time: a driven clock runs ahead while it waits. */
const LIMIT_MS = 1e10

/** The recordings tell in such words how the connection ended. */
const ENDING = /<(EOF|RST)>$/

/** What the program says of one reply (test/device/programs/resp-splits.ts). */
interface Finding {
    elements: Element[]
    /** The firmware's enum Refusal (src/redis/refusal.ts), for an error. */
    refusal: string | undefined
    error: string | undefined
    cut: Ways
    skip: Ways
}

interface Element {
    level: number
    type: string
    value: number
    /** undefined where the reader holds none */
    bytes: Buffer | undefined
}

interface Ways {
    ways: number
    wrong: number
    first: number
}

/** Longer replies are not cut, bytes. */
const MAX_CUT = 600

/** What the program can be asked for. */
const END = 0
const READ = 1
const CUT = 2

/** src/redis/refusal.ts */
const REFUSALS = ["who", "stream", "not now", "elsewhere", "other"]

/** Every different reply that was recorded. */
const replies = [
    ...new Set([
        ...lagVectors().flatMap(({ xinfo_groups, xread, xinfo_stream }) => [
            xinfo_groups,
            xread ?? "",
            xinfo_stream,
        ]),
        ...Object.values(errorReplies()).flatMap(byVersion =>
            Object.values(byVersion).map(reply => reply.replace(ENDING, ""))
        ),
    ]),
].filter(reply => reply !== "")

/**
 * Those that are cut: of replies that differ in letters and digits only, one; none that is long, as they repeat
 * themselves, and the work grows with the length's square.
 */
const cutToo = new Set(
    new Map(
        replies
            .filter(reply => reply.length <= MAX_CUT)
            .map(reply => [
                reply.replace(/\d/g, "0").replace(/[a-z]/gi, "a"),
                reply,
            ])
    ).values()
)

describe("real replies", () => {
    let device: SimulatedDevice
    let server: net.Server
    let panic: string | undefined
    const findings = new Map<string, Finding>()

    before(async () => {
        const { bytecode } = await buildFirmware({
            entry: "test/device/programs/resp-splits.ts",
        })
        server = net.createServer().listen(0, "127.0.0.1")
        await once(server, "listening")
        const asked = once(server, "connection").then(([socket]) =>
            askAll(socket, replies, findings)
        )
        device = await SimulatedDevice.start({
            bytecode,
            settings: {
                HOST: "127.0.0.1",
                PORT: (server.address() as AddressInfo).port,
            },
            clock: "driven",
            onCreated: device =>
                device.on("panic", ({ text }) => (panic ??= text)),
        })
        await device.until(
            () => panic ?? device.logs.find(({ text }) => text === "end"),
            LIMIT_MS,
            "the program to end"
        )
        const log = device.logs.slice(-10).map(({ text }) => text)
        assert.equal(panic, undefined, `${panic}\n${log.join("\n")}`)
        await asked
    })
    after(async () => {
        await device?.stop()
        server?.close()
    })

    test("were all read", () => {
        assert.ok(replies.length > 300)
        assert.ok(cutToo.size > 100)
        assert.deepEqual([...findings.keys()], replies)
        for (const [reply, { error }] of findings)
            assert.equal(error, undefined, reply)
    })

    test("read as the Redis client's decoder reads them", () => {
        for (const [reply, { elements }] of findings)
            assert.deepEqual(nest(elements), decode(reply), reply)
    })

    test("read the same however they are cut in two, and byte by byte", () => {
        assert.deepEqual(wrong(findings, "cut"), [])
    })

    test("are passed over the same however they are cut in two, and byte by byte", () => {
        assert.deepEqual(wrong(findings, "skip"), [])
    })

    for (const [refusal, cases] of Object.entries({
        who: [
            "AUTH x, no password set",
            "AUTH nouser x",
            "WRONGPASS: AUTH bad",
            "WRONGPASS: AUTH default bad",
            "AUTH disabled user",
            "AUTH unknown user",
            "NOAUTH: XINFO GROUPS",
            "NOAUTH: SELECT 0",
            "NOPERM cmd: XINFO GROUPS",
            "NOPERM cmd: SELECT 1",
            "NOPERM key: XINFO GROUPS",
            "NOPERM subcmd: XINFO STREAM (has +xinfo|groups)",
            'rename-command XINFO ""',
        ],
        stream: [
            "XINFO GROUPS missing key",
            "XINFO STREAM missing key",
            "XINFO GROUPS wrong type",
            "XREAD wrong type",
            "XPENDING wrong type",
            "SELECT 99",
            "SELECT 1 in cluster mode",
        ],
        "not now": [
            "LOADING: XINFO GROUPS",
            "BUSY script: XINFO GROUPS",
            "BUSY function: XINFO GROUPS",
            "MASTERDOWN: XINFO GROUPS",
            "CLUSTERDOWN: no slots",
            "maxclients reached",
        ],
    }))
        test(`of kind "${refusal}" are taken for that, on every version`, () => {
            for (const name of cases) {
                const byVersion = Object.entries(errorReplies()[name] ?? {})
                assert.ok(byVersion.length > 0, name)
                for (const [version, reply] of byVersion) {
                    // Redis 4 knows no streams
                    if (version.startsWith("4.")) continue
                    const text = reply.replace(ENDING, "")
                    assert.equal(
                        findings.get(text)?.refusal,
                        refusal,
                        `${name}, ${version}: ${text}`
                    )
                }
            }
        })
})

/** Sends one reply after the other to the program, and takes what it finds. */
async function askAll(
    socket: net.Socket,
    replies: string[],
    findings: Map<string, Finding>
) {
    socket.setNoDelay(true)
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    for (const reply of replies) {
        const bytes = bytesOf(reply)
        const header = Buffer.alloc(5)
        header[0] = cutToo.has(reply) ? CUT : READ
        header.writeUInt32BE(bytes.length, 1)
        socket.write(Buffer.concat([header, bytes]))
        findings.set(reply, await findingIn(lines))
    }
    socket.end(Buffer.of(END))
}

async function findingIn(lines: AsyncIterator<string>): Promise<Finding> {
    const none = { ways: 0, wrong: 0, first: -1 }
    const finding: Finding = {
        elements: [],
        refusal: undefined,
        error: undefined,
        cut: none,
        skip: none,
    }
    for (;;) {
        const { value: line, done } = await lines.next()
        if (done) throw new Error("the device has hung up")
        const [kind, ...words] = line.split(" ")
        switch (kind) {
            case "e":
                finding.elements.push({
                    level: Number(words[0]),
                    type: String.fromCharCode(Number(words[1])),
                    value: Number(words[2]),
                    bytes:
                        words[3] === "-"
                            ? undefined
                            : Buffer.from(words[3], "hex"),
                })
                break
            case "r":
                finding.refusal = REFUSALS[Number(words[0])]
                break
            case "!":
                finding.error = words.join(" ")
                break
            case "cut":
            case "skip": {
                const [ways, wrong, first] = words.map(Number)
                finding[kind] = { ways, wrong, first }
                break
            }
            case ".":
                return finding
        }
    }
}

/** For the message of a failure: the replies that depend on the cut, and the first such cut; 0 is byte by byte. */
function wrong(findings: Map<string, Finding>, kind: "cut" | "skip") {
    return [...findings]
        .filter(
            ([reply, finding]) =>
                cutToo.has(reply) &&
                (finding[kind].wrong > 0 || finding[kind].ways !== reply.length)
        )
        .map(([reply, finding]) => ({ reply, ...finding[kind] }))
}

/** Elements with their levels, as one nested value of the form that `decode` gives. */
function nest(elements: Element[]): unknown {
    let next = 0
    function take(level: number): unknown {
        const element = elements[next++]
        assert.ok(element, "an element is missing")
        assert.equal(element.level, level)
        switch (element.type) {
            case "*":
                return Array.from({ length: element.value }, () =>
                    take(level + 1)
                )
            case ":":
                return element.value
            case "_":
                return null
            case "$":
                assert.equal(element.bytes?.length, element.value)
                return element.bytes
            case "+":
                return String(element.bytes)
            case "-":
                return { error: String(element.bytes) }
            default:
                throw new Error(`unexpected type ${element.type}`)
        }
    }
    const value = take(0)
    assert.equal(next, elements.length, "there are elements left over")
    return value
}

/** The recordings have a character for each byte, also where a name is not UTF-8. */
function bytesOf(reply: string) {
    return Buffer.from(reply, "latin1")
}

/** What the Redis client makes of a reply. */
function decode(reply: string): unknown {
    const decoded: unknown[] = []
    const decoder = new Decoder({
        onReply: value => decoded.push(value),
        onErrorReply: error => decoded.push(error),
        onPush: () => assert.fail("RESP2 has no pushes"),
        getTypeMapping: () => ({ [RESP_TYPES.BLOB_STRING]: Buffer }),
    })
    decoder.write(bytesOf(reply))
    assert.equal(decoded.length, 1, reply)
    return plain(decoded[0])
}

function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain)
    return value instanceof ErrorReply ? { error: value.message } : value
}
