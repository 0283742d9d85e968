/** The attempts of one worker, as Redis keeps them. */
import { doneKey } from "../parts/once.ts"
import type { RedisClient } from "../redis-client.ts"
import { BEGIN, FAIL, FINISH } from "./attempt-scripts.ts"
import { totalOf } from "./order.ts"
import type { Order } from "./order.ts"
import { orderKeys } from "./plan.ts"
import type { OrdersPlan } from "./plan.ts"

export class OrderAttempts {
    constructor(
        private readonly client: RedisClient,
        private readonly plan: OrdersPlan,
        private readonly worker: string
    ) {}

    /** @returns the number of the attempt that begins now, or 0: skip the entry */
    begin(id: string) {
        return this.step(BEGIN, id)
    }

    /** Counts the order and acknowledges its entry. @returns 1 if this call counted it, else 0 */
    finish(id: string, order: Order) {
        return this.step(FINISH, id, order.number, String(totalOf(order)))
    }

    /** Leaves the entry pending for a later attempt, or moves it to the dead letters. */
    fail(id: string, reason: string) {
        return this.step(FAIL, id, reason)
    }

    private async step(script: string, id: string, ...more: string[]) {
        const { stream, group, maxAttempts } = this.plan
        const { journal, dead, totals } = orderKeys(stream)
        const reply = await this.client.eval(script, {
            keys: [stream, doneKey(stream), journal, dead, totals],
            arguments: [group, id, this.worker, String(maxAttempts), ...more],
        })
        return Number(reply)
    }
}
