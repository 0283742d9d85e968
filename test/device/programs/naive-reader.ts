/**
 * Reads XINFO GROUPS for ever in one of two ways, for whoever compares what they cost (npm run bench, budget.test.ts):
 * WAY=naive as one would write it without a thought for the chip, WAY=laglight with the firmware's own reader. Everything
 * around the reading is the same.
 *
 * The naive reader collects the reply as text, splits it into lines and makes an object of each group. It is no straw man:
 * it takes DeviceScript's native `indexOf` and `slice` for the splitting, not `split`, which is interpreted and a hundred
 * times as costly, and it looks at the text only when a piece ends with a line.
 */
import * as ds from "@devicescript/core"
import { connect, Socket } from "@devicescript/net"
import { readSetting } from "@devicescript/settings"
import { Connection } from "../../../src/link/connection"
import { needless } from "../../../src/link/tidy"
import { ConsumerGroup, readGroups } from "../../../src/redis/groups"
import { encodeCommand } from "../../../src/redis/resp"
import { Session } from "../../../src/redis/session"

const REPLY_LIMIT_MS = 5000

/** A reply's lines, and which is read next. */
class Lines {
    private at = 0
    private lines: string[] = []

    constructor(text: string) {
        if (way === "split") {
            this.lines = text.split("\r\n")
            return
        }
        let from = 0
        for (;;) {
            const end = text.indexOf("\r\n", from)
            if (end < 0) break
            this.lines.push(text.slice(from, end))
            from = end + 2
        }
    }

    /** The next value: text, a number, null, or a list of values; undefined where the reply is not whole. */
    next(): any {
        if (this.at >= this.lines.length) return undefined
        const line = this.lines[this.at++]
        const rest = line.slice(1)
        switch (line[0]) {
            case ":":
                return parseInt(rest)
            case "$":
                return rest === "-1" ? null : this.lines[this.at++]
            case "*": {
                const values: any[] = []
                const count = parseInt(rest)
                for (let i = 0; i < count; ++i) {
                    const value = this.next()
                    if (value === undefined) return undefined
                    values.push(value)
                }
                return values
            }
            default:
                return line
        }
    }
}

function parseGroups(text: string): any[] {
    const reply = new Lines(text).next()
    if (reply === undefined) return undefined
    const groups: any[] = []
    for (const fields of reply) {
        const group: any = {}
        for (let i = 0; i < fields.length; i += 2)
            group[fields[i]] = fields[i + 1]
        groups.push(group)
    }
    return groups
}

async function readNaively(socket: Socket, name: string): Promise<number> {
    let text = ""
    let groups: any[] = undefined
    while (groups === undefined) {
        const piece = await socket.recv(REPLY_LIMIT_MS)
        text += piece.toString()
        if (text.endsWith("\r\n")) groups = parseGroups(text)
    }
    const group = groups.find(group => group.name === name)
    return group === undefined ? undefined : group.lag
}

const host = await readSetting("REDIS_HOST", "")
const port = await readSetting("REDIS_PORT", 0)
const stream = await readSetting("STREAM", "")
const name = await readSetting("GROUP", "")
const pollMs = await readSetting("POLL_MS", 1000)
const way = await readSetting("WAY", "")

const command = encodeCommand(["XINFO", "GROUPS", stream])
let shown: number = -1

/** Says what was read, once. */
function show(lag: number): void {
    if (lag === shown) return
    shown = lag
    console.log(`lag ${lag}`)
}

if (way !== "laglight") {
    const socket = await connect({ host, port })
    for (;;) {
        await socket.send(command)
        show(await readNaively(socket, name))
        await ds.sleep(pollMs)
    }
} else {
    // what keeps the heap in one piece is no part of reading
    needless()
    const session = new Session(
        await Connection.open({ host, port, tls: false }),
        REPLY_LIMIT_MS
    )
    const wanted = Buffer.from(name)
    const first = new ConsumerGroup()
    const second = new ConsumerGroup()
    for (;;) {
        session.queue(command)
        await session.flush()
        const group = await readGroups(session, wanted, first, second)
        show(group === undefined ? undefined : group.lag)
        await ds.sleep(pollMs)
    }
}
