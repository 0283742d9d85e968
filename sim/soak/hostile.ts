/**
 * Lets lights talk to servers whose sound conversations (login, poll, count, sentinel, redirect) are spoilt at random: the
 * program must live, say nothing that is a secret or a line of somebody else's, show no lag that no server told, and be
 * right again when the servers are. All chance of a conversation comes from its own seed.
 */
import { HostileRedis } from "../faults/hostile-redis.ts"
import type { Spoil } from "../faults/hostile-redis.ts"
import { buildFirmware } from "../firmware.ts"
import { encodeSettings } from "../settings-file.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SimulatedDevice } from "../vm/device.ts"
import { SeededRandom } from "./seeded-random.ts"

export interface HostileOptions {
    /** Of the first conversation; each further one has the next number. */
    seed: number
    /** Ends before the next conversation when it returns true. @param done conversations so far */
    isOver: (done: number) => boolean
    /** Told of each conversation as it begins. */
    onProgress?: (text: string) => void
}

export interface HostileSummary {
    seed: number
    conversations: number
    /** How often each way to spoil was taken. */
    ways: Record<string, number>
    /** What went wrong, with the seed that repeats it. */
    failures: string[]
}

/** How long a conversation is spoilt, ms of the device's time. */
const SPOILT_MS: [number, number] = [1500, 8000]
/** From its end to the right light, ms of the device's time: the longest pauses of the link and of a refused login, in a row. */
const RECOVERY_MS = 120_000
/** A reply that does not come is given up after so long in real time. */
const ANSWER_WAIT_MS = 250
const MAX_LINE_BYTES = 290
const LAG_MAX = 9

const STREAM = "hostile-jobs"
const PASSWORDS = { REDIS_PASS: `pläntéd "1" %41%s`, SENT_PASS: "gehéim-Zwölf" }

const CRLF = "\r\n"
const many = (text: string, times: number) => Buffer.from(text.repeat(times))

/** Ways to spoil a reply. */
const WAYS: Record<
    string,
    (
        reply: Buffer,
        random: SeededRandom,
        command: string[]
    ) => ReturnType<Spoil>
> = {
    "flipped bit": (reply, random) => {
        const spoilt = Buffer.from(reply)
        spoilt[at(spoilt, random)] ^= 1 << Math.floor(random.between(0, 8))
        return spoilt
    },
    "other byte": (reply, random) => {
        const spoilt = Buffer.from(reply)
        spoilt[at(spoilt, random)] = random.between(0, 256)
        return spoilt
    },
    "lost byte": (reply, random) => splice(reply, at(reply, random), 1, ""),
    "more bytes": (reply, random) =>
        splice(reply, at(reply, random), 0, random.pick(BYTES)),
    "other number": (reply, random) =>
        replaceNumber(reply, random, random.pick(NUMBERS)),
    "other type": (reply, random) => {
        const spoilt = Buffer.from(reply)
        spoilt[0] = random.pick([..."+-:$*_#,(!=%~>|"]).charCodeAt(0)
        return spoilt
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

/** The conversations. Their lights live as long as nothing goes wrong. */
type SceneName = "login" | "poll" | "count" | "sentinel" | "redirect"

/** What of each is spoilt. */
const SPOILS: Record<SceneName, (name: string, reply: Buffer) => boolean> = {
    login: name => ["AUTH", "SELECT", "CLIENT"].includes(name),
    poll: () => true,
    count: name => name.startsWith("X"),
    sentinel: name => ["AUTH", "SENTINEL", "ROLE"].includes(name),
    redirect: (_, reply) => reply.toString().startsWith("-MOVED"),
}
/** Where a spoilt reply may be a sound one with another number, which nobody can tell. */
const MAY_MISLEAD: SceneName[] = ["poll", "count"]

export async function runHostile({
    seed,
    isOver,
    onProgress,
}: HostileOptions): Promise<HostileSummary> {
    const summary: HostileSummary = {
        seed,
        conversations: 0,
        ways: {},
        failures: [],
    }
    const scenes = new Map<SceneName, Scene>()
    try {
        while (!isOver(summary.conversations)) {
            const own = seed + summary.conversations++
            const random = new SeededRandom(own)
            const name = random.pick(Object.keys(SPOILS) as SceneName[])
            const way = random.pick(Object.keys(WAYS))
            onProgress?.(`seed ${own}: ${name}, ${way}`)
            summary.ways[way] = (summary.ways[way] ?? 0) + 1
            let scene = scenes.get(name)
            if (!scene) scenes.set(name, (scene = await Scene.set(name)))
            const failure = await scene.converse(way, random)
            if (failure === undefined) continue
            summary.failures.push(
                `${name}, ${way} (--hostile --seed ${own}): ${failure}`
            )
            scenes.delete(name)
            await scene.stop()
        }
    } finally {
        for (const scene of scenes.values()) await scene.stop()
    }
    return summary
}

class Scene {
    private readonly panics: string[] = []
    private device!: SimulatedDevice

    static async set(name: SceneName): Promise<Scene> {
        const redis = await HostileRedis.start({
            stream: STREAM,
            tellsNoLag: name === "count",
            password: PASSWORDS.REDIS_PASS,
        })
        const other = await HostileRedis.start({
            stream: STREAM,
            password: PASSWORDS.SENT_PASS,
        })
        const scene = new Scene(name, redis, other)
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
                scene.device = device
                device.on("panic", ({ text }) => scene.panics.push(text))
                device.on("restart", () => scene.panics.push("a reset"))
            },
        })
        return scene
    }

    private constructor(
        private readonly name: SceneName,
        private readonly redis: HostileRedis,
        private readonly other: HostileRedis
    ) {}

    async stop() {
        await this.device.stop()
        await this.redis.stop()
        await this.other.stop()
    }

    /** @returns what went wrong */
    async converse(
        way: string,
        random: SeededRandom
    ): Promise<string | undefined> {
        const { device, redis, other, name } = this
        const begin = device.now
        const lag = redis.lag
        // one of several replies, or each
        const share = random.pick([0.2, 1])
        const spoil: Spoil = (reply, command) =>
            SPOILS[name](command[0].toUpperCase(), reply) &&
            random.next() < share
                ? WAYS[way](reply, random, command)
                : reply
        // who was logged in, or is not asked again, comes anew
        redis.server.hangUp()
        redis.spoil = other.spoil = spoil
        // whole ms: the driven clock knows no others
        await device.runFor(Math.round(random.between(...SPOILT_MS)))
        redis.spoil = other.spoil = undefined
        redis.server.hangUp()
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
        const told = MAY_MISLEAD.includes(name)
            ? []
            : this.readings(begin).filter(
                  reading =>
                      reading.lag !== null &&
                      reading.lag !== lag &&
                      reading.lag !== redis.lag
              )
        if (told.length > 0) return `a false lag: ${JSON.stringify(told)}`
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
        return cut && `a record that is none: ${cut.text}`
    }
}

function settingsOf(
    name: SceneName,
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

/** In words. */
export function hostileText(summary: HostileSummary) {
    const ways = Object.entries(summary.ways)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([way, count]) => `${count} ${way}`)
    return [
        `seed             ${summary.seed}`,
        `conversations    ${summary.conversations}`,
        `spoilt           ${ways.join(", ")}`,
        `failures         ${summary.failures.length}`,
        ...summary.failures.map(text => `  ${text}`),
    ].join("\n")
}
