/** What an error reply means for the light: the table of Redis's errors by their first words. Pure. */

/** Kinds of error reply. */
export enum Refusal {
    /** Credentials or rights. */
    Who,
    /** The stream or the database it is in. */
    Stream,
    /** The server cannot answer now; ask again later. */
    NotNow,
    /** Another server is responsible (Redis Cluster). */
    Elsewhere,
    /** An error nobody foresaw. */
    Other,
}

/** An error reply where a value was expected. */
export class ReplyError extends Error {
    /** What it means. */
    refusal: Refusal

    /** @param message the reply's text, without the `-` */
    constructor(message: string) {
        super(message)
        this.refusal = refusalOf(message)
    }
}

/**
 * Classifies an error reply. Sources: the error cases recorded from Redis 4.0 to 8.0 and Valkey 8 and 9
 * (test/fixtures/error-replies.json).
 */
export function refusalOf(text: string): Refusal {
    const space = text.indexOf(" ")
    switch (space < 0 ? text : text.slice(0, space)) {
        case "NOAUTH":
        case "WRONGPASS":
        case "NOPERM":
        case "DENIED":
            return Refusal.Who
        case "WRONGTYPE":
            return Refusal.Stream
        case "LOADING":
        case "BUSY":
        case "MASTERDOWN":
        case "CLUSTERDOWN":
        case "TRYAGAIN":
        case "READONLY":
        case "UNBLOCKED":
            return Refusal.NotNow
        case "MOVED":
        case "ASK":
            return Refusal.Elsewhere
    }
    if (text.startsWith("ERR max number of clients")) return Refusal.NotNow
    if (text.startsWith("ERR no such key")) return Refusal.Stream
    if (
        text.startsWith("ERR DB index") ||
        text.startsWith("ERR SELECT is not") ||
        text.startsWith("ERR invalid DB")
    )
        return Refusal.Stream
    if (
        text.startsWith("ERR invalid password") ||
        text.includes("without any password configured") ||
        text.includes("but no password is set") ||
        text.startsWith("ERR wrong number of arguments for 'auth'") ||
        text.startsWith("ERR unknown command")
    )
        return Refusal.Who
    return Refusal.Other
}

/** What the user can do about an error reply, for the log. */
export function remedyOf(text: string): string {
    if (text.startsWith("ERR unknown command"))
        return "this server has no XINFO (Redis 5.0 or newer has), or it was renamed"
    if (text.startsWith("DENIED"))
        return "Redis is in protected mode: set a password, or bind an address, on the server"
    if (text.startsWith("NOPERM"))
        return "give the user the rights that docs/acl.md lists"
    if (text.startsWith("NOAUTH")) return "set REDIS_PASS"
    if (text.startsWith("ERR no such key")) return "check STREAM and REDIS_DB"
    if (text.startsWith("WRONGTYPE"))
        return "STREAM names a key that is not a stream"
    if (
        text.startsWith("ERR DB") ||
        text.startsWith("ERR SELECT") ||
        text.startsWith("ERR invalid DB")
    )
        return "check REDIS_DB"
    switch (refusalOf(text)) {
        case Refusal.Who:
            return "check REDIS_USER and REDIS_PASS"
        case Refusal.NotNow:
            return "waiting until it can answer"
        default:
            return "asking again"
    }
}
