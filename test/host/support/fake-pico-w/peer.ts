/** The far end of one of the fake board's connections: Redis behind a network that can fail. */
import type { Clock } from "../../../../sim/vm/clock.ts"
import { FakeRedis } from "./fake-redis.ts"
import { troubleAt } from "./world.ts"
import type { World } from "./world.ts"

/** A TCP segment, bytes. */
const SEGMENT_BYTES = 1460
/** Between two segments, ms. */
const SEGMENT_MS = 1
/** When the board next sends again what was not acknowledged, ms. */
const RETRY_MS = 1500

/** Told to the board's side. */
export interface PeerEvents {
    data(bytes: Uint8Array): void
    /** The far end has closed, after all data. */
    closed(): void
    reset(): void
}

export class Peer {
    /** Nothing passes any more, and nobody is told. */
    isDead = false
    /** The host knows nothing of this connection: whatever arrives is answered with a reset. */
    isForgotten = false

    /** Something came while it was dead: the board sends it again and again. */
    private hasMissed = false
    private readonly redis: FakeRedis
    private readonly cut: { after: number; how: "close" | "reset" } | undefined
    private sentBytes = 0
    private lastArrivalMs = 0
    private over = false
    /** Replies that a hung Redis has not given. */
    private held: Buffer[] = []

    constructor(
        private readonly world: World,
        private readonly clock: Clock,
        private readonly events: PeerEvents
    ) {
        this.redis = new FakeRedis(world, () => this.now())
        this.cut = troubleAt(world, "cut", this.now())
        if (this.cut?.after === 0) this.finish(this.cut.how)
    }

    /** What the board sent has arrived. */
    receive(bytes: Uint8Array) {
        if (this.isDead) this.hasMissed = true
        if (this.isDead || this.over) return
        if (this.isForgotten) return this.finish("reset")
        const hung = troubleAt(this.world, "hung", this.now())
        if (hung) {
            this.held.push(Buffer.from(bytes))
            if (this.held.length === 1)
                this.clock.setTimeout(
                    () => this.release(),
                    hung.toMs - this.now()
                )
            return
        }
        const { reply, closes } = this.redis.receive(bytes)
        this.send(Buffer.from(reply, "latin1"))
        if (closes) this.finish("close")
    }

    /** The far end ends the connection after what it has sent. */
    finish(how: "close" | "reset") {
        if (this.isDead || this.over) return
        this.over = true
        this.arrive(() =>
            how === "close" ? this.events.closed() : this.events.reset()
        )
    }

    /** The host is back, and knows nothing of its life before. */
    restarted() {
        this.isDead = false
        this.isForgotten = true
        if (this.hasMissed)
            this.clock.setTimeout(() => this.finish("reset"), RETRY_MS)
    }

    /** The board has left: nothing is told any more. */
    leave() {
        this.isDead = true
    }

    private release() {
        const held = this.held
        this.held = []
        for (const bytes of held) this.receive(bytes)
    }

    private send(bytes: Buffer) {
        if (this.over) return
        const { cut } = this
        if (cut && this.sentBytes + bytes.length >= cut.after)
            bytes = bytes.subarray(0, cut.after - this.sentBytes)
        this.sentBytes += bytes.length
        for (let i = 0; i < bytes.length; i += SEGMENT_BYTES) {
            const segment = bytes.subarray(i, i + SEGMENT_BYTES)
            this.arrive(() => this.events.data(segment))
        }
        if (cut && this.sentBytes >= cut.after) this.finish(cut.how)
    }

    /** In order, a segment's time apart, half a round trip from now at the earliest. */
    private arrive(what: () => void) {
        const now = this.now()
        const atMs = Math.max(
            now + this.world.roundTripMs / 2,
            this.lastArrivalMs + SEGMENT_MS
        )
        this.lastArrivalMs = atMs
        this.clock.setTimeout(() => {
            if (!this.isDead) what()
        }, atMs - now)
    }

    private now() {
        return this.clock.now() - this.world.originMs
    }
}
