/** Where a reader without a consumer group keeps how far it has read. */
import { encodeCommand } from "../redis/resp"

/** The ID of the entry that was read last, in a key of its own. */
export class StoredPosition {
    /** @param field of the hash at `key`; empty: the key is a string */
    constructor(
        private key: string,
        private field: string
    ) {}

    command(): Buffer {
        return encodeCommand(
            this.field ? ["HGET", this.key, this.field] : ["GET", this.key]
        )
    }
}
