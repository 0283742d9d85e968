/** What Redis's errors mean for the light. The texts are recorded ones, from Redis 4.0 to 8.0 and Valkey. */
import { describe, expect, test } from "@devicescript/test"
import {
    Refusal,
    refusalOf,
    remedyOf,
    ReplyError,
} from "../../src/redis/refusal"

/** A test that a reply means `refusal`, and what is said to the user holds `remedy`. */
function means(text: string, refusal: Refusal, remedy: string) {
    test(text, () => {
        expect(refusalOf(text)).toBe(refusal)
        expect(new ReplyError(text).refusal).toBe(refusal)
        expect(new ReplyError(text).message).toBe(text)
        const said = remedyOf(text)
        if (!said.includes(remedy)) throw new Error(`"${said}" for "${text}"`)
    })
}

describe("who", () => {
    means("NOAUTH Authentication required.", Refusal.Who, "REDIS_PASS")
    means(
        "WRONGPASS invalid username-password pair or user is disabled.",
        Refusal.Who,
        "REDIS_USER and REDIS_PASS"
    )
    means(
        "NOPERM this user has no permissions to run the 'xinfo|groups' command",
        Refusal.Who,
        "rights"
    )
    means(
        "NOPERM User nobody has no permissions to access the 's' key",
        Refusal.Who,
        "rights"
    )
    means("ERR invalid password", Refusal.Who, "REDIS_PASS")
    means(
        "ERR Client sent AUTH, but no password is set",
        Refusal.Who,
        "REDIS_PASS"
    )
    means(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
        Refusal.Who,
        "REDIS_PASS"
    )
    means(
        "ERR wrong number of arguments for 'auth' command",
        Refusal.Who,
        "REDIS_USER"
    )
    means(
        "DENIED Redis is running in protected mode because protected mode is enabled",
        Refusal.Who,
        "protected mode"
    )
    means(
        "ERR unknown command `XINFO`, with args beginning with: `GROUPS`, `s`, ",
        Refusal.Who,
        "XINFO"
    )
    means(
        "ERR unknown command 'XINFO', with args beginning with: 'GROUPS' 's' ",
        Refusal.Who,
        "renamed"
    )
})

describe("which stream", () => {
    means("ERR no such key", Refusal.Stream, "STREAM")
    means(
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        Refusal.Stream,
        "not a stream"
    )
    means("ERR DB index is out of range", Refusal.Stream, "REDIS_DB")
    means(
        "ERR SELECT is not allowed in cluster mode",
        Refusal.Stream,
        "REDIS_DB"
    )
    means("ERR invalid DB index", Refusal.Stream, "REDIS_DB")
})

describe("not now", () => {
    means(
        "LOADING Redis is loading the dataset in memory",
        Refusal.NotNow,
        "waiting"
    )
    means(
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        Refusal.NotNow,
        "waiting"
    )
    means(
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        Refusal.NotNow,
        "waiting"
    )
    means("CLUSTERDOWN Hash slot not served", Refusal.NotNow, "waiting")
    means(
        "READONLY You can't write against a read only replica.",
        Refusal.NotNow,
        "waiting"
    )
    means(
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        Refusal.NotNow,
        "waiting"
    )
    means(
        "TRYAGAIN Multiple keys request during rehashing of slot",
        Refusal.NotNow,
        "waiting"
    )
    means("ERR max number of clients reached", Refusal.NotNow, "waiting")
})

describe("somewhere else", () => {
    means("MOVED 7365 127.0.0.1:7002", Refusal.Elsewhere, "")
    means("ASK 7365 127.0.0.1:7002", Refusal.Elsewhere, "")
})

describe("another", () => {
    means("ERR syntax error", Refusal.Other, "")
    means("ERR Protocol error: invalid bulk length", Refusal.Other, "")
    means("", Refusal.Other, "")
    means("ERR", Refusal.Other, "")
    // first words count whole, and only in front
    means("NOAUTHORITY", Refusal.Other, "")
    means("ERR NOAUTH", Refusal.Other, "")
    means(" NOAUTH", Refusal.Other, "")
    means("noauth", Refusal.Other, "")
})

describe("a first word alone", () => {
    means("NOAUTH", Refusal.Who, "")
    means("WRONGTYPE", Refusal.Stream, "")
    means("LOADING", Refusal.NotNow, "")
})
