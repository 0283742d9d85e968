/** What is fetched and run, or put onto a board: by its SHA-256 or not at all. */
import assert from "node:assert/strict"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createHash } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { pinRuntime } from "../../../sim/desk/stock-tool.ts"
import { checkArchive, PINNED_VERSION } from "../../../sim/redis/archive.ts"

const temp = await mkdtemp(join(tmpdir(), "laglight-supply-"))
after(() => rm(temp, { recursive: true, force: true }))

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

describe("a Redis that was fetched", async () => {
    const file = join(temp, "redis.tar.gz")
    await writeFile(file, "no Redis")

    test("is refused where it is another one, with its SHA-256 and the way to accept it", () => {
        assert.throws(
            () => checkArchive(file, PINNED_VERSION, undefined),
            new RegExp(
                `SHA-256 is ${sha256("no Redis")}: not the one expected; to accept it, set LAGLIGHT_REDIS_SHA256`
            )
        )
        assert.throws(
            () => checkArchive(file, "6.2.1", undefined),
            /not known here/
        )
        assert.throws(
            () => checkArchive(file, PINNED_VERSION, sha256("other")),
            /not the one expected/
        )
    })

    test("is taken where it was accepted", () => {
        checkArchive(file, "6.2.1", sha256("no Redis"))
        checkArchive(file, PINNED_VERSION, sha256("no Redis").toUpperCase())
    })
})

test("a runtime is pinned by the first that was downloaded; another is refused until it is accepted", async () => {
    const image = join(temp, "image.uf2")
    const cache = join(temp, "cache")
    await writeFile(image, "first")
    pinRuntime(image, cache, undefined)
    pinRuntime(image, cache, undefined)
    await writeFile(image, "second")
    assert.throws(
        () => pinRuntime(image, cache, undefined),
        new RegExp(
            `is ${sha256("second")}, and was ${sha256("first")}.*--accept-runtime ${sha256("second")}`
        )
    )
    assert.throws(
        () => pinRuntime(image, cache, sha256("third")),
        /another one/
    )
    pinRuntime(image, cache, sha256("second"))
    pinRuntime(image, cache, undefined)
    const [note] = (
        await readFile(
            join(cache, "devicescript-rp2040w-pico_w.uf2.sha256"),
            "utf8"
        )
    ).split("\n")
    assert.equal(note, sha256("second"))
})

test("a package that is imported is declared", async () => {
    const { optionalDependencies } = JSON.parse(
        await readFile(
            new URL("../../../package.json", import.meta.url),
            "utf8"
        )
    )
    assert.ok(optionalDependencies.serialport)
})
