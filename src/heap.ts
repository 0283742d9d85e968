/**
 * What of the heap is for replies, and how it is kept in one piece.
 *
 * Objects never move, and a new one goes into the lowest hole that it fits. What a program makes when it starts would lie all
 * over the heap, with the garbage of that time in between, and leave no hole for a piece of a reply (1472 bytes) long before
 * the heap is full.
 */
import { keepRoom, PIECE, tidy } from "./link/tidy"
import { Settings, Unit } from "./settings"

/** What a buffer takes of the heap besides its bytes. */
const HEADER = 12
/** How many pieces of a reply are kept free of the program's state while it starts, with one target: nearly all that there is. */
const RESERVE_PIECES = 15
/** Below the reserve, for what the program makes of itself beyond its classes, bytes. */
const STATE_BYTES = 13500
/** It is held in blocks of so many bytes, and in so many smaller ones: no hole is left below it that a fence would fit. */
const STATE_BLOCK = 100
const SMALL_BLOCKS = 60
/**
 * Between the two is room for small things, in holes that no piece of a reply fits, nor what holds the room for them
 * (src/link/tidy.ts): fences between them, which are never let go of, keep the holes from becoming one.
 */
const HOLES = 13
const HOLE = 440
const FENCE = 40

/**
 * What the replies to one send may weigh, bytes, with one target that is watched for its lag in entries. They arrive at the
 * network's speed, or in one piece, and are used up at the VM's, which on the chip is the slower; what lies between has to fit
 * the heap (docs/pico-w-runtime.md, row 9). How much does was found out in test/host/board/chip-speed.test.ts, which holds it.
 */
const REPLY_BYTES = 20500
/** What each further target takes of the reserve while the program starts, and what all together does that can be switched on. */
const TARGET_RESERVE_BYTES = 2250
const EXTRAS_RESERVE_BYTES = 3900
/** What each further target takes of it, for what is kept of it between polls. */
const TARGET_BYTES = 2690
/** What UNIT=seconds, health limits and the traffic light take of it, all together. */
const EXTRAS_BYTES = 3600
/** So long names are in the above, bytes. */
const NAME_BYTES = 24
/** How often a stream's name is in what is kept of a target, and a group's. */
const STREAM_COPIES = 6
const GROUP_COPIES = 3

/**
 * What the replies to one send may weigh, bytes, where nothing keeps them from arriving faster than they are read.
 * @param inOnePiece they may come as one, which needs a hole of its size, and not in pieces of one TCP segment
 */
export function replyBytesFor(settings: Settings, inOnePiece: boolean): number {
    let bytes = REPLY_BYTES - (settings.targets.length - 1) * TARGET_BYTES
    if (hasExtras(settings)) bytes -= EXTRAS_BYTES
    bytes -= longNames(settings)
    if (inOnePiece) return Math.idiv(bytes, 2)
    return bytes
}

function hasExtras(settings: Settings): boolean {
    if (settings.unit === Unit.Seconds) return true
    if (settings.health !== undefined) return true
    return settings.trafficLight !== undefined
}

/** What names take beyond what is reckoned for them, bytes. */
function longNames(settings: Settings): number {
    let bytes = 0
    for (const target of settings.targets) {
        bytes += STREAM_COPIES * beyond(target.stream)
        bytes += GROUP_COPIES * beyond(target.group)
    }
    return bytes
}

function beyond(name: string): number {
    return Math.max(0, name.byteLength - NAME_BYTES)
}

const fences: Buffer[] = []

/** Holds the end of the heap while the program starts: what is made meanwhile lies below. */
export class Reserve {
    private blocks: Buffer[] | undefined
    private holes: Buffer[] | undefined

    /** For the beginning of the program, when the heap is empty. */
    constructor() {
        tidy(PIECE)
        let below: Buffer[] | undefined = blocksOf(
            STATE_BLOCK,
            Math.idiv(STATE_BYTES, STATE_BLOCK + HEADER)
        )
        let small: Buffer[] | undefined = blocksOf(FENCE, SMALL_BLOCKS)
        const holes: Buffer[] = []
        for (let i = 0; i < HOLES; ++i) {
            holes.push(Buffer.alloc(HOLE))
            fences.push(Buffer.alloc(FENCE))
        }
        this.holes = holes
        this.blocks = blocksOf(PIECE, RESERVE_PIECES)
        below = undefined
        small = undefined
        tidy(PIECE)
    }

    /** Gives what lies next to the program's state to what further targets and displays make of themselves. */
    shrink(settings: Settings, displayBytes: number): void {
        const further =
            displayBytes +
            (settings.targets.length - 1) * TARGET_RESERVE_BYTES +
            (hasExtras(settings) ? EXTRAS_RESERVE_BYTES : 0) +
            longNames(settings)
        ;(this.blocks as Buffer[]).insert(
            0,
            -Math.idiv(further, PIECE + HEADER)
        )
    }

    /** Gives all of it to whoever needs it: replies, when the first are asked for. */
    release(): void {
        keepRoom(this.blocks as Buffer[])
        this.blocks = undefined
        this.holes = undefined
    }
}

function blocksOf(bytes: number, count: number): Buffer[] {
    const blocks: Buffer[] = []
    for (let i = 0; i < count; ++i) blocks.push(Buffer.alloc(bytes))
    return blocks
}
