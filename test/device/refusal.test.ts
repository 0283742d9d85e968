/** What Redis's errors mean for the light. The texts are recorded ones, from Redis 4.0 to 8.0 and Valkey. */
import * as ds from "@devicescript/core"
import { describe, expect, test } from "@devicescript/test"
import {
    keepSecret,
    refusedLogin,
    Refusal,
    refusalOf,
    remedyOf,
    ReplyError,
    turnsAway,
} from "../../src/redis/refusal"

/** A test that a reply means `refusal`, and what is said to the user holds `remedy`. */
function means(text: string, refusal: Refusal, remedy: string) {
    test(text, async () => {
        await ds.sleep(1)
        expect(refusalOf(text)).toBe(refusal)
        expect(new ReplyError(text).refusal).toBe(refusal)
        const echo = text.indexOf(", with args")
        expect(new ReplyError(text).message).toBe(
            echo < 0 ? text : text.slice(0, echo)
        )
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

/** What is passed on of a reply to AUTH. */
function loginSays(text: string, message: string, refusal: Refusal) {
    test(`a login is refused: ${text}`, async () => {
        // many tests in a row are one run of the VM
        await ds.sleep(1)
        const error = refusedLogin(text)
        expect(error.message).toBe(message)
        expect(error.refusal).toBe(refusal)
    })
}

const UNSEEN =
    "ERR AUTH was refused, in words that are not shown as they may hold the password"

describe("a refused login", () => {
    // words that Redis is known to use are passed on
    for (const text of [
        "WRONGPASS invalid username-password pair or user is disabled.",
        "ERR invalid password",
        "ERR Client sent AUTH, but no password is set",
        "ERR wrong number of arguments for 'auth' command",
        "NOAUTH Authentication required.",
    ])
        loginSays(text, text, Refusal.Who)
    loginSays(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
        "ERR AUTH <password> called without any password configured for the default user",
        Refusal.Who
    )
    // all else may be what was sent
    loginSays(
        "ERR unknown command 'AUTH', with args beginning with: 'user' 'p4ss' ",
        "ERR unknown command 'AUTH'",
        Refusal.Who
    )
    loginSays(
        "ERR unknown command `p4ss`, with args beginning with: `p4ss`, ",
        "ERR unknown command 'AUTH'",
        Refusal.Who
    )
    loginSays("WRONGPASS user p4ss", "WRONGPASS", Refusal.Who)
    loginSays("LOADING p4ss", "LOADING", Refusal.NotNow)
    loginSays("ERR what is p4ss", UNSEEN, Refusal.Who)
    loginSays("p4ss", UNSEEN, Refusal.Who)
    loginSays("MOVED 1 p4ss:6379", UNSEEN, Refusal.Who)
    loginSays("", UNSEEN, Refusal.Who)
    test("says what to look at", () => {
        expect(remedyOf(UNSEEN)).toBe("check REDIS_USER and REDIS_PASS")
        expect(remedyOf("ERR unknown command 'AUTH'").includes("AUTH")).toBe(
            true
        )
    })
})

describe("a password that was sent", () => {
    test("is passed on by no reply", () => {
        keepSecret('s3"cr%t\u00fc')
        keepSecret("")
        expect(new ReplyError('ERR no s3"cr%t\u00fc here').message).toBe(
            "ERR (its words are not shown: they hold a password)"
        )
        expect(new ReplyError('NOPERM s3"cr%t\u00fc').message).toBe(
            "NOPERM (its words are not shown: they hold a password)"
        )
        expect(new ReplyError('s3"cr%t\u00fc').message).toBe(
            "ERR (its words are not shown: they hold a password)"
        )
    })
    test("leaves what a reply means as it is", () => {
        const error = new ReplyError('WRONGTYPE s3"cr%t\u00fc')
        expect(error.refusal).toBe(Refusal.Stream)
    })
    test("may be a word of Redis's own", () => {
        keepSecret("invalid")
        expect(refusedLogin("ERR invalid password").message).toBe(
            "ERR invalid password"
        )
        expect(new ReplyError("ERR invalid DB index").message).toBe(
            "ERR (its words are not shown: they hold a password)"
        )
    })
    test("other words pass", () => {
        expect(new ReplyError("ERR no such key").message).toBe(
            "ERR no such key"
        )
    })
})

describe("whoever connects is turned away", () => {
    test("for good, or for now, and else is not", () => {
        expect(
            turnsAway(refusedLogin("ERR max number of clients reached"))
        ).toBe(true)
        expect(
            turnsAway(refusedLogin("DENIED Redis is running in protected mode"))
        ).toBe(true)
        expect(turnsAway(refusedLogin("LOADING x"))).toBe(false)
        expect(turnsAway(refusedLogin("WRONGPASS x"))).toBe(false)
    })
})
