/**
 * `devs devtools` as VS Code's DeviceScript extension runs it, in a project's folder, and the extension's conversation with
 * it: frames and JSON over one WebSocket (vscode/src/jacdac.ts, cli/src/sideprotocol.ts).
 */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import {
    JDBus,
    LedReg,
    Packet,
    PACKET_PROCESS,
    SIDE_DATA,
    SRV_LED,
    WebSocketTransport,
} from "jacdac-ts"
import WebSocket from "ws"
import { descendants } from "../processes.ts"
import { until } from "../until.ts"

const TOOL = fileURLToPath(
    new URL(
        "../../../../node_modules/@devicescript/cli/devicescript",
        import.meta.url
    )
)
/** Its ports are fixed: whoever has them is waited for. */
const EXIT_PORT_IN_USE = 100
const PORTS = [8081, 8082, 8083]
const PORTS_FREE_MS = 180_000
const START_MS = 60_000
/** A build, on a busy machine. */
const ANSWER_MS = 120_000
const PIXEL_BYTES = 3

interface Answer {
    seq?: number
    resp?: string
    data?: Record<string, unknown>
}

export class DevtoolsProcess {
    /** What it and the processes of this folder have written. */
    output = ""
    /** The lit pixels of the `led` service, "1" and "0", as last written by the program. */
    leds: string | undefined
    /** A client's view of the devices. */
    readonly bus: JDBus

    private readonly children = new Set<ChildProcess>()
    private readonly transport: WebSocketTransport
    private readonly answers = new Map<number, (answer: Answer) => void>()
    private seq = 0

    private constructor(
        /** Where its tools run. */
        public folder: string
    ) {
        this.transport = new WebSocketTransport("ws://127.0.0.1:8081/", {
            protocols: [],
            WebSocket,
        })
        this.transport.on(SIDE_DATA, (answer: Answer) =>
            this.answers.get(answer.seq ?? 0)?.(answer)
        )
        this.bus = new JDBus([this.transport], {
            client: false,
            disableRoleManager: true,
        })
        this.bus.on(PACKET_PROCESS, (packet: Packet) => {
            if (
                packet.serviceClass === SRV_LED &&
                packet.registerIdentifier === LedReg.Pixels &&
                (packet.isReport
                    ? packet.isRegisterGet
                    : packet.isRegisterSet) &&
                packet.data.length > 0
            )
                this.leds = litPixels(packet.data)
        })
    }

    /** Resolves when it answers. @throws Error if the ports stay taken */
    static async start(folder: string) {
        const deadline = Date.now() + PORTS_FREE_MS
        for (;;) {
            await until(
                "ports 8081 to 8083 are free",
                deadline - Date.now(),
                async () =>
                    (await Promise.all(PORTS.map(isFree))).every(Boolean)
            )
            const devtools = new DevtoolsProcess(folder)
            if (await devtools.begin()) return devtools
            await devtools.stop()
        }
    }

    /** @returns false if another one has the ports */
    private async begin() {
        const child = this.tool("devtools", "--vscode")
        const says = (text: string) =>
            this.output.includes(text) || child.exitCode !== null
        await until("devtools starts", START_MS, () => says("dbgserver"))
        // it says where it listens before it does
        await sleep(300)
        if (child.exitCode !== null) {
            if (
                child.exitCode === EXIT_PORT_IN_USE ||
                this.output.includes("EADDRINUSE")
            )
                return false
            throw new Error(`devtools ended:\n${this.output}`)
        }
        await this.bus.connect(true)
        // and not with somebody else's
        await until("it hears of us", START_MS, () =>
            says("webclient: connected")
        )
        return child.exitCode === null
    }

    /** Starts the command line tool here; ended by `stop`. */
    tool(...args: string[]) {
        // a test runner's settings are not for this process
        const { NODE_TEST_CONTEXT: _, ...env } = process.env
        const child = spawn(process.execPath, [TOOL, "--no-colors", ...args], {
            cwd: this.folder,
            env,
            stdio: ["ignore", "pipe", "pipe"],
        })
        this.children.add(child)
        for (const stream of [child.stdout, child.stderr])
            stream.setEncoding("utf8").on("data", text => (this.output += text))
        return child
    }

    /** Waits for a line of any of them. @throws Error with all that they wrote */
    async says(text: string, timeoutMs: number) {
        try {
            await until(text, timeoutMs, () => this.output.includes(text))
        } catch (error) {
            throw new Error(`${(error as Error).message}; but:\n${this.output}`)
        }
    }

    /** Asks devtools as the extension does. @throws Error with what it answered, if that is an error */
    async ask(req: string, data: object) {
        const seq = ++this.seq
        const answer = await new Promise<Answer>((resolve, reject) => {
            const timer = setTimeout(
                () => reject(new Error(`no answer to ${req}`)),
                ANSWER_MS
            )
            this.answers.set(seq, answer => {
                clearTimeout(timer)
                resolve(answer)
            })
            this.transport.sendSideData({ req, seq, data }).catch(reject)
        })
        if (answer.resp !== req) throw new Error(JSON.stringify(answer))
        return answer.data!
    }

    /** Ends all that was started. */
    async stop() {
        await this.bus.stop()
        await this.transport.disconnect(true)
        await Promise.all(
            [...this.children].map(async child => {
                if (child.exitCode !== null || child.signalCode !== null) return
                // the simulator that it was asked for
                for (const pid of await descendants(child.pid!))
                    process.kill(pid, "SIGKILL")
                const ended = new Promise(resolve =>
                    child.once("exit", resolve)
                )
                child.kill("SIGKILL")
                await ended
            })
        )
    }
}

function isFree(port: number) {
    return new Promise<boolean>(resolve => {
        const server = createServer()
        server.once("error", () => resolve(false))
        server.listen(port, "127.0.0.1", () =>
            server.close(() => resolve(true))
        )
    })
}

function litPixels(bytes: Uint8Array) {
    const pixels = Array.from({ length: bytes.length / PIXEL_BYTES }, (_, i) =>
        bytes.subarray(i * PIXEL_BYTES, (i + 1) * PIXEL_BYTES)
    )
    return pixels.map(pixel => (pixel.some(b => b > 0) ? "1" : "0")).join("")
}
