/** The simulator's page in a real browser, over the real simulator, device and Redis. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { request as httpRequest } from "node:http"
import { connect, createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Browser, Page as BrowserPage } from "playwright-core"
import { DEFAULT_PORT } from "../../../sim/page/defaults.ts"
import { Page } from "../../../sim/page/page.ts"
import { Relay } from "../../../sim/lab/relay.ts"
import { launchBrowser } from "../../../sim/pictures/browser.ts"
import {
    lampsWithRays,
    nameOfFocus,
    overflow,
} from "../support/page/in-browser.ts"
import { startTestRedis } from "../support/redis/server.ts"
import {
    clientOf,
    eventually,
    openPage,
    servedFrames,
    shownFrames,
    startSimulator,
} from "../support/page/simulator-page.ts"
import type { WatchedPage } from "../support/page/simulator-page.ts"
import { SimulatorProcess } from "../support/page/simulator-process.ts"

const STREAM = "parcels"
const GROUP = "drivers"
/** The firmware tries again after some seconds at the most. */
const RECONNECT_MS = 15_000

const temp = await mkdtemp(join(tmpdir(), "laglight-page-"))
let browser: Browser
before(async () => {
    browser = await launchBrowser()
})
after(async () => {
    await browser?.close()
    await rm(temp, { recursive: true, force: true })
})

let files = 0
async function settingsFile(...lines: string[]) {
    const file = join(temp, `settings-${++files}.env`)
    await writeFile(file, lines.join("\n"))
    return file
}

describe("the page over a local Redis", () => {
    let simulator: SimulatorProcess
    let url: string
    let client: Awaited<ReturnType<typeof clientOf>>
    let watched: WatchedPage
    let page: BrowserPage

    before(async () => {
        const file = await settingsFile(
            `STREAM=${STREAM}`,
            `GROUP=${GROUP}`,
            "POLL_MS=200",
            "STALE_MS=1000",
            "WIFI_PWD=hush-hush"
        )
        ;({ simulator, url } = await startSimulator(["--settings", file]))
        watched = await openPage(browser, url)
        page = watched.page
        client = await clientOf(page)
        // the sweep, and the first readings
        await title(/behind/, 30_000)
    })
    after(async () => {
        if (client?.isOpen) client.destroy()
        await simulator?.stop()
    })

    async function title(pattern: RegExp, timeout = RECONNECT_MS) {
        await page
            .locator(".status .title")
            .filter({ hasText: pattern })
            .waitFor({ timeout })
    }

    async function press(name: string | RegExp) {
        await page
            .locator("#controls")
            .getByRole("button", { name, exact: true })
            .click()
    }

    async function said(pattern: RegExp) {
        await page.locator("#said").filter({ hasText: pattern }).waitFor()
    }

    /** Waits for LEDs: the sweep after a start, or LED1's wink, may be in the way. */
    function shows(leds: string) {
        return eventually(
            async () => (await page.evaluate(lampsWithRays)) === leds,
            `LEDs ${leds}`
        )
    }

    async function groups() {
        return (await client.exists(STREAM)) ? client.xInfoGroups(STREAM) : []
    }

    async function unread() {
        const [group] = await groups()
        const rest = await client.xRange(
            STREAM,
            `(${group["last-delivered-id"]}`,
            "+"
        )
        return rest?.length ?? 0
    }

    async function workers() {
        const consumers = await client.xInfoConsumers(STREAM, GROUP)
        return consumers.map(({ name }) => String(name)).sort()
    }

    /** The page's LEDs have shown exactly what the service said, frame by frame, since the page was opened. */
    async function assertSameFrames() {
        let shown: string[] = []
        let served: string[] = []
        const isSame = async () => {
            shown = await shownFrames(page)
            served = servedFrames(simulator)
            const start = served.length - shown.length
            return (
                start >= 0 &&
                shown.every((frame, i) => frame === served[start + i])
            )
        }
        // one of them may be a frame ahead at the moment of looking
        await eventually(
            isSame,
            "the same frames on the page and from the led service",
            3000
        ).catch(() => assert.deepEqual(shown, served.slice(-shown.length || 1)))
    }

    test("workload: jobs makes entries come, none leaves all to the visitor", async () => {
        const select = page.getByLabel("Workload")
        assert.equal(await select.inputValue(), "jobs")
        const added = await client.xLen(STREAM)
        await eventually(
            async () => (await client.xLen(STREAM)) > added,
            "entries"
        )
        await select.selectOption("none")
        await said(/the workload is none/)
        const before = await client.xLen(STREAM)
        await sleep(800)
        assert.equal(await client.xLen(STREAM), before)
    })

    test("another workload: the light goes with it, and its consumers take orders", async () => {
        const select = page.getByLabel("Workload")
        const group = page.locator("#group-name")
        await select.selectOption("sensors")
        await group.filter({ hasText: "sensor-data / my-group" }).waitFor()
        await title(/behind/)
        await press("Pause")
        await said(/pause/)
        await title(/^[4-9] entries behind/)
        await press("Add a consumer")
        await press("Resume")
        await said(/running again/)
        await eventually(async () => {
            const found = await client.xInfoConsumers("sensor-data", "my-group")
            return found.length === 2
        }, "two consumers")
        await title(/Nothing behind|^[1-3] entr/)
        await select.selectOption("none")
        await group.filter({ hasText: `${STREAM} / ${GROUP}` }).waitFor()
        await said(/the workload is none/)
    })

    test("the LEDs rise, flash off the scale, and fall, as the led service says", async () => {
        await title(/Nothing behind/)
        await press("Pause")
        await said(/pause/)
        await press("Add 10 entries")
        await title(/^10 entries behind/)
        await shows("1111100000")
        await press("Add 100 entries")
        await title(/^Off the scale/)
        await sleep(600)
        await press("Resume")
        for (let i = 0; i < 6; i++) await press("Faster")
        await title(/^Nothing behind/)
        for (let i = 0; i < 6; i++) await press("Slower")
        const frames = await shownFrames(page)
        for (const frame of ["1111100000", "1111111111", "0000000000"])
            assert.ok(frames.includes(frame), frame)
        await assertSameFrames()
    })

    test("entries: 1, 10, 100, 1000 are added, the newest deleted, the rest trimmed", async () => {
        await press("Pause")
        await said(/pause/)
        let length = await client.xLen(STREAM)
        for (const [name, count] of [
            ["Add 1 entry", 1],
            ["Add 10 entries", 10],
            ["Add 100 entries", 100],
            ["Add 1000 entries", 1000],
        ] as const) {
            await press(name)
            await said(new RegExp(`added ${count} entr`))
            length += count
            assert.equal(await client.xLen(STREAM), length)
        }
        const newest = (await client.xRevRange(STREAM, "+", "-"))!
        await page.locator("#count").fill("7")
        await press("Delete newest")
        await said(/deleted the newest 7 entries/)
        const left = (await client.xRevRange(STREAM, "+", "-"))!
        assert.equal(left.length, length - 7)
        assert.equal(left[0].id, newest[7].id)
        await page.locator("#count").fill("12")
        await press("Trim to")
        await said(/trimmed parcels to 12/)
        assert.equal(await client.xLen(STREAM), 12)
        await title(/12 entries behind/)
    })

    test("consumers: paused they take nothing, and then go on, faster, with more of them", async () => {
        assert.equal(await unread(), 12)
        await sleep(500)
        assert.equal(await unread(), 12)
        for (let i = 0; i < 3; i++) await press("Faster")
        await page
            .locator("#consumers-state")
            .filter({ hasText: "2 at ×8" })
            .waitFor()
        await press("Resume")
        // at the ordinary pace, 4 a second, it would take 3 s
        await eventually(async () => (await unread()) === 0, "all read", 2000)
        assert.deepEqual(await workers(), ["worker-1", "worker-2"])
        await press("Add a consumer")
        await said(/worker-3 was started/)
        await eventually(
            async () => (await workers()).includes("worker-3"),
            "worker-3 at Redis"
        )
        const table = page.locator("#consumers")
        await table.getByRole("row", { name: /worker-3/ }).waitFor()
        await press("Remove a consumer")
        await said(/worker-3 was removed/)
        assert.deepEqual(await workers(), ["worker-1", "worker-2"])
        await table
            .getByRole("row", { name: /worker-3/ })
            .waitFor({ state: "detached" })
        for (let i = 0; i < 6; i++) await press("Slower")
        await page
            .locator("#consumers-state")
            .filter({ hasText: "×1/8" })
            .waitFor()
        await press("Add 1 entry")
        // 4 s of work
        await table
            .locator("tbody tr")
            .filter({ has: page.locator("td", { hasText: /^1$/ }) })
            .waitFor()
        const [group] = await groups()
        assert.equal(Number(group.pending), 1)
        await page
            .locator("[data-fact=last-delivered]")
            .filter({ hasText: String(group["last-delivered-id"]) })
            .waitFor()
        for (let i = 0; i < 3; i++) await press("Faster")
    })

    // Pause takes until the last read is over, and so ends after the deletion: its word is not to hide the later one
    test("group and stream: deleted, the light says which is missing", async () => {
        await press("Pause")
        await press("Delete group")
        await said(/deleted the group drivers/)
        assert.deepEqual(await groups(), [])
        await title(/refused: which group/)
        await press("Delete stream")
        await said(/deleted the stream parcels/)
        assert.equal(await client.exists(STREAM), 0)
        await title(/refused: which stream/)
        const shape = page.locator(".status .shape")
        assert.equal(await shape.getAttribute("data-shape"), "●○◐◐○○◐◐○●")
        await press("Create")
        await said(/created the group drivers/)
        assert.equal((await groups()).length, 1)
        await title(/Nothing behind/)
    })

    test("Redis: stopped it is gone, started it is back; the LEDs tell", async () => {
        await press("Stop Redis")
        await said(/Redis is stopped/)
        await eventually(() => !client.isReady, "the client's loss")
        await title(/^Stale: was nothing behind/)
        // nothing to add to
        await page.locator("[data-group=entries]:disabled").waitFor()
        await press("Start Redis")
        await said(/Redis is running/)
        await eventually(() => client.isReady, "the client's return")
        await title(/refused: which stream/)
        await press("Create")
        await title(/Nothing behind/)
        await assertSameFrames()
    })

    test("network: silent, cut, delayed and open again", async () => {
        await page.getByLabel("Silent").check()
        await said(/silent/)
        await title(/^Stale/)
        await page.getByLabel("Cut").check()
        await said(/cut/)
        await page.locator("#delay").fill("150")
        await page.getByLabel("Delay", { exact: true }).check()
        await said(/delays everything by 150 ms/)
        await title(/Nothing behind/)
        await page.getByLabel("Open").check()
        await said(/is open/)
        const state = await page.locator("input[name=mode]:checked").all()
        assert.equal(await state[0].inputValue(), "open")
    })

    test("the device resets, sweeps its LEDs, and comes back", async () => {
        await press("Reset")
        await said(/the device was reset/)
        await page.locator("#resets").filter({ hasText: "once" }).waitFor()
        await title(/Nothing behind/)
        // the sweep
        await shows("1111111111")
        await assertSameFrames()
        const log = page.locator("#log")
        await log.getByText("the chip was reset").waitFor()
    })

    test("a second tab and a reload show the same; what one does the other sees", async () => {
        const second = await openPage(browser, url)
        await press("Add 10 entries")
        for (const tab of [page, second.page])
            await tab
                .locator(".status .title")
                .filter({ hasText: /^10 entries/ })
                .waitFor()
        const texts = (tab: BrowserPage) =>
            Promise.all(
                ["#source", "#settings", ".status", "#group-facts"].map(part =>
                    tab.locator(part).innerText()
                )
            )
        await page.reload()
        await title(/^10 entries/)
        assert.deepEqual(await texts(page), await texts(second.page))
        await shows("1111100000")
        const lines = (tab: BrowserPage) =>
            tab.locator("#log li").allInnerTexts()
        assert.deepEqual(await lines(page), await lines(second.page))
        // the chart's past survives the reload
        const drawn = await page.locator("#chart .lag").count()
        assert.ok(drawn > 3, `${drawn} steps drawn`)
        await second.page.getByRole("button", { name: "Resume" }).click()
        await page.getByRole("button", { name: "Pause" }).waitFor()
        assert.deepEqual(second.complaints, [])
        await second.page.close()
    })

    test("the keyboard reaches every control, in order, and works it", async () => {
        const names: string[] = []
        await page.locator("h1").click()
        for (let i = 0; i < 25; i++) {
            await page.keyboard.press("Tab")
            names.push(await page.evaluate(nameOfFocus))
        }
        const wanted = ["workload", "Add 1 entry", "count", "Pause"]
        wanted.push("Delete group", "mode", "Stop Redis", "Reset")
        const places = wanted.map(name => names.indexOf(name))
        assert.ok(
            places.every((place, i) => place > (places[i - 1] ?? -1)),
            `${names}`
        )
        const length = await client.xLen(STREAM)
        await page.getByRole("button", { name: "Add 1 entry" }).focus()
        await page.keyboard.press("Enter")
        await said(/added 1 entry/)
        assert.equal(await client.xLen(STREAM), length + 1)
        // one button in the other's place: the focus stays
        await page.getByRole("button", { name: "Pause" }).focus()
        await page.keyboard.press("Space")
        await page.getByRole("button", { name: "Resume" }).waitFor()
        assert.equal(await page.evaluate(nameOfFocus), "Resume")
        assert.equal(
            await page.locator("#announcer").getAttribute("aria-live"),
            "polite"
        )
    })

    test("secrets are masked", async () => {
        const settings = page.locator("#settings")
        assert.match(await settings.innerText(), /WIFI_PWD\s+•+/)
        const events = await fetch(new URL("/events", url))
        const reader = events.body!.getReader()
        const first = new TextDecoder().decode((await reader.read()).value)
        await reader.cancel()
        assert.match(first, /WIFI_PWD/)
        assert.doesNotMatch(first, /hush-hush/)
    })

    test("requests of other origins, hosts and kinds are refused, and change nothing", async () => {
        const length = await client.xLen(STREAM)
        const { host } = new URL(url)
        const json = { "content-type": "application/json" }
        const refused: [Record<string, string>, number][] = [
            [{ ...json, origin: "http://elsewhere.example" }, 403],
            [{ ...json, origin: "null" }, 403],
            [{ ...json, origin: "http://127.0.0.1:1" }, 403],
            [{ ...json, "sec-fetch-site": "cross-site" }, 403],
            [{ ...json, "sec-fetch-site": "same-site" }, 403],
            [{ ...json, host: "rebound.example:7878" }, 403],
            [{ "content-type": "text/plain" }, 415],
            [{}, 415],
        ]
        for (const [headers, code] of refused)
            assert.equal(
                await post(url, "entries/add", headers),
                code,
                JSON.stringify(headers)
            )
        assert.equal(await client.xLen(STREAM), length)
        const own = { ...json, origin: `http://${host}` }
        assert.equal(await post(url, "entries/add", own), 200)
        assert.equal(await client.xLen(STREAM), length + 1)
        // a foreign page's browser: it asks first, and is not allowed
        const foreign = createForeignPage()
        const { page: stranger } = await openPage(browser, await foreign.url)
        const outcome = await stranger.evaluate(async address => {
            const body = JSON.stringify({ count: 1, target: 0 })
            const attempts = ["application/json", "text/plain"].map(type =>
                fetch(`${address}actions/entries/add`, {
                    method: "POST",
                    headers: { "content-type": type },
                    body,
                }).then(
                    () => "read",
                    () => "refused"
                )
            )
            return Promise.all(attempts)
        }, url)
        assert.deepEqual(outcome, ["refused", "refused"])
        assert.equal(await client.xLen(STREAM), length + 1)
        await stranger.close()
        foreign.stop()
    })

    test("wrong requests are refused in words", async () => {
        const json = { "content-type": "application/json" }
        for (const [action, body, code] of [
            ["entries/add", { count: 0, target: 0 }, 400],
            ["entries/add", { count: "1", target: 0 }, 400],
            ["entries/add", { count: 1, target: 3 }, 400],
            ["connection", { mode: "sideways" }, 400],
            ["workload", { name: "unheard-of" }, 400],
            ["toString", {}, 404],
        ] as const)
            assert.equal(await post(url, action, json, body), code, action)
        assert.equal((await fetch(new URL("/nothing", url))).status, 404)
        const escape = await fetch(new URL("/%2e%2e/page-server.ts", url))
        assert.equal(escape.status, 404)
    })

    test("no complaint on the console, and no request to elsewhere", async () => {
        assert.deepEqual(watched.complaints, [])
        assert.ok(watched.urls.length > 10)
        for (const asked of watched.urls)
            assert.equal(new URL(asked).hostname, "127.0.0.1", asked)
        const response = await fetch(url)
        const policy = response.headers.get("content-security-policy")!
        assert.match(policy, /default-src 'none'/)
        assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    })

    test("it fits one screen at 1280x800, and 400 pixels' width", async () => {
        assert.deepEqual(await page.evaluate(overflow), [0, 0])
        await page.setViewportSize({ width: 400, height: 800 })
        assert.equal((await page.evaluate(overflow))[0], 0)
    })

    test("when the simulator ends, the page says so", async () => {
        await simulator.stop()
        await page.locator("#offline").waitFor()
    })
})

describe("the page over a user's own Redis", () => {
    test("what would change it is disabled, and says why", async () => {
        const redis = await startTestRedis({ requirepass: "secret" })
        const file = await settingsFile(
            `REDIS_HOST=${redis.host}`,
            `REDIS_PORT=${redis.port}`,
            "REDIS_PASS=secret",
            "STREAM=orders",
            "GROUP=packers",
            "POLL_MS=200"
        )
        const { simulator, url } = await startSimulator(["--settings", file])
        try {
            await redis.client.xGroupCreate("orders", "packers", "$", {
                MKSTREAM: true,
            })
            await redis.client.xAdd("orders", "*", { a: "1" })
            const { page, complaints } = await openPage(browser, url)
            await page
                .locator(".status .title")
                .filter({ hasText: /^1 entry behind/ })
                .waitFor()
            await page
                .locator("[data-fact=length]")
                .filter({ hasText: /^1$/ })
                .waitFor()
            for (const group of [
                ...["entries", "consumers", "stream", "redis", "workload"],
                "connection",
            ]) {
                const set = page.locator(`[data-group=${group}]:disabled`)
                assert.ok(await set.getAttribute("title"), group)
            }
            await page
                .getByText("your own Redis: laglight only reads")
                .waitFor()
            const json = { "content-type": "application/json" }
            for (const action of [
                ...["entries/add", "entries/delete", "entries/trim"],
                ...["stream/delete", "group/delete", "group/create"],
                ...["redis/stop", "consumers/add", "workload"],
            ])
                assert.equal(await post(url, action, json), 409, action)
            assert.deepEqual(await redis.client.keys("*"), ["orders"])
            assert.equal(await redis.client.xLen("orders"), 1)
            await page.getByRole("button", { name: "Reset" }).click()
            await page.locator("#resets").filter({ hasText: "once" }).waitFor()
            assert.deepEqual(complaints, [])
        } finally {
            await simulator.stop()
            await redis.stop()
        }
    })
})

describe("the page's address", () => {
    test("the default port, or a free one if that is taken", async () => {
        const occupant = createServer()
        const isOurs = await new Promise<boolean>(resolve => {
            occupant.once("error", () => resolve(false))
            occupant.listen(DEFAULT_PORT, "127.0.0.1", () => resolve(true))
        })
        const elsewhere = await Page.start({})
        assert.ok(elsewhere.isElsewhere)
        assert.equal((await fetch(elsewhere.url)).status, 200)
        await elsewhere.stop()
        if (!isOurs) return
        occupant.close()
        const usual = await Page.start({})
        assert.equal(usual.url, `http://127.0.0.1:${DEFAULT_PORT}/`)
        await usual.stop()
    })

    test("a port that was asked for and is taken: one clear error", async () => {
        const occupant = createServer().listen(0, "127.0.0.1")
        await once(occupant, "listening")
        const { port } = occupant.address() as AddressInfo
        await assert.rejects(
            Page.start({ port }),
            new RegExp(`^Error: --port ${port}: in use by another program$`)
        )
        occupant.close()
    })

    test("an address that is not ours: one clear error", () =>
        assert.rejects(
            Page.start({ port: 0, listen: "192.0.2.1" }),
            /^Error: --listen 192\.0\.2\.1: /
        ))

    test("--no-page: none is served", async () => {
        const simulator = new SimulatorProcess([
            ...["--json", "--no-page", "--no-traffic"],
            ...["--settings", await settingsFile("")],
        ])
        await simulator.untilSnapshot(() => true, 60_000)
        await simulator.stop()
        assert.ok(!simulator.progress.some(line => /^page:/.test(line)))
    })
})

describe("the relay", () => {
    test("passes, delays, holds back in order, and cuts", async () => {
        const echo = createServer(socket => socket.pipe(socket))
        echo.listen(0, "127.0.0.1")
        await once(echo, "listening")
        const { port } = echo.address() as AddressInfo
        const relay = await Relay.listen(port)
        const socket = connect(relay.port, relay.host)
        let heard = ""
        socket.setEncoding("utf8").on("data", text => (heard += text))
        const hears = (text: string) =>
            eventually(() => heard === text, `"${text}"`, 2000)
        socket.write("a")
        await hears("a")
        await relay.setMode("delay", 150)
        // there and back; of two timers of one process the one that is due first fires first
        let isTooEarly = true
        setTimeout(() => (isTooEarly = false), 2 * 150 - 10)
        socket.write("b")
        socket.write("c")
        await hears("abc")
        assert.ok(!isTooEarly, "later by two delays")
        await relay.setMode("blackhole")
        socket.write("d")
        await sleep(250)
        assert.equal(heard, "abc")
        // as a network that is back sends again what was lost
        await relay.setMode("open")
        await hears("abcd")
        const closed = once(socket, "error")
        await relay.setMode("cut")
        await closed
        const refused = connect(relay.port, relay.host)
        await once(refused, "error")
        assert.equal(relay.connections, 1)
        await relay.stop()
        echo.close()
    })

    test("counts the questions, however they are cut into pieces", async () => {
        const sink = createServer(socket => socket.resume())
        sink.listen(0, "127.0.0.1")
        await once(sink, "listening")
        const relay = await Relay.listen((sink.address() as AddressInfo).port)
        const socket = connect(relay.port, relay.host)
        socket.setNoDelay(true)
        const question = "*3\r\n$5\r\nXINFO\r\n$6\r\nGROUPS\r\n$4\r\njobs\r\n"
        for (const piece of (question + question).match(/.{1,7}/gs)!) {
            socket.write(piece)
            await sleep(2)
        }
        socket.write(question.repeat(3))
        await eventually(() => relay.polls === 5, "five questions", 2000)
        socket.destroy()
        await relay.stop()
        sink.close()
    })
})

/** A request with any headers, which fetch would not send. @returns the status */
async function post(
    url: string,
    action: string,
    headers: Record<string, string>,
    body: unknown = { count: 1, target: 0 }
) {
    const request = httpRequest(new URL(`/actions/${action}`, url), {
        method: "POST",
        headers,
        agent: false,
    })
    request.end(JSON.stringify(body))
    const [response] = await once(request, "response")
    response.resume()
    return response.statusCode as number
}

/** A page of another origin: the same computer, another port. */
function createForeignPage() {
    const server = createServer(socket => {
        socket.once("data", () =>
            socket.end(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<!doctype html><link rel=icon href='data:,'><svg id=board></svg>"
            )
        )
        socket.on("error", () => {})
    })
    server.listen(0, "127.0.0.1")
    return {
        url: once(server, "listening").then(
            () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
        ),
        stop: () => server.close(),
    }
}
