/** `npm run bundle` and `npm run flash`, without internet and without a board, on a stand-in for DeviceScript's runtime. */
import assert from "node:assert/strict"
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { findBootDrives } from "../../../sim/desk/boot-drive.ts"
import { settingsText } from "../../../sim/desk/bundler.ts"
import { withStockTool } from "../../../sim/desk/stock-tool.ts"
import { bytesAt, readUf2, RP2040_FAMILY } from "../../../sim/desk/uf2.ts"
import type { Uf2Block } from "../../../sim/desk/uf2.ts"
import { parseSettings } from "../../../sim/settings-file.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { runScript } from "../support/desk/run-script.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))

const folder = mkdtempSync(join(tmpdir(), "laglight-test-"))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string) => join(folder, name)

/** Addresses in the Pico W's flash, as DeviceScript's tool has them for the architecture rp2040w. */
const FLASH = 0x10000000
const CONFIG = 0x100dc000
const STORAGE = 0x100e0000
const STORAGE_BYTES = 32 * 4096
const RUNTIME_BYTES = 5000

/** A UF2 file with a "runtime" of a pattern, and a configuration of a board without any entry. */
function standIn({ family = RP2040_FAMILY, config = "444346470a9bb4ca" } = {}) {
    const runtime = Buffer.from(
        Array.from({ length: RUNTIME_BYTES }, (_, i) => (i * 7) % 256)
    )
    const header = Buffer.alloc(24 + 64 + 24)
    header.write(config, "hex")
    header.writeUInt32LE(header.length, 8)
    return uf2(family, [
        [FLASH, runtime],
        [CONFIG, header],
    ])
}

function uf2(family: number, parts: [address: number, bytes: Buffer][]) {
    const blocks: Buffer[] = []
    for (const [address, bytes] of parts)
        for (let at = 0; at < bytes.length; at += 256) {
            const block = Buffer.alloc(512)
            const words = [0x0a324655, 0x9e5d5157, 0x2000, address + at, 256]
            words.forEach((word, i) => block.writeUInt32LE(word, i * 4))
            block.writeUInt32LE(family, 28)
            block.fill(0xff, 32, 32 + 256)
            bytes.copy(block, 32, at, at + 256)
            block.writeUInt32LE(0x0ab16f30, 508)
            blocks.push(block)
        }
    blocks.forEach((block, i) => {
        block.writeUInt32LE(i, 20)
        block.writeUInt32LE(blocks.length, 24)
    })
    return Buffer.concat(blocks)
}

/** What the runtime finds in its storage: entries of a key, where its bytes are, how many. The last one of a key counts. */
function readStorage(blocks: Uf2Block[]) {
    const bytes = Buffer.alloc(STORAGE_BYTES, 0xff)
    for (const { address, data } of blocks)
        if (address >= STORAGE) data.copy(bytes, address - STORAGE)
    assert.equal(bytes.toString("latin1", 0, 4), "FSTR")
    const entries = new Map<string, Buffer>()
    for (let at = 24; bytes[at] !== 0xff; at += 24) {
        const key = bytes.toString("latin1", at, at + 16).replace(/\0.*/, "")
        const offset = bytes.readUInt32LE(at + 16)
        const size = bytes.readUInt32LE(at + 20)
        entries.set(key, bytes.subarray(offset, offset + size))
    }
    return entries
}

function assertOurBoard(blocks: Uf2Block[]) {
    const config = bytesAt(blocks, CONFIG, 1280)!
    for (const text of ["Pico W laglight", "pins.LED10", "sPin.LED10"])
        assert.ok(config.includes(text), text)
}

function run(script: string, ...args: string[]) {
    return runScript(script, args, {
        env: { LAGLIGHT_CANARY: "canary-in-the-environment" },
    })
}

const leftOver = () =>
    readdirSync(tmpdir()).filter(name => name.startsWith("laglight-tool-"))

const SETTINGS = [
    "REDIS_HOST=redis.lan",
    'REDIS_PASS="p\\u0023ss = word"',
    "STREAM=jöbs",
    "WIFI_SSID=attic",
    'WIFI_PWD="rhubarb\\u0023crumble"',
].join("\n")

describe("bundle", () => {
    test("holds runtime, program, settings and Wi-Fi, and nothing else; only its owner can read it", async () => {
        writeFileSync(file("runtime.uf2"), standIn())
        writeFileSync(file("settings"), SETTINGS)
        // an older one that everybody can read
        writeFileSync(file("laglight.uf2"), "old", { mode: 0o644 })
        const before = leftOver()
        const { code, stdout, stderr } = await run(
            "sim/desk/bundle.ts",
            ...["--settings", file("settings")],
            ...["--runtime", file("runtime.uf2")],
            ...["--output", file("laglight.uf2")]
        )
        assert.equal(code, 0, stdout + stderr)
        assert.match(
            stdout,
            /It contains secrets: your Wi-Fi and Redis passwords\. Only you can read it/
        )
        assert.doesNotMatch(stdout + stderr, /rhubarb|p#ss/)
        assert.equal(statSync(file("laglight.uf2")).mode & 0o777, 0o600)
        assert.deepEqual(leftOver(), before, "the copy of the project is gone")

        const bundle = readFileSync(file("laglight.uf2"))
        const blocks = readUf2(bundle)
        const original = readUf2(standIn())
        assert.ok(blocks.every(block => block.familyId === RP2040_FAMILY))
        assert.deepEqual(
            bytesAt(blocks, FLASH, RUNTIME_BYTES),
            bytesAt(original, FLASH, RUNTIME_BYTES)
        )
        assertOurBoard(blocks)

        const storage = readStorage(blocks)
        const settings = [...storage].filter(([key]) => key.startsWith(":"))
        assert.deepEqual(
            Object.fromEntries(
                settings.map(([key, json]) => [
                    key.slice(1),
                    JSON.parse(json.toString()),
                ])
            ),
            {
                REDIS_PORT: 6379,
                GROUP: "staff",
                POLL_MS: 1000,
                LAG_PER_LED: 2,
                REDIS_HOST: "redis.lan",
                REDIS_PASS: "p#ss = word",
                STREAM: "jöbs",
                WLAN_SSID: "attic",
                WLAN_PWD: "rhubarb#crumble",
            }
        )
        const others = [...storage].filter(([key]) => !key.startsWith(":"))
        assert.equal(others.length, 1, "the program")

        // the runtime keeps its hash and size in front of it
        const [[, stored]] = others
        const program = stored.subarray(stored.indexOf("DevS"))
        for (const secret of [
            "canary-in-the-environment",
            homedir() === "/" ? "canary" : homedir(),
            folder,
            ROOT.replace(/\/$/, ""),
        ])
            assert.equal(bundle.indexOf(secret), -1, secret)
        for (const secret of ["rhubarb", "p#ss"])
            assert.equal(program.indexOf(secret), -1, secret)

        // the program runs, with these very settings, in the same VM
        const device = await SimulatedDevice.start({
            bytecode: new Uint8Array(program),
            settings: new Map(
                settings.map(([key, json]) => [key.slice(1), json.toString()])
            ),
        })
        try {
            await device.waitForLog(
                /^redis: connecting to redis\.lan/,
                10_000,
                {
                    since: 0,
                }
            )
        } finally {
            await device.stop()
        }
    })

    test("-- oled has the program with a screen, and its pins", async () => {
        writeFileSync(file("runtime.uf2"), standIn())
        writeFileSync(file("settings"), SETTINGS)
        const { code, stdout, stderr } = await run(
            "sim/desk/bundle.ts",
            "oled",
            ...["--settings", file("settings")],
            ...["--runtime", file("runtime.uf2")],
            ...["--output", file("oled.uf2")]
        )
        assert.equal(code, 0, stdout + stderr)
        const blocks = readUf2(readFileSync(file("oled.uf2")))
        const program = [...readStorage(blocks)].find(
            ([key]) => !key.startsWith(":")
        )![1]
        for (const text of ["oled: no answer", "i2c.pinSDA", "i2c.pinSCL"])
            assert.ok(program.includes(text), text)
    })

    test("is not made of settings that are wrong", async () => {
        writeFileSync(file("wrong"), SETTINGS.replace("redis.lan", "10.0.0.7"))
        const { code, stderr } = await run(
            "sim/desk/bundle.ts",
            ...["--settings", file("wrong")],
            ...["--runtime", file("runtime.uf2")],
            ...["--output", file("none.uf2")]
        )
        assert.equal(code, 1)
        assert.match(stderr, /REDIS_HOST is 10\.0\.0\.7: the Pico W's runtime/)
        assert.match(stderr, /1 mistake in the settings; nothing was deployed/)
        assert.equal(existsSync(file("none.uf2")), false)
    })

    test("is read by DeviceScript as the settings it was made of", () => {
        const settings = parseSettings(
            [...SETTINGS.split("\n"), "POLL_MS=1e3", "REDIS_TLS=false"].join(
                "\n"
            )
        )
        const carried = parseSettings(settingsText(settings))
        assert.deepEqual(
            [...carried.keys()].sort(),
            [...settings.keys()]
                .map(key => key.replace("WIFI_", "WLAN_"))
                .sort()
        )
        for (const [key, json] of settings)
            assert.equal(carried.get(key.replace("WIFI_", "WLAN_")), json)
    })
})

describe("flash", () => {
    const RELEASE =
        "it should be devicescript-rp2040w-pico_w.uf2 from https://github.com/microsoft/devicescript-pico/releases/latest"

    test("copies the runtime, with our board's pins and no settings, onto the drive", async () => {
        writeFileSync(file("runtime.uf2"), standIn())
        mkdirSync(file("RPI-RP2"), { recursive: true })
        const { code, stdout, stderr } = await run(
            "sim/desk/flash.ts",
            ...["--runtime", file("runtime.uf2")],
            ...["--drive", file("RPI-RP2")]
        )
        assert.equal(code, 0, stdout + stderr)
        const [name] = readdirSync(file("RPI-RP2"))
        const blocks = readUf2(readFileSync(join(file("RPI-RP2"), name)))
        assertOurBoard(blocks)
        assert.equal(bytesAt(blocks, STORAGE, 1), undefined)
    })

    test("tells how to bring the board into BOOTSEL mode, and that it waits", async () => {
        const { code, stdout, stderr } = await run(
            "sim/desk/flash.ts",
            ...["--runtime", file("runtime.uf2"), "--wait", "0"]
        )
        assert.equal(code, 1)
        assert.match(stdout, /press its button BOOTSEL and hold it;/)
        assert.match(stdout, /let go of the button: a drive named RPI-RP2/)
        assert.match(stderr, /^no drive RPI-RP2 appeared\./)
    })

    test("finds the drive by the file that the chip puts on it", () => {
        mkdirSync(file("stick"))
        mkdirSync(file("other-board"))
        mkdirSync(file("pico"))
        writeFileSync(
            join(file("other-board"), "INFO_UF2.TXT"),
            "Board-ID: SAMD21\n"
        )
        writeFileSync(
            join(file("pico"), "INFO_UF2.TXT"),
            "Board-ID: RPI-RP2\r\n"
        )
        assert.deepEqual(
            findBootDrives([file("stick"), file("other-board"), file("pico")]),
            [file("pico")]
        )
    })

    for (const [what, name, bytes, why] of [
        ["nothing", "missing.uf2", undefined, "there is no such file"],
        ["a text", "text.uf2", Buffer.from("hello"), "not a UF2 file"],
        [
            "half a file",
            "half.uf2",
            standIn().subarray(0, 5 * 512),
            "a UF2 file that is not whole",
        ],
        [
            "a runtime for another chip",
            "esp32.uf2",
            standIn({ family: 0x1c5f21b0 }),
            "it is for another chip than the RP2040",
        ],
        [
            "some other program for the Pico W",
            "micropython.uf2",
            standIn({ config: "0000000000000000" }),
            "it holds no configuration of a DeviceScript board",
        ],
        [
            "a bundle",
            "bundle.uf2",
            uf2(RP2040_FAMILY, [
                [FLASH, Buffer.alloc(512, 1)],
                [CONFIG, Buffer.from("444346470a9bb4ca", "hex")],
                [STORAGE, Buffer.from("FSTR")],
            ]),
            "it holds a program and settings already, a bundle and not a runtime",
        ],
    ] as const)
        test(`does not take ${what} for a runtime`, async () => {
            if (bytes) writeFileSync(file(name), bytes)
            await assert.rejects(
                withStockTool(
                    ["flash"],
                    { runtimeFile: file(name), onProgress: () => {} },
                    () => {},
                    () => {}
                ),
                {
                    message: `--runtime ${file(name)}: ${why}; ${RELEASE}`,
                }
            )
        })
})
