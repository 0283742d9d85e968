/** Nothing that a test has started outlives it: a test that fails would hold its process for ever. */
import { afterEach } from "node:test"

interface Stoppable {
    /** May be called again. */
    stop(): unknown
}

/** To be called inside `describe`. @returns the same function; what it starts is stopped after each test */
export function stoppedAfterEach<A extends unknown[], T extends Stoppable>(
    start: (...args: A) => Promise<T>
) {
    let started: Promise<T>[] = []
    afterEach(async () => {
        const all = started
        started = []
        await Promise.all(
            all.map(each =>
                each.then(
                    one => one.stop(),
                    // it did not start
                    () => {}
                )
            )
        )
    })
    return (...args: A) => {
        const starting = start(...args)
        started.push(starting)
        return starting
    }
}
