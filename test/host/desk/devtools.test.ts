/**
 * DeviceScript's own way (docs/devicescript.md): `devs devtools`, its simulator, and a deploy as VS Code's extension asks
 * for it, as `npm run deploy -- --devtools` does it, and as `devs run` does. A Jacdac client beside them reads the `led`
 * service, as the dashboard does; a real Redis has the truth. The ports are fixed: one file, one after the other.
 */
import assert from "node:assert/strict"
import {
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { DeviceScriptManagerReg, SRV_DEVICE_SCRIPT_MANAGER } from "jacdac-ts"
import getPort from "get-port"
import { deployToDevtools } from "../../../sim/desk/devtools.ts"
import { buildFirmware } from "../../../sim/firmware.ts"
import { DevtoolsProcess } from "../support/desk/devtools-process.ts"
import { startTestRedis } from "../support/redis/server.ts"
import type { TestRedis } from "../support/redis/server.ts"
import { runScript } from "../support/desk/run-script.ts"
import { until } from "../support/until.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "laglight-devtools-"))
after(() => rmSync(folder, { recursive: true, force: true }))

/** For what a busy machine does sooner or later. */
const PATIENCE_MS = 60_000

/** A project's folder, with settings for this Redis. */
function project(name: string, settings: string[]) {
    const dir = join(folder, name)
    mkdirSync(dir)
    for (const file of ["devsconfig.json", "package.json", ".env.defaults"])
        copyFileSync(join(ROOT, file), join(dir, file))
    for (const part of ["src", "boards"])
        symlinkSync(join(ROOT, part), join(dir, part))
    writeFileSync(join(dir, ".env.local"), settings.join("\n"))
    return dir
}

describe("DeviceScript's own tools", () => {
    let redis: TestRedis
    let devtools: DevtoolsProcess
    let settings: string[]

    before(async () => {
        redis = await startTestRedis()
        const { client, host, port } = redis
        await client.xGroupCreate("jobs", "staff", "$", { MKSTREAM: true })
        settings = [`REDIS_HOST=${host}`, `REDIS_PORT=${port}`]
        devtools = await DevtoolsProcess.start(project("vscode", settings))
        await add(7)
    })
    after(async () => {
        await devtools?.stop()
        await redis?.stop()
    })

    async function add(count: number) {
        for (let n = 0; n < count; n++)
            await redis.client.xAdd("jobs", "*", { n: String(n) })
    }

    /** Two entries a LED; the entries behind the last-delivered-id are the lag. @returns the LEDs that are lit */
    async function showsTheLag() {
        const [group] = await redis.client.xInfoGroups("jobs")
        const behind = `(${group["last-delivered-id"]}`
        const waiting = await redis.client.xRange("jobs", behind, "+")
        const length = waiting?.length ?? 0
        const lit = Math.min(10, Math.ceil(length / 2))
        const bar = "1".repeat(lit).padEnd(10, "0")
        await until(
            `${bar} for a lag of ${length}`,
            PATIENCE_MS,
            () => devtools.leds === bar
        )
        return lit
    }

    const manager = () =>
        devtools.bus.services({
            serviceClass: SRV_DEVICE_SCRIPT_MANAGER,
            lost: false,
        })[0]
    const isThere = () => manager() !== undefined

    test("a deploy as by F5 in VS Code: program, settings, light", async () => {
        const deviceId = "1f5f5f5f5f5f5f5f"
        await devtools.ask("specs", { dir: "." })
        await devtools.ask("startVM", { deviceId, clearFlash: false })
        await until("the simulator", PATIENCE_MS, isThere)
        await manager()
            .register(DeviceScriptManagerReg.Autostart)
            .sendSetBoolAsync(false)
        const building = devtools.ask("build", {
            filename: "src/main.ts",
            deployTo: deviceId,
        })
        await devtools.says("deploy to", PATIENCE_MS * 2)
        const { success, diagnostics, deployStatus } = await building
        assert.equal(success, true)
        assert.deepEqual(diagnostics, [])
        // docs/devicescript.md: why, and what to do then; the next test does it
        if (deployStatus === "OK") assert.equal(await showsTheLag(), 4)
        else assert.match(String(deployStatus), /^timeout \(3000ms\)/)
        await devtools.ask("stopVM", {})
        await until("its end", PATIENCE_MS, () => !isThere())
    })

    test("npm run deploy -- --devtools, where nothing has to be compiled meanwhile", async () => {
        devtools.leds = undefined
        const own = join(folder, "own.env")
        writeFileSync(own, settings.join("\n"))
        const deploy = () =>
            runScript("sim/desk/deploy.ts", ["--devtools", "--settings", own])

        const alone = await deploy()
        assert.equal(alone.code, 1)
        assert.equal(
            alone.stderr,
            "devtools has no device: start DeviceScript's simulator with npx devs vm --tcp\n"
        )

        const vm = devtools.tool("vm", "--tcp", "--clear-flash")
        await until("the simulator", PATIENCE_MS, isThere)
        const { code, stdout, stderr } = await deploy()
        assert.equal(code, 0, stderr)
        assert.match(
            stdout,
            /^laglight is sent to [A-Z]{2}\d{2}, the device at devtools: \d+ bytes of program, \d+ settings$/m
        )
        assert.equal(await showsTheLag(), 4)
        await add(8)
        assert.equal(await showsTheLag(), 8)
        await redis.client.xGroupSetId("jobs", "staff", "$")
        assert.equal(await showsTheLag(), 0)

        // what is no longer set does not hold any more
        writeFileSync(own, [...settings, "GROUP=nobody"].join("\n"))
        await deploy()
        writeFileSync(own, settings.join("\n"))
        await add(3)
        await deploy()
        assert.equal(await showsTheLag(), 2)
        vm.kill("SIGKILL")
        await until("its end", PATIENCE_MS, () => !isThere())
    })

    test("devs run, which brings no settings: the simulator's defaults", async () => {
        const { file } = await buildFirmware()
        devtools.folder = project("run", settings)
        devtools.tool("run", file)
        await devtools.says("redis: connecting to localhost:6379", PATIENCE_MS)
        assert.ok(!devtools.output.includes("is missing"))
    })
})

test("without devtools the deploy says what to start", async () => {
    const nobody = `ws://127.0.0.1:${await getPort()}/`
    await assert.rejects(
        deployToDevtools(
            { bytecode: new Uint8Array(), settings: new Map(), knownKeys: [] },
            nobody
        ),
        {
            message:
                "nobody answers on port 8081: start DeviceScript's tools with npx devs devtools, or open the folder in VS Code",
        }
    )
})
