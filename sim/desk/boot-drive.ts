/** The drive that a Pico W shows while it is in BOOTSEL mode. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { userInfo } from "node:os"
import { join } from "node:path"

/** Every such drive has this file, which tells the chip. */
const INFO_FILE = "INFO_UF2.TXT"

/** @param drives folders to look at; by default those where this system mounts drives */
export function findBootDrives(drives = mountedDrives()): string[] {
    return drives.filter(drive => {
        try {
            const info = readFileSync(join(drive, INFO_FILE), "utf8")
            return info.includes("RPI-RP2")
        } catch {
            return false
        }
    })
}

function mountedDrives(): string[] {
    if (process.platform === "win32")
        return [..."DEFGHIJKLMNOPQRSTUVWXYZ"].map(letter => `${letter}:\\`)
    const { username } = userInfo()
    const places =
        process.platform === "darwin"
            ? ["/Volumes"]
            : [`/media/${username}`, `/run/media/${username}`, "/media", "/mnt"]
    return places
        .filter(place => existsSync(place))
        .flatMap(place => readdirSync(place).map(name => join(place, name)))
}
