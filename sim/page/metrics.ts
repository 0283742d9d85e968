/**
 * `GET /metrics` for Prometheus: what the light shows, and what the host reads about the group. An unknown value has no
 * sample: it is never 0.
 */
import { Counter, Gauge, Registry } from "prom-client"
import type { Lab } from "../lab/lab.ts"
import type { GroupState } from "../lab/group-state.ts"
import { Show } from "../../src/settings-table.ts"
import { levelOf } from "../light/scale.ts"
import { CONDITION_NAMES, LINK_NAMES } from "../light/state.ts"

const TARGET = ["stream", "group"] as const
const SHOWN = [...TARGET, "show"] as const

export class Metrics {
    private readonly registry = new Registry()
    readonly contentType = this.registry.contentType

    private readonly light = {
        low: this.gauge(
            "lag_low",
            "Proven lower bound of the lag, in the unit of the setting UNIT",
            TARGET
        ),
        high: this.gauge(
            "lag_high",
            "Proven upper bound of the lag; +Inf: none",
            TARGET
        ),
        shownLow: this.gauge(
            "shown_low",
            "Proven lower bound of what the target's LEDs count, by the setting SHOW",
            SHOWN
        ),
        shownHigh: this.gauge(
            "shown_high",
            "Proven upper bound of what the target's LEDs count; +Inf: none",
            SHOWN
        ),
        level: this.gauge(
            "level",
            "LEDs lit for the lower bound; one more than there are: off the scale",
            TARGET
        ),
        status: this.gauge(
            "status",
            "1 for the target's current status, 0 for the others",
            [...TARGET, "status"]
        ),
        check: this.gauge(
            "check",
            "1 if the light winks: the group's consumers need a look",
            TARGET
        ),
        link: this.gauge(
            "link",
            "1 for the current state of the device as a whole, 0 for the others",
            ["state"]
        ),
        led: this.gauge("led_lit", "1 if the LED is lit at this moment", [
            "led",
        ]),
        age: this.gauge(
            "reading_age_seconds",
            "Time since Redis last answered the device"
        ),
        polls: this.counter("polls_total", "XINFO GROUPS that the device sent"),
        reconnects: this.counter(
            "reconnects_total",
            "Connections that the device made after its first"
        ),
        resets: this.counter("resets_total", "Resets of the device"),
    }

    private readonly redis = {
        up: this.gauge("redis_up", "1 if the host could read Redis"),
        length: this.gauge("stream_length", "Entries in the stream", TARGET),
        pending: this.gauge(
            "group_pending",
            "Entries delivered and not acknowledged",
            TARGET
        ),
        consumers: this.gauge(
            "group_consumers",
            "Consumers of the group",
            TARGET
        ),
        oldest: this.gauge(
            "group_oldest_pending_age_seconds",
            "Age of the oldest entry delivered and not acknowledged",
            TARGET
        ),
        consumerPending: this.gauge(
            "consumer_pending",
            "Entries delivered to the consumer and not acknowledged",
            [...TARGET, "consumer"]
        ),
        consumerIdle: this.gauge(
            "consumer_idle_seconds",
            "Idle time of the consumer, from XINFO CONSUMERS",
            [...TARGET, "consumer"]
        ),
    }

    /** The same by redis_exporter's names, for its dashboards (its exporter/streams.go). */
    private readonly exporter = {
        length: this.exporterGauge("length"),
        consumers: this.exporterGauge("group_consumers", "group"),
        pending: this.exporterGauge("group_messages_pending", "group"),
        lag: this.exporterGauge("group_lag", "group"),
        delivered: this.exporterGauge("group_last_delivered_id", "group"),
        consumerPending: this.exporterGauge(
            "group_consumer_messages_pending",
            "group",
            "consumer"
        ),
        consumerIdle: this.exporterGauge(
            "group_consumer_idle_seconds",
            "group",
            "consumer"
        ),
    }

    /** @param lab undefined while the simulator starts */
    async text(lab: Lab | undefined) {
        const { light } = this
        this.registry.resetMetrics()
        // a metric without labels would start with a sample of 0
        for (const metric of [light.age, light.polls, light.reconnects])
            metric.remove()
        if (lab) {
            this.readLight(lab)
            this.readRedis(lab)
        }
        return this.registry.metrics()
    }

    private readLight(lab: Lab) {
        const { light } = this
        const { link, targets, resets } = lab.light
        for (const state of LINK_NAMES)
            light.link.set({ state }, Number(state === link))
        for (const [i, led] of [...lab.leds].entries())
            light.led.set({ led: i + 1 }, Number(led))
        for (const [
            i,
            { stream, group, condition, low, high, complaint },
        ] of targets.entries()) {
            const target = { stream, group }
            for (const status of CONDITION_NAMES)
                light.status.set(
                    { ...target, status },
                    Number(link === "up" && status === condition)
                )
            if (link !== "up" || condition !== "lag" || low === null) continue
            light.check.set(target, Number(complaint !== null))
            const { scale, show } = lab.setup[i]
            light.shownLow.set({ ...target, show }, low)
            light.shownHigh.set({ ...target, show }, high ?? Infinity)
            light.level.set(target, levelOf(scale, low))
            if (show !== Show.Lag) continue
            light.low.set(target, low)
            light.high.set(target, high ?? Infinity)
            // redis_exporter's is one number of entries: no sample for a range, or for seconds
            if (low === high && isInEntries(lab))
                this.exporter.lag.set({ db: databaseOf(lab), ...target }, low)
        }
        light.resets.inc(resets)
        const { relay } = lab
        // counted by the relay, which is not there with the user's own Redis
        if (!relay) return
        light.polls.inc(relay.polls)
        light.reconnects.inc(Math.max(0, relay.connections - 1))
        if (relay.answeredAt !== undefined)
            light.age.set((Date.now() - relay.answeredAt) / 1000)
    }

    private readRedis(lab: Lab) {
        const { redis } = this
        const { reader } = lab
        redis.up.set(Number(reader.isUp))
        for (const state of reader.groups) {
            this.readAsExporter(state, databaseOf(lab))
            const { stream, group, length, pending, consumers, oldestPending } =
                state
            const target = { stream, group }
            if (length !== null) redis.length.set(target, length)
            if (pending !== null) redis.pending.set(target, pending)
            if (oldestPending)
                redis.oldest.set(target, oldestPending.ageMs / 1000)
            else if (pending === 0) redis.oldest.set(target, 0)
            if (!consumers) continue
            redis.consumers.set(target, consumers.length)
            for (const { name, pending, idleMs } of consumers) {
                const labels = { ...target, consumer: name }
                redis.consumerPending.set(labels, pending)
                redis.consumerIdle.set(labels, idleMs / 1000)
            }
        }
    }

    private readAsExporter(state: GroupState, db: string) {
        const { exporter } = this
        const { stream, group, length, pending, consumers } = state
        const target = { db, stream, group }
        if (length !== null) exporter.length.set({ db, stream }, length)
        if (pending !== null) exporter.pending.set(target, pending)
        // its number before the dash
        if (state.lastDeliveredId !== null)
            exporter.delivered.set(
                target,
                Number(state.lastDeliveredId.split("-")[0])
            )
        if (!consumers) return
        exporter.consumers.set(target, consumers.length)
        for (const { name, pending, idleMs } of consumers) {
            const labels = { ...target, consumer: name }
            exporter.consumerPending.set(labels, pending)
            exporter.consumerIdle.set(labels, idleMs / 1000)
        }
    }

    private exporterGauge<L extends string>(name: string, ...labels: L[]) {
        return new Gauge({
            name: `redis_stream_${name}`,
            help: `Same as redis_exporter's redis_stream_${name}`,
            labelNames: ["db", "stream", ...labels],
            registers: [this.registry],
        })
    }

    private gauge<L extends string = never>(
        name: string,
        help: string,
        labelNames: readonly L[] = []
    ) {
        return new Gauge({
            name: `laglight_${name}`,
            help,
            labelNames,
            registers: [this.registry],
        })
    }

    private counter(name: string, help: string) {
        return new Counter({
            name: `laglight_${name}`,
            help,
            registers: [this.registry],
        })
    }
}

/** `db0`, as redis_exporter has it. */
function databaseOf({ publisher }: Lab) {
    const settings = publisher.get("setup")?.settings ?? []
    const [, number = "0"] = settings.find(([key]) => key === "REDIS_DB") ?? []
    return `db${number}`
}

function isInEntries({ publisher }: Lab) {
    return publisher.get("setup")?.unit === "entries"
}
