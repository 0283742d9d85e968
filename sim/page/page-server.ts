/** The page over HTTP: its files, the event stream, the controls, metrics and health check. */
import { createServer } from "node:http"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { isIPv6 } from "node:net"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import sirv from "sirv"
import { ACTIONS, act } from "../lab/actions.ts"
import { BadRequest, NotNow } from "../lab/errors.ts"
import type { Lab } from "../lab/lab.ts"
import type { Publisher } from "../lab/publisher.ts"
import { clientBundle } from "./client-bundle.ts"
import { DEFAULT_LISTEN, DEFAULT_PORT } from "./defaults.ts"
import { refusalOfContent, refusalOfHost, refusalOfOrigin } from "./guard.ts"
import { healthOf } from "./health.ts"
import type { Metrics } from "./metrics.ts"

export { DEFAULT_LISTEN, DEFAULT_PORT }

const ASSETS = fileURLToPath(new URL("assets", import.meta.url))
const BODY_MAX = 10_000

/** Limits of a request, ms and bytes; a response, such as the event stream, has no time limit. */
const LIMITS = {
    headersTimeout: 5000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 5000,
    maxHeaderSize: 16_384,
}
/** A browser opens up to six, one of them for the event stream. */
const CONNECTIONS_MAX = 200
const REQUESTS_PER_CONNECTION_MAX = 1000

/** Nothing from other hosts, nothing inline, no framing. */
const HEADERS = {
    "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

export interface PageOptions {
    /** Default: DEFAULT_PORT, or any free one if that is taken; 0 is any free one. */
    port?: number
    /** The address to listen on. */
    listen?: string
    publisher: Publisher
    /** undefined until there is something to act on. */
    lab: () => Lab | undefined
    metrics: Metrics
    /** Above this lag the health check fails. Default: the end of the scale. */
    lagLimit?: number
}

export interface PageServer {
    /** `http://127.0.0.1:7878/` */
    url: string
    /** The default port was in use, so it is another one. */
    isElsewhere: boolean
    stop(): Promise<void>
}

/** @throws Error for the user if the port is taken or the address is not ours */
export async function startPageServer(
    options: PageOptions
): Promise<PageServer> {
    const { listen = DEFAULT_LISTEN } = options
    const files = sirv(ASSETS, { etag: true })
    const script = await clientBundle()
    const routes = new Routes(options, listen, script, files)
    const server = createServer(LIMITS, (request, response) => {
        routes.serve(request, response).catch((error: unknown) => {
            // a bug of this program; the client gets a short message
            console.error(error)
            if (!response.headersSent) answer(response, 500, { error: "fault" })
            else response.destroy()
        })
    })
    server.maxConnections = CONNECTIONS_MAX
    server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX
    const isElsewhere = await listenAt(server, listen, options.port)
    const { port } = server.address() as AddressInfo
    const name = isIPv6(listen) ? `[${listen}]` : listen
    return {
        url: `http://${name}:${port}/`,
        isElsewhere,
        stop: async () => {
            options.publisher.close()
            await new Promise<void>(resolve => {
                server.close(() => resolve())
                server.closeAllConnections()
            })
        },
    }
}

class Routes {
    constructor(
        private readonly options: PageOptions,
        private readonly listen: string,
        private readonly script: Uint8Array,
        private readonly files: ReturnType<typeof sirv>
    ) {}

    async serve(request: IncomingMessage, response: ServerResponse) {
        for (const [name, value] of Object.entries(HEADERS))
            response.setHeader(name, value)
        const refusal = refusalOfHost(request, this.listen)
        if (refusal) return refuse(response, refusal.code, refusal.why)
        const path = request.url!.split("?")[0]
        if (path.startsWith("/actions/"))
            return this.act(path.slice("/actions/".length), request, response)
        if (request.method !== "GET" && request.method !== "HEAD")
            return refuse(response, 405, "only GET")
        switch (path) {
            case "/events":
                if (request.method === "HEAD") return response.end()
                return this.options.publisher.listen(response)
            case "/client.js":
                response.setHeader("content-type", "text/javascript")
                response.setHeader("cache-control", "no-store")
                return response.end(this.script)
            case "/metrics":
                return this.metrics(response)
            case "/healthz":
                return this.health(response)
        }
        this.files(request, response, () =>
            refuse(response, 404, "no such page")
        )
    }

    private async metrics(response: ServerResponse) {
        const { metrics, lab } = this.options
        response.setHeader("content-type", metrics.contentType)
        response.setHeader("cache-control", "no-store")
        response.end(await metrics.text(lab()))
    }

    private health(response: ServerResponse) {
        const { lab, lagLimit } = this.options
        const health = healthOf(lab(), lagLimit)
        answer(response, health.healthy ? 200 : 503, health)
    }

    private async act(
        name: string,
        request: IncomingMessage,
        response: ServerResponse
    ) {
        if (!Object.hasOwn(ACTIONS, name))
            return refuse(response, 404, `no action ${name}`)
        if (request.method !== "POST") return refuse(response, 405, "only POST")
        const refusal = refusalOfOrigin(request) ?? refusalOfContent(request)
        if (refusal) return refuse(response, refusal.code, refusal.why)
        const lab = this.options.lab()
        if (!lab) return refuse(response, 409, "the device is not running yet")
        try {
            const said = await act(lab, name, await bodyOf(request))
            lab.note("you", said)
            answer(response, 200, { said })
        } catch (error) {
            const why = (error as Error).message
            if (error instanceof BadRequest) return refuse(response, 400, why)
            if (error instanceof NotNow) return refuse(response, 409, why)
            // a bug of this program, not an error of Redis, the device or the network
            if (error instanceof TypeError) throw error
            lab.note("you", `${name} failed: ${why}`)
            refuse(response, 502, why)
        }
    }
}

/** @throws BadRequest if it is not a JSON object */
async function bodyOf(
    request: IncomingMessage
): Promise<Record<string, unknown>> {
    let text = ""
    request.setEncoding("utf8")
    for await (const piece of request) {
        text += piece
        if (text.length > BODY_MAX) throw new BadRequest("too much")
    }
    try {
        const body: unknown = JSON.parse(text)
        if (typeof body === "object" && body !== null && !Array.isArray(body))
            return body as Record<string, unknown>
    } catch {
        // told below
    }
    throw new BadRequest("a JSON object is needed")
}

/** @returns whether the default port was taken */
async function listenAt(server: Server, listen: string, port?: number) {
    const attempt = (port: number) =>
        new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(port, listen, () => {
                server.off("error", reject)
                resolve()
            })
        })
    try {
        await attempt(port ?? DEFAULT_PORT)
        return false
    } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === "EADDRINUSE" && port === undefined) {
            await attempt(0)
            return true
        }
        if (code === "EADDRINUSE")
            throw new Error(`--port ${port}: in use by another program`)
        if (code === "EACCES")
            throw new Error(`--port ${port}: not allowed for this user`)
        throw new Error(`--listen ${listen}: ${message}`)
    }
}

function answer(response: ServerResponse, code: number, body: unknown) {
    response.writeHead(code, {
        "content-type": "application/json",
        "cache-control": "no-store",
    })
    response.end(`${JSON.stringify(body)}\n`)
}

function refuse(response: ServerResponse, code: number, error: string) {
    answer(response, code, { error })
}
