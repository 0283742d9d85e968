/**
 * Reads Prometheus's text format 0.0.4 and takes nothing for granted: what the format does not allow is an error.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
 */

export interface Metric {
    type: string
    help: string
    samples: Sample[]
}

export interface Sample {
    labels: Record<string, string>
    value: number
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
const HELP = new RegExp(`^# HELP (${NAME}) (.*)$`)
const TYPE = new RegExp(
    `^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`
)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)(?: (-?\\d+))?$`)
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const VALUE = /^([+-]?Inf|NaN|[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i

/** @throws Error with the line that is wrong */
export function parsePrometheusText(text: string): Map<string, Metric> {
    if (!text.endsWith("\n")) throw new Error("the last line has no end")
    const metrics = new Map<string, Metric>()
    const begun = new Set<string>()
    let current = ""
    for (const line of text.slice(0, -1).split("\n")) {
        const fail = (why: string) => new Error(`${why}: ${line}`)
        if (line === "") continue
        const help = HELP.exec(line)
        const type = TYPE.exec(line)
        if (help) {
            const [, name, words] = help
            if (metrics.has(name)) throw fail("a second HELP")
            metrics.set(name, { type: "", help: words, samples: [] })
            current = name
        } else if (type) {
            const [, name, kind] = type
            const metric = metrics.get(name)
            if (!metric || name !== current) throw fail("TYPE without HELP")
            if (metric.type) throw fail("a second TYPE")
            metric.type = kind
        } else if (line.startsWith("#")) {
            if (/^# (HELP|TYPE)\b/.test(line)) throw fail("malformed")
        } else {
            const sample = SAMPLE.exec(line)
            if (!sample) throw fail("not a sample")
            const [, name, labelText = "", value] = sample
            const metric = metrics.get(name)
            if (!metric?.type) throw fail("a sample without TYPE")
            if (name !== current) throw fail("samples of a metric are apart")
            if (!VALUE.test(value)) throw fail("not a number")
            const labels = labelsOf(labelText, fail)
            const key = name + JSON.stringify(Object.entries(labels).sort())
            if (begun.has(key)) throw fail("a second sample")
            begun.add(key)
            metric.samples.push({ labels, value: numberOf(value) })
        }
    }
    for (const [name, { type }] of metrics)
        if ((type === "counter") !== name.endsWith("_total"))
            throw new Error(`${name}: counters, and they alone, end in _total`)
    return metrics
}

function labelsOf(text: string, fail: (why: string) => Error) {
    const labels: Record<string, string> = {}
    let rest = text
    while (rest) {
        const label = LABEL.exec(rest)
        if (!label) throw fail("malformed labels")
        const [whole, name, value] = label
        if (name in labels) throw fail("a label twice")
        labels[name] = value.replace(/\\(.)/g, (_, escaped: string) =>
            escaped === "n" ? "\n" : escaped
        )
        rest = rest.slice(whole.length)
    }
    return labels
}

function numberOf(value: string) {
    return /inf/i.test(value)
        ? Number(value.replace(/inf/i, "Infinity"))
        : Number(value)
}
