/** What `npm run acl` has to print, from the settings and the options. */
import { needsGroup, Show } from "../../src/settings-table.ts"
import { optionHelp, parseCommandLine, UsageError } from "../command-line.ts"
import type { CommandOptions } from "../command-line.ts"
import type { EncodedSettings } from "../settings-file.ts"
import { SERVERS } from "./acl-rules.ts"
import type { AclRequest, Server } from "./acl-rules.ts"

export interface AclOptions {
    user?: string
    password?: string
    exact: boolean
    script: boolean
    health: boolean
    seconds: boolean
    cluster: boolean
    sentinel: boolean
    server: Server
    /** A settings file in place of .env.local. */
    settings?: string
    /** Where the settings files are. */
    dir?: string
    help: boolean
}

/** The user's name if neither an option nor a setting gives one. */
const USER = "laglight"

const OPTIONS: CommandOptions = {
    user: {
        type: "string",
        value: "NAME",
        help: `the user's name; REDIS_USER by default, else ${USER}`,
    },
    password: {
        type: "string",
        value: "TEXT",
        help: "use this password; without it, the placeholder PASS",
    },
    exact: {
        type: "boolean",
        help: "prove the exact lag where Redis's own figure is missing or wrong",
    },
    script: {
        type: "boolean",
        help: "like --exact, and large entries are counted on the server, by one read-only script (Redis 7)",
    },
    health: {
        type: "boolean",
        help: "the health limits: IDLE_MAX_S, PEND_AGE_S",
    },
    seconds: { type: "boolean", help: "UNIT=seconds" },
    cluster: { type: "boolean", help: "the server is a Redis Cluster" },
    sentinel: {
        type: "boolean",
        help: "the server is found through Sentinel; a second line is for the sentinels",
    },
    redis: {
        type: "string",
        value: "VERSION",
        default: SERVERS[0],
        help: "7 (and newer, and Valkey), 6 (6.2) or 6.0",
    },
    settings: {
        type: "string",
        value: "FILE",
        help: "read this file in place of .env.local",
    },
    dir: {
        type: "string",
        value: "FOLDER",
        help: "where .env.defaults and .env.local are; the project by default",
    },
    help: { type: "boolean", help: "this text" },
}

export const ACL_HELP = [
    "Usage: npm run acl -- [options]",
    "",
    "Prints the ACL SETUSER command for a Redis user that may do what laglight does with the settings in",
    ".env.defaults and .env.local, and nothing else. Paste it into redis-cli. What the settings ask for (STREAM,",
    "STREAM_2 ..., POS_KEY, REDIS_DB, UNIT, IDLE_MAX_S, PEND_AGE_S, DEAD_STREAM, REPLICA_OK, SENTINELS) is",
    "always included.",
    "",
    optionHelp(OPTIONS),
].join("\n")

/** @throws UsageError */
export function parseAclOptions(args: string[]): AclOptions {
    const values = parseCommandLine(args, OPTIONS)
    return {
        user: values.user as string | undefined,
        password: values.password as string | undefined,
        exact: values.exact === true,
        script: values.script === true,
        health: values.health === true,
        seconds: values.seconds === true,
        cluster: values.cluster === true,
        sentinel: values.sentinel === true,
        server: serverNamed(String(values.redis)),
        settings: values.settings as string | undefined,
        dir: values.dir as string | undefined,
        help: values.help === true,
    }
}

function serverNamed(version: string): Server {
    const major = Number.parseInt(version)
    if (major === 5 || major === 4)
        throw new UsageError(
            `--redis ${version}: it has no users; set requirepass on the server, and REDIS_PASS`
        )
    const server = version === "6.2" ? "6" : major >= 7 ? "7" : version
    if (!SERVERS.some(known => known === server))
        throw new UsageError(
            `--redis ${version}: unknown; known are 7 (and newer), 6 and 6.0`
        )
    return server as Server
}

/** @throws UsageError if the settings name no stream */
export function aclRequest(
    settings: EncodedSettings,
    options: AclOptions
): AclRequest {
    const text = (key: string) => textOf(settings.get(key))
    const targets = [...settings.keys()]
        .filter(key => /^STREAM(_\d+)?$/.test(key))
        .map(key => {
            const own = (name: string) => text(key.replace("STREAM", name))
            const show = (own("SHOW") ?? Show.Lag) as Show
            const positionKey = own("POS_KEY")
            return {
                stream: own("STREAM")!,
                showsLength: show === Show.Length,
                hasGroup: needsGroup(show, positionKey),
                positionKey,
                positionField: own("POS_FIELD"),
            }
        })
    const positions = targets.filter(target => target.positionKey)
    const streams = targets.map(({ stream }) => stream)
    if (streams.length === 0)
        throw new UsageError(
            "the settings name no stream: set STREAM in .env.local"
        )
    for (const { positionKey } of positions) streams.push(positionKey!)
    const dead = text("DEAD_STREAM")
    if (dead !== undefined) streams.push(dead)
    return {
        user: options.user ?? text("REDIS_USER") ?? USER,
        password: options.password,
        streams,
        server: options.server,
        // who reads without a group is known by counting alone
        exact: options.exact || positions.length > 0,
        groups: targets.some(({ hasGroup }) => hasGroup),
        storedString: positions.some(({ positionField }) => !positionField),
        storedField: positions.some(
            ({ positionField }) => positionField !== undefined
        ),
        length:
            targets.some(({ showsLength }) => showsLength) ||
            dead !== undefined,
        script: options.script,
        seconds: options.seconds || text("UNIT") === "seconds",
        pendingAge: options.health || settings.has("PEND_AGE_S"),
        consumerIdle: options.health || settings.has("IDLE_MAX_S"),
        select: Number(text("REDIS_DB") ?? 0) !== 0,
        cluster: options.cluster || text("REPLICA_OK") === "true",
        sentinel: options.sentinel || settings.has("SENTINELS"),
        sentinelUser: text("SENT_USER") ?? options.user,
        sentinelPassword: options.password,
    }
}

/** A setting as the firmware reads it: text, or what JSON made of it. */
function textOf(json: string | undefined) {
    if (json === undefined) return undefined
    const value: unknown = JSON.parse(json)
    return typeof value === "string" ? value : String(value)
}
