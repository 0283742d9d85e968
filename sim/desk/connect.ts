/** The board for a command: on USB, or simulated. */
import type { Duplex } from "node:stream"
import type { CommandOptions, OptionValues } from "../command-line.ts"
import { SimulatedDevice } from "../vm/device.ts"
import { buildFirmware } from "../firmware.ts"
import { Board } from "./board.ts"
import type { CommandContext } from "./run-command.ts"
import { findBoard, openBoard, systemSerialPorts } from "./serial-port.ts"
import { lineTo } from "./simulated-line.ts"

/** Opens lines to a board; the board closes its line when it resets. */
export interface LineSource {
    /** For messages. */
    name: string
    /** @throws DeskError */
    open(): Promise<Duplex>
}

export const BOARD_OPTIONS: CommandOptions = {
    serial: {
        type: "string",
        value: "[PORT]",
        help: "the board's serial port; the only board on USB by default",
    },
    simulator: {
        type: "boolean",
        help: "a simulated board in place of one on USB",
    },
}

/** `--serial` may stand without a port, which node:util's parseArgs does not know. */
export function completeSerial(args: string[]) {
    return args.map((arg, i) =>
        arg === "--serial" &&
        (i + 1 === args.length || args[i + 1].startsWith("-"))
            ? "--serial="
            : arg
    )
}

/** @throws DeskError if there is no board */
export async function lineSource(
    values: OptionValues,
    { cleanup }: CommandContext
): Promise<LineSource> {
    if (values.simulator) {
        const { bytecode } = await cleanup.waitFor(buildFirmware())
        const device = await cleanup.keep(SimulatedDevice.start({ bytecode }))
        return { name: "a simulated board", open: async () => lineTo(device) }
    }
    const ports = await systemSerialPorts()
    const wanted = (values.serial as string | undefined) || undefined
    const path = await findBoard(ports, wanted)
    return {
        name: path,
        // after a reset the system may have given it another name
        open: async () => openBoard(ports, await findBoard(ports, wanted)),
    }
}

/** A connected board. It is stopped at the end. @throws DeskError */
export async function connectBoard(
    source: LineSource,
    { cleanup }: CommandContext
): Promise<Board> {
    const board = new Board()
    // if anything fails from here on, the port is released
    await cleanup.keep(Promise.resolve(board))
    await board.attach(await source.open())
    return board
}
