/** Commands that Redis refused to this user, as ACL rules name them. Pure. */

/** A refused command is tried again after so long, ms, and so within a minute: rights can be given at any time. */
export const TRY_AGAIN_MS = 45000

/** What most users are refused. Never written to: there are many `Rights`, and the heap is small. */
const NOTHING: string[] = []

/** What the user may not do, found out on one connection. */
export class Rights {
    /** Refused when last tried. To be read only. */
    refused = NOTHING
    /** When each of the refused was tried; undefined while there is none. */
    private triedAt: number[] | undefined = undefined

    /** A new connection, possibly as another user. */
    forget(): void {
        this.refused = NOTHING
        this.triedAt = undefined
    }

    /** Whether the command is worth sending. @param now ms since the program's start */
    may(command: string, now: number): boolean {
        if (this.triedAt === undefined) return true
        const at = this.refused.indexOf(command)
        if (at < 0) return true
        return now - this.triedAt[at] >= TRY_AGAIN_MS
    }

    /** Redis refused the command. */
    refuse(command: string, now: number): void {
        const at = this.refused.indexOf(command)
        if (at >= 0) {
            // there is one for each of the refused
            ;(this.triedAt as number[])[at] = now
            return
        }
        if (this.triedAt === undefined) {
            this.refused = []
            this.triedAt = []
        }
        this.refused.push(command)
        this.triedAt.push(now)
    }

    /** Redis carried the command out. */
    grant(command: string): void {
        if (this.refused.length === 0) return
        const at = this.refused.indexOf(command)
        if (at < 0) return
        this.refused.insert(at, -1)
        // as in refuse()
        ;(this.triedAt as number[]).insert(at, -1)
    }
}
