/**
 * Stands in for the Pico W below the program's sockets (SimulatedDevice's option `socketsModule`), in the device's
 * process: an lwIP with its faults, a Wi-Fi that joins once, a Redis in virtual time. The world's script is in the URL:
 * `fake-pico-w-sockets.ts?world=<JSON>`.
 *
 * The process ends with a chip reset, so what lives here lives as long as the chip has power, restarts of the VM
 * included.
 */
import type { SocketHost, Sockets } from "../../../../sim/vm/sockets.ts"
import { FakeLwip } from "./fake-lwip.ts"
import { FakeWifi } from "./fake-wifi.ts"
import { REPORT_MARK } from "./world.ts"
import type { Event, ReportBody, World } from "./world.ts"

const world = JSON.parse(
    new URL(import.meta.url).searchParams.get("world")!
) as World

export default function fakePicoW(host: SocketHost): Sockets {
    const { clock } = host
    const now = () => clock.now() - world.originMs

    /** As a line of the VM's log; a verdict as an error of the program's, so that it shows in every failure. */
    function report(body: ReportBody) {
        const t = now()
        const mark = body.what === "hung" ? `! ${REPORT_MARK}` : REPORT_MARK
        const line = mark + JSON.stringify({ t, ...body })
        process.send?.([{ kind: "dmesg", t, line }])
    }

    report({ what: "boot" })
    const wifi = new FakeWifi(world, clock, report)
    const lwip = new FakeLwip(world, host, wifi, report)

    /** What begins or ends at one moment. */
    const acts: Record<string, (() => void) | undefined> = {
        "refuse begins": () => lwip.forEachPeer(peer => peer.finish("close")),
        "dead-host begins": () =>
            lwip.forEachPeer(peer => (peer.isDead = true)),
        "dead-host ends": () => lwip.forEachPeer(peer => peer.restarted()),
        "black-hole begins": () =>
            lwip.forEachPeer(peer => (peer.isDead = true)),
        "ap-out begins": () => wifi.networkLost(),
    }
    const events: Record<Event, () => void> = {
        close: () => lwip.forEachPeer(peer => peer.finish("close")),
        reset: () => lwip.forEachPeer(peer => peer.finish("reset")),
        "half-open": () => lwip.forEachPeer(peer => (peer.isDead = true)),
        deauth: () => wifi.sentAway(),
        "new-address": () => {
            wifi.sentAway()
            lwip.addressChanged()
        },
    }
    const agenda: { atMs: number; act: (() => void) | undefined }[] = [
        ...world.episodes.flatMap(({ what, fromMs, toMs }) => [
            { atMs: fromMs, act: acts[`${what} begins`] },
            { atMs: toMs, act: acts[`${what} ends`] },
        ]),
        ...world.moments.map(({ atMs, event }) => ({
            atMs,
            act: events[event],
        })),
    ]
        .filter(({ atMs, act }) => act !== undefined && atMs > now())
        .sort((a, b) => a.atMs - b.atMs)

    function next() {
        const entry = agenda.shift()
        if (!entry) return
        clock.setTimeout(() => {
            entry.act?.()
            next()
        }, entry.atMs - now())
    }
    next()

    return {
        open: (name, port, tls) => lwip.open(name, port, tls),
        write: bytes => lwip.write(bytes),
        close: () => lwip.close(),
        isAvailable: () => wifi.hasAddress(),
    }
}
