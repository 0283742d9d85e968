/**
 * `GET /metrics` for Prometheus: what the light shows, and what the host reads of the group. What is not known has no
 * sample: it is never 0.
 */
import { Counter, Gauge, Registry } from "prom-client"
import type { Lab } from "../page/lab.ts"
import { levelOf } from "../page/scale.ts"

const TARGET = ["stream", "group"] as const

const LINKS = [
    "off",
    "starting",
    "not configured",
    "joining Wi-Fi",
    "connecting",
    "up",
]
const STATUSES = [
    "waiting",
    "lag",
    "unknown",
    "stale",
    "refused: who",
    "refused: which stream",
    "refused: which group",
]

export class Metrics {
    private readonly registry = new Registry()
    readonly contentType = this.registry.contentType

    private readonly light = {
        low: this.gauge(
            "lag_low",
            "Lag that the light has proof of, at least (unit: as UNIT says)",
            TARGET
        ),
        high: this.gauge(
            "lag_high",
            "Lag that the light has proof of, at most; +Inf: nothing bounds it",
            TARGET
        ),
        level: this.gauge(
            "level",
            "LEDs that stand for the proven lag; one more than there are: off the scale",
            TARGET
        ),
        status: this.gauge(
            "status",
            "1 for what the light says of the target, 0 for all else",
            [...TARGET, "status"]
        ),
        check: this.gauge(
            "check",
            "1 if the light winks: the group's consumers need a look",
            TARGET
        ),
        link: this.gauge(
            "link",
            "1 for what the device as a whole is busy with, 0 for all else",
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
            "Time since the consumer last asked Redis",
            [...TARGET, "consumer"]
        ),
    }

    /** @param lab undefined while the simulator starts */
    async text(lab: Lab | undefined) {
        const { light } = this
        this.registry.resetMetrics()
        // what has no labels would begin with a 0
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
        for (const state of LINKS)
            light.link.set({ state }, Number(state === link))
        for (const [i, led] of [...lab.leds].entries())
            light.led.set({ led: i + 1 }, Number(led))
        for (const [
            i,
            { stream, group, condition, low, high, complaint },
        ] of targets.entries()) {
            const target = { stream, group }
            for (const status of STATUSES)
                light.status.set(
                    { ...target, status },
                    Number(link === "up" && status === condition)
                )
            if (link !== "up" || condition !== "lag" || low === null) continue
            light.check.set(target, Number(complaint !== null))
            light.low.set(target, low)
            light.high.set(target, high ?? Infinity)
            light.level.set(target, levelOf(lab.setup[i].scale, low))
        }
        light.resets.inc(resets)
        const { relay } = lab
        // nothing stands between the device and a Redis of the user's: nobody counts there
        if (!relay) return
        light.polls.inc(relay.polls)
        light.reconnects.inc(Math.max(0, relay.connections - 1))
        if (relay.answeredAt !== undefined)
            light.age.set((Date.now() - relay.answeredAt) / 1000)
    }

    private readRedis({ reader }: Lab) {
        const { redis } = this
        redis.up.set(Number(reader.isUp))
        for (const state of reader.groups) {
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
