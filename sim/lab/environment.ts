/**
 * The environment of the simulated device: with a local Redis its workload, a switch for it and the relay in between;
 * with the user's own Redis nothing. The lab shows it and acts on it, if there is a page.
 */
import type { EncodedSettings } from "../settings-file.ts"
import type { SimulatedDevice } from "../vm/device.ts"
import type { WatchedRedis } from "../watched-redis.ts"
import { Lab } from "./lab.ts"
import type { LocalParts } from "./lab.ts"
import type { Publisher } from "./publisher.ts"
import { RedisSwitch } from "./redis-switch.ts"
import { Relay } from "./relay.ts"
import { serverUrl } from "./server-address.ts"
import { WorkloadSwitch } from "./workload-switch.ts"
import type { Watched } from "./workload-switch.ts"

export interface EnvironmentOptions {
    redis: WatchedRedis
    /** Undefined: there is no page, and no lab. */
    publisher: Publisher | undefined
    /** The workload for a local Redis; undefined: none. */
    workload: string | undefined
    /** Prints a line about what happens around the device. */
    say: (line: string) => void
}

export class Environment {
    /** What to deploy. */
    settings: EncodedSettings
    /** Where the lag comes from, as text for the views. */
    source: string

    private local: LocalParts | undefined
    private device: SimulatedDevice | undefined
    /** For the page. */
    lab: Lab | undefined

    /** @throws Error if the workload does not start */
    static async start(options: EnvironmentOptions): Promise<Environment> {
        const environment = new Environment(options)
        try {
            await environment.begin()
            return environment
        } catch (error) {
            await environment.stop()
            throw error
        }
    }

    private constructor(private readonly options: EnvironmentOptions) {
        this.settings = options.redis.settings
        this.source = options.redis.source
    }

    /** The device has been made, and its program has not begun: for `onCreated`. */
    observe(device: SimulatedDevice) {
        this.device = device
        this.lab?.observe(device)
    }

    /** The device runs. */
    ready() {
        this.lab?.begin()
    }

    async stop() {
        await this.lab?.stop()
        await this.local?.workloads.stop()
        await this.local?.relay?.stop()
        await this.local?.redis.stop()
    }

    private async begin() {
        const { redis, publisher, workload, say } = this.options
        const { stream, group } = redis
        if (redis.local) {
            const { url, port } = redis.local
            this.local = {
                redis: new RedisSwitch(redis.local, () => {
                    say("the local Redis server has ended")
                }),
                workloads: new WorkloadSwitch(url, { stream, group }, say),
                relay: publisher && (await Relay.listen(port)),
                deploy: settings => this.device!.deploySettings(settings),
            }
            if (workload !== undefined) await this.startWorkload(workload)
        }
        const { relay } = this.local ?? {}
        if (relay) this.setSetting("REDIS_PORT", relay.port)
        if (!publisher) return
        this.lab = new Lab({
            publisher,
            settings: this.settings,
            source: redis.source,
            local: this.local,
            url: async () => redis.local?.url ?? serverUrl(this.settings),
        })
    }

    /** Starts the workload, and has its group watched. */
    private async startWorkload(workload: string) {
        const { stream, group } = this.options.redis
        const watched: Watched = await this.local!.workloads.choose(workload)
        if (watched.stream !== stream || watched.group !== group)
            for (const key of ["stream", "group"] as const)
                this.setSetting(key.toUpperCase(), watched[key])
        this.source += `, with traffic for ${watched.stream}/${watched.group}`
    }

    private setSetting(key: string, value: string | number) {
        const settings = new Map(this.settings)
        for (const name of [...settings.keys()])
            if (name.trim() === key) settings.delete(name)
        this.settings = settings.set(key, JSON.stringify(value))
    }
}
