/**
 * The commands that a page tells its reader to run: all lines of its shell blocks, and what looks like one in the text.
 * A page marks those that not everybody can run: right behind the command, in brackets or in its comment; or, for all of
 * a block that follow, in a comment of its own.
 */

export interface DocumentedCommand {
    /** `docs/hardware.md:51` */
    place: string
    /** One command, without comment and without the word that makes it the administrator's. */
    text: string
    isMarked: boolean
    /** It is run as administrator. */
    isRoot: boolean
    /** What stands around it. */
    line: string
}

/** `(needs the board)`, `# needs your network: ...`. */
const MARK = /\bneeds (the board|your network)\b/
/** Programs whose names begin a command where they stand in a text. */
const INLINE =
    /^(?:[A-Z_]+=\S+ )*(?:\.ci\/run$|(?:npm|npx|devs|node|brew|curl|redis-cli|sudo) )/
/** README's first lines have to work with and without sudo. */
const ROOT = /^(?:sudo|\$\(command -v sudo\)) /

/** @throws Error for a block whose kind is not named: nobody could tell whether it holds commands */
export function documentedCommands(
    page: string,
    markdown: string
): DocumentedCommand[] {
    const found: DocumentedCommand[] = []
    const add = (
        number: number,
        line: string,
        command: string,
        isMarked: boolean
    ) => {
        for (const part of command.split(" && "))
            found.push({
                place: `${page}:${number}`,
                text: part.trim().replace(ROOT, ""),
                isMarked,
                isRoot: ROOT.test(part.trim()),
                line,
            })
    }
    let block: { kind: string; isMarked: boolean } | undefined
    for (const [index, line] of markdown.split("\n").entries()) {
        const number = index + 1
        const fence = /^ *```(.*)$/.exec(line)
        if (fence) {
            block = block ? undefined : { kind: fence[1], isMarked: false }
            if (block && block.kind === "")
                throw new Error(
                    `${page}:${number}: what is in this block? Write sh for commands, text for anything else`
                )
        } else if (!block) {
            for (const match of line.matchAll(/`([^`]+)`/g)) {
                if (!INLINE.test(match[1])) continue
                const behind = line.slice(match.index + match[0].length)
                const [next] = behind.split(/`|[.:;](?:\s|$)/)
                add(number, line, match[1], MARK.test(next))
            }
        } else if (block.kind === "sh") {
            const [command, comment = ""] = line.split(/(?:^|\s)# /)
            if (command.trim() === "") block.isMarked ||= MARK.test(comment)
            else
                add(number, line, command, block.isMarked || MARK.test(comment))
        }
    }
    return found
}
