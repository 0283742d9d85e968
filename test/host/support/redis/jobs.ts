/** A stream with one consumer group whose lag the test sets, wherever the stream lives. */
type Send = (words: string[]) => Promise<unknown>

export class Jobs {
    private lagNow = 0

    /** @param send runs a command where the stream lives at present; may be replaced */
    static async create(
        send: Send,
        key: string,
        lag: number,
        group = "staff"
    ): Promise<Jobs> {
        const jobs = new Jobs(send, key, group)
        await send(["DEL", key])
        await send(["XGROUP", "CREATE", key, group, "0", "MKSTREAM"])
        await jobs.to(lag)
        return jobs
    }

    private constructor(
        public send: Send,
        readonly key: string,
        readonly group: string
    ) {}

    get lag() {
        return this.lagNow
    }

    /** Adds or delivers entries; in one command, so that there is no lag in between. */
    async to(lag: number) {
        const change = lag - this.lagNow
        if (change < 0)
            await this.send([
                ...["XREADGROUP", "GROUP", this.group, "c"],
                ...["COUNT", String(-change), "STREAMS", this.key, ">"],
            ])
        // a script runs as one
        else if (change > 0)
            await this.send([
                "EVAL",
                "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'f', 'v') end",
                ...["1", this.key, String(change)],
            ])
        this.lagNow = lag
    }
}
