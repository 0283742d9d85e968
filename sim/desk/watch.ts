/** `npm run watch -- --serial`: the simulator's view and page, of a real board on USB. */
import { fileURLToPath } from "node:url"
import {
    optionHelp,
    parseCommandLine,
    UsageError,
    wholeNumber,
} from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import { Lab } from "../lab/lab.ts"
import { serverUrl } from "../lab/server-address.ts"
import { Page } from "../page/page.ts"
import { readSettingsFiles } from "../settings-file.ts"
import { createView } from "../view/create-view.ts"
import { showDevice } from "../view/show-device.ts"
import type { Board } from "./board.ts"
import {
    BOARD_OPTIONS,
    completeSerial,
    connectBoard,
    lineSource,
} from "./connect.ts"
import { keepAttached } from "./follow.ts"
import { runCommand } from "./run-command.ts"
import type { CommandContext } from "./run-command.ts"

const ROOT = fileURLToPath(new URL("../..", import.meta.url))

const OPTIONS: CommandOptions = {
    ...BOARD_OPTIONS,
    json: {
        type: "boolean",
        help: "one JSON object per line for every change; all else goes to stderr",
    },
    port: {
        type: "string",
        value: "N",
        help: "the page's port; 0 is any free one (as npm start's)",
    },
    "no-page": { type: "boolean", help: "serve no page" },
    help: { type: "boolean", help: "this text" },
}

const HELP = [
    "Usage: npm run watch -- --serial [PORT] [options]",
    "",
    "Shows a Pico W on USB as npm start shows the simulator: its LEDs and its log, as the board itself reports them.",
    "The board goes on as it was; a reset of its own is waited for. Ctrl-C ends the watching.",
    "",
    optionHelp(OPTIONS),
].join("\n")

runCommand(async (args, context) => {
    const values = parseCommandLine(completeSerial(args), OPTIONS)
    if (values.help) {
        console.log(HELP)
        return 0
    }
    if (values.serial === undefined && !values.simulator)
        throw new UsageError(
            "nothing to watch: --serial watches a board on USB (npm start watches the simulator)"
        )
    const { cleanup, stopped } = context
    const view = createView({ json: values.json === true })
    await cleanup.keep(Promise.resolve({ stop: () => view.close() }))
    const source = await lineSource(values, context)
    view.progress(`connecting to ${source.name}`)
    const board = await connectBoard(source, context)
    const name = `the board at ${source.name}`
    if (!values["no-page"])
        view.progress(
            `page: ${await servePage(board, name, values.port, context)}`
        )
    showDevice(board, view, name)
    await keepAttached(board, source, stopped, text =>
        view.log({ t: Date.now(), level: "warn", text })
    )
    return 0
})

/** The simulator's page, with a board in place of the device. @returns its URL */
async function servePage(
    board: Board,
    source: string,
    port: unknown,
    { cleanup }: CommandContext
) {
    const page = await cleanup.keep(
        Page.start({
            port:
                port === undefined
                    ? undefined
                    : wholeNumber("port", port, 0, 65_535),
        })
    )
    // what the board was last given is not known here; it is what the files say, if it was deployed from here
    const settings = readSettingsFiles(ROOT)
    const lab = new Lab({
        publisher: page.publisher,
        settings,
        source,
        url: async () => serverUrl(settings),
    })
    await cleanup.keep(Promise.resolve(lab))
    page.show(lab)
    lab.observe(board)
    lab.begin()
    return page.url
}
