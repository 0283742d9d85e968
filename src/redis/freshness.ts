/** Tells an answer from an old one that somebody between here and Redis has kept. */
import * as ds from "@devicescript/core"
import { BadAnswer, unexpected } from "./reply"
import { Refusal, ReplyError } from "./refusal"
import { encodeCommand, RespType } from "./resp"
import { Rights } from "./rights"
import { Session } from "./session"

const ECHO = "echo"
const DIGITS = 8
const ZERO = 0x30
const NINE = 0x39

/** Asks Redis, at the beginning of each send, to repeat a number that no send before had. */
export class Freshness {
    private rights = new Rights()
    /** Begins anywhere: answers to the program that ran before this one are old, too. */
    private command = encodeCommand(["ECHO", randomDigits()])
    /** Where the number begins in the command. */
    private at = this.command.length - DIGITS - 2
    private asked = false

    /** A new connection, possibly as another user. */
    connected(): void {
        this.rights.forget()
    }

    /** Adds the question as the first of a send. */
    ask(session: Session): void {
        this.asked = this.rights.may(ECHO, ds.millis())
        if (!this.asked) return
        this.count()
        session.queue(this.command, true)
    }

    /** Counts on, in place. */
    private count(): void {
        const command = this.command
        let i = this.at + DIGITS - 1
        while (i > this.at && command[i] === NINE) command[i--] = ZERO
        command[i] = command[i] === NINE ? ZERO : command[i] + 1
    }

    /**
     * Reads the reply to `ask`'s question.
     * @throws BadAnswer when it is not what was asked for now
     */
    async check(session: Session): Promise<void> {
        if (!this.asked) return
        const reader = session.reader
        while (!reader.next()) await session.more()
        if (reader.type === RespType.Error) {
            const error = new ReplyError(reader.text())
            // whatever else is in the way is told by the answers behind it
            if (error.refusal === Refusal.Who)
                this.rights.refuse(ECHO, ds.millis())
            return
        }
        let from = reader.start
        if (reader.end - from !== DIGITS || from < 0) throw unexpected(session)
        const bytes = reader.bytes
        const command = this.command
        let at = this.at
        while (from < reader.end)
            if (bytes[from++] !== command[at++])
                throw new BadAnswer("an answer to an earlier question")
        if (this.rights.refused.length > 0) this.rights.grant(ECHO)
    }
}

function randomDigits(): string {
    let digits = ""
    for (let i = 0; i < DIGITS; ++i)
        digits += `${Math.floor(Math.random() * 10)}`
    return digits
}
