/** Tells an answer from an old one that somebody between here and Redis has kept. */
import * as ds from "@devicescript/core"
import { sameBytes } from "./bytes"
import { BadAnswer, unexpected } from "./reply"
import { Refusal, ReplyError } from "./refusal"
import { encodeCommand, RespType } from "./resp"
import { Rights } from "./rights"
import { Session } from "./session"

const ECHO = "echo"
const DIGITS = 8
/** Where the number begins in the reply, behind `$8`, and what the reply weighs, bytes. */
const NUMBER_AT = 4
const REPLY_BYTES = NUMBER_AT + DIGITS + 2
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

    /** Whether a reply begins at `from`, and is the number that was sent last: the same bytes as at the command's end. */
    private isNow(bytes: Buffer, from: number): boolean {
        return sameBytes(
            bytes,
            from,
            this.command,
            this.at - NUMBER_AT,
            REPLY_BYTES
        )
    }

    /**
     * Whether what has come since the send is, behind the right number, the answer that came before: then it is passed over,
     * for a hundredth of the steps that reading it takes.
     * @param answer what `answer` has returned after it was read
     */
    repeats(session: Session, answer: string | undefined): boolean {
        const bytes = session.shortReply()
        if (!this.asked) return false
        if (bytes === undefined) return false
        if (answer === undefined) return false
        if (bytes.length !== REPLY_BYTES + answer.byteLength) return false
        if (!this.isNow(bytes, 0)) return false
        if (bytes.slice(REPLY_BYTES).toString() !== answer) return false
        session.reader.pass(bytes.length, 1)
        return true
    }

    /** What has come behind the number, to be known again; undefined where that is not short, or no text. */
    answer(session: Session): string | undefined {
        const bytes = session.shortReply()
        if (!this.asked) return undefined
        if (bytes === undefined) return undefined
        const answer = bytes.slice(REPLY_BYTES).toString()
        // what is no UTF-8 looks alike in texts
        if (answer.byteLength === bytes.length - REPLY_BYTES) return answer
        return undefined
    }

    /**
     * Reads the reply to `ask`'s question.
     * @throws BadAnswer when it is not what was asked for now
     */
    async check(session: Session): Promise<void> {
        if (!this.asked) return
        const reader = session.reader
        if (reader.view())
            if (reader.end - reader.start >= REPLY_BYTES)
                if (this.isNow(reader.bytes, reader.start))
                    return reader.pass(reader.start + REPLY_BYTES, 1)
        while (!reader.next()) await session.more()
        if (reader.type === RespType.Error) {
            const error = new ReplyError(reader.text())
            // whatever else is in the way is told by the answers behind it
            if (error.refusal === Refusal.Who)
                this.rights.refuse(ECHO, ds.millis())
            return
        }
        if (reader.start < 0 || reader.end - reader.start !== DIGITS)
            throw unexpected(session)
        if (!this.isNow(reader.bytes, reader.start - NUMBER_AT))
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
