/**
 * Deploying to a board, following and watching it: the whole path but the serial port itself, with a simulated device at
 * the other end of a USB line.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duplex } from "node:stream"
import { after, before, describe, test } from "node:test"
import { Board } from "../../../sim/desk/board.ts"
import { lineTo } from "../../../sim/desk/simulated-line.ts"
import { buildFirmware } from "../../../sim/firmware.ts"
import type { Firmware } from "../../../sim/firmware.ts"
import { parseSettings } from "../../../sim/settings-file.ts"
import { Snapshots } from "../../../sim/light/snapshots.ts"
import type { Snapshot } from "../../../sim/light/snapshots.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { runScript } from "../support/desk/run-script.ts"

const folder = mkdtempSync(join(tmpdir(), "laglight-deploy-"))
after(() => rmSync(folder, { recursive: true, force: true }))

describe("a board on USB", () => {
    let device: SimulatedDevice
    let board: Board
    let talk: Firmware
    const logs: string[] = []
    const KEYS = ["NAME", "COUNT", "TEXT", "LIST", "FLAG"]

    before(async () => {
        const [blink, other] = await Promise.all(
            ["blink", "talk"].map(name =>
                buildFirmware({ entry: `test/device/programs/${name}.ts` })
            )
        )
        talk = other
        device = await SimulatedDevice.start({ bytecode: blink.bytecode })
        board = new Board()
        board.on("log", ({ text }) => logs.push(text))
        await board.attach(lineTo(device))
    })
    after(async () => {
        await board.stop()
        await device.stop()
    })

    async function until(probe: () => boolean, what: string) {
        await board.until(probe, 10_000, () => `not seen: ${what}`)
    }

    async function deploy(settings: string) {
        logs.length = 0
        const done = await board.deploy({
            bytecode: talk.bytecode,
            settings: parseSettings(settings),
            knownKeys: KEYS,
        })
        await until(() => logs.includes("settings read"), "the program's log")
        return done
    }

    test("shows what the simulator shows", async () => {
        await until(() => board.leds === "1110000000", "the first frame")
        await until(() => board.leds === "0000000111", "the second frame")
        assert.equal(board.leds, device.leds)
    })

    test("takes a program and its settings", async () => {
        const { programSent } = await deploy('NAME=Größe\nCOUNT=41\nTEXT="1e5"')
        assert.equal(programSent, true)
        assert.deepEqual(logs.slice(0, 6), [
            "log line",
            "debug line",
            "warn line",
            "error line",
            "NAME=Größe bytes=7",
            "COUNT+1=42 TEXT+1=1e51",
        ])
    })

    test("takes changed settings without a new program, and forgets those that are gone", async () => {
        const { programSent } = await deploy("COUNT=7")
        assert.equal(programSent, false)
        assert.ok(logs.includes("NAME=none bytes=4"), logs.join("\n"))
        assert.ok(logs.includes("COUNT+1=8 TEXT+1=none1"), logs.join("\n"))
    })

    test("comes back after a reset, with what it was given", async () => {
        const gone = new Promise<void>(resolve => board.once("gone", resolve))
        logs.length = 0
        await device.reset()
        await gone
        assert.equal(board.leds, "0000000000")
        await assert.rejects(deploy("COUNT=8"), {
            message: "the board has gone",
        })
        await board.attach(lineTo(device))
        assert.equal(board.restarts, 1)
        await until(
            () => logs.includes("COUNT+1=8 TEXT+1=none1"),
            "the settings"
        )
    })

    test("that says nothing is told from one without DeviceScript's services", async () => {
        const silent = new Duplex({
            read() {},
            write: (_b, _e, done) => done(),
        })
        const other = new Board()
        await assert.rejects(other.attach(silent, 300), {
            message:
                "the board does not answer: is DeviceScript's runtime on it? npm run flash puts it there",
        })
        await other.stop()
    })
})

describe("the firmware on a board", () => {
    let redis: TestRedis
    let device: SimulatedDevice
    let board: Board
    let firmware: Firmware
    let picture: Snapshots
    const KEYS = ["REDIS_HOST", "REDIS_PORT", "STREAM", "GROUP", "LAG_PER_LED"]
    const snapshots: Snapshot[] = []

    before(async () => {
        redis = await startTestRedis()
        await redis.client.sendCommand([
            "XGROUP",
            "CREATE",
            "jobs",
            "staff",
            "$",
            "MKSTREAM",
        ])
        for (let i = 0; i < 6; i++)
            await redis.client.sendCommand(["XADD", "jobs", "*", "n", "1"])
        firmware = await buildFirmware()
        device = await SimulatedDevice.start({
            bytecode: firmware.bytecode,
            settings: {
                REDIS_HOST: redis.host,
                REDIS_PORT: redis.port,
                STREAM: "jobs",
                GROUP: "staff",
            },
        })
        board = new Board()
        await board.attach(lineTo(device))
        picture = new Snapshots(board)
        picture.on("change", snapshot => snapshots.push(snapshot))
    })
    after(async () => {
        await board.stop()
        await device.stop()
        await redis.stop()
    })

    const settings = (lagPerLed: number) =>
        parseSettings(
            `REDIS_HOST=${redis.host}\nREDIS_PORT=${redis.port}\nSTREAM=jobs\nGROUP=staff\nLAG_PER_LED=${lagPerLed}`
        )

    async function untilLevel(level: number) {
        await board.until(
            () =>
                snapshots.some(
                    snapshot =>
                        snapshot.level === level &&
                        snapshot.leds === "1".repeat(level).padEnd(10, "0")
                ),
            15_000,
            () => JSON.stringify(snapshots.at(-1))
        )
    }

    test("is watched as the simulator is: settings redeployed over USB take effect, the bytecode stays", async () => {
        const first = await board.deploy({
            bytecode: firmware.bytecode,
            settings: settings(2),
            knownKeys: KEYS,
        })
        assert.equal(first.programSent, false, "the simulator had it already")
        await untilLevel(3)
        assert.equal(picture.now.lag, 6)
        snapshots.length = 0
        const second = await board.deploy({
            bytecode: firmware.bytecode,
            settings: settings(1),
            knownKeys: KEYS,
        })
        assert.equal(second.programSent, false)
        await untilLevel(6)
        assert.equal(picture.now.stream, "jobs")
    })
})

describe("the commands", () => {
    function settingsFile(...lines: string[]) {
        const path = join(folder, "settings")
        writeFileSync(path, lines.join("\n"))
        return path
    }

    test("deploy -- ledtest puts the LED test on the board and follows its log", async () => {
        const { code, stdout, stderr } = await runScript(
            "sim/desk/deploy.ts",
            ["ledtest", "--simulator", "--settings", settingsFile()],
            { wanted: /LED2: GP1, pin 2/ }
        )
        assert.equal(code, 0, stderr)
        assert.match(
            stdout,
            /^the settings are valid\ndeploying ledtest to a simulated board\nledtest runs: \d+ bytes of program, 6 settings\n/
        )
        assert.match(stdout, /LED1: GP0, pin 1\n.*LED2: GP1, pin 2/)
    })

    test("deploy -- oled puts the light with a screen on the board, which goes on where there is none", async () => {
        const { code, stdout, stderr } = await runScript(
            "sim/desk/deploy.ts",
            ["oled", "--simulator", "--settings", settingsFile()],
            { wanted: /oled: no answer.*[^]*light: connecting/ }
        )
        assert.equal(code, 0, stderr)
        assert.match(stdout, /\noled runs: \d+ bytes of program, 6 settings\n/)
        assert.match(stdout, /oled: no answer from the screen/)
    })

    test("deploy deploys nothing that check refuses", async () => {
        const { code, stdout, stderr } = await runScript("sim/desk/deploy.ts", [
            ...["--settings", settingsFile("POLL_MS=1")],
            ...["--serial", join(folder, "no-port")],
        ])
        assert.equal(code, 1)
        assert.equal(stdout, "")
        assert.match(stderr, /:1: POLL_MS is 1; accepted: /)
        assert.match(stderr, /mistakes in the settings; nothing was deployed/)
    })

    test("deploy says which port is not there", async () => {
        const port = join(folder, "no-port")
        const { code, stderr } = await runScript("sim/desk/deploy.ts", [
            "--settings",
            settingsFile(
                "REDIS_HOST=redis.lan",
                "WIFI_SSID=attic",
                "WIFI_PWD=rhubarb crumble"
            ),
            ...["--serial", port],
        ])
        assert.equal(code, 1)
        assert.equal(
            stderr,
            `there is no port ${port}; unplug the board, plug it in again, and leave the port's name out\n`
        )
    })

    test("watch shows a board as the simulator is shown", async () => {
        const { code, stderr } = await runScript(
            "sim/desk/watch.ts",
            ["--simulator", "--json", "--no-page"],
            { wanted: /"leds":"1111111111"/ }
        )
        assert.equal(code, 0, stderr)
        // nobody gave it settings: those of the simulator without any
        assert.match(stderr, /redis: connecting to localhost:6379/)
    })

    test("watch says what it needs, with exit code 2", async () => {
        const { code, stderr } = await runScript("sim/desk/watch.ts", [])
        assert.equal(code, 2)
        assert.equal(
            stderr,
            "nothing to watch: --serial watches a board on USB (npm start watches the simulator)\n"
        )
    })

    test("test:board tests a board by its light, and says what it skips", async () => {
        const redis = await startTestRedis()
        try {
            await redis.client.sendCommand([
                "XGROUP",
                "CREATE",
                "jobs",
                "staff",
                "$",
                "MKSTREAM",
            ])
            const { code, stdout } = await runScript("sim/desk/test-board.ts", [
                "--simulator",
                "--settings",
                settingsFile(
                    `REDIS_HOST=${redis.host}`,
                    `REDIS_PORT=${redis.port}`
                ),
            ])
            assert.equal(code, 0, stdout)
            assert.match(stdout, /4 of 4 passed, 4 skipped\n$/)
            assert.match(
                stdout,
                /skip {2}time lapse: .* \(needs the simulator: npm test\)/
            )
        } finally {
            await redis.stop()
        }
    })

    test("explain themselves with --help", async () => {
        const scripts = ["check", "bundle", "flash", "deploy", "watch"]
        scripts.push("test-board")
        await Promise.all(
            scripts.map(async script => {
                const { code, stdout } = await runScript(
                    `sim/desk/${script}.ts`,
                    ["--help"],
                    { isSource: true }
                )
                assert.equal(code, 0, script)
                assert.match(stdout, /^Usage: npm run /)
                assert.match(stdout, /--help/)
            })
        )
    })
})
