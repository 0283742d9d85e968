/**
 * For checking the wiring: a dot goes from LED1 to LED10 and back, its LED's name and pin in the log; then, for ever, each
 * pattern of the legend with its name.
 */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"
import { boardPins, ledPlace } from "./board"
import {
    Condition,
    FrameSink,
    LEDS,
    LinkStatus,
    TargetStatus,
    unknownTarget,
} from "./display/display"
import { LedPins } from "./display/gpio"
import { BEAT_EVERY_MS } from "./display/patterns"
import { Player } from "./display/player"
import { LedService } from "./display/service"
import { stayAwake } from "./link/awake"

/** When services have been announced, ms after their start (@devicescript/server). */
const ANNOUNCE_MS = 510
/** Each LED alone, on the way there, with time to look; and on the way back, ms. */
const THERE_MS = 600
const BACK_MS = 150
/** The power-on sweep, ms (patterns.ts). */
const POWER_ON_MS = 1700
/** Each pattern of the legend, ms. */
const PATTERN_MS = 6000

function target(
    condition: Condition,
    low: number,
    high: number,
    check: boolean
): TargetStatus {
    const status = unknownTarget("stream", "group", "entries", LEDS)
    status.condition = condition
    status.low = low
    status.high = high
    if (check) status.complaint = "consumers need a look"
    return status
}

const pins = boardPins()
stayAwake(pins.awake)
const activeLow = (await readSetting("ACTIVE_LOW")) === true
const sinks: FrameSink[] = [new LedPins(pins.leds, activeLow), new LedService()]
const player = new Player(sinks)
await ds.sleep(ANNOUNCE_MS)

function dot(led: number): void {
    for (const sink of sinks) sink.write(1 << (LEDS - led))
}

console.log("led test: a dot from LED1 to LED10 and back")
if (activeLow) console.log("led test: ACTIVE_LOW, a low pin lights")
for (let led = 1; led <= LEDS; ++led) {
    console.log(`LED${led}: ${ledPlace(led)}`)
    dot(led)
    await ds.sleep(THERE_MS)
}
for (let led = LEDS - 1; led >= 1; --led) {
    dot(led)
    await ds.sleep(BACK_MS)
}

console.log("legend: power-on")
player.run.start()
await ds.sleep(POWER_ON_MS)

async function showLink(name: string, link: LinkStatus): Promise<void> {
    console.log("legend: " + name)
    player.show({ link, problem: undefined, targets: [] })
    await ds.sleep(PATTERN_MS)
}

async function showTarget(name: string, status: TargetStatus): Promise<void> {
    console.log("legend: " + name)
    player.show({ link: LinkStatus.Up, problem: undefined, targets: [status] })
    for (let ms = 0; ms < PATTERN_MS; ms += BEAT_EVERY_MS) {
        // the player winks only where the pattern has room for it
        player.beat()
        await ds.sleep(BEAT_EVERY_MS)
    }
}

for (;;) {
    await showLink("not configured", LinkStatus.NotConfigured)
    await showLink("joining Wi-Fi", LinkStatus.JoiningWifi)
    await showLink("connecting to Redis", LinkStatus.Connecting)
    await showTarget("refused: who", target(Condition.RefusedWho, 0, 0, false))
    await showTarget(
        "refused: which stream",
        target(Condition.RefusedStream, 0, 0, false)
    )
    await showTarget(
        "refused: which group",
        target(Condition.RefusedGroup, 0, 0, false)
    )
    await showTarget(
        "lag between two levels, 3 to 6",
        target(Condition.Lag, 3, 6, false)
    )
    await showTarget("lag unknown", target(Condition.Unknown, 0, 0, false))
    await showTarget(
        "off the scale",
        target(Condition.Lag, LEDS + 1, LEDS + 1, false)
    )
    await showTarget(
        "stale reading, last 6",
        target(Condition.Stale, 6, 6, false)
    )
    await showTarget(
        "consumers need a look, level 4",
        target(Condition.Lag, 4, 4, true)
    )
    await showTarget("normal, level 0", target(Condition.Lag, 0, 0, false))
    await showTarget("normal, level 5", target(Condition.Lag, 5, 5, false))
    await showTarget("normal, level 10", target(Condition.Lag, 10, 10, false))
}
