/** Connects a view to a device. */
import { Snapshots } from "../light/snapshots.ts"
import type { Device } from "../vm/device-types.ts"
import type { View } from "./view.ts"

/** @param source where the lag comes from, as text */
export function showDevice(device: Device, view: View, source: string) {
    const snapshots = new Snapshots(device)
    view.begin(snapshots.now, source)
    for (const entry of snapshots.earlierLogs) view.log(entry)
    snapshots.on("change", snapshot => view.change(snapshot))
    snapshots.on("log", entry => view.log(entry))
}
