/**
 * A fake Redis server, for another version or for a state that is hard to produce: it reads commands as Redis does and
 * sends canned raw replies. It knows nothing about streams.
 */
import { EventEmitter } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo, Server, Socket } from "node:net"
import { CommandReader } from "./command-reader.ts"

const HOST = "127.0.0.1"

/** A raw reply, and whether the connection ends after it. */
export interface Answer {
    reply?: Reply
    then?: "close" | "reset"
}

/** Text is sent as latin1: a character is a byte. */
export type Reply = Buffer | string

/**
 * @param command name and arguments, as sent
 * @param connection counts from 1
 * @returns undefined: no reply
 */
export type Handler = (
    command: Buffer[],
    connection: number
) => Reply | Answer | undefined | Promise<Reply | Answer | undefined>

export interface CannedReplyOptions {
    handler: Handler
    /** Sent at once to each new connection. */
    greeting?: Answer
    /** ECHO is passed to the handler, too. */
    echoes?: boolean
}

/** @event command a command was read (as latin1 text), before it is answered
 *  @event connection a client has connected (number of connections so far) */
export class CannedReplyServer extends EventEmitter<{
    command: [command: string[], connection: number]
    connection: [total: number]
}> {
    readonly host = HOST
    /** Commands read so far, as latin1 text. */
    readonly commands: string[][] = []
    /** Connections accepted so far. */
    connections = 0
    /** Decides the reply; may be replaced at any time. */
    handler: Handler

    private readonly server: Server
    private readonly sockets = new Set<Socket>()

    static async start(options: CannedReplyOptions | Handler) {
        const server = new CannedReplyServer(
            typeof options === "function" ? { handler: options } : options
        )
        await new Promise<void>((resolve, reject) => {
            server.server.once("error", reject)
            server.server.listen(0, HOST, resolve)
        })
        return server
    }

    private constructor(private readonly options: CannedReplyOptions) {
        super()
        this.setMaxListeners(0)
        this.handler = options.handler
        this.server = createServer(socket => this.accept(socket))
    }

    get port() {
        return (this.server.address() as AddressInfo).port
    }

    /** Ends all open connections. */
    closeConnections() {
        for (const socket of this.sockets) socket.destroy()
    }

    async stop() {
        for (const socket of this.sockets) socket.destroy()
        await new Promise(resolve => this.server.close(resolve))
    }

    private accept(socket: Socket) {
        const connection = ++this.connections
        const reader = new CommandReader()
        // commands are answered one after the other, as Redis does
        let turn = Promise.resolve()
        this.sockets.add(socket)
        socket.setNoDelay(true)
        socket.on("error", () => {})
        socket.on("close", () => this.sockets.delete(socket))
        socket.on("data", chunk => {
            reader.feed(chunk)
            // replies to one batch are sent as one batch, as Redis does
            socket.cork()
            for (let command; (command = reader.next());) {
                const read = command
                turn = turn.then(() => this.answer(socket, read, connection))
            }
            turn = turn.then(() => socket.uncork())
            if (reader.error)
                give(socket, {
                    reply: `-ERR Protocol error: ${reader.error}\r\n`,
                    then: "close",
                })
        })
        this.emit("connection", connection)
        give(socket, this.options.greeting)
    }

    private async answer(
        socket: Socket,
        command: Buffer[],
        connection: number
    ) {
        const words = command.map(word => word.toString("latin1"))
        // ECHO, by which old replies are detected, gets the normal reply, unless a test is about it
        if (words[0] === "ECHO" && !this.options.echoes)
            return give(socket, `$${words[1].length}\r\n${words[1]}\r\n`)
        this.commands.push(words)
        this.emit("command", words, connection)
        give(socket, await this.handler(command, connection))
    }
}

function give(socket: Socket, answer: Reply | Answer | undefined) {
    if (answer === undefined || socket.destroyed) return
    if (typeof answer === "string" || Buffer.isBuffer(answer))
        return give(socket, { reply: answer })
    const { reply = "", then } = answer
    const bytes = Buffer.isBuffer(reply) ? reply : Buffer.from(reply, "latin1")
    const after = () => {
        if (then === "close") socket.end()
        if (then === "reset") socket.resetAndDestroy()
    }
    if (bytes.length > 0) socket.write(bytes, after)
    else after()
}
