/**
 * The recovery policy, as pure logic: what happened, how often, how long ago, on which runtime -> what to do.
 *
 * The rules for the Pico W answer its stock runtime's faults (docs/pico-w-runtime.md, by row); elsewhere sockets are sound
 * and only the pauses matter.
 */
import { Fault } from "./fault"
import { Runtime } from "./runtime"

/** A connect is given up after this many ms: lwIP gives up on its own after 17.5 s and frees a block twice (row 6). */
export const CONNECT_LIMIT_MS = 16000
/** A reply is waited for so many ms. */
export const REPLY_LIMIT_MS = 5000
/** Between a socket that the server closed after QUIT and the next, ms: an event may come a tick late (row 14). */
export const ORDERLY_PAUSE_MS = 100
/** At least this long between one socket and the next, ms (rows 6 and 14). */
export const MIN_PAUSE_MS = 2000
/** The longest pause, ms, to which up to a tenth is added at random. */
export const MAX_PAUSE_MS = 30000
/** No reset before the chip has been up for so long, ms: a dead network must not become a reset loop. */
export const MIN_UPTIME_MS = 60000
/** A program whose first statement runs later than this after the chip's start, ms, was not started by it (row 10; a cold start takes 1.2 s, row 20). */
export const WARM_START_MS = 4000
/** Scans that see the network while there is still no IP, before the join counts as final (row 15). */
export const FINAL_JOIN_SCANS = 4

/** How to leave the present socket. */
export enum Leave {
    /** It is gone, or never was: touch nothing. */
    Nothing,
    /** Say QUIT and wait for the server to close. */
    Quit,
    /** Close the native socket now. */
    Close,
}

/** What to do about a fault. */
export interface Decision {
    leave: Leave
    /** Pause before the next connect, or before the reset, ms. */
    waitMs: number
    /** Reset the chip after the pause instead of connecting. */
    reset: boolean
}

/** What the policy remembers from fault to fault. */
export class Recovery {
    /** Attempts in a row that did not lead to a reading. */
    failures = 0
    /** Connections that went half-open since the chip's start. */
    halfOpens = 0
    /** A connect was refused since the chip's start: an active close may now hang the device (row 5). */
    wasRefused = false

    constructor(private runtime: Runtime) {}

    /**
     * Decides.
     * @param uptimeMs how long the chip has been up
     * @param random 0..1, spreads the attempts of several lights
     */
    decide(fault: Fault, uptimeMs: number, random: number): Decision {
        let leave = Leave.Nothing
        let reset = false
        switch (fault) {
            case Fault.NoNetwork:
                // no socket was opened, and the address comes when it comes
                return { leave, waitMs: 500, reset }
            case Fault.WarmStart:
            case Fault.WifiJoinFinal:
            case Fault.OutOfControlBlocks:
            case Fault.SendFailed:
                reset = true
                break
            case Fault.Refused:
                this.wasRefused = true
                break
            case Fault.ConnectTimeout:
                // else lwIP's own give-up frees the block a second time (row 6)
                leave = Leave.Close
                break
            case Fault.ReplyTimeout:
                this.halfOpens++
                // the first is safe to close; then un-acknowledged data is held for good (row 13)
                if (this.halfOpens > 1 || this.wasRefused) reset = true
                else leave = Leave.Close
                break
            case Fault.BadReply:
            case Fault.Abandoned:
            case Fault.Other:
            case Fault.Own:
                leave = Leave.Quit
                break
        }
        if (this.runtime === Runtime.Host) {
            if (reset) leave = Leave.Close
            reset = false
        }
        if (reset) {
            const early = MIN_UPTIME_MS - uptimeMs
            const waitMs = fault === Fault.WarmStart || early < 0 ? 0 : early
            return { leave, waitMs, reset }
        }
        const growing = MIN_PAUSE_MS * (1 << Math.min(this.failures, 4))
        this.failures++
        return {
            leave,
            waitMs: Math.floor(
                Math.min(growing, MAX_PAUSE_MS) * (1 + random / 10)
            ),
            reset,
        }
    }

    /**
     * What to do when the server does not close after QUIT.
     * @param decision what `decide` said
     */
    quitUnanswered(decision: Decision, uptimeMs: number): Decision {
        const timeout = this.decide(Fault.ReplyTimeout, uptimeMs, 0)
        if (!timeout.reset) timeout.waitMs = decision.waitMs
        return timeout
    }
}
