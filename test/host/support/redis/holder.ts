/**
 * A process that starts a local Redis, tells of it in one JSON line (`{port, pid}` or `{error}`), and holds
 * it until stdin ends. Ends in the way that its argument names: "stop" (default), "exit", "throw".
 */
import { once } from "node:events"
import { startLocalRedis } from "../../../../sim/redis/local-redis.ts"

const [ending = "stop"] = process.argv.slice(2)
const progress: string[] = []

try {
    const redis = await startLocalRedis({
        onProgress: text => progress.push(text),
    })
    const { port, version } = redis
    tell({ port, version, pid: redis.process.pid, progress })
    await once(process.stdin.resume(), "end")
    if (ending === "exit") process.exit(3)
    if (ending === "throw") setImmediate(() => JSON.parse("on purpose"))
    else await redis.stop()
} catch (error) {
    const { name, message } = error as Error
    tell({ error: message, name, progress })
}

function tell(what: object) {
    console.log(JSON.stringify(what))
}
