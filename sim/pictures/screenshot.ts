/**
 * Takes the README's picture of the page from the running simulator: docs/images/page.png.
 * `node --import tsx sim/pictures/screenshot.ts [--out FILE] [--scheme dark] [--width N] [--height N] [--after S]`
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { optionHelp, parseCommandLine, wholeNumber } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { launchBrowser } from "./browser.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

const OPTIONS: CommandOptions = {
    out: {
        type: "string",
        value: "FILE",
        default: "docs/images/page.png",
        help: "where to",
    },
    scheme: {
        type: "string",
        value: "NAME",
        default: "light",
        help: "light or dark",
    },
    width: {
        type: "string",
        value: "N",
        default: "1280",
        help: "of the window, in pixels",
    },
    height: {
        type: "string",
        value: "N",
        default: "800",
        help: "of the window, in pixels",
    },
    after: {
        type: "string",
        value: "S",
        default: "95",
        help: "seconds for the chart to fill; then the next moment with a bar",
    },
    help: { type: "boolean", help: "this text" },
}

/** A bar of so many LEDs is what the picture is to show. */
const LEDS_SHOWN = /^1{5,7}0{3,5}$/

const values = parseCommandLine(process.argv.slice(2), OPTIONS)
if (values.help) console.log(optionHelp(OPTIONS))
else await takePicture()

async function takePicture() {
    const folder = await mkdtemp(join(tmpdir(), "laglight-picture-"))
    // a .env.local of whoever takes the picture plays no part
    const settings = join(folder, "none.env")
    await writeFile(settings, "")
    const simulator = spawn(
        process.execPath,
        [
            ...["--import", "tsx", "sim/start.ts"],
            ...["--json", "--port", "0", "--settings", settings],
        ],
        { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] }
    )
    const browser = await launchBrowser()
    try {
        const url = await addressOf(simulator.stderr)
        const page = await browser.newPage({
            colorScheme: values.scheme === "dark" ? "dark" : "light",
            viewport: {
                width: wholeNumber("width", values.width, 200, 4000),
                height: wholeNumber("height", values.height, 200, 4000),
            },
        })
        await page.goto(url)
        await sleep(1000 * wholeNumber("after", values.after, 0, 600))
        const leds = page.locator("#board")
        for (;;) {
            const lit = await leds.getAttribute("data-leds")
            if (lit && LEDS_SHOWN.test(lit)) break
            await sleep(100)
        }
        await page.screenshot({ path: resolve(ROOT, String(values.out)) })
        console.log(String(values.out))
    } finally {
        await browser.close()
        simulator.kill("SIGTERM")
        await once(simulator, "exit")
        await rm(folder, { recursive: true, force: true })
    }
}

/** @throws Error if the simulator ends before it says where the page is */
async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
    const lines = createInterface(stderr)
    return new Promise((found, fail) => {
        lines.on("line", line => {
            const match = /^page: (\S+)/.exec(line)
            if (match) found(match[1])
        })
        lines.once("close", () => fail(new Error("the simulator has ended")))
    })
}
