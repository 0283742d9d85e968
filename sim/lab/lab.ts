/**
 * Everything that the page shows and acts on: the device, its light, the relay, Redis, the workload, the host's own
 * readings. It turns their events into the parts of the page.
 */
import { isPattern } from "../../src/settings-table.ts"
import { LightTracker } from "../light/light-tracker.ts"
import { Snapshots } from "../light/snapshots.ts"
import { targetsOf, textOf } from "../light/scale.ts"
import type { LightState, TargetSetup } from "../light/state.ts"
import { statusTexts } from "../light/status-text.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { DARK } from "../vm/device-types.ts"
import type { Device } from "../vm/device-types.ts"
import { Entries } from "./entries.ts"
import { GroupReader } from "./group-reader.ts"
import type { Watched } from "./group-reader.ts"
import type { Publisher } from "./publisher.ts"
import type { RedisSwitch } from "./redis-switch.ts"
import type { Relay } from "./relay.ts"
import { shownSettings } from "./settings-shown.ts"
import type { GroupState } from "./group-state.ts"
import type { LabState } from "./state.ts"
import { NONE } from "./workload-switch.ts"
import type {
    WorkloadSwitch,
    Watched as WorkloadGroup,
} from "./workload-switch.ts"

/** The host reads as often as the device, but no more often than this. */
const READ_MIN_MS = 1000

export interface LocalParts {
    redis: RedisSwitch
    relay: Relay | undefined
    workloads: WorkloadSwitch
    /** Restarts the device with other settings. */
    deploy(settings: EncodedSettings): Promise<void>
}

export interface LabOptions {
    publisher: Publisher
    settings: EncodedSettings
    /** Where the lag comes from, as text for the page. */
    source: string
    /** With a local Redis; undefined with the user's own. */
    local?: LocalParts
    /** The URL by which the host connects to Redis. */
    url: () => Promise<string>
}

export class Lab {
    readonly redis: RedisSwitch | undefined
    readonly relay: Relay | undefined
    readonly entries: Entries
    /** Of the watched groups, as the host reads them. */
    readonly reader: GroupReader
    readonly publisher: Publisher
    setup: TargetSetup[] = []

    private device: Device | undefined
    private tracker: LightTracker | undefined
    private settings: EncodedSettings
    private readonly workloadSwitch: WorkloadSwitch | undefined

    constructor(private readonly options: LabOptions) {
        const { publisher, settings, local } = options
        this.publisher = publisher
        this.settings = settings
        this.redis = local?.redis
        this.relay = local?.relay
        this.workloadSwitch = local?.workloads
        this.entries = new Entries(local?.redis.url ?? "")
        this.settingsChanged()
        this.reader = new GroupReader(
            options.url,
            () => this.watched,
            Math.max(READ_MIN_MS, Number(textOf(settings, "POLL_MS") ?? 0)),
            groups => this.publishGroups(groups)
        )
        this.publishControls()
    }

    /** @throws Error with a Redis of the user's, which has no workload */
    get workloads(): WorkloadSwitch {
        if (!this.workloadSwitch) throw new Error("no workload runs here")
        return this.workloadSwitch
    }

    /** The watched groups; with GROUP=* the group that the light shows now. */
    get watched(): Watched[] {
        return (this.tracker?.targets ?? this.setup).map(
            ({ stream, group }, i) => ({
                stream,
                group,
                id: this.tracker?.idOf(i),
            })
        )
    }

    get light(): LightState {
        return (
            this.tracker?.state ?? { link: "starting", targets: [], resets: 0 }
        )
    }

    get leds() {
        return this.device?.leds ?? DARK
    }

    get state(): LabState {
        const { relay, workloadSwitch } = this
        return {
            disabled: this.disabled(),
            redis: !this.redis
                ? "own"
                : this.redis.isRunning
                  ? "running"
                  : "stopped",
            connection: relay
                ? { mode: relay.mode, delayMs: relay.delayMs }
                : null,
            consumers: workloadSwitch?.consumers?.state ?? null,
            workload: workloadSwitch?.current ?? null,
            workloads: workloadSwitch?.choices ?? [],
        }
    }

    /** The device was created; its program has not started yet. */
    observe(device: Device) {
        this.device = device
        const tracker = (this.tracker = new LightTracker(device, id =>
            this.reader.nameOf(id)
        ))
        tracker.watch(this.setup)
        tracker.on("change", () => this.publishLight())
        device.on("leds", leds => this.publisher.set("leds", leds))
        new Snapshots(device).on("log", entry => this.publisher.addLog(entry))
        device.on("exit", () => this.publishControls())
        this.publishLight()
    }

    /** The device runs: the controls are enabled. */
    begin() {
        this.publisher.set("progress", null)
        this.publishControls()
    }

    /** A note of the simulator, or about an action of the page's user. */
    note(level: "host" | "you", text: string) {
        this.publisher.addLog({ t: Date.now(), level, text })
        this.publishControls()
        this.reader.refresh().catch(() => {})
    }

    async resetDevice() {
        await this.device!.reset()
    }

    /** Starts another workload, and watches its group. */
    async chooseWorkload(name: string) {
        const watched = await this.workloads.choose(name)
        const isWatched = this.setup.some(
            ({ stream, group }) =>
                stream === watched.stream &&
                (group === watched.group || isPattern(group))
        )
        if (!isWatched) await this.watch(watched)
    }

    async stop() {
        this.entries.stop()
        await this.reader.stop()
    }

    publishControls() {
        this.publisher.set("lab", this.state)
    }

    private async watch({ stream, group }: WorkloadGroup) {
        const settings = new Map(this.settings)
        for (const key of [...settings.keys()])
            if (/^(STREAM|GROUP)(_\d)?$/.test(key.trim())) settings.delete(key)
        settings.set("STREAM", JSON.stringify(stream))
        settings.set("GROUP", JSON.stringify(group))
        this.settings = settings
        this.settingsChanged()
        this.tracker?.watch(this.setup)
        await this.options.local!.deploy(settings)
    }

    /** Publishes what follows from the settings. */
    private settingsChanged() {
        this.setup = targetsOf(this.settings)
        this.publisher.beginHistory(this.setup.length)
        this.publisher.set("setup", {
            source: this.options.source,
            unit:
                textOf(this.settings, "UNIT") === "seconds"
                    ? "seconds"
                    : "entries",
            targets: this.setup,
            settings: shownSettings(this.settings),
        })
    }

    private publishLight() {
        const { light, setup, publisher } = this
        publisher.set("light", light)
        const { unit } = publisher.get("setup")!
        publisher.set("status", statusTexts(light, setup, unit))
        for (const [i, target] of light.targets.entries())
            publisher.addSample(i, light.link === "up" ? target : undefined)
    }

    private publishGroups(groups: GroupState[]) {
        this.tracker?.rename()
        this.publisher.set("groups", groups)
        this.publishControls()
    }

    private disabled(): LabState["disabled"] {
        const disabled: LabState["disabled"] = {}
        const why = (
            text: string,
            ...groups: (keyof LabState["disabled"])[]
        ) => {
            for (const group of groups) disabled[group] ??= text
        }
        if (this.publisher.get("progress") !== null || !this.device)
            why(
                "The device is not running yet.",
                ...(["entries", "consumers", "stream", "redis"] as const),
                ...(["connection", "device", "workload"] as const)
            )
        if (this.light.link === "off") why("The device is off.", "device")
        if (!this.redis) {
            why(
                "This is your own Redis: laglight only reads it.",
                ...(["entries", "consumers", "stream", "redis"] as const),
                "workload"
            )
            why(
                "The device is connected to your Redis directly, without a relay.",
                "connection"
            )
        } else {
            if (!this.redis.isRunning)
                why(
                    "Redis is stopped.",
                    "entries",
                    "stream",
                    "workload",
                    "consumers"
                )
            const { current, consumers } = this.workloads
            if (!consumers)
                why(
                    current === null
                        ? `No consumers run here (the workload "${NONE}" starts some).`
                        : `The workload ${current} runs its own consumers.`,
                    "consumers"
                )
        }
        return disabled
    }
}
