/** A real Redis Cluster on this computer. */
import getPort from "get-port"
import { HOST } from "./processes.ts"
import { startNode, stopNode, until } from "./replicated.ts"
import type { Node } from "./replicated.ts"

export interface ClusterOptions {
    masters: number
    /** Replicas: the k-th is the k-th master's. */
    replicas?: number
    nodeTimeoutMs?: number
}

const SLOTS = 16384

export class Cluster {
    /** Masters as they were at the start, then replicas. */
    readonly nodes: Node[] = []
    readonly ids: string[] = []

    static async start({
        masters,
        replicas = 0,
        nodeTimeoutMs = 1500,
    }: ClusterOptions): Promise<Cluster> {
        const cluster = new Cluster(masters)
        try {
            const count = masters + replicas
            const busPorts = await Promise.all(
                Array.from({ length: count }, () => getPort({ host: HOST }))
            )
            cluster.nodes.push(
                ...(await Promise.all(
                    busPorts.map(busPort =>
                        startNode([
                            ...["--cluster-enabled", "yes"],
                            ...["--cluster-port", String(busPort)],
                            ...[
                                "--cluster-node-timeout",
                                String(nodeTimeoutMs),
                            ],
                            ...["--cluster-allow-replica-migration", "no"],
                            ...["--repl-diskless-sync-delay", "0"],
                        ])
                    )
                ))
            )
            await cluster.join(busPorts)
            return cluster
        } catch (error) {
            await cluster.stop()
            throw error
        }
    }

    private constructor(private readonly masters: number) {}

    private async join(busPorts: number[]) {
        const { nodes, masters } = this
        for (const { client } of nodes)
            this.ids.push(String(await client.sendCommand(["CLUSTER", "MYID"])))
        for (const [i, { client }] of nodes.slice(0, masters).entries())
            await client.sendCommand([
                "CLUSTER",
                "ADDSLOTSRANGE",
                String(Math.floor((i * SLOTS) / masters)),
                String(Math.floor(((i + 1) * SLOTS) / masters) - 1),
            ])
        // else they would elect each other out of nothing
        for (const [i, { client }] of nodes.entries())
            await client.sendCommand([
                ...["CLUSTER", "SET-CONFIG-EPOCH", String(i + 1)],
            ])
        for (const [i, { port }] of nodes.entries())
            if (i > 0)
                await nodes[0].client.sendCommand([
                    ...["CLUSTER", "MEET", HOST, String(port)],
                    String(busPorts[i]),
                ])
        for (const node of nodes)
            await until(
                async () =>
                    (await this.table(node)).filter(line =>
                        /connected/.test(line)
                    ).length === nodes.length,
                "the nodes to know each other"
            )
        for (const [i, { client }] of nodes.slice(masters).entries())
            await client.sendCommand(["CLUSTER", "REPLICATE", this.ids[i]])
        for (const { client } of nodes.slice(masters))
            await until(
                async () =>
                    /master_link_status:up/.test(
                        String(
                            await client.sendCommand(["INFO", "replication"])
                        )
                    ),
                "a replica to be in step"
            )
        for (const node of nodes) {
            await until(() => this.isUp(node), "the cluster to be up")
            // replicas are known by all
            await until(
                async () =>
                    (await this.table(node)).filter(line => /slave/.test(line))
                        .length ===
                    nodes.length - masters,
                "the replicas to be known"
            )
        }
    }

    async isUp({ client }: Node) {
        const info = String(await client.sendCommand(["CLUSTER", "INFO"]))
        return /cluster_state:ok/.test(info)
    }

    /** CLUSTER NODES, by lines. */
    private async table({ client }: Node) {
        return String(await client.sendCommand(["CLUSTER", "NODES"]))
            .trim()
            .split("\n")
    }

    async slotOf(key: string) {
        return Number(
            await this.nodes[0].client.sendCommand([
                ...["CLUSTER", "KEYSLOT", key],
            ])
        )
    }

    /** A key of the k-th master's. */
    async keyOn(master: number, prefix: string): Promise<string> {
        for (let i = 0; ; i++) {
            const key = `${prefix}-${i}`
            const slot = await this.slotOf(key)
            if (Math.floor((slot * this.masters) / SLOTS) === master) return key
        }
    }

    /** Runs a command about one key where that key lives, as a client does that knows clusters. */
    async send(words: string[]): Promise<unknown> {
        let node = this.nodes[0]
        let asking = false
        for (let i = 0; i < 20; i++)
            try {
                // one send: ASKING holds for the command after it
                const [, reply] = await Promise.all([
                    asking ? node.client.sendCommand(["ASKING"]) : undefined,
                    node.client.sendCommand(words),
                ])
                return reply
            } catch (error) {
                const [, kind, port] =
                    /^(MOVED|ASK) \d+ .*:(\d+)$/.exec(
                        (error as Error).message
                    ) ?? []
                if (!kind) throw error
                asking = kind === "ASK"
                node = this.nodes.find(n => n.port === Number(port))!
            }
        throw new Error(`sent round in circles: ${words.join(" ")}`)
    }

    /** Every node's opinion on a slot while it migrates. */
    async setSlot(on: Node[], slot: number, ...words: string[]) {
        for (const { client } of on)
            await client.sendCommand([
                ...["CLUSTER", "SETSLOT", String(slot), ...words],
            ])
    }

    /** CONFIG SET on every node that lives. */
    async configure(name: string, value: (index: number) => string) {
        for (const [i, { client, server }] of this.nodes.entries())
            if (server.process.exitCode === null && !server.process.killed)
                await client.sendCommand(["CONFIG", "SET", name, value(i)])
    }

    async stop() {
        await Promise.all(this.nodes.map(stopNode))
    }
}

/** Clients that are neither operators nor other nodes: lights, one line each. */
export async function lightsOn({ client }: Node): Promise<string[]> {
    const list = String(await client.sendCommand(["CLIENT", "LIST"]))
    return list
        .trim()
        .split("\n")
        .filter(line => !/ name=operator | flags=[SM] /.test(line))
}

/** Counts the connections of lights on all nodes at once, again and again, until it is stopped. */
export class SocketCount {
    samples = 0
    most = 0
    /** The lines of a sample that had more than one. */
    tooMany: string[] = []
    private stopped = false
    private readonly done: Promise<void>

    constructor(private readonly nodes: Node[]) {
        this.done = this.run()
    }

    /** A sample that takes longer than this may see the same light at two servers in turn, ms. */
    private static readonly LIMIT_MS = 60

    private async run() {
        while (!this.stopped) {
            const before = performance.now()
            const lists = await Promise.all(
                // a node may be killed meanwhile
                this.nodes.map(node => lightsOn(node).catch(() => []))
            )
            if (performance.now() - before > SocketCount.LIMIT_MS) continue
            const lines = lists.flat()
            this.samples++
            if (lines.length > this.most) {
                this.most = lines.length
                this.tooMany = lines
            }
            await new Promise(resolve => setTimeout(resolve, 15))
        }
    }

    async stop() {
        this.stopped = true
        await this.done
    }
}
