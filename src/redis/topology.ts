/**
 * Which server to ask: the one in the settings, the master that a sentinel names, or the Cluster node that owns a stream.
 * Bookkeeping only: no socket, no timer.
 */
import { Address, isHost, portOf, sameAddress } from "../link/address"

/** A healthy master is looked up again after so long, ms: after a manual failover the old one answers on for 10 s. */
export const LOOK_UP_AGAIN_MS = 10000
/** Redirects in a row that are followed at once; more wait for the next poll. */
const MAX_REDIRECTS = 5

/** Where `-MOVED` or `-ASK` points. */
export interface Redirect {
    address: Address
    /** ASK: this once, and remember nothing. */
    once: boolean
    /** The host was `?`: the node does not know it, and the seed stands in. */
    unnamed: boolean
}

/**
 * Reads `MOVED slot host:port` or `ASK slot host:port`.
 * @param from the server that sent it: an empty host means the same one
 * @param seed stands in for an unknown host (`?`)
 * @returns undefined when it is neither, or names no host or no port from 1 to 65535
 */
export function parseRedirect(
    text: string,
    from: Address,
    seed: Address
): Redirect | undefined {
    const words = text.split(" ")
    if (words.length !== 3) return undefined
    if (words[0] !== "MOVED") if (words[0] !== "ASK") return undefined
    const target = words[2]
    // an IPv6 address has colons of its own
    const colon = target.lastIndexOf(":")
    if (colon < 0) return undefined
    const host = target.slice(0, colon)
    const once = words[0] === "ASK"
    if (host === "?") return { address: seed, once, unnamed: true }
    const port = portOf(target.slice(colon + 1))
    if (port === undefined) return undefined
    if (host.length > 0) if (!isHost(host)) return undefined
    return {
        address: {
            host: host.length > 0 ? host : from.host,
            port,
            tls: from.tls,
        },
        once,
        unnamed: false,
    }
}

/** Where each target's stream lives. */
export class Topology {
    /** The master, as last looked up; undefined without Sentinel, or before the first look-up. */
    master: Address | undefined = undefined
    /** When it was looked up, ms since the program's start; undefined: do it now. */
    lookedUpAt: number | undefined = undefined

    private owners: (Address | undefined)[] = []
    private once: (Address | undefined)[] = []
    private redirects: number[] = []
    /** Every server that was heard of, the seed first: a way back when the others are gone. */
    private known: Address[]
    private sentinel = 0
    /** Sentinels in a row that were of no use. */
    private skipped = 0

    /**
     * @param seed the server in the settings
     * @param sentinels empty without Sentinel
     * @param targets how many streams are watched
     */
    constructor(
        public seed: Address,
        private sentinels: Address[],
        targets: number
    ) {
        this.known = [seed]
        for (let i = 0; i < targets; ++i) {
            this.owners.push(undefined)
            this.once.push(undefined)
            this.redirects.push(0)
        }
    }

    /** Whether Sentinel names the server. */
    usesSentinel(): boolean {
        return this.sentinels.length > 0
    }

    /** Whether the master is to be looked up now. */
    lookUpDue(now: number): boolean {
        if (!this.usesSentinel()) return false
        if (this.lookedUpAt === undefined) return true
        return now - this.lookedUpAt >= LOOK_UP_AGAIN_MS
    }

    /** The sentinel to ask: the one that answered last. */
    sentinelAddress(): Address {
        return this.sentinels[this.sentinel]
    }

    /** A sentinel named the master. @returns whether it is another one than before */
    found(master: Address, now: number): boolean {
        const changed =
            this.master === undefined || !sameAddress(master, this.master)
        this.master = master
        this.lookedUpAt = now
        this.skipped = 0
        return changed
    }

    /** The present sentinel is of no use: on to the next; when all were tried, on with the master known so far. */
    skipSentinel(now: number): void {
        this.sentinel++
        if (this.sentinel >= this.sentinels.length) this.sentinel = 0
        this.skipped++
        if (this.skipped < this.sentinels.length) return
        if (this.master === undefined) return
        this.skipped = 0
        this.lookedUpAt = now
    }

    /** The master is in doubt: look it up again within a second. */
    lookUpSoon(now: number): void {
        const soon = now - LOOK_UP_AGAIN_MS + 1000
        // undefined is not greater
        if ((this.lookedUpAt as number) > soon) this.lookedUpAt = soon
    }

    /** Where a target is to be asked next. */
    addressOf(target: number): Address {
        return (
            this.once[target] || this.owners[target] || this.master || this.seed
        )
    }

    /** Whether the target is to be asked with ASKING. */
    isAsking(target: number): boolean {
        return this.once[target] !== undefined
    }

    /** How many servers the targets live on. */
    servers(): number {
        let count = 0
        for (let i = 0; i < this.owners.length; ++i) {
            let first = true
            for (let j = 0; j < i; ++j)
                if (sameAddress(this.addressOf(i), this.addressOf(j)))
                    first = false
            if (first) count++
        }
        return count
    }

    /**
     * A server sent the target elsewhere.
     * @returns false when it has been sent round in circles and should rather wait
     */
    redirected(target: number, redirect: Redirect): boolean {
        if (redirect.once) this.once[target] = redirect.address
        else {
            this.owners[target] = redirect.address
            this.once[target] = undefined
            this.remember(redirect.address)
        }
        this.redirects[target]++
        return this.redirects[target] <= MAX_REDIRECTS
    }

    private remember(address: Address): void {
        for (const known of this.known) if (sameAddress(known, address)) return
        this.known.push(address)
        // one way back is enough, and memory is short
        if (this.known.length > 4) this.known.insert(1, -1)
    }

    /** Where the target lives is not known any more: the server in the settings is asked again. */
    forget(target: number): void {
        this.owners[target] = undefined
        this.once[target] = undefined
    }

    /** The target has answered where it was asked. */
    answered(target: number): void {
        this.once[target] = undefined
        this.redirects[target] = 0
    }

    /** A server does not answer: what lives there is asked for elsewhere, first at the seed. */
    failed(address: Address): void {
        this.lookedUpAt = undefined
        let next: Address = this.known[0]
        for (let i = 0; i + 1 < this.known.length; ++i)
            if (sameAddress(this.known[i], address)) next = this.known[i + 1]
        for (let i = 0; i < this.owners.length; ++i) {
            if (!sameAddress(this.addressOf(i), address)) continue
            this.once[i] = undefined
            this.owners[i] = sameAddress(next, this.seed) ? undefined : next
        }
    }
}
