/**
 * A network in which every name that ends in `.lan` is this computer: a DNS server for the tests' servers, which all
 * listen on 127.0.0.1. Given to a device as its `socketsModule`.
 */
import hostSockets from "../../../../sim/vm/host-sockets.ts"
import type { SocketHost, Sockets } from "../../../../sim/vm/sockets.ts"

/** For `DeviceOptions.socketsModule`. */
export const NAMES_MODULE = import.meta.url

export default function namedSockets(host: SocketHost): Sockets {
    const sockets = hostSockets(host)
    return {
        ...sockets,
        open: (name, port, tls) =>
            sockets.open(name.endsWith(".lan") ? "127.0.0.1" : name, port, tls),
    }
}
