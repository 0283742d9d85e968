/** The minimum rights of laglight's Redis user, as an `ACL SETUSER` command. Pure. */

/** The server's version. "6" is 6.2; Valkey counts as "7". */
export const SERVERS = ["7", "6", "6.0"] as const
export type Server = (typeof SERVERS)[number]

/** What laglight has to be able to do besides the poll itself. */
export interface AclNeeds {
    /** Prove the exact lag where Redis's own figure is missing or wrong. */
    exact: boolean
    /** Count on the server what is too much to be read. */
    script: boolean
    /** What needs a consumer group is shown. */
    groups: boolean
    /** A reader without a group keeps its position in a string. */
    storedString: boolean
    /** Or in a hash's field. */
    storedField: boolean
    /** A stream's length is shown, or a dead-letter stream's is watched. */
    length: boolean
    /** Count in seconds instead of entries. */
    seconds: boolean
    /** How long the oldest entry has been pending. */
    pendingAge: boolean
    /** How long a consumer has been idle. */
    consumerIdle: boolean
    /** SELECT, for a database other than 0. */
    select: boolean
    /** Follow a Cluster's redirects, ask its replicas. */
    cluster: boolean
    /** The server is found through Sentinel. */
    sentinel: boolean
}

export interface AclRequest extends AclNeeds {
    user: string
    /** Undefined: a placeholder stands for it. */
    password?: string
    /** The streams' keys. */
    streams: readonly string[]
    server: Server
    /** The user that the sentinels know; undefined: the same name. */
    sentinelUser?: string
    sentinelPassword?: string
}

/** A user for one kind of server. */
export interface AclUser {
    /** Where the command is to be run. */
    where: "redis" | "sentinel"
    /** The command's words, exactly as Redis is to receive them. */
    words: string[]
    /** Notes for the user. */
    notes: string[]
}

/** A request that no ACL rule can express; the message says why and what to do. */
export class AclError extends Error {
    override name = "AclError"
}

export const PASSWORD_PLACEHOLDER = "PASS"

/** A blank, as C's isspace() has it, or NUL: Redis takes none in a user's name or a key pattern. */
const BLANK = /[\t-\r\0 ]/

/** @throws AclError */
export function aclUsers(request: AclRequest): AclUser[] {
    const users = [redisUser(request)]
    if (request.sentinel) users.push(sentinelUser(request))
    return users
}

function redisUser(request: AclRequest): AclUser {
    const { server } = request
    const notes: string[] = []
    const patterns = [...new Set(request.streams)].map(stream => {
        if (BLANK.test(stream))
            notes.push(
                `"${stream}": Redis accepts no blank in a key pattern; ? matches it, and any other character there`
            )
        return (server === "7" ? "%R~" : "~") + keyPattern(stream)
    })
    const rights = redisRights(request)
    if (request.script) {
        if (server !== "7")
            throw new AclError(
                "EVAL_RO came with Redis 7.0: leave out --script"
            )
        notes.push(
            "with EVAL_RO the device can run read-only scripts, on its keys and with its commands, without a time limit"
        )
    }
    if (rights.includes("xread"))
        notes.push(
            "with XREAD or XRANGE the device can read the contents of entries (it skips them); without these rights it cannot"
        )
    return {
        where: "redis",
        words: [
            ...setUser(request.user, request.password),
            ...patterns,
            ...resetChannels(server),
            "-@all",
            ...rights.map(right => `+${right}`),
        ],
        notes,
    }
}

/** The commands that are sent to a Redis server, but for QUIT and AUTH, which need no right. */
export function redisRights(needs: AclNeeds): string[] {
    const { script, seconds, pendingAge, consumerIdle } = needs
    // the script is used only if XREAD does not suffice, so it needs the rights for that, too
    const exact = needs.exact || script
    const rights = ["client|setname"]
    if (needs.select) rights.push("select")
    rights.push("echo")
    if (needs.groups) rights.push("xinfo|groups")
    if (needs.storedString) rights.push("get")
    if (needs.storedField) rights.push("hget")
    // the age is that of an entry that XREAD finds; XLEN, asked along with it, tells nothing of what entries hold
    if (exact || seconds || needs.length) rights.push("xlen")
    if (exact || seconds) rights.push("xread")
    if (exact) rights.push("xrange", "xinfo|stream")
    // what the script calls needs rights of its own
    if (script) rights.push("eval_ro", "xrevrange")
    if (pendingAge) rights.push("xpending")
    if (consumerIdle) rights.push("xinfo|consumers")
    if (seconds || pendingAge) rights.push("time")
    if (needs.cluster) rights.push("asking", "readonly")
    if (needs.sentinel) rights.push("role")
    return rights
}

function sentinelUser(request: AclRequest): AclUser {
    if (request.server === "6.0")
        throw new AclError(
            "sentinels have users from Redis 6.2 on; on 6.0 leave SENT_USER empty, and set SENT_PASS if they have requirepass"
        )
    return {
        where: "sentinel",
        words: [
            ...setUser(
                request.sentinelUser ?? request.user,
                request.sentinelPassword
            ),
            ...resetChannels(request.server),
            "-@all",
            "+ping",
            "+sentinel|get-master-addr-by-name",
        ],
        notes: ["set SENT_USER and SENT_PASS to what this line says"],
    }
}

function setUser(user: string, password = PASSWORD_PLACEHOLDER) {
    if (user === "" || BLANK.test(user))
        throw new AclError(
            `"${user}": a user's name has at least one character, and no blank`
        )
    return ["ACL", "SETUSER", user, "reset", "on", `>${password}`]
}

/** Redis 6.0 has no channel rules. */
function resetChannels(server: Server) {
    return server === "6.0" ? [] : ["resetchannels"]
}

/** A glob pattern (Redis's stringmatchlen) that matches this key alone, but for blanks. */
export function keyPattern(key: string): string {
    return key
        .replace(/[\\*?[\]]/g, "\\$&")
        .replace(new RegExp(BLANK, "g"), "?")
}

/** The command as a line for redis-cli, which splits like sdssplitargs. */
export function commandLine(words: readonly string[]): string {
    return words.map(quoted).join(" ")
}

/** In quotes only if it has to be. */
function quoted(word: string) {
    if (/^[^\p{Cc}\s"']+$/u.test(word)) return word
    const escaped = word
        .replace(/["\\]/g, "\\$&")
        .replace(/\p{Cc}/gu, character =>
            [...Buffer.from(character)]
                .map(byte => `\\x${byte.toString(16).padStart(2, "0")}`)
                .join("")
        )
    return `"${escaped}"`
}
