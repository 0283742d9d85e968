/** There is no Redis server to run. The message tells the user what to install; no stack is needed. */
export class NoServerError extends Error {
    /** @param why what went wrong with building one, in a few words */
    constructor(why: string) {
        super(
            [
                `No Redis to run: neither redis-server nor valkey-server is on PATH, and ${why}.`,
                "Install one, then start again:",
                "    Debian, Ubuntu   sudo apt-get install -y redis-server",
                "    macOS            brew install redis",
                "    Windows          in WSL as on Ubuntu, or install Memurai",
                "Or watch a Redis of your own: put REDIS_HOST=... into .env.local.",
            ].join("\n")
        )
        this.name = "NoServerError"
    }
}
