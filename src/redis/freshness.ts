/** Tells an answer from an old one that somebody between here and Redis has kept. */
import * as ds from "@devicescript/core"
import { BadAnswer, unexpected } from "./reply"
import { Refusal, ReplyError } from "./refusal"
import { encodeCommand, RespType } from "./resp"
import { Rights } from "./rights"
import { Session } from "./session"

const ECHO = "echo"
const DIGITS = 8
/** `$8`, the number, and the line ends. */
const REPLY_BYTES = DIGITS + 6
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
     * Whether what has come since the send is, behind the right number, the answer that came before: then it is passed over,
     * for a hundredth of the steps that reading it takes.
     * @param answer what `answer` has returned after it was read
     */
    repeats(session: Session, answer: string): boolean {
        const bytes = session.shortReply()
        if (
            !this.asked ||
            bytes === undefined ||
            answer === undefined ||
            bytes.length !== REPLY_BYTES + answer.byteLength
        )
            return false
        let at = this.at
        const command = this.command
        for (let i = 4; i < 4 + DIGITS; ++i)
            if (bytes[i] !== command[at++]) return false
        if (bytes.slice(REPLY_BYTES).toString() !== answer) return false
        session.reader.skipPiece()
        return true
    }

    /** What has come behind the number, to be known again; undefined where that is not short, or no text. */
    answer(session: Session): string {
        const bytes = session.shortReply()
        if (!this.asked || bytes === undefined) return undefined
        const answer = bytes.slice(REPLY_BYTES).toString()
        // what is no UTF-8 looks alike in texts
        return answer.byteLength === bytes.length - REPLY_BYTES
            ? answer
            : undefined
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
