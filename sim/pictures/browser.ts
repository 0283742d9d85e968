/** A Chromium of this machine, for the page's picture and its tests. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { chromium } from "playwright-core"
import type { Browser } from "playwright-core"

const COMMANDS = ["chromium", "chromium-browser", "google-chrome"]

/** Turns off what a browser does by itself: it stays off the network. */
const FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

/** @throws Error if there is none */
export async function launchBrowser(): Promise<Browser> {
    return chromium.launch({ executablePath: findBrowser(), args: FLAGS })
}

function findBrowser() {
    const folders = (process.env.PATH ?? "").split(delimiter)
    for (const command of COMMANDS)
        for (const folder of folders)
            if (existsSync(join(folder, command))) return join(folder, command)
    throw new Error(
        `no browser here: one of ${COMMANDS.join(", ")} is needed (Debian: apt-get install chromium)`
    )
}
