/** A master with replicas, as sentinels watch it. */
import { setTimeout as sleep } from "node:timers/promises"
import { startLocalRedis } from "../../../../sim/redis/local-redis.ts"
import type { LocalRedis } from "../../../../sim/redis/local-redis.ts"
import { connectOperator } from "./processes.ts"
import type { CommandClient } from "./processes.ts"

const READY_MS = 20_000

/** One server, and a connection of the operator's. */
export interface Node {
    server: LocalRedis
    port: number
    client: CommandClient
}

/** @param args for redis-server */
export async function startNode(
    args: string[] = [],
    port?: number
): Promise<Node> {
    const server = await startLocalRedis({ port, args })
    try {
        const client = await connectOperator(server.port)
        return { server, port: server.port, client }
    } catch (error) {
        await server.stop()
        throw error
    }
}

export async function stopNode({ server, client }: Node) {
    client.destroy()
    // a server that was stopped by SIGSTOP would not end otherwise
    await server.kill9()
}

export class ReplicatedRedis {
    /** Which of them is the master changes. */
    readonly nodes: Node[] = []

    static async start(replicas: number): Promise<ReplicatedRedis> {
        const set = new ReplicatedRedis()
        try {
            // a master waits 5 s before it sends its data, for other replicas that may come
            const args = ["--repl-diskless-sync-delay", "0"]
            const master = await startNode(args)
            set.nodes.push(master)
            set.nodes.push(
                ...(await Promise.all(
                    Array.from({ length: replicas }, () =>
                        startNode([
                            ...args,
                            ...["--replicaof", "127.0.0.1"],
                            String(master.port),
                        ])
                    )
                ))
            )
            await until(
                async () => (await set.onlineReplicas()) === replicas,
                "the replicas"
            )
            return set
        } catch (error) {
            await set.stop()
            throw error
        }
    }

    get master() {
        return this.nodes[0]
    }

    private async onlineReplicas() {
        const info = String(
            await this.master.client.sendCommand(["INFO", "replication"])
        )
        return [...info.matchAll(/state=online/g)].length
    }

    /** A replica that has become master. */
    async promoted(limitMs: number): Promise<Node> {
        let found: Node | undefined
        await until(
            async () => {
                for (const node of this.nodes.slice(1)) {
                    // its connections are cut as its role changes
                    const role = await roleOf(node).catch(() => undefined)
                    if (role === "master") found = node
                }
                return found !== undefined
            },
            "a replica to be promoted",
            limitMs
        )
        return found!
    }

    async stop() {
        await Promise.all(this.nodes.map(stopNode))
    }
}

export async function roleOf({ client }: Node) {
    return ((await client.sendCommand(["ROLE"])) as string[])[0]
}

/** Asks again and again. @throws when it takes too long */
export async function until(
    isSo: () => Promise<boolean>,
    what: string,
    limitMs = READY_MS
) {
    const deadline = Date.now() + limitMs
    while (!(await isSo())) {
        if (Date.now() > deadline)
            throw new Error(`waited ${limitMs} ms in vain for ${what}`)
        await sleep(20)
    }
}
