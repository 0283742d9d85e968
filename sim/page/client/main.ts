/** The page: shows what the simulator sends. Its only state of its own is the selected target. */
import type { PageMessage, PageParts } from "../../lab/state.ts"
import type { Sample } from "../../light/state.ts"
import { drawBoard, showLeds } from "./board.ts"
import { showChart } from "./chart.ts"
import { showControls, wireControls } from "./controls.ts"
import { find, make, setText } from "./elements.ts"
import { showGroup } from "./group-table.ts"
import { showLog } from "./log.ts"
import { nameOf, showStatus } from "./status.ts"

/** Between two redraws of the chart, ms. */
const CHART_MS = 1000
/** Without a message for so long the connection counts as dead, ms (the server's clock comes every 5 s). */
const SILENCE_MS = 12_000

const parts: Partial<PageParts> = {}
let samples: Sample[][] = []
let selected = 0
/** The server's clock minus ours, ms. */
let clockOffset = 0
let heardAt = Date.now()

drawBoard()
wireControls(() => selected)
listen()
setInterval(drawChart, CHART_MS)
setInterval(() => showConnected(Date.now() - heardAt < SILENCE_MS), CHART_MS)

function listen() {
    const source = new EventSource("/events")
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
        heardAt = Date.now()
        showConnected(true)
        receive(JSON.parse(data) as PageMessage)
    })
    source.addEventListener("error", () => {
        heardAt = 0
        showConnected(false)
        // a browser gives up after some errors; we do not
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000)
    })
}

/** Marks what is shown as old while the connection is lost. */
function showConnected(isConnected: boolean) {
    document.body.classList.toggle("offline", !isConnected)
    find("#offline").hidden = isConnected
}

function receive(message: PageMessage) {
    switch (message.kind) {
        case "clock":
            clockOffset = message.now - Date.now()
            break
        case "log":
            return showLog(message.lines, message.whole)
        case "samples":
            if (message.whole) samples = message.targets
            else
                for (const [i, added] of message.targets.entries())
                    samples[i].push(...added)
            return drawChart()
        case "part":
            Object.assign(parts, { [message.name]: message.value })
            return showPart(message)
    }
}

function showPart({ name, value }: Extract<PageMessage, { kind: "part" }>) {
    switch (name) {
        case "leds":
            return showLeds(value)
        case "progress":
            return showProgress(value)
        case "lab":
            return value ? showControls(value) : undefined
        case "setup":
            if (!value) return
            if (selected >= value.targets.length) selected = 0
            showSettings(value.source, value.settings)
            return drawChart()
        case "light":
            setText(find("#resets"), resetsText(value?.resets ?? 0))
            return showStatusOf()
        case "status":
            return showStatusOf()
        case "groups":
            return showGroup(value[selected])
    }
}

function showStatusOf() {
    showStatus(
        parts.status ?? [],
        parts.light?.targets ?? [],
        selected,
        target => {
            selected = target
            showStatusOf()
            showGroup(parts.groups?.[selected])
            drawChart()
        }
    )
    const target = parts.light?.targets[selected]
    setText(find("#group-name"), nameOf(target))
}

function drawChart() {
    const setup = parts.setup?.targets[selected]
    if (!setup) return
    // five minutes are shown; older samples are dropped
    for (const steps of samples)
        while (
            steps.length > 1 &&
            steps[1].t < Date.now() + clockOffset - 300_000
        )
            steps.shift()
    showChart({
        samples: samples[selected] ?? [],
        setup,
        unit:
            setup.show === "consumers"
                ? setup.show
                : (parts.setup?.unit ?? "entries"),
        now: Date.now() + clockOffset,
    })
}

function showProgress(steps: string[] | null) {
    const progress = find("#progress")
    progress.hidden = steps === null
    find("#status").hidden = steps !== null
    progress.replaceChildren(...(steps ?? []).map(step => make("li", "", step)))
}

function showSettings(source: string, settings: [string, string][]) {
    setText(find("#source"), source)
    const activeLow = settings.some(
        ([key, value]) => key === "ACTIVE_LOW" && value === "true"
    )
    setText(find("#rail-name"), activeLow ? "3V3" : "GND")
    find("#settings").replaceChildren(
        ...settings.flatMap(([key, value]) => [
            make("dt", "", key),
            make("dd", "", value),
        ])
    )
}

function resetsText(resets: number) {
    if (resets === 0) return ""
    return resets === 1 ? "reset once" : `reset ${resets} times`
}
