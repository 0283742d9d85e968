/** What the page's buttons do, by name; each acts on the real Redis, network or device and returns a message. */
import { BadRequest, NotNow } from "./errors.ts"
import type { Lab } from "./lab.ts"
import type { ConnectionMode, ControlGroup } from "./state.ts"

interface Action {
    /** The controls that it belongs to: while they are disabled the action is rejected. */
    group: ControlGroup
    /** @returns a message that says what was done @throws BadRequest; NotNow; ErrorReply with Redis's text */
    run(lab: Lab, params: Params): Promise<string>
}

/** The request's JSON object. */
class Params {
    constructor(private readonly values: Record<string, unknown>) {}

    wholeNumber(name: string, min: number, max: number) {
        const value = this.values[name]
        if (
            !Number.isInteger(value) ||
            Number(value) < min ||
            Number(value) > max
        )
            throw new BadRequest(
                `${name}: a whole number from ${min} to ${max} is needed`
            )
        return value as number
    }

    oneOf<T extends string>(name: string, accepted: readonly T[]): T {
        const value = this.values[name]
        if (!accepted.includes(value as T))
            throw new BadRequest(`${name}: one of ${accepted.join(", ")}`)
        return value as T
    }

    text(name: string) {
        const value = this.values[name]
        if (typeof value !== "string")
            throw new BadRequest(`${name}: text is needed`)
        return value
    }
}

const ENTRIES_MAX = 100_000
const TARGETS_MAX = 5
const DELAY_MAX_MS = 60_000
const MODES: readonly ConnectionMode[] = ["open", "delay", "blackhole", "cut"]

const FOR_CONNECTION: Record<ConnectionMode, (ms: number) => string> = {
    open: () => "the connection is open",
    delay: ms => `the connection delays everything by ${ms} ms`,
    blackhole: () => "the connection is silent: nothing gets through",
    cut: () => "the connection is cut, and stays cut",
}

export const ACTIONS: Record<string, Action> = {
    "entries/add": {
        group: "entries",
        async run(lab, params) {
            const count = params.wholeNumber("count", 1, ENTRIES_MAX)
            const { stream } = target(lab, params)
            await lab.entries.add(stream, count)
            return `added ${entries(count)} to ${stream}`
        },
    },
    "entries/delete": {
        group: "entries",
        async run(lab, params) {
            const count = params.wholeNumber("count", 1, ENTRIES_MAX)
            const { stream } = target(lab, params)
            const deleted = await lab.entries.deleteNewest(stream, count)
            return `deleted the newest ${entries(deleted)} of ${stream}`
        },
    },
    "entries/trim": {
        group: "entries",
        async run(lab, params) {
            const count = params.wholeNumber("count", 0, ENTRIES_MAX)
            const { stream } = target(lab, params)
            const trimmed = await lab.entries.trim(stream, count)
            return `trimmed ${stream} to ${count}: ${entries(trimmed)} deleted`
        },
    },
    "stream/delete": {
        group: "stream",
        async run(lab, params) {
            const { stream } = target(lab, params)
            const existed = await lab.entries.deleteStream(stream)
            return existed
                ? `deleted the stream ${stream}`
                : `there is no stream ${stream}`
        },
    },
    "group/delete": {
        group: "stream",
        async run(lab, params) {
            const { stream, group } = target(lab, params)
            const existed = await lab.entries.deleteGroup(stream, group)
            return existed
                ? `deleted the group ${group} of ${stream}`
                : `there is no group ${group} at ${stream}`
        },
    },
    "group/create": {
        group: "stream",
        async run(lab, params) {
            const { stream, group } = target(lab, params)
            const made = await lab.entries.createGroup(stream, group)
            return made
                ? `created the group ${group} at the end of ${stream}`
                : `the group ${group} of ${stream} is there already`
        },
    },
    "consumers/pause": {
        group: "consumers",
        async run(lab) {
            await consumersOf(lab).pause()
            return "the consumers are paused"
        },
    },
    "consumers/resume": {
        group: "consumers",
        async run(lab) {
            await consumersOf(lab).resume()
            return "the consumers are running again"
        },
    },
    "consumers/slower": {
        group: "consumers",
        async run(lab) {
            const consumers = consumersOf(lab)
            await consumers.setPace(consumers.state.pace / 2)
            return `the consumers run at ${consumers.state.pace} times their default speed`
        },
    },
    "consumers/faster": {
        group: "consumers",
        async run(lab) {
            const consumers = consumersOf(lab)
            await consumers.setPace(consumers.state.pace * 2)
            return `the consumers run at ${consumers.state.pace} times their default speed`
        },
    },
    "consumers/add": {
        group: "consumers",
        async run(lab) {
            return `${await consumersOf(lab).add()} was started`
        },
    },
    "consumers/remove": {
        group: "consumers",
        async run(lab) {
            return `${await consumersOf(lab).remove()} was removed`
        },
    },
    "redis/stop": {
        group: "redis",
        async run(lab) {
            await lab.redis!.turnOff()
            return "Redis is stopped"
        },
    },
    "redis/start": {
        group: "redis",
        async run(lab) {
            await lab.redis!.turnOn()
            return "Redis is running, empty as after a crash"
        },
    },
    connection: {
        group: "connection",
        async run(lab, params) {
            const mode = params.oneOf("mode", MODES)
            const delayMs =
                mode === "delay"
                    ? params.wholeNumber("delayMs", 1, DELAY_MAX_MS)
                    : 0
            await lab.relay!.setMode(mode, delayMs)
            return FOR_CONNECTION[mode](delayMs)
        },
    },
    "device/reset": {
        group: "device",
        async run(lab) {
            await lab.resetDevice()
            return "the device was reset"
        },
    },
    workload: {
        group: "workload",
        async run(lab, params) {
            const name = params.text("name")
            if (!lab.workloads.names.includes(name))
                throw new BadRequest(
                    `name: one of ${lab.workloads.names.join(", ")}`
                )
            await lab.chooseWorkload(name)
            return `the workload is ${name}`
        },
    },
}

/** Runs a button's action. @returns a message that says what was done */
export async function act(
    lab: Lab,
    name: string,
    values: Record<string, unknown>
): Promise<string> {
    const action = ACTIONS[name]
    const why = lab.state.disabled[action.group]
    if (why) throw new NotNow(why)
    return action.run(lab, new Params(values))
}

/** The target with the number in the request, from 0. */
function target(lab: Lab, params: Params) {
    const number = params.wholeNumber("target", 0, TARGETS_MAX - 1)
    const found = lab.watched[number]
    if (!found) throw new BadRequest(`target: there is none with that number`)
    return found
}

function consumersOf(lab: Lab) {
    const { consumers } = lab.workloads
    if (!consumers) throw new NotNow("this workload runs its own consumers")
    return consumers
}

function entries(count: number) {
    return count === 1 ? "1 entry" : `${count} entries`
}
