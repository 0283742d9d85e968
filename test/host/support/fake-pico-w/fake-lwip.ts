/**
 * The socket layer of DeviceScript's stock Pico W runtime (devicescript-pico, src/lwip_sock.c, on lwIP), with its faults,
 * as far as docs/pico-w-runtime.md knows them. The numbers in comments are that file's rows.
 *
 * Where a row says "can hang", this one does hang: a program that passes here keeps to the rules, and does not live on
 * luck.
 */
import type { SocketHost } from "../../../../sim/vm/sockets.ts"
import { SeededRandom } from "../../../../sim/soak/seeded-random.ts"
import { Peer } from "./peer.ts"
import { troubleAt } from "./world.ts"
import type { ReportBody, World } from "./world.ts"

/** MEMP_NUM_TCP_PCB. */
const CONTROL_BLOCKS = 5
/** DNS_TABLE_SIZE. */
const DNS_CACHE_ENTRIES = 4
/** From the question to the moment when one silent DNS server is given up, ms, and what is added at random (3). */
const DNS_GIVE_UP_MS = 6400
const DNS_GIVE_UP_SPREAD_MS = 500
/** When a silent DNS server is asked again, ms after the first time. */
const DNS_TRIES_MS = [0, 1000, 3000]
/** When a SYN is repeated, ms. */
const SYN_TRIES_MS = [0, 3000, 6000, 9000, 12000, 15000]
/** lwIP gives up a SYN after so long, ms, and what is added at random (6). */
const SYN_GIVE_UP_MS = 17500
const SYN_GIVE_UP_SPREAD_MS = 500
/** The most bytes of one send on an idle connection, and of all that is not acknowledged else (8). */
const SEND_BYTES = 2920
const UNACKNOWLEDGED_BYTES = 1500
/** So long after an active close a new connect is safe again in a poisoned pool, ms (5). */
const POISON_FADES_MS = 130_000
/** How long TIME_WAIT holds a block that nobody needs, ms. */
const TIME_WAIT_MS = 120_000
/** How long lwIP repeats what a vanished peer does not acknowledge, ms (13). */
const RETRANSMISSION_MS = 590_000

/** lwIP's numbers for errors, as the program gets to see them. */
const ERR_MEM = -1
const ERR_RTE = -4
const ERR_CONN = -11
const ERR_RST = -14
/** lwip_sock.c: not connected. */
const NOT_CONNECTED = -10

interface Block {
    /** Device ms. */
    heldUntilMs: number
    /** In TIME_WAIT: lwIP takes it when it needs one. */
    isSpare: boolean
}

/** lwip_sock.c's only socket. */
interface Socket {
    host: string
    port: number
    block?: Block
    /** lwIP has given the block up, and the socket does not know. */
    isDangling: boolean
    peer?: Peer
    unacknowledgedBytes: number
}

export interface Network {
    /** The board has an IP address. */
    hasAddress(): boolean
}

export class FakeLwip {
    private readonly random: SeededRandom
    private readonly blocks: Block[] = []
    private readonly cache = new Map<string, number>()
    private readonly peers = new Set<Peer>()
    private socket: Socket | undefined
    private query: { host: string; askedTwice: boolean } | undefined
    /** A refused connect freed its block twice: the pool's list of free blocks has a loop (5). */
    private isPoisoned = false
    /** As above, but by a block that may be in use (6). */
    private isBroken = false
    private halfOpens = 0
    /** The last active close in a poisoned pool: its block can be handed out while TIME_WAIT holds it. */
    private lastActiveCloseMs = -Infinity
    private isHung = false
    /** The program asked for what fails without a word: it hears nothing until its next try. */
    private isMute = false

    constructor(
        private readonly world: World,
        private readonly host: SocketHost,
        private readonly network: Network,
        private readonly report: (body: ReportBody) => void
    ) {
        // each boot of the chip has its own chances
        this.random = new SeededRandom(world.seed + Math.floor(this.now()))
    }

    /** jd_tcpsock_new */
    open(host: string, port: number, tls: boolean): number {
        this.report({ what: "connect", host, port, tls })
        if (this.isHung) return 0
        // TLS is asked for by a negative port: out of range, and that is told to nobody (7)
        this.isMute = tls || port > 65535
        if (this.isMute) return 0
        if (this.socket && !this.socket.peer && !this.socket.isDangling)
            this.fault("two connects at a time")
        this.leaveBlock()
        if (this.query && this.query.host !== host) {
            this.hang(
                "a connect while the DNS query for another host is out (row 4)"
            )
            return 0
        }
        this.socket = {
            host,
            port,
            isDangling: false,
            unacknowledgedBytes: 0,
        }
        if (this.query) this.query.askedTwice = true
        else if (isAddress(host) || this.isCached(host)) this.leak(this.socket)
        else this.ask(host)
        return 0
    }

    /** jd_tcpsock_write */
    write(bytes: Uint8Array): number {
        if (this.isHung) return 0
        const { socket } = this
        if (!socket?.peer) return NOT_CONNECTED
        if (!this.network.hasAddress())
            return this.fail(ERR_RTE, `flush error: ${ERR_RTE}`)
        if (socket.peer.isForgotten && socket.isDangling)
            return this.fail(ERR_CONN, `write error: ${ERR_CONN}`)
        const held = socket.unacknowledgedBytes
        if (
            bytes.length + held >
            (held > 0 ? UNACKNOWLEDGED_BYTES : SEND_BYTES)
        ) {
            if (this.isPoisoned) this.lastActiveCloseMs = this.now()
            return this.fail(ERR_MEM, `write error: ${ERR_MEM}`)
        }
        socket.unacknowledgedBytes += bytes.length
        const { peer } = socket
        if (!this.passes()) return 0
        const { roundTripMs } = this.world
        this.after(roundTripMs / 2, () => peer.receive(bytes))
        this.after(roundTripMs, () => {
            if (!peer.isDead) socket.unacknowledgedBytes -= bytes.length
        })
        return 0
    }

    /** jd_tcpsock_close, called by the program */
    close(): number {
        if (this.isHung || !this.socket) return NOT_CONNECTED
        const { socket } = this
        this.report({
            what: "close",
            state: socket.peer
                ? "open"
                : socket.isDangling
                  ? "given up"
                  : socket.block
                    ? "connecting"
                    : "resolving",
        })
        this.leaveBlock()
        return 0
    }

    /** What the world does to the connections there are. */
    forEachPeer(act: (peer: Peer) => void) {
        for (const peer of [...this.peers]) act(peer)
    }

    /** The board's address is another one: lwIP drops its connections, and tells nobody (16). */
    addressChanged() {
        for (const peer of this.peers) peer.isForgotten = true
        if (this.socket?.peer) this.socket.isDangling = true
    }

    private ask(host: string) {
        const query = (this.query = { host, askedTwice: false })
        const servers = this.world.dnsServers
        const tries = Array.from({ length: servers }, (_, i) =>
            DNS_TRIES_MS.map(ms => ms + i * DNS_GIVE_UP_MS)
        ).flat()
        const askAgain = (nth: number) => {
            const isAnswered =
                this.passes() &&
                !troubleAt(this.world, "dns-silent", this.now())
            if (isAnswered)
                return this.after(this.world.roundTripMs, () =>
                    this.answered(query, this.isKnown(host))
                )
            if (nth + 1 < tries.length)
                return this.after(tries[nth + 1] - tries[nth], () =>
                    askAgain(nth + 1)
                )
            // the program is told nothing: the connect goes to whatever is in the memory of the address (3)
            const giveUpMs =
                DNS_GIVE_UP_MS * servers +
                this.random.next() * DNS_GIVE_UP_SPREAD_MS
            this.after(giveUpMs - tries[nth], () => this.answered(query, false))
        }
        askAgain(0)
    }

    private answered(
        query: { host: string; askedTwice: boolean },
        known: boolean
    ) {
        this.query = undefined
        const { ttlS } = this.world
        if (known && ttlS > 0) {
            this.cache.set(query.host, this.now() + ttlS * 1000)
            if (this.cache.size > DNS_CACHE_ENTRIES)
                this.cache.delete(this.cache.keys().next().value!)
        }
        const { socket } = this
        if (query.askedTwice) {
            this.fault("two control blocks for one socket (row 4)")
            this.takeBlock(Infinity)
        }
        if (socket?.host === query.host) this.connect(socket, known)
        else {
            // closing does not cancel a query (4): its answer connects to port 0
            this.fault("a socket was closed while its DNS query was out")
            this.takeBlock(this.now() + SYN_GIVE_UP_MS)
        }
    }

    private isKnown(host: string) {
        if (troubleAt(this.world, "dns-unknown", this.now())) return false
        return this.world.names.some(name =>
            name.startsWith("*.")
                ? host.slice(host.indexOf(".")) === name.slice(1)
                : host === name
        )
    }

    private isCached(host: string) {
        const untilMs = this.cache.get(host)
        return untilMs !== undefined && untilMs > this.now()
    }

    /** An address that is known at once is connected to in each turn of the main loop, until there is no block left (1, 2). */
    private leak(socket: Socket) {
        this.after(1, () => {
            if (this.socket !== socket) return
            if (this.takeBlock(Infinity)) this.leak(socket)
            else if (!this.isHung) this.raise("can't alloc pcb")
        })
    }

    /** lwip_sock.c's host_found. @param known false: nobody is at that address */
    private connect(socket: Socket, known: boolean) {
        socket.block = this.takeBlock(Infinity)
        if (!socket.block) {
            if (!this.isHung) this.raise("can't alloc pcb")
            return
        }
        const block = socket.block
        const isCurrent = () => this.socket === socket && socket.block === block
        const giveUpMs =
            SYN_GIVE_UP_MS + this.random.next() * SYN_GIVE_UP_SPREAD_MS
        this.after(giveUpMs, () => {
            if (!isCurrent() || socket.peer) return
            // lwIP frees the block; lwip_sock.c ignores ERR_ABRT and keeps it (6)
            this.free(block)
            socket.isDangling = true
        })
        if (!known) return
        for (const ms of SYN_TRIES_MS)
            this.after(Math.max(ms, 1), () => {
                if (isCurrent() && !socket.peer) this.syn(socket, isCurrent)
            })
    }

    private syn(socket: Socket, isCurrent: () => boolean) {
        if (!this.passes() || troubleAt(this.world, "dead-host", this.now()))
            return
        const refused =
            socket.port !== this.world.redis.port ||
            troubleAt(this.world, "refuse", this.now())
        if (refused)
            this.after(2 + this.random.next() * 4, () => {
                if (!isCurrent()) return
                this.free(socket.block!)
                // lwip_sock.c closes the block within lwIP's own error callback, which frees it after that (5)
                this.isPoisoned = true
                this.raise(`sock error: ${ERR_RST}`)
            })
        else
            this.after(this.world.roundTripMs, () => {
                if (!isCurrent() || socket.peer || this.isHung) return
                this.report({ what: "open" })
                socket.peer = this.makePeer(socket)
                this.emit("open")
            })
    }

    private makePeer(socket: Socket): Peer {
        const ends = (error: string) => {
            this.peers.delete(peer)
            if (this.socket !== socket) return
            this.free(socket.block!)
            this.raise(error)
        }
        const peer: Peer = new Peer(this.world, this.host.clock, {
            data: bytes => {
                if (this.socket === socket) this.emit("data", bytes)
            },
            // a null pbuf is taken for an error; there is no other sign of a close (11)
            closed: () => ends("recv without buf?"),
            reset: () => ends(`sock error: ${ERR_RST}`),
        })
        this.peers.add(peer)
        return peer
    }

    /** jd_tcpsock_close: what becomes of the block. */
    private leaveBlock() {
        const { socket } = this
        if (!socket) return
        this.socket = undefined
        if (socket.isDangling) {
            this.isBroken = true
            this.fault("a control block was freed twice (row 6)")
            return
        }
        const { block, peer } = socket
        if (!block) return
        if (!peer) return this.free(block)
        this.peers.delete(peer)
        if (this.isPoisoned) this.lastActiveCloseMs = this.now()
        if (peer.isDead || !this.passes()) {
            this.halfOpens++
            block.heldUntilMs = this.now() + RETRANSMISSION_MS
        } else {
            block.heldUntilMs = this.now() + TIME_WAIT_MS
            block.isSpare = true
        }
        peer.leave()
    }

    /** @returns undefined if there is none left, or if looking for one never ends */
    private takeBlock(heldUntilMs: number): Block | undefined {
        if (this.isBroken)
            this.hang("a connect after a control block was freed twice (row 6)")
        else if (
            this.isPoisoned &&
            this.now() - this.lastActiveCloseMs < POISON_FADES_MS
        )
            this.hang(
                "a connect after an active close after a refused connect (row 5)"
            )
        else if (this.halfOpens > 1)
            this.hang(
                "a connect after the second close of a half-open socket (row 13)"
            )
        if (this.isHung) return undefined
        const { blocks } = this
        for (const block of [...blocks])
            if (block.heldUntilMs <= this.now()) this.free(block)
        if (blocks.length >= CONTROL_BLOCKS) {
            const spare = blocks.findIndex(block => block.isSpare)
            if (spare < 0) return undefined
            blocks.splice(spare, 1)
        }
        const block = { heldUntilMs, isSpare: false }
        blocks.push(block)
        return block
    }

    private free(block: Block) {
        const i = this.blocks.indexOf(block)
        if (i >= 0) this.blocks.splice(i, 1)
    }

    /** lwip_sock.c's raise_error: the socket is gone, then the program is told. */
    private raise(text: string) {
        const { socket } = this
        if (!socket) return
        this.socket = undefined
        if (socket.peer) this.peers.delete(socket.peer)
        this.report({ what: "ended", error: text })
        // the program hears of it a turn later, whatever socket it has by then (14)
        this.after(1, () => this.emit("error", text))
    }

    private fail(error: number, text: string) {
        const { socket } = this
        if (socket?.isDangling) this.isBroken = true
        else if (socket?.block) {
            socket.block.heldUntilMs = this.now() + TIME_WAIT_MS
            socket.block.isSpare = true
        }
        socket?.peer?.leave()
        this.raise(text)
        return error
    }

    /** Whether a packet gets through. */
    private passes() {
        return (
            this.network.hasAddress() &&
            !troubleAt(this.world, "black-hole", this.now())
        )
    }

    private emit(event: "open" | "error" | "data", arg?: string | Uint8Array) {
        if (!this.isHung && !this.isMute) this.host.emit(event, arg)
    }

    private fault(why: string) {
        this.report({ what: "fault", why })
    }

    private hang(why: string) {
        if (this.isHung) return
        this.isHung = true
        this.report({ what: "hung", why })
    }

    private after(ms: number, what: () => void) {
        this.host.clock.setTimeout(() => {
            if (!this.isHung) what()
        }, ms)
    }

    private now() {
        return this.host.clock.now() - this.world.originMs
    }
}

/** Dots and digits, or colons. */
function isAddress(host: string) {
    return /^[\d.]+$|:/.test(host)
}
