/** The firmware, put together. */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { Display, FrameSink, LinkStatus } from "./display/display"
import { LedPins } from "./display/gpio"
import { Player } from "./display/player"
import { LedService } from "./display/service"
import { TrafficLight } from "./display/traffic-light"
import { stayAwake } from "./link/awake"
import { Link } from "./link/link"
import { Runtime } from "./link/runtime"
import { Wifi } from "./link/wifi"
import { Poller } from "./poller"
import { ServerClock } from "./redis/server-clock"
import { Report, reportLink, say } from "./report"
import { SettingsReader } from "./settings"
import { StatusKeeper } from "./status-keeper"
import { Target } from "./target"

/** The pins in use; those that a runtime has not (the simulator has none) are undefined. */
export interface Pins {
    /** LED1 first. */
    leds: ds.OutputPin[]
    green: ds.OutputPin
    yellow: ds.OutputPin
    red: ds.OutputPin
    /** Nothing is connected to it. */
    awake: ds.OutputPin
}

/**
 * The most consumer groups whose lists are asked for in one go, by all targets together. They arrive at the network's
 * speed, 150 bytes a group, and are used up at the VM's, which on the chip is the slower; what lies between has to fit the
 * heap, and 30 KB do (docs/pico-w-runtime.md, row 9).
 */
const PICO_W_GROUPS = 200
/** The same for each target where the VM is faster than the network. */
const HOST_GROUPS = 4000
/** When services have been announced, ms after their start (@devicescript/server). */
const ANNOUNCE_MS = 510

/** Runs laglight for ever. */
export async function laglight(runtime: Runtime, pins: Pins): Promise<void> {
    if (runtime === Runtime.PicoW) stayAwake(pins.awake)
    const wifi = runtime === Runtime.PicoW ? new Wifi() : undefined
    const link = new Link(runtime, wifi)
    const reader = new SettingsReader(readSetting, runtime)
    const settings = await reader.read()
    // services start together, with no wait in between: one that starts later is never announced
    const sinks: FrameSink[] = [
        new LedPins(pins.leds, reader.activeLow),
        new LedService(),
    ]
    const player = new Player(sinks)
    const displays: Display[] = [player]
    if (settings?.trafficLight)
        displays.push(
            await TrafficLight.start(
                pins.green,
                pins.yellow,
                pins.red,
                settings.trafficLight
            )
        )
    // the first announcement comes 500 ms after the start: frames before it would reach nobody
    await ds.sleep(ANNOUNCE_MS)
    player.run.start()
    if (settings === undefined) {
        for (const fault of reader.faults) say(`settings: ${fault}`)
        reportLink(LinkStatus.NotConfigured)
        player.show({ link: LinkStatus.NotConfigured, targets: [] })
        return
    }
    if (wifi && settings.network)
        wifi.addNetwork.start(settings.network, settings.networkPassword)
    const clock = new ServerClock()
    const maxGroups =
        runtime === Runtime.PicoW
            ? Math.idiv(PICO_W_GROUPS, settings.targets.length)
            : HOST_GROUPS
    const targets: Target[] = []
    for (const target of settings.targets)
        targets.push(
            new Target(target, settings.unit, settings.health, clock, maxGroups)
        )
    const report = new Report(settings, targets)
    const keeper = new StatusKeeper(targets, settings.staleMs, displays, report)
    keeper.watch.start()
    await new Poller(settings, targets, clock, link, keeper, report).run()
}
