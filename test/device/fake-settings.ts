/** Settings that a test makes up, read as the firmware reads them. Not a test itself. */
import { Runtime } from "../../src/link/runtime"
import { Settings, SettingsReader } from "../../src/settings"

/** What must be there. */
const REQUIRED = { REDIS_HOST: "redis.lan", STREAM: "jobs", GROUP: "staff" }

/** What was read. */
export interface Read {
    settings: Settings
    faults: string[]
    activeLow: boolean
}

/** Reads made-up settings: those that are required, and `values`; undefined ones are missing. */
export async function read(values: any, runtime?: Runtime): Promise<Read> {
    const all: any = { ...REQUIRED, ...values }
    const fakeReadRaw = async (key: string) => all[key]
    const reader = new SettingsReader(
        fakeReadRaw,
        runtime === undefined ? Runtime.Host : runtime
    )
    const settings = await reader.read()
    return { settings, faults: reader.faults, activeLow: reader.activeLow }
}
