/** The firmware with a display that is broken at first: an error of our own, in the middle of a poll. */
import { readSetting } from "@devicescript/settings"
import { Answers } from "../../../src/ask/answers"
import { Display, Status } from "../../../src/display/display"
import { Log } from "../../../src/display/log"
import { Player } from "../../../src/display/player"
import { LedService } from "../../../src/display/service"
import { Link } from "../../../src/link/link"
import { Runtime } from "../../../src/link/runtime"
import { Poller } from "../../../src/poller"
import { ServerClock } from "../../../src/redis/server-clock"
import { Report } from "../../../src/report"
import { SettingsReader } from "../../../src/settings"
import { StatusKeeper } from "../../../src/status-keeper"
import { Target } from "../../../src/target"

const REPLY_BYTES = 64000

class BrokenDisplay implements Display {
    private beats = 0

    show(status: Status): void {}

    beat(): void {
        this.beats++
        if (this.beats === 2) throw new Error("a broken display")
    }
}

const settings = await new SettingsReader(readSetting, Runtime.Host).read()
const player = new Player([new LedService()])
player.run.start()
const clock = new ServerClock()
const answers = new Answers(REPLY_BYTES)
const targets: Target[] = []
for (const target of settings.targets)
    targets.push(
        new Target(target, settings.unit, undefined, 0, false, clock, answers)
    )
const report = new Report()
const keeper = new StatusKeeper(
    targets,
    settings.staleMs,
    [player, new Log(targets.length), new BrokenDisplay()],
    report
)
keeper.watch.start()
await new Poller(
    settings,
    targets,
    clock,
    new Link(Runtime.Host, undefined),
    keeper,
    report,
    REPLY_BYTES
).run()
