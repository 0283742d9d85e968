/** A command to send, and who reads its reply. */
import { ReplySource } from "./reply"

/** Reads the replies to its questions. */
export interface Asker {
    /**
     * Reads one whole reply, an error reply included, which it keeps to itself.
     * @param ask which question, in the asker's own numbering
     * @throws LinkError and what else ends the connection
     */
    readReply(ask: number, source: ReplySource): Promise<void>
}

/** One question. Made once and sent again and again. */
export class Question {
    constructor(
        public asker: Asker,
        public ask: number,
        public command: Buffer
    ) {}
}

/** The questions of one send: an array that is reused, as arrays here do not shrink. */
export class Questions {
    readonly list: Question[] = []
    count = 0

    add(question: Question): void {
        this.list[this.count] = question
        this.count++
    }
}
