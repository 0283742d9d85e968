/** Has a view follow a device. */
import { Picture } from "../light/picture.ts"
import type { Device } from "../vm/device-types.ts"
import type { View } from "./view.ts"

/** @param source in words, where the lag comes from */
export function showDevice(device: Device, view: View, source: string) {
    const picture = new Picture(device)
    view.begin(picture.now, source)
    for (const entry of picture.earlierLogs) view.log(entry)
    picture.on("change", snapshot => view.change(snapshot))
    picture.on("log", entry => view.log(entry))
}
