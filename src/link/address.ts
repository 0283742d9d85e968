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
    return a.host === b.host && a.port === b.port
}

/** A whole number in digits and nothing else, ten at the most. @returns -1 for anything else */
export function wholeNumber(text: string): number {
    return text.length <= 10 && isOf(text, DIGITS) ? parseInt(text) : -1
}

/** A port in digits and nothing else. @returns undefined for what is none from 1 to 65535 */
export function portOf(text: string): number | undefined {
    const port = wholeNumber(text)
    return text.length <= 5 && port >= 1 && port <= 65535 ? port : undefined
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
    return text.length <= MAX_HOST && isOf(text, HOST_CHARACTERS)
}

/** Whether a host is an IP address: with several colons (IPv6), or nothing but digits and dots. */
export function isIpAddress(host: string): boolean {
    return host.split(":").length > 2 || isOf(host, "0123456789.")
}
