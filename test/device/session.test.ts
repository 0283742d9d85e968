/** A conversation's ends: QUIT, and what a server said before it hung up. The connection is a stand-in. */
import { describe, expect, test } from "@devicescript/test"
import { Connection } from "../../src/link/connection"
import { Fault, LinkError } from "../../src/link/fault"
import { Refusal, ReplyError } from "../../src/redis/refusal"
import { encodeCommand } from "../../src/redis/resp"
import { Session } from "../../src/redis/session"

/** A connection that keeps what is sent, or has ended, with words of the server's that nobody has read. */
class FakeConnection {
    sent: string[] = []
    hasEnded = false
    lastWords: string = undefined
    /** Come to light with the failed send. */
    lateWords: string = undefined
    closes = true
    waitedMs = 0

    hasUnread(): boolean {
        return this.lastWords !== undefined
    }

    async send(bytes: Buffer): Promise<void> {
        this.sent.push(bytes.toString())
        if (!this.hasEnded) return
        this.lastWords = this.lateWords
        throw new LinkError(Fault.PeerClosed, "old socket used")
    }

    async receive(): Promise<Buffer> {
        const words = this.lastWords
        this.lastWords = undefined
        if (words === undefined)
            throw new LinkError(Fault.PeerClosed, "recv without buf?")
        return Buffer.from(words)
    }

    async waitForClose(limitMs: number): Promise<boolean> {
        this.waitedMs = limitMs
        return this.closes
    }
}

function sessionOn(connection: FakeConnection): Session {
    return new Session(connection as any as Connection, 5000)
}

describe("QUIT", () => {
    test("waits 3 s for the server to close", async () => {
        const connection = new FakeConnection()
        expect(await sessionOn(connection).quit()).toBe(true)
        expect(connection.sent.join()).toBe("*1\r\n$4\r\nQUIT\r\n")
        expect(connection.waitedMs).toBe(3000)
    })
    test("that a server does not follow is told", async () => {
        const connection = new FakeConnection()
        connection.closes = false
        expect(await sessionOn(connection).quit()).toBe(false)
    })
    test("to a server that has gone is no half-open connection", async () => {
        const connection = new FakeConnection()
        connection.hasEnded = true
        connection.closes = false
        expect(await sessionOn(connection).quit()).toBe(true)
    })
    test("is something else for a sentinel, which knows no QUIT", async () => {
        const connection = new FakeConnection()
        const session = sessionOn(connection)
        session.isSentinel = true
        expect(await session.quit()).toBe(true)
        expect(connection.sent.join()).toBe("*x\r\n")
    })
})

describe("a server that hangs up", () => {
    test("may have said why", async () => {
        const connection = new FakeConnection()
        connection.hasEnded = true
        connection.lateWords = "-ERR max number of clients reached\r\n"
        const session = sessionOn(connection)
        session.queue(encodeCommand(["PING"]))
        let refusal: Refusal = undefined
        try {
            await session.flush()
        } catch (e) {
            if (e instanceof ReplyError) refusal = e.refusal
        }
        expect(refusal).toBe(Refusal.NotNow)
    })
    test("may not", async () => {
        const connection = new FakeConnection()
        connection.hasEnded = true
        const session = sessionOn(connection)
        session.queue(encodeCommand(["PING"]))
        let fault: Fault = undefined
        try {
            await session.flush()
        } catch (e) {
            fault = (e as LinkError).fault
        }
        expect(fault).toBe(Fault.PeerClosed)
    })
})
