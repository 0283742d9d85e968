/** What the lab tells its page: types alone, which the browser's code shares. */
import type {
    LightState,
    Sample,
    StatusWords,
    TargetSetup,
} from "../light/state.ts"
import type { GroupState } from "./group-state.ts"

/** What changes only when the device is deployed to. */
export interface Setup {
    /** Where the lag comes from, in words. */
    source: string
    unit: "entries" | "seconds"
    targets: TargetSetup[]
    /** Secrets masked. */
    settings: [key: string, value: string][]
}

export interface LogLine {
    /** ms since the epoch. */
    t: number
    /** "you": what was done with a control; "host": the simulator's own notes. */
    level: "log" | "debug" | "warn" | "error" | "you" | "host"
    text: string
}

export type ConnectionMode = "open" | "delay" | "blackhole" | "cut"

/** What the controls show and which of them work. */
export interface LabState {
    /** Of the controls that do not work now: why. By group of controls. */
    disabled: Partial<Record<ControlGroup, string>>
    redis: "running" | "stopped" | "own"
    connection: { mode: ConnectionMode; delayMs: number } | null
    consumers: ConsumersState | null
    workload: string | null
    workloads: { name: string; summary: string }[]
}

export type ControlGroup =
    | "entries"
    | "consumers"
    | "stream"
    | "redis"
    | "connection"
    | "device"
    | "workload"

export interface ConsumersState {
    /** How many, in words: `2`, `the pool and 1`. */
    who: string
    paused: boolean
    /** Times the ordinary speed. */
    pace: number
}

/** The parts of the page, each sent whole when it changes. */
export interface PageParts {
    /** What is being done before the device runs; null once it does. */
    progress: string[] | null
    setup: Setup | null
    leds: string
    light: LightState | null
    /** One a target, made from `light` and `setup`. */
    words: StatusWords[]
    groups: GroupState[]
    lab: LabState | null
}

/** What comes over the event stream. */
export type PageMessage =
    | {
          [Name in keyof PageParts]: {
              kind: "part"
              name: Name
              value: PageParts[Name]
          }
      }[keyof PageParts]
    | { kind: "log"; lines: LogLine[]; whole: boolean }
    /** By target. `whole`: what was known before is void. */
    | { kind: "samples"; targets: Sample[][]; whole: boolean }
    /** The server's clock, for the chart. */
    | { kind: "clock"; now: number }
