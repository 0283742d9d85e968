/** The local Redis with a switch: stopped, it is gone as after a crash; started, it is back, empty, at the same port. */
import { startLocalRedis } from "../redis/local-redis.ts"
import type { LocalRedis } from "../redis/local-redis.ts"

export class RedisSwitch {
    private server: LocalRedis
    private turning: Promise<void> | undefined
    private closed = false

    /** @param onUnasked the server has ended without being told to */
    constructor(
        server: LocalRedis,
        private readonly onUnasked: () => void
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
        await this.turn(async () => {
            if (!this.isRunning) return
            this.isRunning = false
            await this.server.stop()
        })
    }

    /** @throws Error if the server does not start: another program may have taken its port */
    async turnOn() {
        await this.turn(async () => {
            if (this.isRunning || this.closed) return
            this.server = await startLocalRedis({ port: this.server.port })
            // told to end while it was starting
            if (this.closed) return this.server.stop()
            this.isRunning = true
            this.observe(this.server)
        })
    }

    /** Ends it for good. */
    async stop() {
        this.closed = true
        await this.turning?.catch(() => {})
        this.isRunning = false
        await this.server.stop()
    }

    /** One turn at a time, whoever asks. */
    private async turn(work: () => Promise<void>) {
        const before = this.turning
        this.turning = (async () => {
            await before?.catch(() => {})
            await work()
        })()
        await this.turning
    }

    private observe(server: LocalRedis) {
        // it never rejects
        void server.exited.then(() => {
            if (server !== this.server || !this.isRunning || this.closed) return
            this.isRunning = false
            this.onUnasked()
        })
    }
}
