/** The local Redis: it starts anywhere, it ends with us, and where there is none it says what to do. */
import assert from "node:assert/strict"
import { execFileSync, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { createServer as createHttpServer } from "node:http"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { after, describe, test } from "node:test"
import { createClient } from "redis"
import { startLocalRedis } from "../../../sim/redis/local-redis.ts"
import { bundledScript } from "../support/bundles.ts"
import { allGone } from "../support/processes.ts"

const GONE_MS = 3000

const temp = await mkdtemp(join(tmpdir(), "laglight-test-"))
after(() => rm(temp, { recursive: true, force: true }))

let folders = 0
function freshFolder() {
    const folder = join(temp, String(++folders))
    mkdirSync(folder)
    return folder
}

async function ping(port: number, password?: string) {
    const client = createClient({
        url: `redis://127.0.0.1:${port}`,
        password,
        RESP: 2,
        socket: { reconnectStrategy: false },
    })
    client.on("error", () => {})
    await client.connect()
    try {
        return await client.ping()
    } finally {
        client.destroy()
    }
}

/** What a process that holds a local Redis says of it. */
interface Told {
    port: number
    pid: number
    progress: string[]
    error?: string
    name?: string
}

const HOLDER = await bundledScript("test/host/support/redis/holder.ts")
const holders: ChildProcess[] = []
after(() => holders.forEach(child => child.kill()))

async function holder(env: NodeJS.ProcessEnv = {}, ending = "stop") {
    const child = spawn(process.execPath, [HOLDER, ending], {
        env: { ...process.env, ...env },
        stdio: ["pipe", "pipe", "pipe"],
    })
    holders.push(child)
    let stderr = ""
    child.stderr.on("data", text => (stderr += text))
    const exited = once(child, "close")
    const [line] = await Promise.race([
        once(createInterface(child.stdout), "line"),
        exited.then(() => assert.fail(`the process ended: ${stderr}`)),
    ])
    return { child, exited, told: JSON.parse(line) as Told, out: () => stderr }
}

describe("a local Redis", () => {
    test("runs on a free port of 127.0.0.1 and is gone after stop", async () => {
        const redis = await startLocalRedis()
        try {
            assert.equal(await ping(redis.port), "PONG")
            assert.equal(redis.url, `redis://127.0.0.1:${redis.port}`)
            assert.match(redis.version, /^\d+\.\d+\.\d+/)
        } finally {
            await redis.stop()
        }
        await redis.stop()
        await allGone([redis.process.pid!], GONE_MS)
        await assert.rejects(ping(redis.port), /ECONNREFUSED/)
    })

    test("two run side by side", async () => {
        const both = await Promise.all([startLocalRedis(), startLocalRedis()])
        const [a, b] = both
        assert.notEqual(a.port, b.port)
        assert.equal(await ping(a.port), "PONG")
        await a.stop()
        assert.equal(await ping(b.port), "PONG")
        await b.stop()
    })

    test("takes arguments", async () => {
        const redis = await startLocalRedis({
            args: ["--requirepass", "secret"],
        })
        try {
            await assert.rejects(ping(redis.port), /NOAUTH/)
            assert.equal(await ping(redis.port, "secret"), "PONG")
        } finally {
            await redis.stop()
        }
    })

    test("says which argument the server does not take", async () => {
        await assert.rejects(
            startLocalRedis({ args: ["--no-such-thing", "1"] }),
            /does not start[^]*no-such-thing/
        )
    })

    test("comes back on its port after a crash", async () => {
        const first = await startLocalRedis()
        await first.kill9()
        await first.exited
        const second = await startLocalRedis({ port: first.port })
        try {
            assert.equal(await ping(first.port), "PONG")
        } finally {
            await second.stop()
        }
    })

    test("tries another port when the free one was taken meanwhile", async () => {
        const occupant = createServer().listen(0, "127.0.0.1")
        await once(occupant, "listening")
        const taken = (occupant.address() as AddressInfo).port
        const first = await startLocalRedis()
        const spare = first.port
        await first.stop()
        const ports = [taken, taken, spare]
        const redis = await startLocalRedis({
            choosePort: async () => ports.shift()!,
        })
        await redis.stop()
        assert.equal(redis.port, spare)
        await assert.rejects(
            startLocalRedis({ port: taken }),
            new RegExp(`port ${taken} on 127.0.0.1 is in use`)
        )
        occupant.close()
    })

    test("ends even when it hangs", async () => {
        const redis = await startLocalRedis()
        redis.process.kill("SIGSTOP")
        await redis.stop()
        await allGone([redis.process.pid!], GONE_MS)
    })

    test("does not start once aborted", async () => {
        await assert.rejects(startLocalRedis({ signal: AbortSignal.abort() }), {
            name: "AbortError",
        })
    })
})

describe("a local Redis does not survive the process that started it", () => {
    for (const ending of ["stop", "exit", "throw"])
        test(`which ends by: ${ending}`, async () => {
            const TMPDIR = freshFolder()
            const { child, exited, told } = await holder({ TMPDIR }, ending)
            child.stdin.end()
            await exited
            await allGone([told.pid], GONE_MS)
            assert.deepEqual(redisFolders(TMPDIR), [])
        })

    for (const signal of ["SIGTERM", "SIGHUP", "SIGKILL"] as const)
        test(`which is killed by ${signal}`, async () => {
            const TMPDIR = freshFolder()
            const { child, exited, told } = await holder({ TMPDIR })
            assert.equal(redisFolders(TMPDIR).length, 1)
            child.kill(signal)
            await exited
            await allGone([told.pid], GONE_MS)
            await until(() => redisFolders(TMPDIR).length === 0)
        })
})

function redisFolders(folder: string) {
    return readdirSync(folder).filter(name => name.startsWith("laglight-"))
}

/** The guard removes the folder just after it has ended the server: no event tells of it. */
async function until(isSo: () => boolean) {
    const deadline = Date.now() + 20_000
    while (!isSo()) {
        assert.ok(Date.now() < deadline, "not in time")
        await new Promise(resolve => setTimeout(resolve, 20))
    }
}

describe("without a Redis on PATH", () => {
    /** A PATH with only these commands; a text is a script. */
    async function pathWith(commands: Record<string, string>) {
        const folder = freshFolder()
        for (const [name, target] of Object.entries(commands))
            await symlink(target, join(folder, name))
        return folder
    }

    function which(command: string) {
        const folders = (process.env.PATH ?? "").split(delimiter)
        const folder = folders.find(f => existsSync(join(f, command)))
        return folder && join(folder, command)
    }

    function assertTellsWhatToDo({ error, name }: Told, why: RegExp) {
        assert.equal(name, "NoServerError")
        assert.match(error!, why)
        assert.match(error!, /^No Redis to run: /)
        assert.match(error!, /sudo apt-get install -y redis-server/)
        assert.match(error!, /brew install redis/)
        assert.match(error!, /WSL.*Memurai/)
        assert.doesNotMatch(error!, /\bat .*:\d+:\d+/, "no stack")
    }

    test("and without a compiler: says at once what to install", async () => {
        const { told, exited, out } = await holder({
            PATH: freshFolder(),
            REDISMS_DOWNLOAD_DIR: freshFolder(),
        })
        await exited
        assertTellsWhatToDo(told, /there is no `make` here/)
        assert.deepEqual(told.progress, [])
        assert.equal(out(), "")
    })

    test("and without a network: says so, and what to install", async () => {
        const unused = createServer().listen(0, "127.0.0.1")
        await once(unused, "listening")
        const { port } = unused.address() as AddressInfo
        await new Promise(resolve => unused.close(resolve))
        const { told, exited, out } = await holder({
            PATH: await pathWith({ make: which("true")!, cc: which("true")! }),
            REDISMS_DOWNLOAD_DIR: freshFolder(),
            REDISMS_DOWNLOAD_URL: `http://127.0.0.1:${port}/redis.tar.gz`,
        })
        await exited
        assertTellsWhatToDo(told, /building one failed \(.*ECONNREFUSED/)
        assert.equal(told.progress.length, 1)
        assert.equal(out(), "")
    })

    /**
     * Serves an archive whose Makefile does `recipe`.
     * @returns the settings under which it is fetched, and accepted in the place of Redis's own
     */
    async function archive(recipe: string) {
        const folder = freshFolder()
        const source = join(folder, "redis")
        mkdirSync(join(source, "src"), { recursive: true })
        await writeFile(join(source, "Makefile"), `all:\n\t${recipe}\n`)
        execFileSync("tar", ["czf", "redis.tar.gz", "redis"], { cwd: folder })
        const bytes = readFileSync(join(folder, "redis.tar.gz"))
        const server = createHttpServer((_, response) => {
            response.setHeader("content-length", bytes.length)
            response.end(bytes)
        }).listen(0, "127.0.0.1")
        await once(server, "listening")
        after(() => server.close())
        const { port } = server.address() as AddressInfo
        return {
            REDISMS_DOWNLOAD_URL: `http://127.0.0.1:${port}/redis.tar.gz`,
            LAGLIGHT_REDIS_SHA256: createHash("sha256")
                .update(bytes)
                .digest("hex"),
        }
    }

    const make = which("make")
    const real = which("redis-server")
    const skip = !make || !real

    test("builds one, once, with progress", { skip }, async () => {
        const env = {
            PATH: await pathWith({ make: make!, cc: which("true")! }),
            REDISMS_DOWNLOAD_DIR: freshFolder(),
            ...(await archive(`/bin/cp ${real} src/redis-server`)),
        }
        const firstTime =
            /^no Redis on PATH: fetching .*\nDownloading.*\nbuilding/
        for (const steps of [firstTime, /^$/]) {
            const { child, told, exited } = await holder(env)
            assert.equal(told.error, undefined)
            assert.equal(await ping(told.port), "PONG")
            assert.match(told.progress.join("\n"), steps)
            child.stdin.end()
            await exited
        }
    })

    test(
        "and a build that fails: says so, and what to install",
        { skip },
        async () => {
            const { told, exited } = await holder({
                PATH: await pathWith({ make: make!, cc: which("true")! }),
                REDISMS_DOWNLOAD_DIR: freshFolder(),
                ...(await archive("exit 1")),
            })
            await exited
            assertTellsWhatToDo(
                told,
                /building one failed \(Command failed: make/
            )
        }
    )

    test(
        "and another source than Redis published: builds nothing of it, and says how to accept it",
        { skip: !make },
        async () => {
            const built = join(freshFolder(), "built")
            const { LAGLIGHT_REDIS_SHA256, ...source } = await archive(
                `echo > ${built}`
            )
            for (const [accepted, why] of [
                ["", "not the one expected"],
                [
                    LAGLIGHT_REDIS_SHA256.replace(/^./, "x"),
                    "not the one expected",
                ],
                ["", "not known here"],
            ]) {
                const REDISMS_DOWNLOAD_DIR = freshFolder()
                const { told, exited } = await holder({
                    PATH: await pathWith({ make: make!, cc: which("true")! }),
                    REDISMS_DOWNLOAD_DIR,
                    ...source,
                    LAGLIGHT_REDIS_SHA256: accepted,
                    ...(why === "not known here" && {
                        REDISMS_VERSION: "7.4.0",
                    }),
                })
                await exited
                assertTellsWhatToDo(
                    told,
                    new RegExp(
                        `is refused, its SHA-256 is ${LAGLIGHT_REDIS_SHA256}: ${why}; to accept it, set LAGLIGHT_REDIS_SHA256 to that`
                    )
                )
                assert.ok(!existsSync(built), "it was built")
                assert.deepEqual(
                    readdirSync(REDISMS_DOWNLOAD_DIR, { recursive: true })
                        .map(String)
                        .filter(name => name.includes(".tar")),
                    [],
                    "it was kept"
                )
            }
        }
    )

    test("a build ends with the process that wanted it", { skip }, async () => {
        const pidFile = join(freshFolder(), "pid")
        const child = spawn(process.execPath, [HOLDER], {
            env: {
                ...process.env,
                PATH: await pathWith({ make: make!, cc: which("true")! }),
                REDISMS_DOWNLOAD_DIR: freshFolder(),
                ...(await archive(
                    `echo $$$$ > ${pidFile}; exec /bin/sleep 60`
                )),
            },
            stdio: "ignore",
        })
        await until(() => existsSync(pidFile) && read(pidFile) !== "")
        child.kill("SIGKILL")
        await allGone([Number(read(pidFile))], GONE_MS)
    })

    const read = (file: string) => readFileSync(file, "utf8").trim()
})
