/**
 * The names of properties and methods that the program uses most, and nothing that runs. The compiler numbers texts in the
 * order in which it meets them; where one is used, a number below 248 takes one byte, and others take two or three. Met here
 * first, these save 2.2 KB of the 64 that a program's functions may have (sim/bytecode-sizes.ts). The first in `laglight.ts`.
 * A name that is used no more belongs out (test/host/board/bytecode.test.ts tells); a new one in, when it is used ten times.
 */
export {}
// prettier-ignore
{
    "_eventHandlers"; "_send"; "activeLow"; "add"; "address"; "addressOf";
    "affordableEntries"; "answeredAt"; "answers"; "ask"; "asked"; "askedAt";
    "askedScript"; "asking"; "at"; "base"; "batch"; "batchBytes"; "batchCount";
    "beatAt"; "beats"; "beforeCommand"; "beginning"; "blinking"; "blocks";
    "bounds"; "buffers"; "bytes"; "carried"; "carry"; "caughtUp"; "movedPast";
    "clock"; "command"; "complaint"; "condition"; "connected"; "connection";
    "consumers"; "consumersQuery"; "copy"; "count"; "counted"; "countedAll";
    "counting"; "crossCheckedAt"; "depth"; "deviceBusy"; "downSince"; "due";
    "emit"; "emitter"; "empties"; "end"; "entries"; "entriesRead"; "entryBytes";
    "evidence"; "fail"; "failed"; "failures"; "fault"; "faults"; "firstMs";
    "flag"; "flush"; "forget"; "frame"; "freshness"; "grant"; "green"; "group";
    "groupBytes"; "groups"; "halfOpens"; "handlers"; "hasUnread"; "here";
    "high"; "host"; "idleMaxS"; "includes"; "input"; "integer"; "is"; "isNews";
    "mustPause"; "isStale"; "isWanted"; "joined"; "keeper"; "key"; "known";
    "labels"; "lag"; "lagHigh"; "lagQuery"; "lagLow"; "lamps"; "last";
    "lastAnswer"; "lastDeliveredId"; "lastError"; "lastFrame"; "lastProblem";
    "leave"; "leds"; "level"; "lights"; "limit"; "limits"; "link"; "list";
    "loginRefused"; "longestIdleMs"; "lookedAt"; "lookedUpAt"; "low"; "master";
    "may"; "metAt"; "misconfigured"; "missing"; "more"; "newer"; "newest";
    "notBefore"; "notNow"; "oldestPendingMs"; "once"; "options"; "overflown";
    "own"; "owners"; "pass"; "pause"; "pending"; "pendingAgeS"; "period";
    "piece"; "pieceFrom"; "pieces"; "pieceTo"; "pin"; "pixels"; "pollMs";
    "port"; "position"; "precedes"; "precedesAll"; "problem"; "queue"; "raw";
    "reader"; "readReply"; "readTo"; "reason"; "recovery"; "red"; "redirect";
    "redirects"; "refusal"; "refuse"; "refused"; "remaining"; "replyBytes";
    "replyLimitMs"; "reported"; "reportedFalse"; "reset"; "pausesDue";
    "returned"; "revision"; "rights"; "run"; "runtime"; "scale"; "seconds";
    "seed"; "send"; "sending"; "sentinel"; "sentinels"; "settings"; "shares";
    "show"; "shown"; "health"; "skipped"; "sleeping"; "split"; "staleMs";
    "stall"; "stallS"; "startsWith"; "state"; "status"; "steady"; "steps";
    "stream"; "take"; "tally"; "tallying"; "targets"; "text"; "timeouts"; "tls";
    "toBuffer"; "top"; "topology"; "triedAt"; "turnedAwayBy"; "unit"; "unknown";
    "unread"; "unreadCommand"; "unsent"; "upTo"; "usesSentinel"; "vainScans";
    "waiting"; "waitMs"; "wantsBeat"; "mostReturned"; "when"; "whole"; "wifi";
    "xread"; "yellow";
}
