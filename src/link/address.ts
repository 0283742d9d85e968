/** Where a server is. Pure. */
export interface Address {
    /** A DNS name; in the simulator also an IP address. */
    host: string
    port: number
    tls: boolean
}

/** `host:port` for the log. */
export function addressText(address: Address): string {
    return `${address.host}:${address.port}`
}

export function sameAddress(a: Address, b: Address): boolean {
    if (a.host !== b.host) return false
    return a.port === b.port
}

/** A whole number in digits and nothing else, ten at the most. @returns -1 for anything else */
export function wholeNumber(text: string): number {
    if (text.length <= 10) if (isOf(text, DIGITS)) return parseInt(text)
    return -1
}

/** A port in digits and nothing else. @returns undefined for what is none from 1 to 65535 */
export function portOf(text: string): number | undefined {
    const port = wholeNumber(text)
    if (text.length <= 5) if (port >= 1) if (port <= 65535) return port
    return undefined
}

const DIGITS = "0123456789"
/** What a DNS name and an IP address consist of. */
const HOST_CHARACTERS =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:"

/** Whether a text consists of these characters; an empty one does not. */
function isOf(text: string, characters: string): boolean {
    for (let i = 0; i < text.length; ++i)
        if (!characters.includes(text[i])) return false
    return text.length > 0
}

/** The most characters of a DNS name (RFC 1035). */
const MAX_HOST = 253

/** Whether a text has the characters and the length of a DNS name or an IP address. */
export function isHost(text: string): boolean {
    if (text.length > MAX_HOST) return false
    return isOf(text, HOST_CHARACTERS)
}

/** Whether a host is an IP address: with several colons (IPv6), or nothing but digits and dots. */
export function isIpAddress(host: string): boolean {
    if (host.split(":").length > 2) return true
    return isOf(host, "0123456789.")
}
