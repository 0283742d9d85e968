/** The simulator's foundations: the VM in a process of its own, its clock, its sockets, its settings, its memory. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { statSync } from "node:fs"
import net from "node:net"
import type { AddressInfo } from "node:net"
import { after, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import fc from "fast-check"
import { buildFirmware } from "../../../sim/firmware.ts"
import { encodeSettings, parseSettings } from "../../../sim/settings-file.ts"
import { DrivenClock, RealClock } from "../../../sim/vm/clock.ts"
import { SimulatedDevice } from "../../../sim/vm/device.ts"
import type { DeviceOptions } from "../../../sim/vm/device.ts"
import hostSockets from "../../../sim/vm/host-sockets.ts"
import { bundledScript } from "../support/bundles.ts"
import { stockParser } from "../support/stock-parser.ts"

const running = new Set<SimulatedDevice>()
after(() => Promise.all([...running].map(device => device.stop())))

/** Starts a program of test/device/programs. It is stopped at the end, if the test does not. */
async function start(
    program: string,
    options: Omit<DeviceOptions, "bytecode"> = {}
) {
    const { bytecode } = await buildFirmware({
        entry: `test/device/programs/${program}.ts`,
    })
    const device = await SimulatedDevice.start({ bytecode, ...options })
    running.add(device)
    return device
}

/** A TCP server on a free port of this computer. */
async function serve(onConnection: (socket: net.Socket) => void) {
    const sockets = new Set<net.Socket>()
    const server = net.createServer(socket => {
        sockets.add(socket)
        socket.on("error", () => {})
        onConnection(socket)
    })
    await new Promise<void>(resolve =>
        server.listen(0, "127.0.0.1", () => resolve())
    )
    const { port } = server.address() as AddressInfo
    return {
        port,
        close() {
            server.close()
            for (const socket of sockets) socket.destroy()
        },
    }
}

function isAlive(pid: number) {
    try {
        process.kill(pid, 0)
        return true
    } catch {
        return false
    }
}

async function gone(pid: number, withinMs: number) {
    for (const end = Date.now() + withinMs; Date.now() < end; await sleep(20))
        if (!isAlive(pid)) return true
    return false
}

describe("settings files", () => {
    const stock = stockParser()

    test("read as DeviceScript reads them", () => {
        const file = [
            "A=1e5",
            'B="1e5"',
            "C=007",
            "D = spaced ",
            "E=a=b",
            "F=Größe ☃",
            "# comment",
            "G=x # y",
            "H=",
            "I=null",
            'J={"k":[1,2]}',
            "noequals",
            "=K=5",
            "==",
            "A=2",
            "L=true",
            "M=   ",
            "H=late",
            "F=",
        ].join("\r\n")
        assert.deepEqual(parseSettings(file), stock(file))
        assert.equal(parseSettings(file).get("I"), '"null"')
    })

    test("read as DeviceScript reads them, whatever they hold", () => {
        const line = fc.string({
            unit: fc.constantFrom(...'AB=# "1e{}[],.\\né\t☃😀-'),
            maxLength: 12,
        })
        fc.assert(
            fc.property(
                fc.array(line, { maxLength: 6 }),
                fc.constantFrom("\n", "\r\n"),
                (lines, newline) => {
                    const file = lines.join(newline)
                    assert.deepEqual(parseSettings(file), stock(file))
                }
            ),
            { numRuns: 2000 }
        )
    })
})

describe("firmware", () => {
    test("is built once for all who ask, also at the same time", async () => {
        const entry = "test/device/programs/blink.ts"
        const [a, b] = await Promise.all([
            buildFirmware({ entry }),
            buildFirmware({ entry }),
        ])
        assert.deepEqual(a, b)
        assert.equal(a.sizeBytes, a.bytecode.length)
        const { mtimeMs } = statSync(a.file)
        await buildFirmware({ entry })
        assert.equal(statSync(a.file).mtimeMs, mtimeMs, "written once")
    })

    test("that does not compile is refused with the compiler's words", async () => {
        await assert.rejects(
            buildFirmware({ entry: "test/device/programs/missing.ts" }),
            /missing\.ts does not compile:[^]*not found/
        )
    })
})

describe("device", () => {
    test("shows every change of its LEDs", async () => {
        const seen: string[] = []
        const device = await start("blink", {
            onCreated: d => d.on("leds", leds => seen.push(leds)),
        })
        assert.equal(device.leds, "0000000000")
        await device.waitForLeds("1110000000", 5000)
        await device.until(
            () => seen.length >= 6 || undefined,
            5000,
            "six changes"
        )
        await device.stop()
        assert.deepEqual(
            seen.slice(0, 6),
            Array.from({ length: 6 }, (_, i) =>
                i % 2 ? "0000000111" : "1110000000"
            )
        )
    })

    test("tells its log by level, and its data", async () => {
        const device = await start("talk")
        await device.waitForLog(/settings read/, 5000, { since: 0 })
        assert.deepEqual(
            device.logs.slice(0, 4).map(({ level, text }) => [level, text]),
            [
                ["log", "log line"],
                ["debug", "debug line"],
                ["warn", "warn line"],
                ["error", "error line"],
            ]
        )
        await device.waitForData(record => record === undefined, 1000, {
            since: 0,
        })
        assert.deepEqual(
            device.records.map(({ record }) => record),
            [
                {
                    stream: "jobs",
                    lag: 3,
                    known: null,
                    list: [1, "zwölf ☃", { "a b": -0.5 }],
                },
                {
                    text: 'a:1,} "q" \\u00e9',
                    live: true,
                    long: "0123456789".repeat(7),
                },
                // cut by the VM
                undefined,
            ]
        )
        await device.stop()
    })

    test("has its settings before the program starts, and forgets the old ones at a redeploy", async () => {
        const device = await start("talk", {
            settings: {
                NAME: "Größe ☃",
                COUNT: 41,
                TEXT: "1e5",
                LIST: [1, 22],
                FLAG: false,
                WIFI_SSID: "net",
                WIFI_PWD: "secret",
            },
        })
        await device.waitForLog(/settings read/, 5000, { since: 0 })
        const texts = () => device.logs.map(log => log.text)
        assert.ok(texts().includes("NAME=Größe ☃ bytes=11"))
        assert.ok(texts().includes("COUNT+1=42 TEXT+1=1e51"))
        assert.ok(texts().includes("LIST=2/22 FLAG=true"))

        const before = device.now
        await device.deploySettings(parseSettings('COUNT=7\nTEXT="0"'))
        await device.waitForLog(/settings read/, 5000, { since: before })
        assert.ok(texts().includes("NAME=none bytes=4"))
        assert.ok(texts().includes("COUNT+1=8 TEXT+1=01"))
        await device.stop()
    })

    test("keeps program and settings over a reset", async () => {
        const device = await start("talk", { settings: { NAME: "kept" } })
        await device.waitForLog(/settings read/, 5000, { since: 0 })
        const { pid } = device
        const before = device.now
        await device.reset()
        assert.equal(device.restarts, 1)
        assert.notEqual(device.pid, pid)
        await device.waitForLog(/NAME=kept/, 10_000, { since: before })
        await device.stop()
    })

    test("starts again when its program reboots the chip", async () => {
        const device = await start("trouble", {
            settings: { HOW: "reboot" },
            clock: "driven",
        })
        await device.runFor(4000)
        assert.ok(device.restarts >= 3, `${device.restarts} restarts`)
        assert.ok(device.logs.length >= 3)
        await device.stop()
    })

    for (const [how, code] of [
        ["heap", 60004],
        ["loop", 60001],
        ["throw", 60005],
    ] as const)
        test(`tells a panic (${how}), and the VM starts the program again after 5 s`, async () => {
            const panics: { t: number; code: number }[] = []
            const starts: number[] = []
            const device = await start("trouble", {
                settings: { HOW: how },
                clock: "driven",
                onCreated: d => {
                    d.on("panic", panic => panics.push(panic))
                    d.on("program", ({ t }) => starts.push(t))
                },
            })
            await device.runFor(6000)
            await device.stop()
            assert.equal(panics[0].code, code)
            assert.equal(starts.length, 2)
            const pause = starts[1] - panics[0].t
            assert.ok(pause > 5000 && pause < 5500, `${pause} ms`)
        })

    test("ends when the VM itself fails, and says where", async () => {
        const exits: string[] = []
        const device = await start("trouble", {
            settings: { HOW: "vm" },
            clock: "driven",
            onCreated: d => d.on("exit", ({ reason }) => exits.push(reason)),
        })
        await assert.rejects(
            device.waitForLog(/never/, 10_000),
            /ended: crash[^]*User-requested JD_PANIC/
        )
        await device.stop()
        assert.deepEqual(exits, ["crash"])
    })

    test("does not mind another one beside it", async () => {
        const [a, b] = await Promise.all([start("blink"), start("blink")])
        await Promise.all([
            a.waitForLeds("1110000000", 5000),
            b.waitForLeds("1110000000", 5000),
        ])
        await a.stop()
        await b.waitForLeds("0000000111", 5000, { since: b.now })
        await b.stop()
    })

    test("reports its memory", async () => {
        const device = await start("blink", {
            gcStress: true,
            heapReport: true,
        })
        await device.waitForLeds("0000000111", 5000)
        const memory = await device.memory()
        await device.stop()
        assert.equal(memory.usedBytes + memory.freeBytes, 65524)
        assert.ok(memory.usedBytes > 1000 && memory.usedBytes < 20_000)
        assert.ok(memory.largestFreeBytes <= memory.freeBytes)
        assert.ok(memory.lowestFreeBytes <= memory.freeBytes)
        assert.ok(memory.lowestFreeBytes > 40_000)
        assert.ok(memory.peakLiveBytes > 1000)
    })
})

describe("device's network", () => {
    test("brings 100 KB whole, in segments, in order, then the end", async () => {
        const bytes = Buffer.from(
            Array.from({ length: 100_000 }, (_, i) => i % 251)
        )
        const server = await serve(socket =>
            socket.once("data", () => socket.end(bytes))
        )
        const device = await start("wire", {
            settings: { HOST: "127.0.0.1", PORT: server.port },
        })
        const open = await device.waitForLog(/^open/, 5000, { since: 0 })
        const end = await device.waitForLog(/^end/, 5000, { since: 0 })
        const { text } = await device.waitForLog(/^pieces/, 5000, { since: 0 })
        server.close()
        await device.stop()
        // bursts of the host may be cut differently, so a few more pieces than 69
        const [, pieces] =
            /pieces=(\d+) bytes=100000 largest=1460 wrong=0/.exec(text)!
        assert.ok(Number(pieces) >= 69 && Number(pieces) < 200, text)
        assert.ok(end.t - open.t >= 60, "about a millisecond apart")
    })

    test("tells in Node's words why it cannot connect", async () => {
        const device = await start("wire", {
            settings: { HOST: "localhost", PORT: 1 },
        })
        await device.waitForLog(/^error: .*ECONNREFUSED/, 5000, { since: 0 })
        await device.stop()
    })

    // how soon it answers is a matter of the bench ("XADD to LED")
    test("hears each message by itself, and answers in order", async () => {
        let peer: net.Socket | undefined
        const server = await serve(socket => (peer = socket.setNoDelay(true)))
        const device = await start("wire", {
            settings: { ECHO: true, HOST: "127.0.0.1", PORT: server.port },
        })
        await device.until(() => peer, 5000, "the connection")
        for (let i = 0; i < 50; i++) {
            peer!.write(`ping ${i}`)
            const [answer] = await once(peer!, "data")
            assert.equal(String(answer), `ping ${i}`)
        }
        server.close()
        await device.stop()
    })

    test("can be replaced by a module", async () => {
        const module = `export default ({ emit, clock }) => ({
            open(host, port, tls) {
                clock.setTimeout(() => emit("open"), 10)
                return 0
            },
            write(bytes) {
                emit("data", bytes)
                clock.setTimeout(() => emit("error", "made up"), 1000)
                return 0
            },
            close() { return 0 },
        })`
        const device = await start("wire", {
            socketsModule: `data:text/javascript,${encodeURIComponent(module)}`,
            settings: { HOST: "anything", PORT: 1 },
            clock: "driven",
        })
        const open = await device.waitForLog(/^open/, 5000, { since: 0 })
        const error = await device.waitForLog(/^error/, 5000, { since: 0 })
        assert.match(error.text, /made up/)
        assert.ok(Math.abs(error.t - open.t - 1000) < 20, "in device time")
        await device.waitForLog(/pieces=1 bytes=7/, 100, { since: 0 })
        await device.stop()
    })

    test("fails with the reason when its module does", async () => {
        await assert.rejects(
            start("wire", { socketsModule: "file:///no/such/module.js" }),
            /ended: killed[^]*no\/such\/module\.js/
        )
    })

    test("drops the old socket for a new one, and sends before it closes", async () => {
        const received: string[] = []
        let ended = 0
        const server = await serve(socket => {
            socket.on("data", data => received.push(data.toString()))
            socket.on("close", () => ended++)
            socket.write("banner")
        })
        const events: string[] = []
        const sockets = hostSockets({
            clock: new RealClock(),
            maxPieceBytes: 4,
            answerWaitMs: 1000,
            emit: (event, arg) =>
                events.push(
                    typeof arg === "object"
                        ? `${event} ${Buffer.from(arg)}`
                        : event
                ),
        })
        sockets.open("127.0.0.1", server.port, false)
        // before it can say a thing
        assert.equal(sockets.open("127.0.0.1", server.port, false), 0)
        await sleep(100)
        assert.deepEqual(events, ["open", "data bann", "data er"])
        assert.equal(sockets.write(Buffer.from("QUIT")), 0)
        assert.equal(sockets.close(), 0)
        assert.ok(sockets.write(Buffer.from("late")) < 0)
        assert.ok(sockets.close() < 0)
        await sleep(100)
        server.close()
        assert.deepEqual(received, ["QUIT"])
        assert.ok(ended >= 1)
        assert.equal(events.length, 3, "silent once closed")
    })
})

describe("driven clock", () => {
    test("fires timers in the order of their time, and stands still otherwise", async () => {
        const clock = new DrivenClock(1000)
        const fired: string[] = []
        clock.setTimeout(() => fired.push(`b ${clock.now()}`), 20)
        clock.setTimeout(() => {
            fired.push(`a ${clock.now()}`)
            clock.setTimeout(() => fired.push(`c ${clock.now()}`), 30)
        }, 10)
        clock.clearTimeout(clock.setTimeout(() => fired.push("never"), 15))
        await sleep(30)
        assert.deepEqual(fired, [])
        await clock.runUntil(1030, () => {})
        assert.deepEqual(fired, ["a 1010", "b 1020"])
        assert.equal(clock.now(), 1030)
        await clock.runUntil(1040, () => {})
        assert.deepEqual(fired.slice(2), ["c 1040"])
    })

    test("lets an hour pass in seconds", { timeout: 120_000 }, async () => {
        const device = await start("trouble", {
            settings: { HOW: "sleep" },
            clock: "driven",
        })
        const { t } = await device.waitForLog(/slept 3600 s/, 3_700_000, {
            since: 0,
        })
        assert.ok(t >= 3_600_000 && t < 3_601_000)
        await device.stop()
    })

    test("waits for a real server's answer", async () => {
        const bytes = Buffer.from(
            Array.from({ length: 30_000 }, (_, i) => i % 251)
        )
        const server = await serve(socket =>
            socket.once("data", async () => {
                // far less than the program's limit of 5 s, far more than a driven clock needs for that
                await sleep(50)
                socket.end(bytes)
            })
        )
        const device = await start("wire", {
            settings: { HOST: "127.0.0.1", PORT: server.port },
            clock: "driven",
        })
        await device.waitForLog(/^(end|silence|error)/, 20_000, { since: 0 })
        await device.waitForLog(/bytes=30000 .*wrong=0/, 100, { since: 0 })
        server.close()
        assert.ok(device.logs.some(log => log.text === "end"))
        await device.stop()
    })

    test("waits for the end that a QUIT brings, not only for its reply", async () => {
        const server = await serve(socket =>
            socket.once("data", async () => {
                socket.write("+OK\r\n")
                await sleep(50)
                socket.end()
            })
        )
        const clock = new DrivenClock(0)
        const events: string[] = []
        const sockets = hostSockets({
            clock,
            maxPieceBytes: 1460,
            answerWaitMs: 5000,
            emit: event => {
                events.push(event)
                if (event === "close") clock.stop()
            },
        })
        sockets.open("127.0.0.1", server.port, false)
        await clock.runUntil(1000, () => {})
        sockets.write(Buffer.from("*1\r\n$4\r\nQUIT\r\n"))
        clock.setTimeout(() => events.push("a minute"), 60_000)
        await clock.runUntil(3_600_000, () => {})
        server.close()
        assert.deepEqual(events, ["open", "data", "close"])
    })

    test("takes settings and resets as well", async () => {
        const device = await start("talk", {
            settings: { COUNT: 1 },
            clock: "driven",
        })
        await device.waitForLog(/COUNT\+1=2/, 5000, { since: 0 })
        await device.deploySettings({ COUNT: 5 })
        await device.waitForLog(/COUNT\+1=6/, 5000, { since: 0 })
        const before = device.now
        await device.reset()
        await device.waitForLog(/COUNT\+1=6/, 5000, { since: before })
        await device.stop()
    })
})

describe("device's process", () => {
    test("is gone after stop(), which may be called again", async () => {
        const device = await start("blink")
        const pid = device.pid!
        assert.ok(isAlive(pid))
        await device.stop()
        assert.ok(!isAlive(pid))
        await device.stop()
        await assert.rejects(device.memory())
    })

    test("keeps nobody alive after stop(), and dies with its parent", async () => {
        const { file } = await buildFirmware({
            entry: "test/device/programs/blink.ts",
        })
        const module = await bundledScript("sim/vm/device.ts")
        const program = (end: string) => `
            import { readFileSync } from "node:fs"
            const { SimulatedDevice } = await import(${JSON.stringify(
                pathToFileURL(module).href
            )})
            const bytecode = readFileSync(${JSON.stringify(file)})
            const device = await SimulatedDevice.start({ bytecode })
            console.log(device.pid)
            ${end}`
        const run = (end: string) => {
            const child = spawn(
                process.execPath,
                ["--input-type=module", "--eval", program(end)],
                { stdio: ["ignore", "pipe", "inherit"] }
            )
            const pid = new Promise<number>(resolve =>
                child.stdout.once("data", text => resolve(Number(text)))
            )
            return { child, pid }
        }

        const polite = run("await device.stop()")
        const exited = new Promise(resolve =>
            polite.child.once("exit", resolve)
        )
        assert.equal(await exited, 0, "ends by itself")
        assert.ok(!isAlive(await polite.pid))

        const victim = run("setInterval(() => {}, 1000)")
        const pid = await victim.pid
        assert.ok(isAlive(pid))
        victim.child.kill("SIGKILL")
        assert.ok(await gone(pid, 5000), "the device's process ends too")
    })
})

test("encodeSettings leaves out what is undefined", () => {
    assert.deepEqual(
        [...encodeSettings({ A: undefined, B: "", C: 0, D: "ü" })],
        [
            ["B", '""'],
            ["C", "0"],
            ["D", '"ü"'],
        ]
    )
})
