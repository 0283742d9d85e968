/**
 * The names of properties and methods that the program uses most, and nothing that runs. The compiler numbers texts in the
 * order in which it meets them; where one is used, a number below 248 takes one byte, and others take two or three. Met here
 * first, these save 2.2 KB of the 64 that a program's functions may have (sim/bytecode-sizes.ts). The first in `laglight.ts`.
 * A name that is used no more belongs out (test/host/bytecode.test.ts tells); a new one in, when it is used ten times.
 */
export {}
// prettier-ignore
{
    "bytes"; "low"; "counted"; "reader"; "high"; "group"; "targets"; "rights";
    "at"; "startsWith"; "topology"; "includes"; "groups"; "link"; "known";
    "depth"; "end"; "faults"; "stream"; "shown"; "due"; "tally"; "pending";
    "host"; "consumers"; "lag"; "refused"; "settings"; "count"; "reason"; "may";
    "problem"; "unread"; "condition"; "text"; "lagInquiry"; "level"; "piece";
    "complaint"; "missing"; "emitter"; "when"; "key"; "tallying"; "master";
    "answers"; "refusal"; "emit"; "refuse"; "input"; "carried"; "fail"; "beats";
    "show"; "askedAt"; "once"; "steps"; "more"; "ask"; "timeouts"; "leds";
    "waiting"; "newer"; "evidence"; "port"; "tls"; "queue"; "integer"; "add";
    "connected"; "limit"; "connection"; "answeredAt"; "unit"; "reported";
    "owners"; "keeper"; "base"; "beatAt"; "revision"; "reportedFalse";
    "lastDeliveredId"; "redirect"; "downSince"; "staleMs"; "sentinels"; "send";
    "fault"; "period"; "whole"; "triedAt"; "address"; "seconds"; "newest";
    "countedAll"; "notNow"; "clock"; "crossCheckedAt"; "askedScript"; "top";
    "lagLow"; "lagHigh"; "command"; "lights"; "state"; "waitMs"; "hasUnread";
    "forget"; "is"; "batchCount"; "runtime"; "buffers"; "precedesAll";
    "replyBytes"; "signs"; "limits"; "groupBytes"; "status"; "loginRefused";
    "lookedUpAt"; "addressOf"; "carry"; "activeLow"; "_send"; "shares"; "run";
    "returned"; "here"; "asking"; "bounds"; "options"; "chasing";
    "replyLimitMs"; "take"; "copy"; "leave"; "rest"; "upTo"; "readTo";
    "batchBytes"; "joined"; "handlers"; "unknown"; "xread"; "vainScans";
    "recovery"; "failures"; "raw"; "overflown"; "lastAnswer";
    "consumersInquiry"; "longestIdleMs"; "weighed"; "entryBytes"; "counting";
    "unreadCommand"; "beforeCommand"; "lastProblem"; "list"; "freshness";
    "asked"; "sentinel"; "skipped"; "pendingAgeS"; "usesSentinel"; "steady";
    "reset"; "pin"; "precedes"; "split"; "remaining"; "restsDue"; "flush";
    "wifi"; "pixels"; "frame"; "isStale"; "wantsBeat"; "sleeping"; "firstMs";
    "last"; "entries"; "entriesRead"; "beginning"; "isNews"; "metAt"; "stall";
    "oldestPendingMs"; "scale"; "own"; "stallS"; "lookedAt"; "turnedAwayBy";
    "misconfigured"; "redirects"; "seed"; "pollMs"; "lamps"; "blinking";
    "toBuffer"; "flag"; "idleMaxS"; "hopeful"; "failed"; "readReply"; "grant";
    "affordable"; "caughtUp"; "position"; "empties"; "pieces"; "batch"; "pause";
    "_eventHandlers"; "lastError"; "green"; "yellow"; "red"; "blocks";
    "notBefore"; "labels"; "halfOpens"; "unsent"; "sending"; "deviceBusy";
    "lastFrame"; "said"; "picture"; "mostWaiting"; "largestPiece";
}
