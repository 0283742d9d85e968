/** Where answers are put until they are concluded from. */
import { OldestPending, StreamFacts, UnreadEntries } from "../redis/entries"
import { ConsumerGroup } from "../redis/groups"
import { Lag, noEvidence, unknownLag } from "../signal/lag"

/**
 * The answers about one target. Targets are asked one after the other, each until its conclusion is drawn, so that one
 * object serves for all: what is in it is of the target that was asked last, and nothing of it outlives its turn.
 */
export class Answers {
    readonly unread = new UnreadEntries()
    readonly stream = new StreamFacts()
    readonly oldest = new OldestPending()
    readonly evidence = noEvidence()
    /** The lag in entries. */
    readonly entries: Lag = unknownLag()
    /** Overwritten while groups are read; changes places with a target's own group where that is the one left over. */
    spare = new ConsumerGroup()

    /** @param replyBytes what the replies to one send may weigh: more would not fit the heap */
    constructor(public replyBytes: number) {}
}
