/**
 * A fake Redis with valid replies, for one stream with one group, until it is told to tamper with them. It can be server,
 * sentinel or Cluster node.
 */
import { encodeReply } from "./encode-reply.ts"
import { CannedReplyServer } from "./canned-reply-server.ts"

/** Changes a reply. @returns undefined: no reply is sent */
export type Tamper = (
    reply: Buffer,
    command: string[]
) => Buffer | undefined | { reply: Buffer; then: "close" | "reset" }

export interface HostileRedisOptions {
    stream?: string
    group?: string
    /** The lag in XINFO GROUPS is nil: it has to be counted. */
    reportsNoLag?: boolean
    /** The password that AUTH has to end with. */
    password?: string
}

const LAST = 100

export class HostileRedis {
    lag = 3
    /** undefined: replies are valid. */
    tamper: Tamper | undefined
    /** The error reply to commands for the stream: `MOVED 1 127.0.0.1:7000`. */
    redirect: string | undefined
    /** As a sentinel: where the master is. */
    master: { host: string; port: number } | undefined
    server!: CannedReplyServer

    static async start(options: HostileRedisOptions = {}) {
        const redis = new HostileRedis(options)
        redis.server = await CannedReplyServer.start(command => {
            const words = command.map(String)
            const reply = redis.answer(words)
            // a server that does not close is another fault, and would take a test much time
            if (words[0]?.toUpperCase() === "QUIT")
                return { reply, then: "close" }
            return redis.tamper ? redis.tamper(reply, words) : reply
        })
        return redis
    }

    private constructor(private readonly options: HostileRedisOptions) {}

    get host() {
        return this.server.host
    }

    get port() {
        return this.server.port
    }

    stop() {
        return this.server.stop()
    }

    /** The valid reply. */
    answer(words: string[]): Buffer {
        const { stream = "jobs", group = "staff", reportsNoLag } = this.options
        const { lag, redirect, master } = this
        const name = words[0]?.toUpperCase()
        if (redirect !== undefined && name?.startsWith("X"))
            return Buffer.from(`-${redirect}\r\n`)
        switch (name) {
            case "AUTH":
                return words.at(-1) === this.options.password
                    ? OK
                    : Buffer.from(
                          "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
                      )
            case "ROLE":
                return encodeReply(["master", 3129659, []])
            case "SENTINEL":
                return encodeReply(
                    master ? [master.host, `${master.port}`] : null
                )
            case "XINFO":
                return encodeReply([
                    [
                        ...["name", group, "consumers", 1, "pending", 0],
                        ...["last-delivered-id", `${LAST}-0`],
                        ...["entries-read", reportsNoLag ? null : LAST],
                        ...["lag", reportsNoLag ? null : lag],
                    ],
                ])
            case "XLEN":
                return encodeReply(LAST + lag)
            case "XREAD": {
                const entries = Array.from(
                    { length: Math.min(lag, Number(words[2])) },
                    (_, i) => [`${LAST + 1 + i}-0`, ["f", "v"]]
                )
                return encodeReply(lag === 0 ? null : [[stream, entries]])
            }
            default:
                return OK
        }
    }
}

const OK = Buffer.from("+OK\r\n")
