/** The device's log, mixed with the actions of the user and notes of the simulator. */
import type { LogLine } from "../../lab/state.ts"
import { find, make } from "./elements.ts"

const LINES = 300
/** Within this distance of the end, in pixels, the log keeps scrolling. */
const NEAR_END = 24

const WHO: Partial<Record<LogLine["level"], string>> = {
    you: "you",
    host: "simulator",
    warn: "warning",
    error: "error",
}

const list = find<HTMLOListElement>("#log")

/** @param whole these are all there are */
export function showLog(lines: LogLine[], whole: boolean) {
    const follows =
        list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END
    const items = lines.filter(({ level }) => level !== "debug").map(item)
    if (whole) list.replaceChildren(...items)
    else list.append(...items)
    while (list.children.length > LINES) list.firstElementChild!.remove()
    if (whole || follows) list.scrollTop = list.scrollHeight
}

function item({ t, level, text }: LogLine) {
    const line = make("li")
    line.dataset.level = level
    const time = make("time", "", new Date(t).toLocaleTimeString("en-GB"))
    time.dateTime = new Date(t).toISOString()
    line.append(time, " ")
    const who = WHO[level]
    if (who) line.append(make("b", "", who), " ")
    line.append(make("span", "", text))
    return line
}
