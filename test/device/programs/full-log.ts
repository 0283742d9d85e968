/** Shows the log statuses that need all the room there is, and more: what it writes must fit, and stay JSON. */
import * as ds from "@devicescript/core"
import {
    Condition,
    LinkStatus,
    Status,
    unknownTarget,
} from "../../../src/display/display"
import { Log } from "../../../src/display/log"

const log = new Log(1)

/** A text that no line has room for. */
function long(start: string, more: string): string {
    for (let i = 0; i < 8; ++i) more += more
    return start + more
}

/** @param text appears in all that others may have written */
function show(text: string, condition: Condition, number: number): void {
    const target = unknownTarget(text, text, "entries", 10)
    target.groupBytes = Buffer.from(text)
    target.condition = condition
    target.low = target.high = 11
    target.lagLow = target.lagHigh = number
    target.known = "whole stream"
    target.pending = target.consumers = number
    target.revision = 1
    if (condition === Condition.Lag) {
        target.complaint = text
        target.missing = "+xread +xlen"
    } else target.reason = text
    const status: Status = {
        link: LinkStatus.Connecting,
        problem: text,
        targets: [target],
    }
    log.show(status)
    status.link = LinkStatus.Up
    log.show(status)
    // the same again is no news
    log.show(status)
}

const texts = [
    long("a", "b"),
    long("\u00fc\u65e5", "\u{1f642}"),
    long('"\\', '"'),
    long("line\nlight: up\u001b[2J\u202e", "\n"),
]
for (const text of texts) {
    show(text, Condition.Lag, 9876543210)
    await ds.sleep(1)
    show(text, Condition.RefusedStream, 0)
    await ds.sleep(1)
}
console.log("end")
