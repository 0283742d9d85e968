/** Adds orders, each with a unique number, however many producers there are. */
import { BoundedStream } from "../parts/bounded-stream.ts"
import type { Runner } from "../parts/runner.ts"
import { runProducer } from "../parts/run-producer.ts"
import { randomOrder } from "./order.ts"
import { orderKeys } from "./plan.ts"
import type { OrdersPlan } from "./plan.ts"

/** Number and entry in one step: a producer that dies leaves no gap and no duplicate. */
const ADD = `
local number = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], '*', 'order', number, unpack(ARGV))
return number
`

/** Starts a loop that adds orders. */
export function produceOrders(runner: Runner, plan: OrdersPlan) {
    const { stream, lastNumber } = orderKeys(plan.stream)
    const bounded = new BoundedStream(runner, stream, plan.maxLength)
    let added = 0
    runner.run(() =>
        runProducer(runner, plan.cycle, bounded, () => {
            added++
            const isPoison =
                plan.poisonEvery > 0 && added % plan.poisonEvery === 0
            return runner.client.eval(ADD, {
                keys: [stream, lastNumber],
                arguments: Object.entries(randomOrder(isPoison)).flat(),
            })
        })
    )
}
