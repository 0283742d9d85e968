/** The firmware, put together. */
import "./names"
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { Answers } from "./ask/answers"
import { Display, FrameSink, LinkStatus } from "./display/display"
import { LedPins } from "./display/gpio"
import { Log } from "./display/log"
import { Player } from "./display/player"
import { LedService } from "./display/service"
import { Reserve, replyBytesFor } from "./heap"
import { stayAwake } from "./link/awake"
import { Connection } from "./link/connection"
import { Link } from "./link/link"
import { Runtime } from "./link/runtime"
import { Wifi } from "./link/wifi"
import { Poller } from "./poller"
import { ServerClock } from "./redis/server-clock"
import { Report } from "./report"
import { say } from "./say"
import { Settings, SettingsReader } from "./settings"
import { StatusKeeper } from "./status-keeper"
import { Target } from "./target"

/** The pins in use; those that a runtime has not (the simulator has none) are undefined. */
export interface Pins {
    /** LED1 first. */
    leds: ds.OutputPin[]
    /** Nothing is connected to it. */
    awake: ds.OutputPin
}

/**
 * Makes and starts the displays that a main program has besides the LEDs and the log.
 * @param settings undefined when they are wrong
 */
export type StartDisplays = (
    settings: Settings | undefined
) => Promise<Display[]>

/** By this setting our own simulator says that data comes no faster than the program reads it (sim/vm/device.ts). */
const PACED_KEY = "SIM_PACED"
/** What the replies to one send may weigh then, bytes. */
const PACED_REPLY_BYTES = 644000
/** When services have been announced, ms after their start (@devicescript/server). */
const ANNOUNCE_MS = 510

/**
 * Runs laglight for ever.
 * @param moreBytes what the displays that are started take of the heap
 */
export async function laglight(
    runtime: Runtime,
    pins: Pins,
    startDisplays: StartDisplays,
    moreBytes = 0
): Promise<void> {
    if (runtime === Runtime.PicoW) stayAwake(pins.awake)
    const reserve = new Reserve()
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
    displays.pushRange(await startDisplays(settings))
    displays.push(new Log(settings ? settings.targets.length : 0))
    // the first announcement comes 500 ms after the start: frames before it would reach nobody
    await ds.sleep(ANNOUNCE_MS)
    player.run.start()
    if (settings === undefined) {
        for (const fault of reader.faults) say(`settings: ${fault}`)
        for (const display of displays)
            display.show({
                link: LinkStatus.NotConfigured,
                problem: `settings: ${reader.faults[0]}`,
                targets: [],
            })
        return
    }
    if (wifi)
        if (settings.network)
            wifi.addNetwork.start(settings.network, settings.networkPassword)
    const clock = new ServerClock()
    reserve.shrink(settings, moreBytes)
    const paced =
        runtime === Runtime.Host && (await readSetting(PACED_KEY)) === true
    if (paced) Connection.paced()
    const replyBytes =
        (paced
            ? PACED_REPLY_BYTES
            : replyBytesFor(settings, runtime === Runtime.Host)) - moreBytes
    const answers = new Answers(replyBytes)
    const targets: Target[] = []
    for (const target of settings.targets) {
        targets.push(
            new Target(
                target,
                settings.unit,
                settings.health,
                settings.stuckS,
                targets.length === 0,
                clock,
                answers
            )
        )
    }
    const report = new Report()
    const keeper = new StatusKeeper(targets, settings.staleMs, displays, report)
    keeper.watch.start()
    const poller = new Poller(
        settings,
        targets,
        clock,
        link,
        keeper,
        report,
        replyBytes
    )
    reserve.release()
    await poller.run()
}
