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

/** Whether a host is an IP address: with several colons (IPv6), or nothing but digits and dots. */
export function isIpAddress(host: string): boolean {
    if (host.split(":").length > 2) return true
    for (let i = 0; i < host.length; ++i) {
        const c = host.charCodeAt(i)
        if (c !== 0x2e && (c < 0x30 || c > 0x39)) return false
    }
    return host.length > 0
}
