/** A command to send, and who reads its reply. */
import { ReplySource, skipElement } from "./reply"
import { encodeCommand } from "./resp"

/** Reads the replies to its questions. */
export interface ReplyReader {
    /**
     * Reads one whole reply, an error reply included, which it keeps to itself.
     * @param ask which question, in its reader's own numbering
     * @throws LinkError and what else ends the connection
     */
    readReply(ask: number, source: ReplySource): Promise<void>
}

/** One question of a send. */
class Question {
    constructor(
        public replyReader: ReplyReader,
        public ask: number,
        public command: Buffer
    ) {}
}

const ASKING = encodeCommand(["ASKING"])

/** So many questions about a target there are, mostly, in one send. */
const USUAL = 8

/** ASKING: the node is asked for a stream that is still on its way to it. */
class AskingReader implements ReplyReader {
    async readReply(ask: number, source: ReplySource): Promise<void> {
        // a node that does not accept it replies to the question with a redirect
        await skipElement(source)
    }
}

/** The questions of one send: arrays and objects that are reused, as arrays here do not shrink. */
export class Questions {
    readonly list: Question[] = []
    count = 0
    /** How many groups of questions there are, each to be asked at one moment. */
    groups = 0
    /** Each question that is added now goes with ASKING before it. */
    asking = false
    private starts: number[] = []
    /** What the replies to each group may weigh, bytes. */
    readonly weights: number[] = []
    private askingFirst = new AskingReader()

    /** Objects that were made later would lie among the pieces of replies. */
    constructor() {
        for (let i = 0; i < USUAL; ++i) this.put(this.askingFirst, 0, ASKING)
        this.begin(0)
        this.begin(0)
        this.clear()
    }

    clear(): void {
        this.count = 0
        this.groups = 0
        this.asking = false
    }

    /**
     * Begins a group: what is added from now on must not be split between sends.
     * @param replyBytes what the replies may weigh together, as far as can be told before
     */
    begin(replyBytes: number): void {
        this.weights[this.groups] = replyBytes
        this.starts[this.groups++] = this.count
    }

    /** Where a group starts in `list`; one past the last for the group after the last. */
    startOf(group: number): number {
        if (group < this.groups) return this.starts[group]
        return this.count
    }

    /** @param ask in its reader's own numbering */
    add(replyReader: ReplyReader, ask: number, command: Buffer): void {
        if (this.asking) this.put(this.askingFirst, 0, ASKING)
        this.put(replyReader, ask, command)
    }

    private put(replyReader: ReplyReader, ask: number, command: Buffer): void {
        const question = this.list[this.count]
        if (question === undefined)
            this.list[this.count] = new Question(replyReader, ask, command)
        else {
            question.replyReader = replyReader
            question.ask = ask
            question.command = command
        }
        this.count++
    }
}
