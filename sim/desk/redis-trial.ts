/** Tries settings against their Redis from this computer, by running the real firmware with them in the VM. */
import { setTimeout as sleep } from "node:timers/promises"
import { buildFirmware } from "../firmware.ts"
import type { Snapshot } from "../light/picture.ts"
import { bar } from "../light/words.ts"
import { printable } from "../printable.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SimulatedDevice } from "../vm/device.ts"

export interface Trial {
    /** Every target's lag is known, at least within bounds. */
    isShown: boolean
    /** What the firmware said. */
    log: string[]
    /** The bar at the end: `●●●○○○○○○○`. */
    leds: string
    /** Rights that the Redis user lacks to be exact: `+xrange`. */
    missingRights: string[]
}

const LINK = "link"
/** For an answer; the firmware itself gives up a connect after 16 s and tries again. */
const ANSWER_TIMEOUT_MS = 20_000
/** After the first answer: for the others, and for the power-on sweep to be over. */
const SETTLE_MS = 3000

export async function tryRedis(settings: EncodedSettings): Promise<Trial> {
    const { bytecode } = await buildFirmware()
    const device = await SimulatedDevice.start({ bytecode, settings })
    try {
        await device
            .until(
                () =>
                    device.logs.some(({ text }) => isAnswer(text)) || undefined,
                ANSWER_TIMEOUT_MS,
                "an answer"
            )
            .catch(() => {})
        await sleep(SETTLE_MS)
        const log = device.logs
            .filter(({ level }) => level !== "debug")
            .map(({ text }) => printable(text))
        // each target's last word; the link has none of its own while it is up
        const states = new Map<string, unknown>()
        for (const { record } of device.records) {
            const { target, status } = (record ?? {}) as Partial<Snapshot>
            if (target !== undefined) states.delete(LINK)
            states.set(target === undefined ? LINK : String(target), status)
        }
        return {
            isShown:
                states.size > 0 &&
                [...states.values()].every(status => status === "lag"),
            log,
            leds: bar(device.leds),
            missingRights: rights(log),
        }
    } finally {
        await device.stop()
    }
}

/** Redis, the network or the firmware itself has had its say; before that there are only announcements. */
function isAnswer(text: string) {
    return !/^(light: |redis: connecting to )/.test(text)
}

function rights(log: string[]) {
    const found = log.flatMap(text => {
        const missing = /; missing: (.*)$/.exec(text)
        const refused = /NOPERM.*'([\w|]+)' command/.exec(text)
        return [
            ...(missing ? missing[1].split(" ") : []),
            ...(refused ? [`+${refused[1]}`] : []),
        ]
    })
    return [...new Set(found)]
}
