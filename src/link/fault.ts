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

/** A fault of the link, in words for the log. */
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

/** The fault that an error from the socket layer stands for while connecting. */
export function connectFault(message: string): Fault {
    if (message.includes("can't alloc pcb")) return Fault.OutOfControlBlocks
    if (message.includes("network not available")) return Fault.NoNetwork
    // devicescript-pico, src/lwip_sock.c: lwIP's ERR_RST; Node's name for the same
    if (message.includes("sock error: -14") || message.includes("ECONNREFUSED"))
        return Fault.Refused
    if (message.includes("Timeout") || message.includes("ETIMEDOUT"))
        return Fault.ConnectTimeout
    if (message.includes("ENOTFOUND") || message.includes("EAI_AGAIN"))
        return Fault.UnknownName
    if (isTls(message)) return Fault.Tls
    if (message.includes("ECONNRESET")) return Fault.PeerReset
    // @devicescript/net, when data or a close comes together with the open
    if (message.includes("Assertion failed")) return Fault.PeerClosed
    return Fault.Other
}

/** The fault that an error from the socket layer stands for on an open connection. */
export function openFault(message: string): Fault {
    // how the Pico W's runtime tells of the peer's close: docs/pico-w-runtime.md row 11
    if (message.includes("recv without buf") || message.includes("old socket"))
        return Fault.PeerClosed
    // a server may refuse the handshake after it looked complete from here
    if (isTls(message)) return Fault.Tls
    if (message.includes("send error") || message.includes("write error"))
        return Fault.SendFailed
    if (
        message.includes("-14") ||
        message.includes("ECONNRESET") ||
        message.includes("EPIPE")
    )
        return Fault.PeerReset
    return Fault.Other
}

function isTls(message: string): boolean {
    return (
        message.includes("certificate") ||
        message.includes("SSL") ||
        message.includes("TLS")
    )
}
