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

/** A port in digits and nothing else. @returns undefined for what is none from 1 to 65535 */
export function portOf(text: string): number | undefined {
    if (text.length === 0 || text.length > 5) return undefined
    let port = 0
    for (let i = 0; i < text.length; ++i) {
        const digit = text.charCodeAt(i) - 0x30
        if (digit < 0 || digit > 9) return undefined
        port = port * 10 + digit
    }
    return port >= 1 && port <= 65535 ? port : undefined
}

/** The most characters of a DNS name (RFC 1035). */
const MAX_HOST = 253

/** Whether a text has the characters and the length of a DNS name or an IP address. */
export function isHost(text: string): boolean {
    if (text.length === 0 || text.length > MAX_HOST) return false
    for (let i = 0; i < text.length; ++i) {
        const c = text.charCodeAt(i)
        const isLetter = (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
        // - . 0 to 9 and :
        const isOther = c >= 0x2d && c <= 0x3a && c !== 0x2f
        if (!isLetter && !isOther && c !== 0x5f) return false
    }
    return true
}

/** Whether a host is an IP address: with several colons (IPv6), or nothing but digits and dots. */
export function isIpAddress(host: string): boolean {
    if (host.split(":").length > 2) return true
    for (let i = 0; i < host.length; ++i) {
        const c = host.charCodeAt(i)
        if (c !== 0x2e && (c < 0x30 || c > 0x39)) return false
    }
    return host.length > 0
}
