/** Stops and starts the local Redis: after a start it is empty, as after a crash, at the same port. */
import { startLocalRedis } from "../redis/local-redis.ts"
import type { LocalRedis } from "../redis/local-redis.ts"

export class RedisSwitch {
    private server: LocalRedis
    private pending: Promise<void> | undefined
    private closed = false

    /** @param onUnexpectedEnd called when the server ends without being stopped */
    constructor(
        server: LocalRedis,
        private readonly onUnexpectedEnd: () => void
    ) {
        this.server = server
        this.observe(server)
    }

    isRunning = true

    get url() {
        return this.server.url
    }

    get port() {
        return this.server.port
    }

    async turnOff() {
        await this.inOrder(async () => {
            if (!this.isRunning) return
            this.isRunning = false
            await this.server.stop()
        })
    }

    /** @throws Error if the server does not start: another program may have taken its port */
    async turnOn() {
        await this.inOrder(async () => {
            if (this.isRunning || this.closed) return
            this.server = await startLocalRedis({ port: this.server.port })
            // stopped while it was starting
            if (this.closed) return this.server.stop()
            this.isRunning = true
            this.observe(this.server)
        })
    }

    /** Ends it permanently. */
    async stop() {
        this.closed = true
        await this.pending?.catch(() => {})
        this.isRunning = false
        await this.server.stop()
    }

    /** One operation at a time. */
    private async inOrder(work: () => Promise<void>) {
        const before = this.pending
        this.pending = (async () => {
            await before?.catch(() => {})
            await work()
        })()
        await this.pending
    }

    private observe(server: LocalRedis) {
        // it never rejects
        void server.exited.then(() => {
            if (server !== this.server || !this.isRunning || this.closed) return
            this.isRunning = false
            this.onUnexpectedEnd()
        })
    }
}
