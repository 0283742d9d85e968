/** What the socket layer's words mean, on a Pico W and on a host. */
import { describe, expect, test } from "@devicescript/test"
import { connectFault, Fault, LinkError, openFault } from "../../src/link/fault"

function connecting(message: string, fault: Fault) {
    test(message, () => expect(connectFault(message)).toBe(fault))
}

function open(message: string, fault: Fault) {
    test(message, () => expect(openFault(message)).toBe(fault))
}

describe("while connecting", () => {
    connecting("can't alloc pcb", Fault.OutOfControlBlocks)
    connecting("network not available", Fault.NoNetwork)
    connecting("sock error: -14", Fault.Refused)
    connecting("connect ECONNREFUSED 127.0.0.1:6379", Fault.Refused)
    connecting("Timeout", Fault.ConnectTimeout)
    connecting("connect ETIMEDOUT 10.0.0.1:6379", Fault.ConnectTimeout)
    connecting("getaddrinfo ENOTFOUND redis.nowhere", Fault.UnknownName)
    connecting("getaddrinfo EAI_AGAIN redis.nowhere", Fault.UnknownName)
    connecting("self-signed certificate", Fault.Tls)
    connecting("SSL routines:ssl3_get_record:wrong version number", Fault.Tls)
    connecting(
        "Client network socket disconnected before secure TLS connection was established",
        Fault.Tls
    )
    connecting("read ECONNRESET", Fault.PeerReset)
    connecting("Assertion failed: ", Fault.PeerClosed)
    connecting("host or port invalid", Fault.Other)
    connecting("", Fault.Other)
})

describe("on an open connection", () => {
    open("recv without buf?", Fault.PeerClosed)
    open("old socket used", Fault.PeerClosed)
    open("send error: -11", Fault.SendFailed)
    open("write error: -1", Fault.SendFailed)
    open("send error: -14", Fault.SendFailed)
    open("sock error: -14", Fault.PeerReset)
    open("read ECONNRESET", Fault.PeerReset)
    open("write EPIPE", Fault.PeerReset)
    open(
        "ssl3_read_bytes:tlsv13 alert certificate required: SSL alert number 116",
        Fault.Tls
    )
    open("something new", Fault.Other)
})

describe("LinkError", () => {
    test("holds both", () => {
        const error = new LinkError(Fault.Tls, "no TLS there")
        expect(error.fault).toBe(Fault.Tls)
        expect(error.message).toBe("no TLS there")
        expect(error instanceof LinkError).toBe(true)
        expect(error instanceof Error).toBe(true)
    })
})
