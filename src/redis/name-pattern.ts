/** Patterns of consumer groups' names. Pure. */

const STAR = 0x2a
const ANY = 0x3f

/** Whether a name is as a pattern says, in which `*` stands for any bytes and `?` for any one byte. */
function isLike(name: Buffer, pattern: Buffer): boolean {
    let at = 0
    let next = 0
    // where to go on when what follows the last star does not fit: with one byte more for the star
    let star = -1
    let starEnd = 0
    while (at < name.length) {
        const wanted = next < pattern.length ? pattern[next] : -1
        if (wanted === STAR) {
            // nothing follows that could fail to fit
            if (next + 1 === pattern.length) return true
            star = next++
            starEnd = at
        } else if (wanted === ANY || wanted === name[at]) {
            next++
            at++
        } else {
            if (star < 0) return false
            next = star + 1
            at = ++starEnd
        }
    }
    while (next < pattern.length && pattern[next] === STAR) next++
    return next === pattern.length
}

/** Which groups are looked at where not one is named. */
export class NamePattern {
    private pattern: Buffer
    private skipped: Buffer[]

    /**
     * @param pattern what a name must be like
     * @param skipped patterns of names that are passed over nevertheless
     */
    constructor(pattern: string, skipped: string[]) {
        this.pattern = Buffer.from(pattern)
        this.skipped = skipped.map(name => Buffer.from(name.trim()))
    }

    fits(name: Buffer): boolean {
        if (!isLike(name, this.pattern)) return false
        for (const pattern of this.skipped)
            if (isLike(name, pattern)) return false
        return true
    }
}
