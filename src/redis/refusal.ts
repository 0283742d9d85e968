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

/**
 * The passwords that were sent: no words that hold one are passed on. Not a part of what is known of one connection, as a
 * server may say them at any time, and another server than the one they were meant for.
 */
const secrets: string[] = []

/** From now on no text of a reply that holds this is passed on. */
export function keepSecret(password: string): void {
    if (password.length > 0)
        if (!secrets.includes(password)) secrets.push(password)
}

/** An error reply where a value was expected. Its message is safe to be shown. */
export class ReplyError extends Error {
    /** What it means. */
    refusal: Refusal

    /**
     * @param text the reply's text, without the `-`
     * @param isOurs the words are laglight's own, whatever the password is
     */
    constructor(text: string, isOurs?: boolean) {
        super(isOurs ? text : withoutSecrets(text))
        this.refusal = refusalOf(this.message)
    }
}

/** Redis repeats what follows the command that it does not know, passwords and all. */
const ECHO = ", with args beginning with"

function withoutSecrets(text: string): string {
    const echo = text.indexOf(ECHO)
    if (echo >= 0) text = text.slice(0, echo)
    for (const secret of secrets)
        if (text.includes(secret))
            return `${firstWord(text, "ERR")} (its words are not shown: they hold a password)`
    return text
}

/** What servers say to a login, or to whoever connects, as it is passed on: all else may hold what was sent. */
const LOGIN_WORDS = [
    "WRONGPASS invalid username-password pair or user is disabled.",
    "WRONGPASS invalid username-password pair",
    "NOAUTH Authentication required.",
    "ERR invalid password",
    "ERR Client sent AUTH, but no password is set",
    "ERR AUTH <password> called without any password configured for the default user",
    "ERR wrong number of arguments for 'auth' command",
    "ERR max number of clients reached",
    "DENIED Redis is running in protected mode",
    "LOADING Redis is loading the dataset in memory",
]

/**
 * The error for a refused login, or for a reply to nothing: known words, a known first word, or words of our own. A server
 * without AUTH (`rename-command`), or none that is Redis, repeats the password, whole or cut, in whatever quotes.
 */
export function refusedLogin(text: string): ReplyError {
    for (const words of LOGIN_WORDS)
        if (text.startsWith(words)) return new ReplyError(words, true)
    if (text.startsWith("ERR unknown command"))
        return new ReplyError("ERR unknown command 'AUTH'", true)
    const word = firstWord(text, undefined)
    return new ReplyError(
        word === undefined
            ? "ERR AUTH was refused, in words that are not shown as they may hold the password"
            : word,
        true
    )
}

/** The first word if it is one that says what is refused, else `other`. */
function firstWord(
    text: string,
    other: string | undefined
): string | undefined {
    const space = text.indexOf(" ")
    const word = space < 0 ? text : text.slice(0, space)
    const refusal = refusalOf(word)
    if (refusal === Refusal.Other) return other
    if (refusal === Refusal.Elsewhere) return other
    return word
}

/** Whether a server says so to whoever connects, in place of the first reply, and closes. */
export function turnsAway(error: ReplyError): boolean {
    if (error.message.startsWith("DENIED")) return true
    return error.message.startsWith("ERR max number of clients")
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
    if (text.startsWith("ERR DB index")) return Refusal.Stream
    if (text.startsWith("ERR SELECT is not")) return Refusal.Stream
    if (text.startsWith("ERR invalid DB")) return Refusal.Stream
    if (text.startsWith("ERR invalid password")) return Refusal.Who
    if (text.startsWith("ERR AUTH ")) return Refusal.Who
    if (text.includes("but no password is set")) return Refusal.Who
    if (text.startsWith("ERR wrong number of arguments for 'auth'"))
        return Refusal.Who
    if (text.startsWith("ERR unknown command")) return Refusal.Who
    return Refusal.Other
}

/** What the user can do about an error reply, for the log. */
export function remedyOf(text: string): string {
    if (text.startsWith("ERR unknown command 'AUTH'"))
        return "this server does not know AUTH, or it was renamed"
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
    if (text.startsWith("ERR DB")) return "check REDIS_DB"
    if (text.startsWith("ERR SELECT")) return "check REDIS_DB"
    if (text.startsWith("ERR invalid DB")) return "check REDIS_DB"
    switch (refusalOf(text)) {
        case Refusal.Who:
            return "check REDIS_USER and REDIS_PASS"
        case Refusal.NotNow:
            return "waiting until it can answer"
        default:
            return "asking again"
    }
}
