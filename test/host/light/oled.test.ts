/**
 * The screen beside the LEDs (src/mainoled.ts), in the VM, on a fake SSD1306 that does what the data sheet says: every pixel
 * of what its glass shows is compared with what was drawn here.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { buildFirmware } from "../../../sim/firmware.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { startTestRedis } from "../support/redis/server.ts"
import { closeAtEnd, Light } from "../support/light/bench.ts"
import { Glass, OledPicture } from "../support/light/oled-picture.ts"

const STEP_MS = 20
/** The words' lines, from the top. */
const [WORDS_1, WORDS_2, WORDS_3] = [40, 48, 56]

/** One target: its name, its number, lines of words. */
function single(number: string, size: number, ...words: string[]) {
    const picture = new OledPicture()
        .text("jobs/staff", 0, 0)
        .text(number, 0, 11, size)
    for (const [i, line] of words.entries())
        picture.text(line, 0, [WORDS_1, WORDS_2, WORDS_3][i])
    return picture
}

/** By what the program says when the glass shows it. */
const PICTURES: Record<string, OledPicture> = {
    starting: new OledPicture().text("starting", 0, WORDS_1),
    "not configured": new OledPicture()
        .text("not configured:", 0, WORDS_1)
        .text("settings: POLL_MS is", 0, WORDS_2)
        .text("1; accepted: a whol..", 0, WORDS_3),
    lag: single("14", 3, "entries"),
    "a fresh reading": single("14", 3, "entries").fill(124, 0, 4),
    "another within 2 s": single("14", 3, "entries").fill(124, 0, 4),
    "another after 2 s": single("14", 3, "entries"),
    range: single("120-4000", 2, "entries"),
    "at least": single("101+", 3, "entries"),
    seconds: single("2.5s", 3, "seconds"),
    complaint: single("3", 3, "9 entries pending,", "limit 5"),
    // the number that was is not shown as one that is
    stale: single("?", 3, "stale, was 14: no", "answer for 5 s"),
    "unknown yet": single("?", 3, "not known yet"),
    refused: new OledPicture()
        .text("jobs??/staff", 0, 0)
        .text("?", 0, 11, 3)
        .text("refused: NOAUTH", 0, WORDS_1)
        .text("Authentication", 0, WORDS_2)
        .text("required.; set REDI..", 0, WORDS_3),
    connecting: single(
        ...(["?", 3] as const),
        "connecting: redis",
        "x:6379: connection",
        "refused; is Redis r.."
    ),
    several: new OledPicture()
        .text("jobs/staff", 0, 0)
        .text("14", 108, 0)
        .text("jobs/staff", 0, 9)
        .text("?", 114, 9)
        .text("jobs??/staff", 0, 18)
        .text("?", 114, 18)
        .text("a-stream..", 0, 27)
        .text("100-20000", 66, 27)
        .text("jobs/staff", 0, 36)
        .text("3", 114, 36)
        .text("jobs/staff: stale,", 0, WORDS_2)
        .text("was 14: no answer f..", 0, WORDS_3),
    "several, well": new OledPicture()
        .text("jobs/staff", 0, 0)
        .text("14", 108, 0)
        .text("jobs/staff", 0, 9)
        .text("3", 114, 9)
        .text("jobs/staff: 9 entries", 0, WORDS_2)
        .text("pending, limit 5", 0, WORDS_3),
    // it was begun with again
    "there again": single("14", 3, "entries"),
}

describe("the screen", () => {
    test("shows each status, to the pixel", async () => {
        const { bytecode } = await buildFirmware({
            entry: "test/device/programs/oled-pictures.ts",
        })
        const glass = new Glass()
        const seen = new Map<string, string>()
        const said: string[] = []
        const device = closeAtEnd(
            await SimulatedDevice.start({
                bytecode,
                clock: "driven",
                onCreated(device) {
                    device.on("log", ({ level, text }) => {
                        if (glass.take(text)) return
                        said.push(`${level}: ${text}`)
                        seen.set(text, String(glass.picture))
                    })
                },
            })
        )
        await device.waitForLog(/^there again$/, 60_000, { since: 0 })
        for (const [name, picture] of Object.entries(PICTURES))
            assert.ok(
                seen.get(name) === String(picture),
                `${name}:\n${seen.get(name)}\nexpected:\n${picture}`
            )
        assert.deepEqual(
            said.filter(line => line.includes("oled")),
            ["log: oled: no answer from the screen; check its four wires"]
        )
    })

    test("tells what the LEDs tell: the lag, and that it is stale", async () => {
        const redis = closeAtEnd(await startTestRedis())
        const { client } = redis
        await client.xGroupCreate("jobs", "staff", "$", { MKSTREAM: true })
        for (let i = 0; i < 6; i++)
            await client.xAdd("jobs", "*", { i: `${i}` })
        const { bytecode } = await buildFirmware({
            entry: "test/device/programs/oled-light.ts",
        })
        const glass = new Glass()
        const light = await Light.start(
            {
                REDIS_HOST: redis.host,
                REDIS_PORT: redis.port,
                STREAM: "jobs",
                GROUP: "staff",
            },
            { bytecode }
        )
        light.device.on("log", ({ text }) => glass.take(text))
        await light.reads({ lag: 6 })
        await light.sweep()
        await light.showsBar("1110000000")
        const fresh = single("6", 3, "entries")
        const signs = [fresh, single("6", 3, "entries").fill(124, 0, 4)]
        assert.ok(signs.some(one => String(one) === String(glass.picture)))
        // the sign of life comes and goes
        const shown = new Set<string>()
        for (let ms = 0; ms < 5000; ms += STEP_MS) {
            await light.run(STEP_MS)
            shown.add(String(glass.picture))
        }
        assert.deepEqual(
            [...shown].sort(),
            signs.map(String).sort(),
            [...shown].join("\n\n")
        )
        await redis.server.stop()
        await light.reads({ condition: "stale" }, 10_000)
        await light.run(200)
        const stale = single("?", 3, "stale, was 6: no", "answer for 5 s")
        assert.ok(
            [String(stale), String(stale.fill(124, 0, 4))].includes(
                String(glass.picture)
            ),
            `${glass.picture}`
        )
    })

    test("is a program that builds", async () => {
        const { sizeBytes } = await buildFirmware({
            entry: "src/mainoled.ts",
        })
        assert.ok(sizeBytes > 80_000)
    })
})
