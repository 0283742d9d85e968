/**
 * The world around a fake Pico W: a script of what happens when. Both sides read it: the stand-in of the board's network
 * (fake-pico-w-sockets.ts, in the device's process), which acts it out, and the test, which knows from it what is true.
 * All times are device milliseconds since the start of the test; they go on over a chip reset.
 */

/** What is wrong for a while. */
export type Trouble =
    /** Redis has ended, its host lives: connections are closed, new ones refused. */
    | { what: "refuse" }
    /** The host is off: nothing is answered. When it is back, it resets connections of before. */
    | { what: "dead-host" }
    /** Nothing passes, in either direction; connections of this time stay dead for good. */
    | { what: "black-hole" }
    /** Redis hangs: its host accepts and acknowledges, the replies all come at the end. */
    | { what: "hung" }
    /** Redis answers `-LOADING`. */
    | { what: "loading" }
    /** Redis answers with this to all but QUIT. */
    | { what: "confused"; reply: string }
    /** What listens there is not Redis, and does not know QUIT. */
    | { what: "garbage" }
    /** The DNS server does not answer. */
    | { what: "dns-silent" }
    /** The DNS server knows no name, or fails, or answers with nothing: the board cannot tell them apart. */
    | { what: "dns-unknown" }
    /** The access point is off. */
    | { what: "ap-out" }
    /** The access point refuses the board: a wrong password. */
    | { what: "wrong-password" }
    /** Each connection opened meanwhile ends after so many bytes from Redis. */
    | { what: "cut"; after: number; how: "close" | "reset" }

/** What happens at one moment. */
export type Event =
    /** Redis closes all connections. */
    | "close"
    /** All connections are reset. */
    | "reset"
    /** All connections are dead, and nobody is told: a firewall has forgotten them. */
    | "half-open"
    /** The access point sends the board away; it is back, with the same address, 200 ms later. */
    | "deauth"
    /** The same, but with another address. */
    | "new-address"

export type Episode = Trouble & { fromMs: number; toMs: number }
export interface Moment {
    atMs: number
    event: Event
}

export interface World {
    /** Device time 0, ms since the Unix epoch. */
    originMs: number
    /** Drives what is random in the stand-in. */
    seed: number
    /** Names that resolve; `*.` in front stands for any one label. */
    names: string[]
    /** How long a DNS answer may be kept, s. */
    ttlS: number
    /** DNS servers that DHCP hands out. */
    dnsServers: 1 | 2
    /** How long DHCP takes, ms. */
    dhcpMs: number
    /** Whether the Wi-Fi service's event of an address reaches the program; nothing repeats it. */
    tellsAddress: boolean
    /** There and back, ms. */
    roundTripMs: number
    episodes: Episode[]
    moments: Moment[]
    redis: RedisScript
}

export interface RedisScript {
    port: number
    stream: string
    group: string
    /** The password of the user "default"; empty: none. */
    password: string
    /** What entries weigh on the wire, bytes, about. */
    entryBytes: number
    /** Whether XINFO GROUPS reports `lag`, as Redis does from 7.0. */
    reportsLag: boolean
    /** The group's lag in entries from each time on, ascending. */
    lags: [fromMs: number, lag: number][]
}

export type WorldOptions = Partial<
    Omit<World, "redis"> & { redis: Partial<RedisScript> }
>

/** A sound network and a Redis at `redis.lan:6379` with a lag of 3, but for what is given. */
export function makeWorld(options: WorldOptions = {}): World {
    return {
        originMs: 0,
        seed: 1,
        names: ["redis.lan", "*.redis.lan"],
        ttlS: 0,
        dnsServers: 1,
        dhcpMs: 250,
        tellsAddress: true,
        roundTripMs: 10,
        episodes: [],
        moments: [],
        ...options,
        redis: {
            port: 6379,
            stream: "jobs",
            group: "staff",
            password: "",
            entryBytes: 60,
            reportsLag: true,
            lags: [[0, 3]],
            ...options.redis,
        },
    }
}

/** The trouble of that kind that there is at `t`. */
export function troubleAt<W extends Trouble["what"]>(
    world: World,
    what: W,
    t: number
): (Episode & { what: W }) | undefined {
    return world.episodes.find(
        (e): e is Episode & { what: W } =>
            e.what === what && t >= e.fromMs && t < e.toMs
    )
}

/** The group's true lag at `t`, in entries. */
export function lagAt(world: World, t: number): number {
    let lag = world.redis.lags[0][1]
    for (const [fromMs, value] of world.redis.lags) {
        if (fromMs > t) break
        lag = value
    }
    return lag
}

/** Entries ever added to the stream, and of these read by the group, at `t`: the fewest that make the lags true. */
export function countsAt(world: World, t: number) {
    const [[, first], ...rest] = world.redis.lags
    let read = 5
    let added = read + first
    for (const [fromMs, lag] of rest) {
        if (fromMs > t) break
        const change = lag - (added - read)
        if (change > 0) added += change
        else read -= change
    }
    return { added, read }
}

/** What the stand-in tells the test, as a line of the VM's log: this, then JSON. */
export const REPORT_MARK = "pico-w: "

/** What happened on the fake board. `t` in device ms. */
export type Report =
    /** The chip has power, or was reset. */
    | { t: number; what: "boot" }
    /** The program asked for a connection. */
    | { t: number; what: "connect"; host: string; port: number; tls: boolean }
    /** A connection is open, as Redis sees it. */
    | { t: number; what: "open" }
    /** The socket has failed or was closed by the far end: what the program is told. */
    | { t: number; what: "ended"; error: string }
    /** The program closed the native socket. */
    | { t: number; what: "close"; state: string }
    /** Something that must not happen, and that the board survives (this time). */
    | { t: number; what: "fault"; why: string }
    /** The device is dead until somebody resets it. There is no watchdog. */
    | { t: number; what: "hung"; why: string }
    /** Wi-Fi. */
    | { t: number; what: "wifi"; event: string }

/** What a test says of a Report: all but the time. */
export type ReportBody = Report extends infer R
    ? R extends Report
        ? Omit<R, "t">
        : never
    : never
