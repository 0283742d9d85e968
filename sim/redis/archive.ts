/** Which Redis source is compiled and run here: its version and its SHA-256, as Redis publishes them. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"

/** A release whose reported lag has none of the faults of 7.0 and 7.2 (docs/lag.md). */
export const PINNED_VERSION = "8.0.6"
/** Of redis-8.0.6.tar.gz; source: github.com/redis/redis-hashes, README. */
const PINNED_SHA256 =
    "6d0a9913887a4972536f9da226f1575859c34d86354129163260a5f9c6bd4229"

/** Set to an archive's SHA-256 it accepts that one, with REDISMS_VERSION another version. */
export const ACCEPT_VARIABLE = "LAGLIGHT_REDIS_SHA256"

/** @throws Error in one line if the archive is another one than was pinned or accepted */
export function checkArchive(
    file: string,
    version: string,
    accepted: string | undefined
) {
    const found = createHash("sha256").update(readFileSync(file)).digest("hex")
    const wanted =
        accepted || (version === PINNED_VERSION ? PINNED_SHA256 : undefined)
    if (found === wanted?.toLowerCase()) return
    throw new Error(
        `Redis ${version} is refused, its SHA-256 is ${found}: ${wanted ? "not the one expected" : "not known here"}; to accept it, set ${ACCEPT_VARIABLE} to that`
    )
}
