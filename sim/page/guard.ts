/**
 * Which requests are allowed. Any web page that is open in the browser can make it send requests to this computer;
 * no such request may read the page's data or press its buttons:
 * - the Host must be an address, or a name known here: a foreign name may resolve to this computer (DNS rebinding);
 * - an action must come from our own page (Origin, Sec-Fetch-Site) or from a program that is no browser, and as JSON, which
 *   a foreign page cannot send without a CORS preflight.
 */
import type { IncomingMessage } from "node:http"
import { isIP } from "node:net"
import { hostname } from "node:os"

export interface Refusal {
    code: number
    why: string
}

/** @param listen the address or name that the server listens on */
export function refusalOfHost(
    { headers, rawHeaders }: IncomingMessage,
    listen: string
): Refusal | undefined {
    const hosts = rawHeaders.filter(
        (name, i) => i % 2 === 0 && name.toLowerCase() === "host"
    )
    if (hosts.length > 1) return { code: 400, why: "one Host header is needed" }
    const name = nameOf(headers.host)
    const known =
        name !== undefined &&
        (isIP(name) !== 0 ||
            ["localhost", listen, hostname()].some(
                own => own.toLowerCase() === name
            ))
    if (known) return undefined
    return { code: 403, why: "this host name is not the simulator's" }
}

export function refusalOfOrigin({
    headers,
}: IncomingMessage): Refusal | undefined {
    const site = headers["sec-fetch-site"]
    const isForeign =
        (headers.origin !== undefined &&
            headers.origin !== `http://${headers.host}`) ||
        (site !== undefined && site !== "same-origin" && site !== "none")
    if (!isForeign) return undefined
    return { code: 403, why: "only the simulator's own page may do this" }
}

export function refusalOfContent({
    headers,
}: IncomingMessage): Refusal | undefined {
    const type = headers["content-type"]?.split(";")[0].trim().toLowerCase()
    if (type === "application/json") return undefined
    return { code: 415, why: "content-type: application/json is needed" }
}

/** `name:port` or `[::1]:port` (RFC 9110, 7.2), and nothing that a URL may have besides: no user, no path, no `0x7f.1`. */
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::([0-9]{1,5}))?$/i
const PORT_MAX = 65_535

/** The name or address; undefined if it is neither. */
function nameOf(host: string | undefined) {
    const [, ipv6, name, port = "1"] = HOST.exec(host ?? "") ?? []
    if (Number(port) < 1 || Number(port) > PORT_MAX) return undefined
    if (ipv6 !== undefined) return isIP(ipv6) === 6 ? ipv6 : undefined
    return name?.toLowerCase()
}
