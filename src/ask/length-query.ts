import { ReplyReader, Questions } from "../redis/question"
import { ReplyError } from "../redis/refusal"
import { nextCount, ReplySource } from "../redis/reply"
import { encodeCommand } from "../redis/resp"

/** What the reply weighs at the most, bytes: an error's line. */
const REPLY_BYTES = 200

/** Finds out how many entries a stream holds. One that is not there holds none: nobody has put anything into it yet. */
export class LengthQuery implements ReplyReader {
    entries = 0
    /** Redis's error in place of the length; undefined when there was none. */
    refusal: ReplyError | undefined = undefined
    private command: Buffer

    /** @param key the stream's */
    constructor(key: string) {
        this.command = encodeCommand(["XLEN", key])
    }

    /** Adds the question of one send. */
    ask(questions: Questions): void {
        questions.begin(REPLY_BYTES)
        questions.add(this, 0, this.command)
    }

    async readReply(ask: number, source: ReplySource): Promise<void> {
        this.refusal = undefined
        try {
            this.entries = await nextCount(source)
        } catch (e) {
            if (!(e instanceof ReplyError)) throw e
            this.refusal = e
        }
    }
}
