/**
 * A device's sockets on this computer's network, for a driven clock on a busy machine: it waits for an answer that
 * certainly comes, however late, rather than let the device's time run on without it.
 */
import hostSockets from "../../../sim/vm/host-sockets.ts"
import type { SocketHost } from "../../../sim/vm/sockets.ts"

/** Waits of at least so long are for an answer; shorter ones are for more of the same, and stay. */
const ANSWER_WAIT_MS = 100
const PATIENCE_MS = 15_000

export default function patientSockets(host: SocketHost) {
    const { clock } = host
    return hostSockets({
        ...host,
        clock: {
            now: () => clock.now(),
            setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
            clearTimeout: timer => clock.clearTimeout(timer),
            expectInput: ms =>
                clock.expectInput(ms < ANSWER_WAIT_MS ? ms : PATIENCE_MS),
        },
    })
}
