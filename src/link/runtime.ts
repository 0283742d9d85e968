import * as ds from "@devicescript/core"

/** The kind of runtime the firmware finds itself on. */
export enum Runtime {
    /** Sockets that can be trusted, IP addresses, TLS: the simulator, and boards with a sound network stack. */
    Host,
    /** DeviceScript's stock Pico W runtime: docs/pico-w-runtime.md. */
    PicoW,
}

/** What this firmware runs on. */
export function thisRuntime(): Runtime {
    if (ds._dcfgString("archId") === "rp2040w") return Runtime.PicoW
    return Runtime.Host
}
