/** The strip chart: five minutes of lag, step by step, with the LEDs' thresholds as lines. */
import type { Sample, TargetSetup } from "../../light/state.ts"
import { ChartScale } from "./chart-scale.ts"
import { find, makeSvg, setText } from "./elements.ts"

const SPAN_MS = 300_000
const MINUTE_MS = 60_000

const MARGIN = { left: 34, right: 34, top: 8, bottom: 20 }
/** Lines closer than this are not all labelled, pixels. */
const LABEL_PITCH = 13

const svg = find<SVGSVGElement>("#chart")
const readout = find("#chart-readout")

interface Area {
    left: number
    right: number
    top: number
    bottom: number
}

interface Content {
    samples: Sample[]
    setup: TargetSetup
    unit: string
    /** The server's clock. */
    now: number
}

let content: Content | undefined
let pointerX: number | undefined

svg.addEventListener("pointermove", event => {
    pointerX = event.clientX - svg.getBoundingClientRect().left
    draw()
})
svg.addEventListener("pointerleave", () => {
    pointerX = undefined
    draw()
})
new ResizeObserver(() => draw()).observe(svg)

export function showChart(next: Content) {
    content = next
    draw()
}

function draw() {
    const width = svg.clientWidth
    const height = svg.clientHeight
    if (!content || width === 0 || height === 0) return
    const area: Area = {
        left: MARGIN.left,
        right: width - MARGIN.right,
        top: MARGIN.top,
        bottom: height - MARGIN.bottom,
    }
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
    const scale = new ChartScale(content.setup.scale)
    const x = (t: number) =>
        area.right - ((content!.now - t) / SPAN_MS) * (area.right - area.left)
    const y = (lag: number) =>
        area.bottom - scale.height(lag) * (area.bottom - area.top)
    const spans = spansOf(content.samples, content.now)
    svg.replaceChildren(
        defs(),
        beyond(scale, area),
        ...thresholds(scale, area),
        ...minutes(area, x),
        ...spans.map(span => shape(span, area, x, y)),
        ...lines(spans, x, y),
        ...pointer(spans, area, x)
    )
    svg.setAttribute("aria-label", summary(spans, content.unit))
}

/** A step with its end; the part before the chart begins is cut off. */
interface Span extends Sample {
    end: number
}

function spansOf(samples: Sample[], now: number): Span[] {
    const start = now - SPAN_MS
    return samples
        .map((sample, i) => ({
            ...sample,
            t: Math.max(start, sample.t),
            end: samples[i + 1]?.t ?? Math.max(now, sample.t),
        }))
        .filter(({ end }) => end > start)
}

/** Stripes mark times when the lag was unknown. */
function defs() {
    const pattern = makeSvg("pattern", {
        id: "stripes",
        width: 7,
        height: 7,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
    })
    pattern.append(makeSvg("path", { class: "stripe", d: "M0 0 V7" }))
    const definitions = makeSvg("defs")
    definitions.append(pattern)
    return definitions
}

/** Where all LEDs flash. */
function beyond(scale: ChartScale, { left, right, top, bottom }: Area) {
    const end = scale.thresholds.at(-1)!.height
    return makeSvg("rect", {
        class: "beyond",
        x: left,
        y: top,
        width: Math.max(0, right - left),
        height: (bottom - top) * (1 - end),
    })
}

function thresholds(scale: ChartScale, { left, right, top, bottom }: Area) {
    let labelled = Infinity
    return scale.thresholds.flatMap(({ lag, height, led }) => {
        const y = bottom - height * (bottom - top)
        const line = makeSvg("path", {
            class: "threshold",
            d: `M${left} ${y} H${right}`,
        })
        if (labelled - y < LABEL_PITCH) return [line]
        labelled = y
        return [
            line,
            makeSvg(
                "text",
                { class: "end", x: left - 6, y: y + 3.5 },
                short(lag)
            ),
            makeSvg(
                "text",
                { class: "led-number", x: right + 6, y: y + 3.5 },
                led
            ),
        ]
    })
}

function minutes({ bottom, right }: Area, x: (t: number) => number) {
    const { now } = content!
    return [5, 4, 3, 2, 1, 0].map(minutes =>
        makeSvg(
            "text",
            {
                class: minutes === 0 ? "end" : "middle",
                x: minutes === 0 ? right : x(now - minutes * MINUTE_MS),
                y: bottom + 14,
            },
            minutes === 0 ? "now" : `−${minutes} min`
        )
    )
}

function shape(
    { t, end, low, high, kind }: Span,
    { top, bottom }: Area,
    x: (t: number) => number,
    y: (lag: number) => number
) {
    const left = x(t)
    const width = Math.max(0, x(end) - left)
    if (kind === "none" || low === null)
        return makeSvg("rect", {
            class: "unknown",
            x: left,
            y: top,
            width,
            height: bottom - top,
        })
    const certain = makeSvg("rect", {
        class: kind,
        x: left,
        y: y(low),
        width,
        height: bottom - y(low),
    })
    if (high === low) return certain
    const group = makeSvg("g")
    const upper = high === null ? top : y(high)
    group.append(
        certain,
        makeSvg("rect", {
            class: "possible",
            x: left,
            y: upper,
            width,
            height: y(low) - upper,
        })
    )
    return group
}

/** The upper edge of what is certain, unbroken as long as it is known. */
function lines(
    spans: Span[],
    x: (t: number) => number,
    y: (lag: number) => number
) {
    let path = ""
    let joined = false
    for (const { t, end, low, kind } of spans) {
        if (kind === "lag" && low !== null) {
            path += `${joined ? "L" : "M"}${x(t)} ${y(low)} H${x(end)}`
            joined = true
        } else joined = false
    }
    return path ? [makeSvg("path", { class: "line", d: path })] : []
}

function pointer(
    spans: Span[],
    { left, right, top, bottom }: Area,
    x: (t: number) => number
) {
    const last = spans.at(-1)
    if (pointerX === undefined || pointerX < left || pointerX > right) {
        setText(readout, last ? lagText(last, content!.unit) : "")
        return []
    }
    const at = pointerX
    const span = spans.find(({ t, end }) => x(t) <= at && at <= x(end))
    const t = content!.now - ((right - at) / (right - left)) * SPAN_MS
    const time = new Date(t).toLocaleTimeString()
    setText(
        readout,
        `${time}: ${span ? lagText(span, content!.unit) : "not watched yet"}`
    )
    return [
        makeSvg("path", { class: "pointer", d: `M${at} ${top} V${bottom}` }),
    ]
}

function lagText({ low, high, kind }: Sample, unit: string) {
    if (low === null || kind === "none") return "not known"
    const stale = kind === "stale" ? " (stale)" : ""
    if (high === low) {
        const counted = low === 1 ? SINGULAR[unit] : unit
        return `${short(low)} ${counted}${stale}`
    }
    if (high === null) return `${short(low)} ${unit} or more${stale}`
    return `${short(low)} to ${short(high)} ${unit}${stale}`
}

const SINGULAR: Record<string, string> = {
    entries: "entry",
    seconds: "second",
    consumers: "consumer",
}

function summary(spans: Span[], unit: string) {
    const lows = spans.flatMap(({ low }) => (low === null ? [] : [low]))
    const { show } = content!.setup
    const what = show[0].toUpperCase() + show.slice(1)
    if (lows.length === 0)
        return `${what} of the last five minutes: nothing known.`
    return `${what} of the last five minutes: from ${Math.min(...lows)} to ${Math.max(...lows)} ${unit}, now ${lagText(spans.at(-1)!, unit)}.`
}

/** `12`, `1.5k`, `20M` */
function short(value: number) {
    return value < 10_000
        ? String(Math.round(value * 10) / 10)
        : new Intl.NumberFormat("en", { notation: "compact" }).format(value)
}
