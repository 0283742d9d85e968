/**
 * Keeps passwords that this process was given out of all output. A server that refuses a login may repeat it, quoted or
 * cut, so of such a reply only texts that Redis is known to use are passed on. The firmware does the same
 * (src/redis/refusal.ts).
 */

const secrets = new Set<string>()

/** From now on `withoutSecrets` suppresses any text that contains this. */
export function keepSecret(secret: string | undefined) {
    if (secret) secrets.add(secret)
}

/** Redis repeats what follows a command that it does not know. */
const ECHO = /, with args beginning with[^]*$/

export function withoutSecrets(text: string) {
    const cut = text.replace(ECHO, "")
    const holdsSecret = [...secrets].some(
        secret =>
            cut.includes(secret) || cut.includes(encodeURIComponent(secret))
    )
    return holdsSecret ? "not shown, as it holds a password" : cut
}

const KNOWN_REFUSALS =
    /^(WRONGPASS invalid username-password pair( or user is disabled\.)?|NOAUTH Authentication required\.|NOPERM|ERR (invalid password|Client sent AUTH, but no password is set|AUTH <password> called without any password configured for the default user|wrong number of arguments for 'auth' command|max number of clients reached)|DENIED Redis is running in protected mode|LOADING)/

/** The part of a server's reply to a login that may be shown. */
export function loginRefusal(text: string) {
    return (
        KNOWN_REFUSALS.exec(text)?.[0] ??
        (text.startsWith("ERR unknown command")
            ? "ERR unknown command 'AUTH'"
            : "the login was refused, in words that are not shown as they may hold the password")
    )
}
