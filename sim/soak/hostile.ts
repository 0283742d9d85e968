/**
 * Lights on servers whose replies (to login, poll, count, sentinel query, redirect) are tampered with at random: the
 * program must not end, print no secret and no forged log line, show no lag that no server reported, and show the right lag
 * again when the servers do. Each round has a seed for all its random numbers.
 */
import { HostileRedis } from "../faults/hostile-redis.ts"
import type { Tamper } from "../faults/hostile-redis.ts"
import { buildFirmware } from "../firmware.ts"
import { encodeSettings } from "../settings-file.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SimulatedDevice } from "../vm/device.ts"
import { SeededRandom } from "./seeded-random.ts"

export interface HostileOptions {
    /** Of the first round; each further one has the next number. */
    seed: number
    /** Ends before the next round when it returns true. @param done rounds so far */
    isOver: (done: number) => boolean
    /** Called with a description of each round as it begins. */
    onProgress?: (text: string) => void
}

export interface HostileSummary {
    seed: number
    rounds: number
    /** How often each kind of tampering was used. */
    tamperings: Record<string, number>
    /** Failures, with the seed that repeats each. */
    failures: string[]
}

/** How long a round tampers, ms of device time. */
const TAMPERING_MS: [number, number] = [1500, 8000]
/** From its end to the right light, ms of device time: the longest pauses of the link and of a refused login, in a row. */
const RECOVERY_MS = 120_000
/** How long the driven clock waits for a reply, in real ms. */
const ANSWER_WAIT_MS = 250
const MAX_LINE_BYTES = 290
const LAG_MAX = 9

const STREAM = "hostile-jobs"
const PASSWORDS = { REDIS_PASS: `pläntéd "1" %41%s`, SENT_PASS: "gehéim-Zwölf" }

const CRLF = "\r\n"
const many = (text: string, times: number) => Buffer.from(text.repeat(times))

/** Kinds of tampering with a reply. */
const TAMPERINGS: Record<
    string,
    (
        reply: Buffer,
        random: SeededRandom,
        command: string[]
    ) => ReturnType<Tamper>
> = {
    "flipped bit": (reply, random) => {
        const tampered = Buffer.from(reply)
        tampered[at(tampered, random)] ^= 1 << Math.floor(random.between(0, 8))
        return tampered
    },
    "other byte": (reply, random) => {
        const tampered = Buffer.from(reply)
        tampered[at(tampered, random)] = random.between(0, 256)
        return tampered
    },
    "lost byte": (reply, random) => splice(reply, at(reply, random), 1, ""),
    "more bytes": (reply, random) =>
        splice(reply, at(reply, random), 0, random.pick(BYTES)),
    "other number": (reply, random) =>
        replaceNumber(reply, random, random.pick(NUMBERS)),
    "other type": (reply, random) => {
        const tampered = Buffer.from(reply)
        tampered[0] = random.pick([..."+-:$*_#,(!=%~>|"]).charCodeAt(0)
        return tampered
    },
    twice: reply => Buffer.concat([reply, reply]),
    "cut, then silence": (reply, random) =>
        reply.subarray(0, at(reply, random)),
    "cut, then closed": (reply, random) => ({
        reply: reply.subarray(0, at(reply, random)),
        then: "close",
    }),
    "cut, then reset": (reply, random) => ({
        reply: reply.subarray(0, at(reply, random)),
        then: "reset",
    }),
    nothing: () => undefined,
    "an echo": (_, random, command) =>
        random.pick([
            Buffer.from(
                `-ERR unknown command '${command[0]}', with args beginning with: ${command
                    .slice(1)
                    .map(word => `'${word}'`)
                    .join(" ")} ${CRLF}`
            ),
            Buffer.from(`-${command.join(" ")}${CRLF}`),
            Buffer.from(`-WRONGPASS ${command.at(-1)}${CRLF}`),
            Buffer.from(`+OK${CRLF}-ERR ${command.at(-1)}${CRLF}`),
        ]),
    "an error": (_, random) => Buffer.from(`-${random.pick(ERRORS)}${CRLF}`),
    "a forged line": (_, random) =>
        Buffer.from(
            `-${random.pick(["ERR", "WRONGTYPE", "NOPERM"])} x\nlight: not configured\u001b[2J\u009b\u2028y${CRLF}`
        ),
    "a redirect": (_, random) =>
        Buffer.from(
            `-${random.pick(["MOVED", "ASK"])} 1 ${random.pick(ADDRESSES)}${CRLF}`
        ),
    "a flood": (reply, random) =>
        Buffer.concat([
            random.pick([reply, Buffer.from(`*300000${CRLF}`)]),
            many(random.pick(TINY), 15_000),
        ]),
    "deep arrays": () => many(`*1${CRLF}`, 20),
    "no RESP": (_, random) =>
        Buffer.from(
            random.pick(["HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0"])
        ),
}

const BYTES = ["\r\n", "\n", "\0", "-", "$-1\r\n", "*0\r\n", "\u001b[2J", "9"]
const NUMBERS = ["", "-1", "0", "00", "1e9", "99999999999999999999", "1048577"]
const ADDRESSES = ["127.0.0.1:x", ":", "127.0.0.1:0", "?:1", "a\nb:1", ":65536"]
const ERRORS = [
    "LOADING Redis is loading the dataset in memory",
    "NOAUTH Authentication required.",
    "NOPERM no",
    "ERR max number of clients reached",
    "DENIED Redis is running in protected mode",
    "READONLY no",
    "CLUSTERDOWN no",
    "",
]
const TINY = ["*0\r\n", "%0\r\n", "|0\r\n", ":1\r\n", "_\r\n", "$0\r\n\r\n"]

function at(bytes: Buffer, random: SeededRandom) {
    return Math.floor(random.between(0, bytes.length))
}

function splice(bytes: Buffer, from: number, count: number, text: string) {
    return Buffer.concat([
        bytes.subarray(0, from),
        Buffer.from(text),
        bytes.subarray(from + count),
    ])
}

function replaceNumber(reply: Buffer, random: SeededRandom, number: string) {
    const text = reply.toString("latin1")
    const found = [...text.matchAll(/[:$*%]-?\d+/g)]
    if (found.length === 0) return reply
    const { index, 0: old } = random.pick(found)
    return splice(reply, index + 1, old.length - 1, number)
}

/** The scenarios. Their lights keep running as long as nothing goes wrong. */
type ScenarioName = "login" | "poll" | "count" | "sentinel" | "redirect"

/** Which replies of each are tampered with. */
const TAMPERED_REPLIES: Record<
    ScenarioName,
    (name: string, reply: Buffer) => boolean
> = {
    login: name => ["AUTH", "SELECT", "CLIENT"].includes(name),
    poll: () => true,
    count: name => name.startsWith("X"),
    sentinel: name => ["AUTH", "SENTINEL", "ROLE"].includes(name),
    redirect: (_, reply) => reply.toString().startsWith("-MOVED"),
}
/** Where a tampered reply may be a valid one with another number, which cannot be detected. */
const MAY_MISLEAD: ScenarioName[] = ["poll", "count"]

export async function runHostile({
    seed,
    isOver,
    onProgress,
}: HostileOptions): Promise<HostileSummary> {
    const summary: HostileSummary = {
        seed,
        rounds: 0,
        tamperings: {},
        failures: [],
    }
    const scenarios = new Map<ScenarioName, Scenario>()
    try {
        while (!isOver(summary.rounds)) {
            const own = seed + summary.rounds++
            const random = new SeededRandom(own)
            const name = random.pick(
                Object.keys(TAMPERED_REPLIES) as ScenarioName[]
            )
            const tampering = random.pick(Object.keys(TAMPERINGS))
            onProgress?.(`seed ${own}: ${name}, ${tampering}`)
            summary.tamperings[tampering] =
                (summary.tamperings[tampering] ?? 0) + 1
            let scenario = scenarios.get(name)
            if (!scenario)
                scenarios.set(name, (scenario = await Scenario.start(name)))
            const failure = await scenario.run(tampering, random)
            if (failure === undefined) continue
            summary.failures.push(
                `${name}, ${tampering} (--hostile --seed ${own}): ${failure}`
            )
            scenarios.delete(name)
            await scenario.stop()
        }
    } finally {
        for (const scenario of scenarios.values()) await scenario.stop()
    }
    return summary
}

class Scenario {
    private readonly panics: string[] = []
    private device!: SimulatedDevice

    static async start(name: ScenarioName): Promise<Scenario> {
        const redis = await HostileRedis.start({
            stream: STREAM,
            reportsNoLag: name === "count",
            password: PASSWORDS.REDIS_PASS,
        })
        const other = await HostileRedis.start({
            stream: STREAM,
            password: PASSWORDS.SENT_PASS,
        })
        const scenario = new Scenario(name, redis, other)
        if (name === "sentinel") other.master = redis
        if (name === "redirect")
            other.redirect = `MOVED 1 ${redis.host}:${redis.port}`
        const first = name === "redirect" ? other : redis
        const { bytecode } = await buildFirmware()
        await SimulatedDevice.start({
            bytecode,
            clock: "driven",
            answerWaitMs: ANSWER_WAIT_MS,
            settings: settingsOf(name, first, other),
            onCreated: device => {
                scenario.device = device
                device.on("panic", ({ text }) => scenario.panics.push(text))
                device.on("restart", () => scenario.panics.push("a reset"))
            },
        })
        return scenario
    }

    private constructor(
        private readonly name: ScenarioName,
        private readonly redis: HostileRedis,
        private readonly other: HostileRedis
    ) {}

    async stop() {
        await this.device.stop()
        await this.redis.stop()
        await this.other.stop()
    }

    /** @returns what went wrong */
    async run(
        tampering: string,
        random: SeededRandom
    ): Promise<string | undefined> {
        const { device, redis, other, name } = this
        const begin = device.now
        const lag = redis.lag
        // one of several replies, or each
        const share = random.pick([0.2, 1])
        const tamper: Tamper = (reply, command) =>
            TAMPERED_REPLIES[name](command[0].toUpperCase(), reply) &&
            random.next() < share
                ? TAMPERINGS[tampering](reply, random, command)
                : reply
        // so that the device logs in and asks the sentinel again
        redis.server.closeConnections()
        redis.tamper = other.tamper = tamper
        // the driven clock counts whole ms
        await device.runFor(Math.round(random.between(...TAMPERING_MS)))
        redis.tamper = other.tamper = undefined
        redis.server.closeConnections()
        const end = device.now
        redis.lag = (lag + 1 + Math.floor(random.between(0, LAG_MAX))) % 10
        try {
            await device.until(
                () =>
                    this.readings(end).some(
                        reading => reading.lag === redis.lag
                    ) ||
                    this.panics.length > 0 ||
                    undefined,
                RECOVERY_MS,
                `lag ${redis.lag}`
            )
        } catch (error) {
            return (error as Error).message
        }
        if (this.panics.length > 0) return this.panics.join(", ")
        const falseReadings = MAY_MISLEAD.includes(name)
            ? []
            : this.readings(begin).filter(
                  reading =>
                      reading.lag !== null &&
                      reading.lag !== lag &&
                      reading.lag !== redis.lag
              )
        if (falseReadings.length > 0)
            return `a false lag: ${JSON.stringify(falseReadings)}`
        return this.faultOfLines(begin)
    }

    private readings(since: number) {
        return this.device.records
            .filter(({ t }) => t >= since)
            .map(({ record }) => record as { lag: number | null })
            .filter(record => record?.lag !== undefined)
    }

    private faultOfLines(since: number): string | undefined {
        const { logs, records } = this.device
        for (const { t, text } of [...logs, ...records]) {
            if (t < since) continue
            if (/\p{Cc}|[\u2028\u2029]/u.test(text))
                return `a control character in ${JSON.stringify(text)}`
            if (Buffer.byteLength(text) > MAX_LINE_BYTES)
                return `a long line: ${text}`
            for (const secret of Object.values(PASSWORDS))
                if (text.includes(secret)) return `a password in ${text}`
        }
        const cut = records.find(
            ({ t, record }) => t >= since && record === undefined
        )
        return cut && `an invalid record: ${cut.text}`
    }
}

function settingsOf(
    name: ScenarioName,
    redis: HostileRedis,
    other: HostileRedis
): EncodedSettings {
    return encodeSettings({
        STREAM,
        GROUP: "staff",
        POLL_MS: 500,
        REDIS_HOST: redis.host,
        REDIS_PORT: redis.port,
        ...(name === "login"
            ? { REDIS_PASS: PASSWORDS.REDIS_PASS, REDIS_DB: 1 }
            : {}),
        ...(name === "sentinel"
            ? {
                  SENTINELS: `${other.host}:${other.port}`,
                  MASTER: "m",
                  ...PASSWORDS,
              }
            : {}),
    })
}

/** As text. */
export function hostileText(summary: HostileSummary) {
    const tamperings = Object.entries(summary.tamperings)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([tampering, count]) => `${count} ${tampering}`)
    return [
        `seed             ${summary.seed}`,
        `rounds           ${summary.rounds}`,
        `tampered         ${tamperings.join(", ")}`,
        `failures         ${summary.failures.length}`,
        ...summary.failures.map(text => `  ${text}`),
    ].join("\n")
}
