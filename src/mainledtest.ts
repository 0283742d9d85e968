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
    unknownTarget,
} from "./display/display"
import { LedPins } from "./display/gpio"
import { LINK_PATTERNS, TARGET_PATTERNS } from "./display/legend"
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

async function showLink(pattern: string, link: LinkStatus): Promise<void> {
    console.log("legend: " + pattern)
    player.show({ link, problem: undefined, targets: [] })
    await ds.sleep(PATTERN_MS)
}

async function showTarget(
    pattern: string,
    condition: Condition,
    low: number,
    high: number,
    check: boolean,
    example: string
): Promise<void> {
    console.log("legend: " + pattern + (example && ", " + example))
    const status = unknownTarget("stream", "group", "entries", LEDS)
    status.condition = condition
    status.low = low
    status.high = high
    if (check) status.complaint = pattern
    player.show({ link: LinkStatus.Up, problem: undefined, targets: [status] })
    for (let ms = 0; ms < PATTERN_MS; ms += BEAT_EVERY_MS) {
        // the player winks only where the pattern has room for it
        player.beat()
        await ds.sleep(BEAT_EVERY_MS)
    }
}

for (;;) {
    for (const row of LINK_PATTERNS) await showLink(row[0], row[1])
    for (const row of TARGET_PATTERNS)
        await showTarget(row[0], row[1], row[2], row[3], row[4], row[5])
}
