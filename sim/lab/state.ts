/** What the lab sends to its page: types only, which the browser's code shares. */
import type {
    LightState,
    Sample,
    StatusText,
    TargetSetup,
} from "../light/state.ts"
import type { GroupState } from "./group-state.ts"

/** What changes only with a deploy. */
export interface Setup {
    /** Where the lag comes from, as text. */
    source: string
    unit: "entries" | "seconds"
    targets: TargetSetup[]
    /** Secrets masked. */
    settings: [key: string, value: string][]
}

export interface LogLine {
    /** ms since the epoch. */
    t: number
    /** "you": an action of the page's user; "host": a note of the simulator. */
    level: "log" | "debug" | "warn" | "error" | "you" | "host"
    text: string
}

export type ConnectionMode = "open" | "delay" | "blackhole" | "cut"

/** What the controls show and which of them are enabled. */
export interface LabState {
    /** Why controls are disabled, by group of controls. */
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
    /** How many, as text: `2`, `the pool and 1`. */
    count: string
    paused: boolean
    /** Multiple of the default speed. */
    pace: number
}

/** The parts of the page, each sent whole when it changes. */
export interface PageParts {
    /** The steps before the device runs; null once it does. */
    progress: string[] | null
    setup: Setup | null
    leds: string
    light: LightState | null
    /** One per target, made from `light` and `setup`. */
    status: StatusText[]
    groups: GroupState[]
    lab: LabState | null
}

/** A message of the event stream. */
export type PageMessage =
    | {
          [Name in keyof PageParts]: {
              kind: "part"
              name: Name
              value: PageParts[Name]
          }
      }[keyof PageParts]
    | { kind: "log"; lines: LogLine[]; whole: boolean }
    /** By target. `whole`: replaces earlier ones. */
    | { kind: "samples"; targets: Sample[][]; whole: boolean }
    /** The server's clock, for the chart. */
    | { kind: "clock"; now: number }
