/** The firmware, put together. */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { Display, FrameSink, LinkStatus } from "./display/display"
import { LedPins } from "./display/gpio"
import { Player } from "./display/player"
import { LedService } from "./display/service"
import { Link } from "./link/link"
import { Runtime } from "./link/runtime"
import { Wifi } from "./link/wifi"
import { Poller } from "./poller"
import { ServerClock } from "./redis/server-clock"
import { say } from "./report"
import { SettingsReader } from "./settings"

/**
 * Runs laglight for ever.
 * @param pins LED1..LED10; undefined ones are passed over
 */
export async function laglight(
    runtime: Runtime,
    pins: ds.OutputPin[]
): Promise<void> {
    // services and roles first: none of them binds after the first await
    const service = new LedService()
    const wifi = runtime === Runtime.PicoW ? new Wifi() : undefined
    const reader = new SettingsReader(readSetting, runtime)
    const settings = await reader.read()
    const sinks: FrameSink[] = [new LedPins(pins, settings?.activeLow), service]
    const player = new Player(sinks)
    player.run.start()
    if (settings === undefined) {
        for (const fault of reader.faults) say(`settings: ${fault}`)
        player.show({ link: LinkStatus.NotConfigured, targets: [] })
        return
    }
    const displays: Display[] = [player]
    await new Poller(
        settings,
        new ServerClock(),
        new Link(runtime, wifi),
        displays
    ).run()
}
