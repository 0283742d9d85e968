/**
 * What of the heap is for replies, and how it is kept in one piece.
 *
 * Objects never move, and a new one goes into the lowest hole that it fits. What a program makes when it starts would lie all
 * over the heap, with the garbage of that time in between, and leave no hole for a piece of a reply (1472 bytes) long before
 * the heap is full.
 */
import { keepRoom, tidy } from "./link/tidy"
import { Settings, Unit } from "./settings"

/** Bytes in a block of what is held here. */
const BLOCK = 1000

/** What is kept free of the program's state while it starts, with one target, bytes. */
const RESERVE_BYTES = 24000
/**
 * Below the reserve, for what the program makes of itself beyond its classes, bytes: nearly all that is left, so that little
 * of it comes to lie above.
 */
const STATE_BYTES = 15500

/**
 * What the replies to one send may weigh, bytes, with one target that is watched for its lag in entries. They arrive at the
 * network's speed, or in one piece, and are used up at the VM's, which on the chip is the slower; what lies between has to fit
 * the heap (docs/pico-w-runtime.md, row 9). How much does was found out in test/host/board/chip-speed.test.ts, which holds it.
 */
const REPLY_BYTES = 20500
/** What each further target takes of the reserve; more is made then of the room for garbage, bytes. */
const TARGET_RESERVE_BYTES = 2000
/** What each further target takes of it, for what is kept of it between polls. */
const TARGET_BYTES = 2690
/** What UNIT=seconds, health limits and the traffic light take of it, all together. */
const EXTRAS_BYTES = 6600
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
    if (
        settings.unit === Unit.Seconds ||
        settings.health !== undefined ||
        settings.trafficLight !== undefined
    )
        bytes -= EXTRAS_BYTES
    bytes -= longNames(settings)
    return inOnePiece ? Math.idiv(bytes, 2) : bytes
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

/** Holds the end of the heap while the program starts: what is made meanwhile lies below. */
export class Reserve {
    private blocks: Buffer[]

    /** For the beginning of the program, when the heap is empty. */
    constructor() {
        tidy()
        let below = blocksOf(STATE_BYTES)
        this.blocks = blocksOf(RESERVE_BYTES)
        below = undefined
        tidy()
    }

    /** Gives what lies next to the program's state to what further targets and displays make of themselves. */
    shrink(settings: Settings, displayBytes: number): void {
        const further =
            displayBytes +
            (settings.targets.length - 1) * TARGET_RESERVE_BYTES +
            longNames(settings)
        this.blocks.insert(0, -Math.idiv(further, BLOCK))
    }

    /** Gives all of it to whoever needs it: replies, when the first are asked for. */
    release(): void {
        keepRoom(this.blocks)
        this.blocks = undefined
    }
}

function blocksOf(bytes: number): Buffer[] {
    const blocks: Buffer[] = []
    for (let i = Math.idiv(bytes, BLOCK); i > 0; --i)
        blocks.push(Buffer.alloc(BLOCK))
    return blocks
}
