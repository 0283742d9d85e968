/** Tries settings against their Redis from this computer, by running the real firmware with them in the VM. */
import { setTimeout as sleep } from "node:timers/promises"
import { buildFirmware } from "../firmware.ts"
import { bar } from "../light/text.ts"
import { printable } from "../printable.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SimulatedDevice } from "../vm/device.ts"
import { isTargetRecord, readLightRecord } from "../light/light-record.ts"
import type { LightRecord, TargetRecord } from "../light/light-record.ts"

export interface Trial {
    /** Every target's lag is known, at least within bounds. */
    isShown: boolean
    /** The firmware's log. */
    log: string[]
    /** The bar at the end: `●●●○○○○○○○`. */
    leds: string
    /** Rights that the Redis user lacks to be exact: `+xrange`. */
    missingRights: string[]
}

/** For an answer; the firmware itself gives up a connect after 16 s and tries again. */
const ANSWER_TIMEOUT_MS = 20_000
/** After the first answer: for the others, and for the power-on sweep to be over. */
const SETTLE_MS = 3000

export async function tryRedis(settings: EncodedSettings): Promise<Trial> {
    const { bytecode } = await buildFirmware()
    const device = await SimulatedDevice.start({ bytecode, settings })
    try {
        const records = () =>
            device.records
                .map(({ record }) => readLightRecord(record))
                .filter(record => record !== undefined)
        await device
            .until(
                () => records().some(isAnswer) || undefined,
                ANSWER_TIMEOUT_MS,
                "an answer"
            )
            .catch(() => {})
        await sleep(SETTLE_MS)
        const all = records()
        // each target's last record, which is valid while the link is up
        const targets = new Map<number, TargetRecord>()
        for (const record of all)
            if (isTargetRecord(record)) targets.set(record.target, record)
        return {
            isShown:
                all.at(-1)?.link === "up" &&
                targets.size > 0 &&
                [...targets.values()].every(
                    ({ condition }) => condition === "lag"
                ),
            log: device.logs
                .filter(({ level }) => level !== "debug")
                .map(({ text }) => printable(text)),
            leds: bar(device.leds),
            missingRights: rights(all.filter(isTargetRecord)),
        }
    } finally {
        await device.stop()
    }
}

/** A result from Redis, the network or the firmware; before that there are only announcements. */
function isAnswer(record: LightRecord) {
    return (
        isTargetRecord(record) ||
        record.problem !== null ||
        record.link === "not configured"
    )
}

function rights(targets: TargetRecord[]) {
    const found = targets.flatMap(({ missing, reason }) => {
        // Redis's error reply
        const refused = /^NOPERM .*'([\w|]+)' command/.exec(reason ?? "")
        return [
            ...(missing?.split(" ") ?? []),
            ...(refused ? [`+${refused[1]}`] : []),
        ]
    })
    return [...new Set(found)]
}
