/** `npm run test:board`: the part of the end-to-end tests that a real board can pass, over USB, by what its light says of itself. */
import { SRV_LED } from "jacdac-ts"
import { optionHelp, parseCommandLine } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { buildFirmware } from "../firmware.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { FIRMWARE_KEYS } from "../settings-table.ts"
import { isTargetRecord, readLightRecord } from "../light/light-record.ts"
import type { LightRecord } from "../light/light-record.ts"
import type { Board } from "./board.ts"
import {
    BOARD_OPTIONS,
    completeSerial,
    connectBoard,
    lineSource,
} from "./connect.ts"
import { DeskError, runCommand } from "./run-command.ts"
import { SETTINGS_OPTION, settingsToDeploy } from "./settings-to-deploy.ts"

const OPTIONS: CommandOptions = {
    ...BOARD_OPTIONS,
    ...SETTINGS_OPTION,
    help: { type: "boolean", help: "this text" },
}

const HELP = [
    "Usage: npm run test:board [-- options]",
    "",
    "Runs the end-to-end tests that need no simulator on a Pico W on USB: the LED test, settings refused, settings taken,",
    "a reading. It deploys, and leaves laglight on the board with the settings of your files. Exit code 1: a test failed.",
    "",
    optionHelp(OPTIONS),
].join("\n")

/** What only the simulator can show, and why. */
const SKIPPED = [
    "faults of the network: the board's cannot be cut from here",
    "time lapse: the board's clock is its own",
    "memory: the board has no way to tell",
    "every version of Redis: the board is on your network, not on this computer",
]

/** The LED test's first pass takes 600 ms an LED. */
const DOTS_MS = 12_000
const NOT_CONFIGURED_MS = 15_000
/** From the start to a reading: Wi-Fi, DHCP, DNS, Redis. */
const READING_MS = 60_000

interface Test {
    name: string
    run(): Promise<void>
}

runCommand(async (args, context) => {
    const values = parseCommandLine(completeSerial(args), OPTIONS)
    if (values.help) {
        console.log(HELP)
        return 0
    }
    const report = await settingsToDeploy(values)
    const [main, ledtest] = await Promise.all([
        context.cleanup.waitFor(buildFirmware()),
        context.cleanup.waitFor(buildFirmware({ entry: "src/mainledtest.ts" })),
    ])
    const source = await lineSource(values, context)
    const board = await connectBoard(source, context)
    console.log(`testing ${source.name}`)
    const deploy = (bytecode: Uint8Array, settings: EncodedSettings) =>
        board.deploy({ bytecode, settings, knownKeys: FIRMWARE_KEYS })
    const tests: Test[] = [
        {
            name: "the LED test shows LED1 to LED10 in order, and has an led service",
            async run() {
                const shown = shownBy(board)
                await deploy(ledtest.bytecode, report.settings)
                await board.until(
                    () => ofDots(shown).includes(dots().join(" ")),
                    DOTS_MS,
                    () => `the light showed: ${ofDots(shown)}`
                )
                if (!board.bus.services({ serviceClass: SRV_LED }).length)
                    throw new DeskError("there is no led service on the bus")
            },
        },
        {
            name: "a wrong setting is refused: both ends blink, and the log names it",
            async run() {
                const shown = shownBy(board)
                const said = saidBy(board)
                await deploy(
                    main.bytecode,
                    new Map([...report.settings, ["POLL_MS", "1"]])
                )
                await board.until(
                    () =>
                        shown.filter(leds => leds === "1000000001").length >
                            1 &&
                        said.records.some(
                            record =>
                                record.link === "not configured" &&
                                record.problem?.includes("POLL_MS")
                        ),
                    NOT_CONFIGURED_MS,
                    () => `the log said: ${said.lines.join(" / ")}`
                )
            },
        },
        {
            name: "settings take effect without another program",
            async run() {
                const { programSent } = await deploy(
                    main.bytecode,
                    report.settings
                )
                if (programSent)
                    throw new DeskError("the program was sent again")
            },
        },
        {
            name: "a reading arrives",
            async run() {
                const said = saidBy(board)
                await board.until(
                    () =>
                        said.records.some(
                            record =>
                                isTargetRecord(record) &&
                                record.condition === "lag"
                        ),
                    READING_MS,
                    () => `the log said: ${said.lines.join(" / ")}`
                )
            },
        },
    ]
    let failed = 0
    for (const { name, run } of tests)
        try {
            await run()
            console.log(`ok    ${name}`)
        } catch (error) {
            failed++
            console.log(`FAIL  ${name}\n      ${(error as Error).message}`)
        }
    for (const text of SKIPPED)
        console.log(`skip  ${text} (needs the simulator: npm test)`)
    console.log(
        `${tests.length - failed} of ${tests.length} passed, ${SKIPPED.length} skipped`
    )
    return failed > 0 ? 1 : 0
})

/** What the light shows from now on. */
function shownBy(board: Board) {
    const frames: string[] = []
    board.on("leds", leds => frames.push(leds))
    return frames
}

/** What the program says from now on, for people and for programs. */
function saidBy(board: Board) {
    const lines: string[] = []
    const records: LightRecord[] = []
    board.on("log", ({ level, text }) => {
        if (level !== "debug") lines.push(text)
    })
    board.on("data", ({ record }) => {
        const said = readLightRecord(record)
        if (said) records.push(said)
    })
    return { lines, records }
}

function dots() {
    return Array.from({ length: 10 }, (_, i) =>
        "0".repeat(i).concat("1", "0".repeat(9 - i))
    )
}

/** The frames with one LED lit. */
function ofDots(frames: string[]) {
    return frames.filter(leds => leds.split("1").length === 2).join(" ")
}
