import * as ds from "@devicescript/core"
// this file alone: the package has MQTT, HTTP and observables too, which cost a tenth of the time that it takes to compile
import { connect, Socket } from "@devicescript/net/src/sockets"
import { Address } from "./address"
import { connectFault, Fault, LinkError, openFault } from "./fault"
import { CONNECT_LIMIT_MS } from "./recovery"

/** DeviceScript's native socket call, which `Socket.close` does not reach after a connect that timed out. */
type NativeSockets = typeof ds & { _socketClose(): number }

/** Where `Socket` keeps what `recv` has not returned yet; asking `recv` would cost a wait. */
interface SocketBuffers {
    buffers: Buffer[]
}

/** One TCP (or TLS) connection; the runtime has room for one at a time. */
export class Connection {
    private constructor(
        private socket: Socket,
        public address: Address
    ) {}

    /**
     * One attempt to connect.
     * @throws LinkError after CONNECT_LIMIT_MS at the latest; what is left of the socket then is the recovery's to close
     */
    static async open(address: Address): Promise<Connection> {
        try {
            const socket = await connect({
                host: address.host,
                port: address.port,
                proto: address.tls ? "tls" : "tcp",
                timeout: CONNECT_LIMIT_MS,
            })
            return new Connection(socket, address)
        } catch (e: any) {
            throw new LinkError(connectFault(e.message), e.message)
        }
    }

    /** Closes whatever socket the runtime holds, connected or not. */
    static closeNative(): void {
        const result = (ds as NativeSockets)._socketClose()
        // -10: there was none
        if (result !== 0 && result !== -10)
            console.debug(`socket close: ${result}`)
    }

    /** Whether data has arrived that `receive` has not returned yet. */
    hasUnread(): boolean {
        return (this.socket as unknown as SocketBuffers).buffers.length > 0
    }

    /** @throws LinkError */
    async send(bytes: Buffer): Promise<void> {
        try {
            await this.socket.send(bytes)
        } catch (e: any) {
            throw new LinkError(openFault(e.message), e.message)
        }
    }

    /**
     * The next piece of data.
     * @param limitMs how long to wait for it
     * @throws LinkError when none comes in time, or the connection has ended
     */
    async receive(limitMs: number): Promise<Buffer> {
        let piece: Buffer
        try {
            piece = await this.socket.recv(limitMs > 0 ? limitMs : 1)
        } catch (e: any) {
            throw new LinkError(openFault(e.message), e.message)
        }
        if (piece === null)
            throw new LinkError(
                Fault.PeerClosed,
                "the server closed the connection"
            )
        if (piece === undefined)
            throw new LinkError(Fault.ReplyTimeout, "no reply in time")
        return piece
    }

    /** Waits until the server has closed. @returns false if it did not within `limitMs` */
    async waitForClose(limitMs: number): Promise<boolean> {
        const end = ds.millis() + limitMs
        try {
            for (;;) await this.receive(end - ds.millis())
        } catch (e: any) {
            return (e as LinkError).fault !== Fault.ReplyTimeout
        }
    }
}
