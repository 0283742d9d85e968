/** Shows statuses on a fake screen, one after the other; the host compares what the glass shows then (test/host/light/oled.test.ts). */
import * as ds from "@devicescript/core"
import {
    Condition,
    LinkStatus,
    Status,
    TargetStatus,
    unknownTarget,
} from "../../../src/display/display"
import { Oled } from "../../../src/display/oled"
import { FakeSsd1306 } from "../fake-ssd1306"

const fake = new FakeSsd1306()
const oled = new Oled(async (address, bytes) => fake.take(address, bytes))

function target(
    stream: string,
    condition: Condition,
    low: number,
    high: number
): TargetStatus {
    const target = unknownTarget(stream, "staff", "entries", 10)
    target.condition = condition
    target.lagLow = low
    target.lagHigh = high
    return target
}

/** Until the glass shows it. */
async function show(
    name: string,
    link: LinkStatus,
    problem: string,
    targets: TargetStatus[]
): Promise<void> {
    const status: Status = { link, problem, targets }
    oled.show(status)
    await ds.sleep(200)
    console.log(name)
}

await ds.sleep(200)
console.log("starting")
await show(
    "not configured",
    LinkStatus.NotConfigured,
    "settings: POLL_MS is 1; accepted: a whole number from 100 to 3600000",
    []
)
const up = LinkStatus.Up
const lag = target("jobs", Condition.Lag, 14, 14)
await show("lag", up, undefined, [lag])
oled.beat()
await ds.sleep(200)
console.log("a fresh reading")
oled.beat()
await ds.sleep(200)
console.log("another within 2 s")
await ds.sleep(2000)
oled.beat()
await ds.sleep(200)
console.log("another after 2 s")
await show("range", up, undefined, [target("jobs", Condition.Lag, 120, 4000)])
await show("at least", up, undefined, [
    target("jobs", Condition.Lag, 101, undefined),
])
const age = target("jobs", Condition.Lag, 2.54, 2.54)
age.unit = "seconds"
await show("seconds", up, undefined, [age])
const complaint = target("jobs", Condition.Lag, 3, 3)
complaint.complaint = "9 entries pending, limit 5"
await show("complaint", up, undefined, [complaint])
const stale = target("jobs", Condition.Stale, 14, 14)
stale.reason = "no answer for 5 s"
await show("stale", up, "redis x:6379: no reply in time", [stale])
await show("unknown yet", up, undefined, [
    target("jobs", Condition.Unknown, 0, 0),
])
const refused = target("jobs\n\u202e", Condition.RefusedWho, 0, 0)
refused.reason = "NOAUTH Authentication required.; set REDIS_PASS"
await show("refused", up, undefined, [refused])
await show(
    "connecting",
    LinkStatus.Connecting,
    "redis x:6379: connection refused; is Redis running there, and bound to this network?",
    [lag]
)
const long = target("a-stream-with-a-long-name", Condition.Lag, 100, 20000)
await show("several", up, undefined, [lag, stale, refused, long, complaint])
await show("several, well", up, undefined, [lag, complaint])

fake.isThere = false
await show("gone", up, undefined, [lag])
fake.isThere = true
await ds.sleep(6000)
console.log("there again")
