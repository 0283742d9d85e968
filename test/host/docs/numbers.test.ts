/** Numbers that the documentation takes over from the code: each sentence, and the constant that it speaks of. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { describe, test } from "node:test"

const read = (file: string) =>
    readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8")

/** The value of `const NAME = 123` in a file of the firmware. */
function constant(file: string, name: string): number {
    const found = new RegExp(`^(?:export )?const ${name} = (\\d+)$`, "m").exec(
        read(file)
    )
    assert.ok(found, `${file} has no const ${name}`)
    return Number(found[1])
}

const RUNTIME = "docs/pico-w-runtime.md"
const TROUBLE = "docs/troubleshooting.md"
const HARDWARE = "docs/hardware.md"
const RECOVERY = "src/link/recovery.ts"
const SESSION = "src/redis/session.ts"
const POLLER = "src/poller.ts"

/** A document, a sentence with the number as its group, the constant's file and name, and what the sentence counts by. */
const SAID: [
    document: string,
    sentence: RegExp,
    file: string,
    name: string,
    unit: number,
][] = [
    [RUNTIME, /one send of at most (\d+) bytes/, SESSION, "MAX_SEND", 1],
    [
        RUNTIME,
        /starts more than (\d+) s after the chip did/,
        RECOVERY,
        "WARM_START_MS",
        1000,
    ],
    [RUNTIME, /waits (\d+) s for a reply/, RECOVERY, "REPLY_LIMIT_MS", 1000],
    [
        RUNTIME,
        /for a reply \(([\d.]+) s with Sentinel/,
        POLLER,
        "SHORT_REPLY_LIMIT_MS",
        1000,
    ],
    [
        TROUBLE,
        /did not answer within (\d+) s/,
        RECOVERY,
        "REPLY_LIMIT_MS",
        1000,
    ],
    [
        TROUBLE,
        /within \d+ s \(([\d.]+) s with Sentinel/,
        POLLER,
        "SHORT_REPLY_LIMIT_MS",
        1000,
    ],
    [RUNTIME, /gives each connect (\d+) s/, RECOVERY, "CONNECT_LIMIT_MS", 1000],
    [
        RUNTIME,
        /native socket at once, and waits at least (\d+) s/,
        RECOVERY,
        "MIN_PAUSE_MS",
        1000,
    ],
    [
        RUNTIME,
        /leaves at least (\d+) s between a failed socket/,
        RECOVERY,
        "MIN_PAUSE_MS",
        1000,
    ],
    [
        RUNTIME,
        /After an orderly `QUIT` it leaves ([\d.]+) s/,
        RECOVERY,
        "ORDERLY_PAUSE_MS",
        1000,
    ],
    [
        RUNTIME,
        /then 4, 8, 16 and at most (\d+) s/,
        RECOVERY,
        "MAX_PAUSE_MS",
        1000,
    ],
    [
        RUNTIME,
        /at the earliest (\d+) s after it started/,
        RECOVERY,
        "MIN_UPTIME_MS",
        1000,
    ],
    [
        RUNTIME,
        /sends `QUIT` and waits up to (\d+) s/,
        SESSION,
        "QUIT_LIMIT_MS",
        1000,
    ],
    [
        TROUBLE,
        /The password is tried again every (\d+) s/,
        POLLER,
        "LOGIN_AGAIN_MS",
        1000,
    ],
    [
        RUNTIME,
        /(\d+) bytes are sent at 1\.9 kbit\/s/,
        "src/link/awake.ts",
        "BEAT_BYTES",
        1,
    ],
]

describe("the documentation's numbers are the code's", () => {
    for (const [document, sentence, file, name, unit] of SAID)
        test(`${name} in ${document}: ${sentence.source}`, () => {
            const found = sentence.exec(read(document))
            assert.ok(found, "the sentence is gone: change the table, too")
            assert.equal(Number(found[1]) * unit, constant(file, name))
        })

    test("the board file's serial log and its pin", () => {
        const { log } = JSON.parse(read("boards/pico_w_laglight.board.json"))
        const row = /serial log on (GP\d+) at (\d+) baud/.exec(read(RUNTIME))
        assert.deepEqual(row?.slice(1), [log.pinTX, `${log.baud}`])
        assert.match(read(HARDWARE), new RegExp(`\\*\\*${log.pinTX}\\*\\*`))
    })

    test("the pin of the SPI clock", () => {
        const [, pin] = /awake: pins\.(GP\d+)/.exec(read("src/board.ts"))!
        assert.match(read(RUNTIME), new RegExp(`kbit/s on ${pin}\\b`))
        assert.match(read(HARDWARE), new RegExp(`\\*\\*${pin}\\*\\*`))
    })
})
