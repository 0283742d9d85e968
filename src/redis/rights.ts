/** Commands that Redis refused to this user, as ACL rules name them. Pure. */

/** A refused command is tried again after so long, ms: rights can be given at any time. */
export const TRY_AGAIN_MS = 60000

/** What the user may not do, found out on one connection. */
export class Rights {
    /** Refused when last tried. */
    readonly refused: string[] = []
    private triedAt: number[] = []

    /** A new connection, possibly as another user. */
    forget(): void {
        this.refused.insert(0, -this.refused.length)
        this.triedAt.insert(0, -this.triedAt.length)
    }

    /** Whether the command is worth sending. @param now ms since the program's start */
    may(command: string, now: number): boolean {
        const at = this.refused.indexOf(command)
        return at < 0 || now - this.triedAt[at] >= TRY_AGAIN_MS
    }

    /** Redis refused the command. */
    refuse(command: string, now: number): void {
        const at = this.refused.indexOf(command)
        if (at >= 0) {
            this.triedAt[at] = now
            return
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
        this.triedAt.insert(at, -1)
    }
}
