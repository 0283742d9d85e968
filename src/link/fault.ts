/** What can go wrong with the way to Redis. Pure. */
import { printable } from "./printable"

/** Kinds of fault, as far as the recovery has to tell them apart. */
export enum Fault {
    /** No IP address yet, or none any more. */
    NoNetwork,
    /** The Wi-Fi network was lost or never joined, and the runtime will not try again. */
    WifiJoinFinal,
    /** The runtime has run out of TCP control blocks ("can't alloc pcb"). */
    OutOfControlBlocks,
    /** Nobody listens on that port. */
    Refused,
    /** No answer to the connect; also what an unknown name looks like on a Pico W. */
    ConnectTimeout,
    /** The name is not known to DNS (only runtimes with a real resolver tell). */
    UnknownName,
    /** TLS failed: certificate, or no TLS on that port. */
    Tls,
    /** Redis closed the connection. */
    PeerClosed,
    /** The connection was reset. */
    PeerReset,
    /** A reply did not come in time: a hung server or a half-open connection. */
    ReplyTimeout,
    /** Sending failed. */
    SendFailed,
    /** What arrived is not RESP, or not what was asked for. */
    BadReply,
    /** The connection is sound, but it is laglight that wants another one. */
    Abandoned,
    /** The program started long after the chip: lwIP may hold the sockets of the program before it. */
    WarmStart,
    /** Anything else. */
    Other,
    /** An error in laglight's own code. */
    Own,
}

/** A fault of the link, with a message for the log. */
export class LinkError extends Error {
    /**
     * @param reason what the server said before it closed, and what to do about it; it takes the place of the fault's words
     */
    constructor(
        public fault: Fault,
        message: string,
        public reason?: string
    ) {
        super(printable(message))
    }
}

/** The words of an error that tell a fault, each before its fault. */
type Words = (string | Fault)[]

/** The fault that an error from the socket layer stands for while connecting. */
export function connectFault(message: string): Fault {
    // prettier-ignore
    return faultIn(message, [
        "can't alloc pcb", Fault.OutOfControlBlocks,
        "network not available", Fault.NoNetwork,
        // devicescript-pico, src/lwip_sock.c: lwIP's ERR_RST; Node's name for the same
        "sock error: -14", Fault.Refused,
        "ECONNREFUSED", Fault.Refused,
        "Timeout", Fault.ConnectTimeout,
        "ETIMEDOUT", Fault.ConnectTimeout,
        "ENOTFOUND", Fault.UnknownName,
        "EAI_AGAIN", Fault.UnknownName,
        "certificate", Fault.Tls,
        "SSL", Fault.Tls,
        "TLS", Fault.Tls,
        "ECONNRESET", Fault.PeerReset,
        // @devicescript/net, when data or a close comes together with the open
        "Assertion failed", Fault.PeerClosed,
    ])
}

/** The fault that an error from the socket layer stands for on an open connection. */
export function openFault(message: string): Fault {
    // prettier-ignore
    return faultIn(message, [
        // how the Pico W's runtime tells of the peer's close: docs/pico-w-runtime.md row 11
        "recv without buf", Fault.PeerClosed,
        "old socket", Fault.PeerClosed,
        // a server may refuse the handshake after it looked complete from here
        "certificate", Fault.Tls,
        "SSL", Fault.Tls,
        "TLS", Fault.Tls,
        "send error", Fault.SendFailed,
        "write error", Fault.SendFailed,
        "-14", Fault.PeerReset,
        "ECONNRESET", Fault.PeerReset,
        "EPIPE", Fault.PeerReset,
    ])
}

function faultIn(message: string, words: Words): Fault {
    for (let i = 0; i < words.length; i += 2)
        if (message.includes(words[i] as string)) return words[i + 1] as Fault
    return Fault.Other
}
