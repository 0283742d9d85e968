/**
 * A Redis in virtual time: one connection's conversation. It knows one stream with one group, whose lag follows the
 * world's script, and answers with what is true at the moment of the command.
 */
import { CommandReader } from "../../../../sim/faults/command-reader.ts"
import { countsAt, troubleAt } from "./world.ts"
import type { World } from "./world.ts"

/** Entries that were read and are still in the stream. */
const KEPT = 5

/** IDs count up from here, one a ms: the index of an entry is its ID less this. */
const FIRST_ID_MS = 1_700_000_000_000

export class FakeRedis {
    private readonly reader = new CommandReader()
    private loggedIn: boolean

    constructor(
        private readonly world: World,
        private readonly now: () => number
    ) {
        this.loggedIn = world.redis.password === ""
    }

    /** @returns the replies, and whether Redis closes the connection after them */
    receive(bytes: Uint8Array): { reply: string; closes: boolean } {
        this.reader.feed(Buffer.from(bytes))
        let reply = ""
        for (let command; (command = this.reader.next());) {
            if (troubleAt(this.world, "garbage", this.now())) {
                reply += "HTTP/1.1 400 Bad Request\r\n\r\n"
                continue
            }
            const words = command.map(word => word.toString())
            const name = words[0].toUpperCase()
            if (name === "QUIT")
                return { reply: reply + "+OK\r\n", closes: true }
            const confused = troubleAt(this.world, "confused", this.now())
            reply += confused?.reply ?? this.answer(name, words)
        }
        if (this.reader.error)
            return {
                reply: `${reply}-ERR Protocol error\r\n`,
                closes: true,
            }
        return { reply, closes: false }
    }

    private answer(name: string, words: string[]): string {
        const { redis } = this.world
        if (name === "AUTH") return this.login(words)
        if (!this.loggedIn) return "-NOAUTH Authentication required.\r\n"
        if (name === "SELECT") return "+OK\r\n"
        if (name === "ECHO") return bulk(words[1])
        if (troubleAt(this.world, "loading", this.now()))
            return "-LOADING Redis is loading the dataset in memory\r\n"
        if (name === "TIME")
            return array([
                bulk(String(Math.floor(this.now() / 1000))),
                bulk("0"),
            ])
        const key =
            name === "XINFO" ? words[2] : name === "XREAD" ? words[4] : words[1]
        const exists = key === redis.stream
        switch (name) {
            case "XLEN":
                return integer(exists ? this.counts().length : 0)
            case "XREAD":
                return exists
                    ? this.read(Number(words[2]), words[5])
                    : "*-1\r\n"
            case "XRANGE":
                return exists
                    ? this.range(words[3], Number(words[5]))
                    : "*0\r\n"
            case "XINFO":
                if (!exists) return "-ERR no such key\r\n"
                return words[1].toUpperCase() === "GROUPS"
                    ? this.groups()
                    : this.streamFacts()
            default:
                return `-ERR unknown command '${words[0]}'\r\n`
        }
    }

    private login(words: string[]) {
        const { password } = this.world.redis
        if (password === "")
            return "-ERR AUTH <password> called without any password configured for the default user.\r\n"
        const user = words.length > 2 ? words[1] : "default"
        if (user === "default" && words.at(-1) === password) {
            this.loggedIn = true
            return "+OK\r\n"
        }
        return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
    }

    private counts() {
        const { added, read } = countsAt(this.world, this.now())
        const first = Math.max(0, read - KEPT)
        return { added, read, first, length: added - first }
    }

    private groups() {
        const { added, read } = this.counts()
        const fields = [
            ["name", bulk(this.world.redis.group)],
            ["consumers", integer(1)],
            ["pending", integer(0)],
            ["last-delivered-id", bulk(idOf(read - 1))],
        ]
        if (this.world.redis.reportsLag)
            fields.push(
                ["entries-read", integer(read)],
                ["lag", integer(added - read)]
            )
        return array([
            array(fields.flatMap(([name, value]) => [bulk(name), value])),
        ])
    }

    private read(count: number, after: string) {
        const { added, first } = this.counts()
        const from = Math.max(first, indexOf(after) + 1)
        const entries: string[] = []
        for (let i = from; i < added && entries.length < count; i++)
            entries.push(this.entry(i))
        if (entries.length === 0) return "*-1\r\n"
        return array([array([bulk(this.world.redis.stream), array(entries)])])
    }

    private range(to: string, count: number) {
        const { first, added } = this.counts()
        const entries: string[] = []
        for (
            let i = first;
            i < added && i <= indexOf(to) && entries.length < count;
            i++
        )
            entries.push(this.entry(i))
        return array(entries)
    }

    private streamFacts() {
        const { added, first, length } = this.counts()
        return array([
            bulk("length"),
            integer(length),
            bulk("last-generated-id"),
            bulk(idOf(added - 1)),
            bulk("entries-added"),
            integer(added),
            bulk("recorded-first-entry-id"),
            bulk(idOf(first)),
            bulk("groups"),
            integer(1),
        ])
    }

    private entry(index: number) {
        const payload = Math.max(1, this.world.redis.entryBytes - 50)
        return array([
            bulk(idOf(index)),
            array([bulk("f"), bulk("x".repeat(payload))]),
        ])
    }
}

function idOf(index: number) {
    return `${FIRST_ID_MS + index}-0`
}

function indexOf(id: string) {
    return id === "-" ? -1 : Number(id.split("-")[0]) - FIRST_ID_MS
}

function bulk(text: string) {
    return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

function integer(value: number) {
    return `:${value}\r\n`
}

function array(items: string[]) {
    return `*${items.length}\r\n${items.join("")}`
}
