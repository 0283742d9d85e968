/** The simulator's command with its page in a real browser. */
import assert from "node:assert/strict"
import { createClient } from "redis"
import type { Browser, Page } from "playwright-core"
import { noteFrames, notedFrames } from "./in-browser.ts"
import { SimulatorProcess } from "./simulator-process.ts"

const START_MS = 60_000

/** A page that keeps watch over itself. */
export interface WatchedPage {
    page: Page
    /** Console errors and warnings, uncaught errors, failed requests. */
    complaints: string[]
    /** All that it asked for. */
    urls: string[]
}

/** @param args as after `npm run sim --`; `--json` and a free port are added */
export async function startSimulator(args: string[]) {
    const simulator = new SimulatorProcess(["--json", "--port", "0", ...args])
    try {
        const line = await simulator.untilProgress(/^page: http/, START_MS)
        const url = line.slice("page: ".length)
        return { simulator, url }
    } catch (error) {
        await simulator.stop()
        throw error
    }
}

/** Opens the page, and notes from its first moment on each frame that its LEDs show. */
export async function openPage(
    browser: Browser,
    url: string
): Promise<WatchedPage> {
    const page = await browser.newPage({
        viewport: { width: 1280, height: 800 },
    })
    const complaints: string[] = []
    const urls: string[] = []
    page.on("request", request => urls.push(request.url()))
    page.on("console", message => {
        if (["error", "warning"].includes(message.type()))
            complaints.push(message.text())
    })
    page.on("pageerror", error => complaints.push(error.message))
    page.on("response", response => {
        if (response.status() >= 400)
            complaints.push(`${response.status()} ${response.url()}`)
    })
    page.setDefaultTimeout(15_000)
    // what tsx puts around a function's name
    await page.addInitScript("globalThis.__name = named => named")
    await page.addInitScript(noteFrames)
    await page.goto(url)
    return { page, complaints, urls }
}

/** What the page's LEDs have shown since it was opened; equal neighbours are one. */
export async function shownFrames(page: Page): Promise<string[]> {
    return distinct(await page.evaluate(notedFrames))
}

/** What the `led` service said, as the simulator's JSON lines have it. */
export function servedFrames({ snapshots }: SimulatorProcess) {
    return distinct(snapshots.map(({ leds }) => leds))
}

function distinct(frames: string[]) {
    return frames.filter((frame, i) => frame !== frames[i - 1])
}

/** A client of the local server that the page names. */
export async function clientOf(page: Page) {
    const source = page.locator("#source")
    await source.filter({ hasText: /127\.0\.0\.1:\d+/ }).waitFor()
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(await source.innerText())!
    const client = createClient({
        url: `redis://127.0.0.1:${port}`,
        RESP: 2,
        socket: { reconnectStrategy: () => 50 },
    })
    client.on("error", () => {})
    await client.connect()
    return client
}

/** Waits for something that has no event. */
export async function eventually<T>(
    probe: () => T | Promise<T>,
    what: string,
    limitMs = 10_000
): Promise<Exclude<T, false | null | undefined>> {
    const deadline = Date.now() + limitMs
    for (;;) {
        const found = await probe()
        if (found) return found as Exclude<T, false | null | undefined>
        assert.ok(Date.now() < deadline, `${what}: not within ${limitMs} ms`)
        await new Promise(resolve => setTimeout(resolve, 40))
    }
}
